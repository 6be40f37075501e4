"""How a person wants pages to look, and whose time they tell."""

from typing import Literal

import reflex as rx

from gantry.domain.accounts import Person
from gantry.domain.messages import _
from gantry.domain.preferences import Wishes
from gantry.runtime import services
from gantry.state.session import acting, guarded, notify, preferred
from gantry.state.sidebar import SidebarState


class PreferencesState(rx.State):
    """What the settings say of it; the page itself shows it by ``SessionState.look``."""

    density: str = ""
    text_size: str = ""
    show_model: bool = True
    show_time: bool = True
    show_usage: bool = True
    zone: str = ""  # empty: as in the browser

    @rx.event
    @guarded
    async def load(self):
        """Show what the account prefers."""
        await self._show(await services().accounts.profile(await acting(self)))

    @rx.event
    @guarded
    async def choose_density(self, density: Literal["comfortable", "compact"]):
        """Give things more or less room."""
        await self._change(Wishes(density=density))

    @rx.event
    @guarded
    async def choose_text_size(self, size: Literal["small", "normal", "large", "larger", "largest"]):
        """Write everything smaller or larger."""
        await self._change(Wishes(text_size=size))

    @rx.event
    @guarded
    async def show(self, detail: Literal["model", "time", "usage"], shown: bool):
        """Show something with messages, or not."""
        model, time, usage = (shown if detail == each else None for each in ("model", "time", "usage"))
        await self._change(Wishes(show_model=model, show_time=time, show_usage=usage))

    @rx.event
    @guarded
    async def choose_zone(self, zone: str, browsers: str):
        """Tell the time of *zone*; an empty one is that of the browser, which is in *browsers*."""
        await self._change(Wishes(time_zone=zone))
        if not zone:
            await self._show(await services().preferences.browser_is_in(await acting(self), browsers))
        await notify(self, _("Saved. Times and days are shown in this zone."), kind="success")
        return SidebarState.load

    async def _change(self, wishes: Wishes) -> None:
        await self._show(await services().preferences.change(await acting(self), wishes))

    async def _show(self, account: Person) -> None:
        self.density, self.text_size = account.density, account.text_size
        self.show_model, self.show_time = account.show_model, account.show_time
        self.show_usage = account.show_usage
        self.zone = (account.time_zone or "") if account.zone_chosen else ""
        await preferred(self, account)
