"""From a foreign conversation to our rows: titles, times, limits, and what is said about files that did not come along."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from gantry.domain.catalog import ModelRef
from gantry.domain.chat import (
    MAX_ANSWER_CHARACTERS,
    MAX_MESSAGE_CHARACTERS,
    MessageRole,
    MessageStatus,
    cleaned_title,
    title_from_prompt,
)
from gantry.domain.importing import ForeignConversation, ForeignFile, ForeignMessage, Skipped, placeholder
from gantry.domain.importing_tree import Planted
from gantry.domain.memory import PASSED_OVER
from gantry.domain.messages import Message, _
from gantry.domain.names import on_one_line
from gantry.domain.order import MAX_TAG_CHARACTERS, MAX_TAGS, cleaned_tags
from gantry.domain.parameters import Parameters
from gantry.domain.text import storable
from gantry.models import Attachment, Citation, Conversation, Quotation, new_id
from gantry.repositories.importing import key_of, mark_of

_MAX_KEY = 200
_ROW = 400  # characters that a message costs beside its own
_MAX_MODEL = 255
_CUT = "[Cut here: the whole text is in the attached file]"
_OWN = "gantry"
_BREAKS_LINK = re.compile(r"[<>\s]")


@dataclass(frozen=True, slots=True)
class Choice:
    """How an import is done."""

    dry_run: bool = False
    remember: bool = False  # whether memory reads what came in


@dataclass(slots=True)
class Planned:
    """A conversation on its way in: its tree, and what of it is new."""

    format: str
    source: ForeignConversation
    tree: Planted
    key: str
    conversation: UUID
    known: Mapping[str, UUID] = field(default_factory=dict[str, UUID])  # of an earlier import, by mark
    exists: bool = False
    deleted: bool = False  # it is here, and its deletion can still be undone
    _marks: dict[str, str] = field(default_factory=dict[str, str])
    _fresh: list[ForeignMessage] | None = None

    def settle(
        self, conversation: UUID, known: Mapping[str, UUID], *, exists: bool = True, deleted: bool = False
    ) -> None:
        """Note which conversation it is here, and which of its messages that has."""
        if conversation != self.conversation:
            self._marks = {}
        self.conversation, self.known, self.exists, self.deleted = conversation, known, exists, deleted
        self._fresh = None

    @property
    def title(self) -> str:
        """Its title: the source's, or its first question's beginning."""
        told = cleaned_title(self.source.title)
        if told:
            return told
        first = next((each.content for each in self.tree.messages if each.role is MessageRole.USER), "")
        return title_from_prompt(first)

    def mark(self, message: ForeignMessage) -> str:
        """Return what a message is known by in this conversation."""
        mark = self._marks.get(message.key)
        if mark is None:
            mark = self._marks[message.key] = mark_of(self.conversation, message.key)
        return mark

    def seen(self, count: int) -> None:
        """Take its first *count* messages for known."""
        known = {self.mark(each): self.conversation for each in self.tree.messages[:count]}
        self.settle(self.conversation, known, deleted=self.deleted)

    @property
    def fresh(self) -> list[ForeignMessage]:
        """Messages that are not here yet, parents before children."""
        if self._fresh is None:
            known = self.known
            self._fresh = [each for each in self.tree.messages if not known or self.mark(each) not in known]
        return self._fresh

    @property
    def weight(self) -> int:
        """How much there is to store of it: characters, and what each message costs beside them."""
        return sum(len(each.content) + len(each.reasoning) + _ROW for each in self.fresh)

    @property
    def fresh_branches(self) -> int:
        """Places that branch because of what is new."""
        if not self.exists:
            return self.tree.branches
        sizes: dict[str | None, list[bool]] = {}
        for each in self.tree.messages:
            sizes.setdefault(each.parent, []).append(self.mark(each) in self.known)
        return sum(1 for known in sizes.values() if len(known) > 1 and sum(known) <= 1)


def weight_of(row: Mapping[str, Any]) -> int:
    """Return how much there is to store of a message: see ``Planned.weight``."""
    return len(row["content"]) + len(row["reasoning"]) + _ROW


def planned(source: str, conversation: ForeignConversation, tree: Planted) -> Planned:
    """Prepare a conversation, under the key it is known by."""
    return Planned(source, conversation, tree, _key(conversation, tree), new_id())


def _key(conversation: ForeignConversation, tree: Planted) -> str:
    key = conversation.key.strip()
    if key and len(key) <= _MAX_KEY:
        return key
    digest = hashlib.sha256((key or storable(conversation.title)).encode())
    if not key:
        for each in tree.messages:
            digest.update(f"\0{each.role.value}\0{storable(each.content)}".encode())
    return f"sha256:{digest.hexdigest()}"


def conversation_row(plan: Planned, owner: UUID, choice: Choice, now: datetime) -> Conversation:
    """Make the row of a new conversation."""
    times = [each.created_at for each in plan.tree.messages if each.created_at is not None]
    began = min(
        plan.source.created_at or min(times, default=now), now
    )  # a clock was wrong: it would lead every list
    changed = plan.source.updated_at or max(times, default=began)
    row = Conversation(
        id=plan.conversation,
        account_id=owner,
        title=plan.title,
        title_by_hand=bool(plan.source.title.strip()),
        pinned=plan.source.pinned,
        archived=plan.source.archived,
        tags=_tags(plan.source.tags) or None,
        parameters=_asked_with(plan.source.system),
        created_at=began,
        updated_at=max(began, min(changed, now)),
        seen_at=now,
    )
    for name, value in plan.source.own.items():
        setattr(row, name, value)
    return row


def _asked_with(system: str) -> dict[str, Any] | None:
    return (Parameters.parse({"system_prompt": system}).stored() or None) if system else None


def state_of(row: Conversation) -> str:
    """Return a hash of where a conversation stands and how it is asked: of all that its owner can change beside its title and messages."""
    place = (row.folder_id, row.tags or [], row.pinned, row.archived)
    asked = (row.persona_id, row.parameters or {}, row.scope, row.remembered)
    told = json.dumps([*place, *asked], sort_keys=True, default=str)
    return hashlib.sha256(told.encode()).hexdigest()


def _tags(raw: Sequence[str]) -> list[str]:
    """Return as many tags as a conversation can have, none too long."""
    cleaned = dict.fromkeys(on_one_line(each).lstrip("#").strip()[:MAX_TAG_CHARACTERS] for each in raw)
    return cleaned_tags(list(dict.fromkeys(tag for tag in cleaned if tag))[:MAX_TAGS])


@dataclass(slots=True)
class Rows:
    """The rows of one conversation's new messages, and the files that go with each of them."""

    messages: list[dict[str, Any]]
    feedback: list[dict[str, Any]]
    given: list[
        tuple[Citation | Attachment, Quotation | None]
    ]  # of our own export: sources, and files that are gone
    ids: dict[str, UUID]  # by the source's keys, also of messages that were here before


def message_rows(
    plan: Planned,
    run: UUID,
    owner: UUID,
    *,
    began: datetime,
    depths: Mapping[UUID, int],
    notes: Mapping[str, Sequence[str]],
    choice: Choice,
    now: datetime,
) -> Rows:
    """Make the rows of what is new.

    Args:
        depths: Of messages that were here before.
        notes: Lines that stand for files which did not come along, by the source's keys.
    """
    found = Rows(
        [],
        [],
        [],
        {
            each.key: plan.known[mark]
            for each in (plan.tree.messages if plan.known else ())
            if (mark := plan.mark(each)) in plan.known
        },
    )
    deep = dict(depths)
    times: dict[str, datetime] = {}
    for each in plan.tree.messages:
        above = found.ids.get(each.parent) if each.parent is not None else None
        at = each.created_at or (times.get(each.parent) if each.parent is not None else None) or began
        times[each.key] = at
        if each.key in found.ids:
            continue
        row = _row(plan, each, notes.get(each.key, ()), at)
        row["id"] = found.ids[each.key] = new_id()
        deep[row["id"]] = row["depth"] = deep.get(above, -1) + 1 if above is not None else 0
        row |= {"parent_id": above, "conversation_id": plan.conversation, "account_id": owner}
        row["client_key"] = key_of(run, plan.conversation, plan.mark(each))
        row["memorised_at"] = None if choice.remember else PASSED_OVER
        found.messages.append(row)
        found.given += _given(each.own, row["id"], owner, at)
        if each.rating is not None:
            found.feedback.append(
                {
                    "id": new_id(),
                    "message_id": row["id"],
                    "account_id": owner,
                    "rating": each.rating,
                    "created_at": each.own.get("rated_at") or at,
                }
            )
    return found


def _given(
    own: Mapping[str, Any], message: UUID, owner: UUID, at: datetime
) -> Iterator[tuple[Citation | Attachment, Quotation | None]]:
    for each in own.get("citations", ()):
        values = dict(each)
        passage = values.pop("passage")
        citation = Citation(id=new_id(), message_id=message, **values)
        yield citation, Quotation(citation_id=citation.id, passage=passage) if passage else None
    for each in own.get("gone", ()):
        yield Attachment(message_id=message, account_id=owner, created_at=at, **each), None


_UNKNOWN: dict[str, Any] = {
    "status": MessageStatus.COMPLETE,
    "prompt_tokens": None,
    "completion_tokens": None,
    "tokens_estimated": False,
    "first_token_ms": None,
    "reasoning_ms": None,
    "total_ms": None,
    "left_out": 0,
    "truncated": False,
    "ending": None,
    "error": None,
    "retrieval": None,
}


def _row(plan: Planned, message: ForeignMessage, notes: Sequence[str], at: datetime) -> dict[str, Any]:
    answers = message.role is MessageRole.ASSISTANT
    row = _UNKNOWN | {
        "role": message.role,
        "content": _content(message, notes),
        "reasoning": storable(message.reasoning)[:MAX_ANSWER_CHARACTERS],
        "model": _model(plan.format, message.model) if answers else None,
        "created_at": at,
        "finished_at": at if answers else None,
    }
    return row | {name: value for name, value in message.own.items() if name in row}


def _model(source: str, model: str) -> str | None:
    """Return a model as ours are written: the product in place of the server."""
    model = storable(model.strip())
    if not model:
        return None
    return (model if source == _OWN else str(ModelRef(source, model)))[:_MAX_MODEL]


def limit_of(message: ForeignMessage) -> int:
    """Return how many characters of a message are shown; the rest is in a file."""
    return MAX_MESSAGE_CHARACTERS if message.role is MessageRole.USER else MAX_ANSWER_CHARACTERS


def _content(message: ForeignMessage, notes: Sequence[str]) -> str:
    content = storable(message.content)
    if not message.own:
        content = content.strip("\r\n")
    limit = limit_of(message)
    if len(content) > limit:
        content = f"{content[:limit]}\n\n{_CUT}"
    return "\n\n".join(part for part in (content, *notes) if part)


def whole_text(message: ForeignMessage) -> ForeignFile | None:
    """Return a message that is too long for the page as a file."""
    if len(message.content) <= limit_of(message):
        return None
    return ForeignFile("whole message.md", "text/markdown", text=message.content)


def note_of(file: ForeignFile, name: str) -> str:
    """Return the line that stands for a file that did not come along."""
    kind = file.media_type.partition("/")[0]
    what = {"image": "Image", "audio": "Recording", "video": "Video"}.get(kind, "File")
    if file.url.startswith(("https://", "http://")) and not _BREAKS_LINK.search(file.url):
        return f"{what}: [{name.replace('[', '(').replace(']', ')')}](<{file.url}>)"
    return placeholder(what, name)


_LOST = {
    "image": _("image “{name}” of “{title}”"),
    "audio": _("audio “{name}” of “{title}”"),
    "video": _("video “{name}” of “{title}”"),
    "": _("file “{name}” of “{title}”"),
}


def lost_file(file: ForeignFile, name: str, title: str, why: str) -> Skipped:
    """Return what the receipt says of a file that did not come along."""
    kind = file.media_type.partition("/")[0]
    return Skipped(Message(_LOST.get(kind, _LOST[""]), {"name": name, "title": title}), why)
