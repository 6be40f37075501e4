"""Big-AGI: chats whose messages are a text or fragments. The keys that lie beside them are not looked at."""

from collections.abc import Iterator, Mapping
from typing import Any

from gantry.adapters.importing.said import PICTURE, Said, file_at
from gantry.adapters.importing.turns import chained, is_instruction, role_of
from gantry.adapters.importing.values import first_text, items, mapping, moment, objects, text
from gantry.domain.chat import MessageRole
from gantry.domain.importing import (
    NO_MESSAGES,
    ForeignConversation,
    ForeignFile,
    ForeignMessage,
    Skipped,
    Standing,
    Surroundings,
)
from gantry.domain.messages import _

Json = Mapping[str, Any]


class BigAgi:
    """A backup, or one chat of it."""

    name = "big-agi"
    gathers = False

    def claims(self, element: object) -> bool:
        """Whether an element is a chat, or has a list of such."""
        record = mapping(element)
        return _is_chat(record) or any(_is_chat(each) for each in objects(record.get("conversations")))

    def read(self, element: object, around: Surroundings) -> Iterator[ForeignConversation | Skipped]:
        """Read one chat, or those of a backup."""
        record = mapping(element)
        if _is_chat(record):
            yield _conversation(record, {})
            return
        folders: dict[str, str] = {}
        for folder in objects(mapping(record.get("folders")).get("folders")):
            folders |= dict.fromkeys(
                (text(each) for each in items(folder.get("conversationIds"))), text(folder.get("title"))
            )
        for each in items(record.get("conversations")):
            if _is_chat(mapping(each)):
                yield _conversation(each, folders)
            else:
                yield Skipped(_("an entry of the conversations"), NO_MESSAGES)


def _is_chat(record: Json) -> bool:
    messages = record.get("messages")
    if not isinstance(messages, list):
        return False
    return "systemPurposeId" in record or any(
        "fragments" in each or "purposeId" in each for each in objects(messages)
    )


def _conversation(record: Json, folders: Mapping[str, str]) -> ForeignConversation:
    given = list(objects(record.get("messages")))
    messages = tuple(chained(_message(each) for each in given))
    key = text(record.get("id"))
    return ForeignConversation(
        key=key,
        title=first_text(record, "userTitle", "autoTitle", "name"),
        messages=messages,
        created_at=moment(record.get("created")),
        updated_at=moment(record.get("updated")),
        model=next((each.model for each in reversed(messages) if each.model), ""),
        archived=record.get("isArchived") is True,
        folder=folders.get(key, ""),
        system=next((_said(each).content for each in given[:1] if is_instruction(each.get("role"))), ""),
    )


def _said(message: Json) -> Said:
    said = Said()
    fragments = list(objects(message.get("fragments")))
    for fragment in fragments:
        part = fragment.get("part")
        _take(said, mapping(part) or fragment, fragment)
    if not fragments:
        said.answer(message.get("text"))
    return said


def _take(said: Said, part: Json, fragment: Json) -> None:
    kind = first_text(part, "pt", "type")
    if kind == "text":
        said.answer(part.get("text"))
    elif kind == "ma":  # what a model noted: its thoughts
        said.think(part.get("aText"))
    elif kind == "doc":
        data = mapping(part.get("data"))
        name = first_text(part, "l1Title", "ref") or first_text(fragment, "title") or "document"
        said.attach(ForeignFile(name, first_text(data, "mimeType"), text=first_text(data, "text")))
    elif kind in {"image_ref", "reference"}:
        place = mapping(part.get("dataRef")) or mapping(part.get("zync"))
        named = first_text(part, "altText") or first_text(fragment, "title") or "image"
        said.attach(file_at(first_text(place, "url"), named, PICTURE) or ForeignFile(named, PICTURE))
    elif kind == "error":
        said.failed(part.get("error"))
    elif kind.startswith("tool_"):
        call = mapping(part.get("invocation")) or mapping(part.get("response")) or part
        name = first_text(call, "name")
        answered = "response" in part or "response" in kind
        given = call.get("result", call.get("args", call.get("code")))
        said.resulted(name, given) if answered else said.called(name, given)
    elif kind not in {"", "ph", "_sentinel"}:
        said.happened(kind, {key: value for key, value in part.items() if key not in {"pt", "type"}}, "json")


def _message(message: Json) -> ForeignMessage:
    role = role_of(message.get("role")) or role_of(message.get("sender"))
    said = _said(message)
    generator = mapping(message.get("generator"))
    model = first_text(message, "originLLM") or first_text(generator, "name")
    return ForeignMessage(
        key="",
        parent=None,
        role=role or MessageRole.ASSISTANT,
        content=said.content,
        reasoning=said.reasoning,
        model="" if role is MessageRole.USER else model,
        created_at=moment(message.get("created")),
        files=tuple(said.files),
        standing=Standing.HIDDEN if is_instruction(message.get("role")) else Standing.SHOWN,
    )


READER = BigAgi()
