"""What the sidebar shows of a conversation."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from itertools import groupby

from gantry.domain.messages import _
from gantry.domain.order import StoredFolder
from gantry.languages import month
from gantry.services.chat import Listed
from gantry.state.language import said, spoken


@dataclass(frozen=True, slots=True)
class RowView:
    """One line of the sidebar; ``updated`` is in seconds since the epoch."""

    id: str
    title: str
    updated: int
    pinned: bool = False
    answering: bool = False
    unseen: bool = False
    folder: str = ""  # id of the one it stands in
    tags: list[str] = field(default_factory=list[str])


@dataclass(frozen=True, slots=True)
class FolderView:
    """A folder with the newest conversations in it; none of a ``folded`` one. ``inner``: it stands in the one before it."""

    id: str
    name: str
    inner: bool
    folded: bool
    rows: list[RowView]
    more: bool = False  # there are others


@dataclass(frozen=True, slots=True)
class GroupView:
    """Conversations under one heading, newest first; ``label`` is empty where the group above has the same."""

    label: str
    rows: list[RowView]


def heading_of(moment: datetime, now: datetime) -> str:
    """Return the heading for something last changed at *moment*; both are in the reader's zone."""
    days = (now.date() - moment.date()).days
    if days <= 0:
        return said(_("Today"))
    if days == 1:
        return said(_("Yesterday"))
    if days <= 7:
        return said(_("Previous 7 days"))
    if days <= 30:
        return said(_("Previous 30 days"))
    return month(moment, spoken(), year=moment.year != now.year)


def grouped(every: Iterable[RowView], zone: tzinfo, *, above: str = "") -> list[GroupView]:
    """Put rows, newest first, under the headings of days in *zone*; *above* is the heading they continue."""
    now = datetime.now(zone)

    def label(row: RowView) -> str:
        return heading_of(datetime.fromtimestamp(row.updated, zone), now)

    groups = [GroupView(heading, list(each)) for heading, each in groupby(every, label)]
    if groups and groups[0].label == above:
        groups[0] = replace(groups[0], label="")
    return groups


def flat(groups: Sequence[GroupView]) -> list[RowView]:
    """Return the rows of all groups."""
    return [row for group in groups for row in group.rows]


def rows(listed: Iterable[Listed]) -> list[RowView]:
    """Return *listed* as the browser gets it, in the same order."""
    return [
        RowView(
            id=str(each.conversation.id),
            title=each.conversation.title,
            updated=int(each.conversation.updated_at.timestamp()),
            pinned=each.conversation.pinned,
            answering=each.answering,
            unseen=each.unseen,
            folder=str(each.conversation.folder_id or ""),
            tags=list(each.conversation.tags or ()),
        )
        for each in listed
    ]


def in_order(folders: Iterable[StoredFolder]) -> list[StoredFolder]:
    """Return *folders*, which are sorted by name, each followed by those that stand in it."""
    every = list(folders)
    ids = {each.id for each in every}
    top = [each for each in every if each.parent_id not in ids]
    return [one for each in top for one in (each, *(inner for inner in every if inner.parent_id == each.id))]


def folder_views(
    folders: Sequence[StoredFolder], inside: Iterable[RowView], *, each: int
) -> list[FolderView]:
    """Make the views of *folders*, in order; what stands in a folded one is left out, *each* is how many were asked for."""
    by_folder: dict[str, list[RowView]] = {}
    for row in inside:
        by_folder.setdefault(row.folder, []).append(row)
    hidden = {folder.id for folder in folders if folder.folded}
    return [
        FolderView(
            id=str(folder.id),
            name=folder.name,
            inner=folder.parent_id is not None,
            folded=folder.folded,
            rows=[] if folder.folded else by_folder.get(str(folder.id), []),
            more=len(by_folder.get(str(folder.id), ())) >= each and not folder.folded,
        )
        for folder in folders
        if folder.parent_id not in hidden
    ]
