"""What an administrator has still to do after the installation."""

import reflex as rx
from reflex_base.constants.state import FIELD_MARKER

from gantry.domain.catalog import BUILT_IN
from gantry.domain.hosts import is_loopback_name
from gantry.runtime import services
from gantry.state.session import acting, guarded


def is_safe(origin: str) -> bool:
    """Whether nobody on the way can read what is sent to *origin*."""
    return origin.startswith("https:") or is_loopback_name(origin.rpartition("//")[2])


class FirstStepsState(rx.State):
    """Which steps are done; ``shown`` while one is not, to administrators who have not hidden them in this browser."""

    shown: bool = False
    has_model: bool = False
    has_people: bool = False
    is_secure: bool = False
    has_backup: bool = False
    hidden: str = rx.LocalStorage("", name="gantry.first-steps")

    @rx.event
    @guarded
    async def load(self):
        """Look at what there is, until everything is."""
        who = await acting(self)
        if not who.is_admin or self.hidden:
            self.shown = False
            return
        self.has_model = any(each.connection != BUILT_IN for each in await services().catalog.models(who))
        self.has_people = len(await services().people.list_accounts(who, limit=2)) > 1
        operations = services().operations
        self.has_backup = operations.backups_elsewhere or operations.newest_backup() is not None
        self.is_secure = is_safe(self.router.headers.origin)
        done = self.has_model, self.has_people, self.is_secure, self.has_backup
        self.shown = not all(done)

    @rx.event
    @guarded
    async def hide(self):
        """Show them no more in this browser."""
        self.hidden, self.shown = "yes", False


STORED = frozenset({f"{FirstStepsState.get_full_name()}.hidden{FIELD_MARKER}"})
"""The fields that are kept in the browser's storage, by the names they have on the wire; see ``wire.py``."""
