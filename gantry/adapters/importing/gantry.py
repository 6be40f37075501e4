"""Gantry's own export (docs/export-format.md): everything it holds comes back, under new ids."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gantry.adapters.importing.values import items, mapping, moment, objects, text
from gantry.domain.chat import CitationKind, MessageRole, MessageStatus, Rating
from gantry.domain.importing import (
    ForeignConversation,
    ForeignFile,
    ForeignMessage,
    Skipped,
    Surroundings,
)

_LONGEST_TOLD = 10_000
_TOLD_OF_ERRORS = frozenset({"kind", "title", "advice", "details", "person_advice"})
_LARGEST = 2**31 - 1  # what the columns hold


class Gantry:
    """See ``domain.importing.Reader``."""

    name = "gantry"
    gathers = False

    def claims(self, element: object) -> bool:
        """A whole document, or a conversation of one that is too large to be read whole; what ends a ZIP."""
        found = mapping(element)
        return (found.get("format") == "gantry" and "version" in found) or _is_conversation(found)

    def read(self, element: object, around: Surroundings) -> Iterator[ForeignConversation | Skipped]:
        """Read a document, or one conversation."""
        found = mapping(element)
        conversations = [found] if _is_conversation(found) else objects(found.get("conversations"))
        for each in conversations:
            yield _conversation(each, around)


def _is_conversation(found: Mapping[str, Any]) -> bool:
    return {"title_by_hand", "active_leaf", "messages"} <= found.keys()


def _conversation(found: Mapping[str, Any], around: Surroundings) -> ForeignConversation:
    scope = mapping(found.get("scope"))
    return ForeignConversation(
        key=text(found.get("id")),
        title=text(found.get("title")),
        messages=tuple(_message(each, around) for each in objects(found.get("messages"))),
        leaf=text(found.get("active_leaf")) or None,
        created_at=moment(found.get("created_at")),
        updated_at=moment(found.get("updated_at")),
        pinned=found.get("pinned") is True,
        archived=found.get("archived") is True,
        folder=text(mapping(found.get("folder")).get("name")) or text(found.get("folder")),
        tags=tuple(tag for tag in items(found.get("tags")) if isinstance(tag, str)),
        own={
            "title_by_hand": found.get("title_by_hand") is True,
            "model": text(found.get("model"))[:255] or None,
            "remembered": found.get("remembered") is not False,
            "scope": {"kind": "none"} if scope.get("kind") == "none" else {},
        },
    )


def _message(found: Mapping[str, Any], around: Surroundings) -> ForeignMessage:
    role = MessageRole.USER if found.get("role") == "user" else MessageRole.ASSISTANT
    feedback = mapping(found.get("feedback"))
    usage, timings = mapping(found.get("usage")), mapping(found.get("timings"))
    files, gone = _files(found, around)
    own: dict[str, Any] = {
        "status": _status(found.get("status")) if role is MessageRole.ASSISTANT else MessageStatus.COMPLETE,
        "finished_at": moment(found.get("finished_at")),
        "model": text(found.get("model"))[:255] or None,
        "prompt_tokens": _number(usage.get("prompt_tokens")),
        "completion_tokens": _number(usage.get("completion_tokens")),
        "tokens_estimated": usage.get("estimated") is True,
        **{name: _number(timings.get(name)) for name in ("first_token_ms", "reasoning_ms", "total_ms")},
        "left_out": _number(found.get("left_out")) or 0,
        "truncated": found.get("truncated") is True,
        "ending": text(found.get("ending"))[:16] or None,
        "error": _error(mapping(found.get("error"))),
        "retrieval": _retrieval(mapping(found.get("retrieval"))),
        "rated_at": moment(feedback.get("at")),
        "citations": _citations(found.get("citations")),
        "gone": gone,
    }
    return ForeignMessage(
        key=text(found.get("id")),
        parent=text(found.get("parent")) or None,
        role=role,
        content=text(found.get("content")),
        reasoning=text(found.get("reasoning")),
        created_at=moment(found.get("created_at")),
        files=files,
        rating=_one_of(Rating, feedback.get("rating")),
        own=own,
    )


def _files(
    found: Mapping[str, Any], around: Surroundings
) -> tuple[tuple[ForeignFile, ...], list[dict[str, Any]]]:
    """Return files whose bytes are in the ZIP, and what is known of the others."""
    held: list[ForeignFile] = []
    gone: list[dict[str, Any]] = []
    for each in objects(found.get("files")):
        name, media = text(each.get("name")), text(each.get("media_type"))
        member = around.find(text(each.get("id")))
        if member:
            held.append(ForeignFile(name, media, member))
        else:
            size = _number(each.get("size_bytes")) or 0
            gone.append({"name": name[:255], "media_type": media[:127], "size_bytes": size})
    return tuple(held), gone


def _citations(value: object) -> list[dict[str, Any]]:
    """Return sources by their numbers, of which each message has each once."""
    numbered: dict[int, dict[str, Any]] = {}
    for each in map(_citation, objects(value)):
        numbered.setdefault(each["number"], each)
    return list(numbered.values())


def _citation(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "number": _number(found.get("number")) or 0,
        "kind": _one_of(CitationKind, found.get("kind")) or CitationKind.DOCUMENT,
        "cited": found.get("cited") is not False,
        "title": text(found.get("title"))[:255],
        "page": _number(found.get("page")),
        "heading": text(found.get("heading"))[:500],
        "start_offset": _number(found.get("start")) or 0,
        "end_offset": _number(found.get("end")) or 0,
        "passage": text(found.get("passage")),
    }


def _status(value: object) -> MessageStatus:
    status = _one_of(MessageStatus, value) or MessageStatus.COMPLETE
    return MessageStatus.STOPPED if status is MessageStatus.STREAMING else status


def _one_of(kind: Callable[[Any], Any], value: object) -> Any:
    try:
        return kind(value)
    except ValueError:
        return None


def _number(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if -_LARGEST <= value <= _LARGEST else None


def _error(found: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return why an answer failed, as far as it is told as we tell it: a page could not show anything else."""
    told = {name: text(value)[:_LONGEST_TOLD] for name, value in found.items() if name in _TOLD_OF_ERRORS}
    return told if told.get("kind") and told.get("title") else None


def _retrieval(found: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return where was looked, in the same way."""
    told: dict[str, Any] = {}
    for name, value in found.items():
        if name in {"passages", "memories", "facts"}:
            told[name] = _number(value) or 0
        elif name == "documents":
            told[name] = _number(value)
        elif name in {"left_out", "unread"}:
            told[name] = [text(each)[:_LONGEST_TOLD] for each in items(value)]
        elif name == "nothing":
            told[name] = text(value)[:_LONGEST_TOLD] or None
    return told or None


READER = Gantry()
