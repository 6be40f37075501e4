"""A person's imports from other products, as the settings show them. The file itself goes over REST (islands/upload.js)."""

import reflex as rx

from gantry.domain.imports import Undone
from gantry.domain.messages import _, plural
from gantry.domain.text import counted
from gantry.runtime import services
from gantry.state.language import said
from gantry.state.session import acting, guarded, notify, uuid_of
from gantry.state.views.importing import ImportView, import_view

_NAME_CHARACTERS = 255


class ImportingState(rx.State):
    """The newest imports, and the one about to be undone."""

    imports: list[ImportView] = []
    remember: bool = False
    undoing_id: str = ""
    undoing_name: str = ""

    @rx.event
    @guarded
    async def load(self):
        """Show the newest imports."""
        self.undoing_id = ""
        await self._show()

    @rx.event
    @guarded
    async def refresh(self):
        """Show how far they are."""
        await self._show()

    @rx.event
    @guarded
    async def choose_memory(self, remember: bool):
        """Choose whether memory reads what comes in."""
        self.remember = remember

    @rx.event
    @guarded
    async def start(self, run: str):
        """Import what was looked at."""
        if not self._offers(run, "looked"):
            return
        await services().imports.start(await acting(self), uuid_of(run), remember=self.remember)
        await self._show()

    @rx.event
    @guarded
    async def discard(self, run: str):
        """Forget a file that was not imported."""
        if not self._offers(run):
            return
        await services().imports.discard(await acting(self), uuid_of(run))
        await self._show()

    @rx.event
    @guarded
    async def ask_undo(self, run: str, name: str):
        """Ask before an import is undone; an empty *run* closes the question."""
        self.undoing_id, self.undoing_name = str(uuid_of(run)) if run else "", name[:_NAME_CHARACTERS]

    @rx.event
    @guarded
    async def undo(self, run: str):
        """Remove what the chosen import added, if that is *run*, which the question names."""
        if not run or run != self.undoing_id:
            return
        self.undoing_id = ""
        undone = await services().imports.undo(await acting(self), uuid_of(run))
        await self._show()
        await notify(self, _undone(undone), kind="success")

    def _offers(self, run: str, *states: str) -> bool:
        """Whether an import can still be acted on, pressed twice; nothing is known of them after a restart."""
        shown = [each for each in self.imports if each.id == run]
        return not self.imports or any(not states or each.state in states for each in shown)

    async def _show(self) -> None:
        self.imports = [
            import_view(each) for each in await services().imports.list_imports(await acting(self))
        ]


def _undone(undone: Undone) -> str:
    conversations, messages = (
        counted(undone.conversations, "conversation"),
        counted(undone.messages, "message"),
    )
    removed = _("Removed {conversations} and {messages}.", conversations=conversations, messages=messages)
    if not undone.left:
        return removed
    left = ", ".join(undone.left[:3])
    stayed = plural(
        "{count} conversation changed since stayed: {left}.",
        "{count} conversations changed since stayed: {left}.",
        count=len(undone.left),
        left=left,
    )
    return f"{said(removed)} {said(stayed)}"
