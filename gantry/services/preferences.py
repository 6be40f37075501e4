"""What a person prefers: it belongs to the account, and goes with it to every browser."""

from dataclasses import dataclass

from gantry.domain.accounts import Actor, Person
from gantry.domain.clock import is_zone
from gantry.domain.errors import Invalid
from gantry.domain.live import Notice, NoticeKind, Notices
from gantry.domain.messages import _
from gantry.domain.preferences import Density, TextSize, Wishes
from gantry.models.accounts import Account
from gantry.repositories.database import Database
from gantry.repositories.values import value_of


@dataclass(frozen=True, slots=True)
class PreferenceService:
    """The looks of pages, and the time zone they tell the time in."""

    database: Database
    notices: Notices

    async def change(self, who: Actor, wishes: Wishes) -> Person:
        """Change what is given; Invalid names the field that cannot be."""
        async with self.database.begin() as tx:
            account = await tx.accounts.get_account(who.id, lock=True)
            take_wishes(account, wishes)
        self.notices.publish(who.id, Notice(NoticeKind.LOOKS, origin=who.page))
        return value_of(Person, account)

    async def browser_is_in(self, who: Actor, zone: str) -> Person:
        """Keep the time zone of the browser, *zone*, unless the person has chosen another; an unknown one changes nothing."""
        async with self.database.begin() as tx:
            account = await tx.accounts.get_account(who.id, lock=True)
            if is_zone(zone) and not account.zone_chosen:
                account.time_zone = zone
        return value_of(Person, account)


def take_wishes(account: Account, wishes: Wishes) -> None:
    """Change what is given of an account; Invalid names the field that cannot be, and then nothing is."""
    _check(wishes)
    for name in ("density", "text_size", "show_model", "show_time", "show_usage"):
        if (wish := getattr(wishes, name)) is not None:
            setattr(account, name, wish)
    if wishes.time_zone is not None:
        _choose_zone(account, wishes.time_zone)


def _check(wishes: Wishes) -> None:
    if wishes.density is not None and wishes.density not in set(Density):
        raise Invalid(_("Choose the density comfortable or compact."), field="density")
    if wishes.text_size is not None and wishes.text_size not in set(TextSize):
        raise Invalid(_("Choose the text size small, normal, large, larger or largest."), field="text_size")
    if wishes.time_zone and not is_zone(wishes.time_zone):
        raise Invalid(_("This time zone is not known."), field="time_zone")


def _choose_zone(account: Account, zone: str) -> None:
    account.zone_chosen = zone != ""
    if zone:
        account.time_zone = zone
