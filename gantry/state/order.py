"""Changing where conversations stand: what is selected in the sidebar, what a dialog asks about, and doing it."""

from collections.abc import Sequence
from typing import Annotated, Literal
from uuid import UUID

import reflex as rx
from annotated_types import Len
from pydantic import StringConstraints
from typing_extensions import TypedDict

from gantry.domain.knowledge import DocumentScope, ScopeKind
from gantry.domain.messages import _, plural
from gantry.domain.order import MAX_FOLDER_NAME_CHARACTERS, MAX_SELECTED, cleaned_tags
from gantry.runtime import services
from gantry.state.language import said
from gantry.state.leading import LeadingState, lead
from gantry.state.session import acting, guarded, notify, uuid_of
from gantry.state.sidebar import SidebarState
from gantry.state.views.order import FolderChoiceView, PersonaChoiceView, folder_choices, persona_choices
from gantry.state.views.vault import CollectionView, collection_views

Id = Annotated[str, StringConstraints(max_length=64)]
Ids = Annotated[list[Id], Len(max_length=MAX_SELECTED)]
Asked = Literal["", "move", "tags", "name", "documents", "delete"]


class NameForm(TypedDict):
    """The field for a folder's name."""

    name: Annotated[str, StringConstraints(max_length=2 * MAX_FOLDER_NAME_CHARACTERS)]


class TagsForm(TypedDict):
    """The field for tags, with commas between them."""

    tags: Annotated[str, StringConstraints(max_length=2000)]


class OrderState(rx.State):
    """The selection, and the question of the open dialog with what it is about.

    What a dialog asks is done while it is asked: who presses twice does it once.
    """

    picking: bool = False
    picked: list[str] = []
    asking: Asked = ""
    title: str = ""  # of the open dialog
    text: str = ""  # what its field holds at first
    turn: int = 0  # counts the times one was opened, or rows were selected: each has fields of its own
    choices: list[FolderChoiceView] = []
    collections: list[CollectionView] = []
    chosen: list[str] = []  # of the collections
    reads_all: bool = True
    personas: list[PersonaChoiceView] = []
    persona: str = ""  # of chats begun in the folder; empty: the default one
    _about: list[str] = []  # conversations
    _adds: bool = False  # the tags of the dialog come to those that there are
    _folder: str = ""  # the folder that is named, deleted or given documents; empty: a new one,
    _parent: str = ""  # and where that is to stand
    _last: str = ""  # the row that was picked last
    _forked: str = ""  # the answer that was forked last, and the turn of the page that this leads

    @rx.event
    @guarded
    async def begin_picking(self, conversation: Id):
        """Offer a box to tick on every row; that of *conversation* is ticked."""
        self.turn += 1  # boxes that were ticked before are none of these
        self.picking, self.picked, self._last = True, [conversation], conversation

    @rx.event
    @guarded
    async def pick(self, conversation: Id, ticked: bool, reach: bool):
        """Tick a row, or not; with *reach* (Shift) also those between it and the last one."""
        every = [row.id for row in (await self.get_state(SidebarState)).every_row()]
        rows = [conversation]
        if reach and {conversation, self._last} <= set(every):
            ends = sorted((every.index(conversation), every.index(self._last)))
            rows = every[ends[0] : ends[1] + 1]
        others = [each for each in self.picked if each not in rows]
        self.picked = [*others, *(rows if ticked else [])][:MAX_SELECTED]
        self._last = conversation

    @rx.event
    @guarded
    async def pick_all(self):
        """Tick every row that is there."""
        every = (await self.get_state(SidebarState)).every_row()
        self.picked = [row.id for row in every][:MAX_SELECTED]

    @rx.event
    @guarded
    async def end_picking(self):
        """Take the boxes away."""
        self._stop_picking()

    @rx.event
    @guarded
    async def archive(self, conversations: Ids):
        """Take conversations out of the list, with a way back; none are named: those that are selected.

        A browser does not name the selection: what was ticked last may not have come back to it yet.
        """
        about = _uuids(conversations or self.picked)
        if not about:  # pressed again when nothing is selected any more
            return
        done = await services().order.archive(await acting(self), about, True)
        await self._gone("unarchive", done)

    @rx.event
    @guarded
    async def delete_selected(self):
        """Delete the conversations that are selected, with one way back for all of them."""
        if not self.picked:
            return
        done = await services().order.delete(await acting(self), _uuids(self.picked))
        await self._gone("undelete-all", done)

    @rx.event
    @guarded
    async def fork(self, message: Id):
        """Go on from an answer in a conversation of its own."""
        leading = await self.get_state(LeadingState)
        if self._forked == f"{message} {leading.turn}":  # pressed again before the page was led there
            return
        made = await services().forks.fork(await acting(self), uuid_of(message, "message"))
        await (await self.get_state(SidebarState)).changed([], leave=True)
        await lead(self, f"/c/{made}")
        self._forked = f"{message} {leading.turn}"

    async def _gone(self, undo: str, done: Sequence[UUID]) -> None:
        ids = [str(each) for each in done]
        self._stop_picking()
        action = await (await self.get_state(SidebarState)).changed(ids, leave=True, undo=undo)
        if ids:
            archived = plural(
                "Archived {count} conversation.", "Archived {count} conversations.", count=len(ids)
            )
            deleted = plural(
                "Deleted {count} conversation.", "Deleted {count} conversations.", count=len(ids)
            )
            await notify(
                self,
                archived if undo == "unarchive" else deleted,
                action=_("Undo"),
                action_id=action,
            )
        if undo != "unarchive" and self.router.url.path.removeprefix("/c/") in ids:
            await lead(self, "/")

    @rx.event
    @guarded
    async def ask_move(self, conversations: Ids):
        """Ask for the folder to put conversations into; none are named: those that are selected."""
        self._ask("move", said(_("Move to folder")), about=conversations or self.picked)
        self.choices = folder_choices(await services().folders.list_folders(await acting(self)))

    @rx.event
    @guarded
    async def move(self, folder: Id):
        """Put what was asked about into *folder*; empty: into none."""
        if self.asking != "move":
            return
        await self._move(uuid_of(folder, "folder") if folder else None)

    @rx.event
    @guarded
    async def dropped(self, address: Annotated[str, StringConstraints(max_length=2000)], folder: Id):
        """Put the conversation whose link was dropped on *folder* into it; anything else that is dropped is passed over."""
        _before, _slash, conversation = address.partition("/c/")
        if not conversation:
            return
        self._about = [conversation[:36]]
        await self._move(uuid_of(folder, "folder") if folder else None)

    @rx.event
    @guarded
    async def move_to_new(self, form: NameForm):
        """Make a folder, and put what was asked about into it."""
        if self.asking != "move":
            return
        made = await services().folders.create(await acting(self), form["name"])
        await self._move(made.id)

    async def _move(self, folder: UUID | None) -> None:
        await services().order.move(await acting(self), _uuids(self._about), folder)
        self._close()
        self._stop_picking()
        sidebar = await self.get_state(SidebarState)
        await sidebar.changed(self._about, leave=folder is not None)
        await sidebar.reload_folders()

    @rx.event
    @guarded
    async def ask_tags(self, conversation: Id):
        """Ask for the tags of a conversation: the page's menu may have been open since it had others."""
        tags = await services().order.tags_of(await acting(self), uuid_of(conversation, "conversation"))
        self._ask("tags", said(_("Tags")), about=[conversation])
        self.text, self._adds = ", ".join(tags), False

    @rx.event
    @guarded
    async def ask_more_tags(self):
        """Ask for tags to add to the conversations that are selected."""
        self._ask("tags", said(_("Add tags")), about=self.picked)
        self._adds = True

    @rx.event
    @guarded
    async def tag(self, form: TagsForm):
        """Give what was asked about the tags of the field."""
        if self.asking != "tags":
            return
        who, order, tags = await acting(self), services().order, form["tags"].split(",")
        about = _uuids(self._about)
        if self._adds:
            await order.tag(who, about, add=tags)
        elif about:  # what was changed in the field, whatever another page has changed meanwhile
            before, now = cleaned_tags(self.text.split(",")), cleaned_tags(tags)
            added, removed = (
                [each for each in these if each not in those]
                for these, those in ((now, before), (before, now))
            )
            await order.tag(who, about, add=added, remove=removed)
        self._close()
        self._stop_picking()
        sidebar = await self.get_state(SidebarState)
        await sidebar.restart()
        await sidebar.reload_folders()

    @rx.event
    @guarded
    async def ask_name(self, folder: Id, name: str, parent: Id):
        """Ask for the name of a folder; an empty *folder* is a new one, inside *parent* if given."""
        self._ask("name", said(_("Rename folder") if folder else _("New folder")), folder=folder)
        self.text, self._parent = name[:MAX_FOLDER_NAME_CHARACTERS], parent

    @rx.event
    @guarded
    async def name_folder(self, form: NameForm):
        """Make the folder, or give it its new name."""
        if self.asking != "name":
            return
        who, folders = await acting(self), services().folders
        if self._folder:
            await folders.rename(who, uuid_of(self._folder, "folder"), form["name"])
        else:
            parent = uuid_of(self._parent, "folder") if self._parent else None
            await folders.create(who, form["name"], parent=parent)
        await self._folders_changed()

    @rx.event
    @guarded
    async def ask_delete(self, folder: Id, name: str):
        """Ask whether a folder is to be deleted."""
        self._ask(
            "delete",
            said(_("Delete the folder “{name}”?", name=name[:MAX_FOLDER_NAME_CHARACTERS])),
            folder=folder,
        )

    @rx.event
    @guarded
    async def delete_folder(self, title: Annotated[str, StringConstraints(max_length=1000)]):
        """Delete the folder that was asked about, in the words of *title*; what is in it stays."""
        if self.asking != "delete" or title != self.title:
            return
        await services().folders.delete(await acting(self), uuid_of(self._folder, "folder"))
        sidebar = await self.get_state(SidebarState)
        await self._folders_changed()
        await sidebar.restart()

    @rx.event
    @guarded
    async def ask_documents(self, folder: Id, name: str):
        """Ask for the persona and the documents that chats begun in a folder start with."""
        who = await acting(self)
        found = await services().folders.start(who, uuid_of(folder, "folder"))
        scope = found.scope
        self._ask(
            "documents",
            said(_("New chats in “{name}”", name=name[:MAX_FOLDER_NAME_CHARACTERS])),
            folder=folder,
        )
        self.collections = collection_views(await services().collections.list_collections(who))
        self.personas = persona_choices(await services().personas.list_personas(who))
        self.persona = str(found.persona_id or "")
        self.reads_all = scope is None or scope.kind is ScopeKind.ALL
        self.chosen = [str(each) for each in scope.collections] if scope else []

    @rx.event
    @guarded
    async def read_all(self):
        """Have chats begun in the folder start with all documents."""
        self.reads_all, self.chosen = True, []
        await self._keep_documents(None)

    @rx.event
    @guarded
    async def read_collection(self, collection: Id, ticked: bool):
        """Have them start with one collection more, or one less."""
        others = [each for each in self.chosen if each != collection]
        self.reads_all, self.chosen = False, [*others, *([collection] if ticked else [])]
        kind = ScopeKind.SOME if self.chosen else ScopeKind.NONE
        await self._keep_documents(DocumentScope(kind, tuple(_uuids(self.chosen))))

    @rx.event
    @guarded
    async def choose_persona(self, persona: Id):
        """Have them start with another persona, or (empty) with the default one."""
        chosen = uuid_of(persona, "persona") if persona else None
        who, folder = await acting(self), uuid_of(self._folder, "folder")
        self.persona = str((await services().folders.set_persona(who, folder, chosen)).persona_id or "")

    async def _keep_documents(self, scope: DocumentScope | None) -> None:
        await services().folders.set_scope(await acting(self), uuid_of(self._folder, "folder"), scope)

    async def _folders_changed(self) -> None:
        self._close()
        await (await self.get_state(SidebarState)).reload_folders()

    @rx.event
    @guarded
    async def close(self):
        """Ask nothing any more."""
        self._close()

    def _ask(self, what: Asked, title: str, *, about: Sequence[str] = (), folder: str = "") -> None:
        self.asking, self.title, self.text, self.turn = what, title, "", self.turn + 1
        self._about, self._folder, self._parent = list(about), folder, ""

    def _close(self) -> None:
        self.asking = ""

    def _stop_picking(self) -> None:
        self.picking, self.picked, self._last = False, [], ""


def _uuids(ids: Sequence[str]) -> list[UUID]:
    return [uuid_of(each, "conversation") for each in ids]
