"""Folders, archive and tags of conversations: values and rules."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gantry.domain.errors import Invalid
from gantry.domain.knowledge import DocumentScope
from gantry.domain.messages import _
from gantry.domain.names import on_one_line

MAX_FOLDERS = 200
MAX_FOLDER_NAME_CHARACTERS = 80
MAX_TAGS = 20  # of one conversation
MAX_TAG_CHARACTERS = 40
MAX_SELECTED = 500  # conversations that are changed at once


@dataclass(frozen=True, slots=True)
class StoredFolder:
    """A folder as its owner sees it; ``folded`` hides what is in it. Without ``scope`` chats begun in it use all documents."""

    id: UUID
    parent_id: UUID | None
    name: str
    folded: bool
    created_at: datetime
    scope: DocumentScope | None = None
    persona_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """Which conversations are listed.

    ``loose`` leaves out those that stand in a folder; with ``pinned`` None pinned or not is all the same.
    """

    archived: bool = False
    pinned: bool | None = False
    loose: bool = False
    folder: UUID | None = None
    tag: str = ""


EVERYTHING = Listing()
LOOSE = Listing(loose=True)
ARCHIVE = Listing(archived=True, pinned=None)


def folder_name(raw: str) -> str:
    """Return a folder's name as it is stored; Invalid when nothing of it can be seen."""
    name = on_one_line(raw)[:MAX_FOLDER_NAME_CHARACTERS].strip()
    if not name:
        raise Invalid(_("A folder needs a name."), field="name")
    return name


def cleaned_tags(raw: Iterable[str]) -> list[str]:
    """Return tags as they are stored: each once, whatever its letters' case, in the order given.

    Raises:
        Invalid: One is too long, or there are too many.
    """
    kept: dict[str, str] = {}
    for each in raw:
        tag = on_one_line(each).lstrip("#").strip()
        if len(tag) > MAX_TAG_CHARACTERS:
            raise Invalid(_("A tag can have up to {most} characters.", most=MAX_TAG_CHARACTERS), field="tags")
        if tag:
            kept.setdefault(tag.casefold(), tag)
    if len(kept) > MAX_TAGS:
        raise Invalid(_("A conversation can have up to {most} tags.", most=MAX_TAGS), field="tags")
    return list(kept.values())


def with_tags(before: Sequence[str], add: Sequence[str], remove: Sequence[str]) -> list[str]:
    """Return *before* with some tags more and some less."""
    gone = {tag.casefold() for tag in remove}
    return cleaned_tags([*(tag for tag in before if tag.casefold() not in gone), *add])
