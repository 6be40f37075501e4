"""What the pages may see of folders and of the archive."""

from collections.abc import Iterable
from dataclasses import dataclass

from gantry.domain.order import StoredFolder
from gantry.domain.personas import StoredPersona
from gantry.services.chat import Listed
from gantry.state.views.sidebar import in_order


@dataclass(frozen=True, slots=True)
class FolderChoiceView:
    """A folder that something can be put into; ``inner``: it stands in the one before it."""

    id: str
    name: str
    inner: bool


@dataclass(frozen=True, slots=True)
class ArchivedView:
    """A conversation in the archive; ``updated`` is in seconds since the epoch."""

    id: str
    title: str
    updated: int
    folder: str


@dataclass(frozen=True, slots=True)
class PersonaChoiceView:
    """A persona that chats can begin with."""

    id: str
    name: str


def persona_choices(personas: Iterable[StoredPersona]) -> list[PersonaChoiceView]:
    """Return *personas* in order."""
    return [PersonaChoiceView(str(each.id), each.name) for each in personas]


def folder_choices(folders: Iterable[StoredFolder]) -> list[FolderChoiceView]:
    """Return *folders* in the order of the sidebar."""
    return [
        FolderChoiceView(str(each.id), each.name, each.parent_id is not None) for each in in_order(folders)
    ]


def archived_views(listed: Iterable[Listed], folders: Iterable[StoredFolder]) -> list[ArchivedView]:
    """Return *listed* as the page of the archive gets it."""
    names = {each.id: each.name for each in folders}
    return [
        ArchivedView(
            str(each.conversation.id),
            each.conversation.title,
            int(each.conversation.updated_at.timestamp()),
            names.get(each.conversation.folder_id, "") if each.conversation.folder_id else "",
        )
        for each in listed
    ]
