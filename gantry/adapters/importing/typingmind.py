"""TypingMind: chats beside settings, prompts and plug-ins. Only chats and folders are looked at; settings may hold keys."""

from collections.abc import Iterator, Mapping
from typing import Any

from gantry.adapters.importing.parts import take_content, take_part
from gantry.adapters.importing.said import Said
from gantry.adapters.importing.turns import chained, is_instruction, role_of
from gantry.adapters.importing.values import first_text, items, mapping, moment, objects, text
from gantry.domain.chat import MessageRole
from gantry.domain.importing import (
    NO_MESSAGES,
    ForeignConversation,
    ForeignMessage,
    Skipped,
    Standing,
    Surroundings,
)
from gantry.domain.messages import _
from gantry.domain.text import counted

Json = Mapping[str, Any]

_ASIDE = {"userPrompts": "prompt", "userCharacters": "character", "installedPlugins": "plugin"}


class TypingMind:
    """Messages follow each other."""

    name = "typingmind"
    gathers = False

    def claims(self, element: object) -> bool:
        """Whether an element is a backup, or one of its chats."""
        record = mapping(element)
        return _is_chat(record) or any(_has_messages(each) for each in objects(_data(record).get("chats")))

    def read(self, element: object, around: Surroundings) -> Iterator[ForeignConversation | Skipped]:
        """Read one chat, or those of a backup."""
        record = mapping(element)
        if _is_chat(record):
            yield _conversation(record, {})
            return
        data = _data(record)
        folders = {
            text(each.get("id")): first_text(each, "title", "name") for each in objects(data.get("folders"))
        }
        for each in items(data.get("chats")):
            if _has_messages(mapping(each)):
                yield _conversation(each, folders)
            else:
                yield Skipped(
                    first_text(mapping(each), "chatTitle", "preview") or _("an entry of the chats"),
                    NO_MESSAGES,
                )
        for key, noun in _ASIDE.items():
            if found := items(data.get(key)):
                yield Skipped(
                    counted(len(found), noun),
                    _("it is no conversation") if len(found) == 1 else _("they are no conversations"),
                )


def _data(record: Json) -> Json:
    return mapping(record.get("data")) or record


def _has_messages(record: Json) -> bool:
    return isinstance(record.get("messages"), list)


def _is_chat(record: Json) -> bool:
    return _has_messages(record) and any(sign in record for sign in ("chatID", "chatTitle", "folderID"))


def _conversation(record: Json, folders: Mapping[str, str]) -> ForeignConversation:
    model = first_text(record, "model") or first_text(mapping(record.get("modelInfo")), "id", "title", "name")
    given = list(objects(record.get("messages")))
    return ForeignConversation(
        key=first_text(record, "chatID", "id"),
        title=first_text(record, "chatTitle", "title") or first_text(record, "preview"),
        messages=tuple(chained(_message(each, model) for each in given)),
        created_at=moment(record.get("createdAt")),
        updated_at=moment(record.get("updatedAt")),
        model=model,
        folder=folders.get(text(record.get("folderID")), ""),
        system=next((_words(each) for each in given[:1] if is_instruction(each.get("role"))), ""),
    )


def _words(message: Json) -> str:
    said = Said()
    take_content(said, message.get("content"), own=True)
    return "" if said.is_empty else said.content


def _message(message: Json, model: str) -> ForeignMessage:
    role, said = role_of(message.get("role")), Said()
    if role is None and not is_instruction(message.get("role")):
        said.resulted(first_text(message, "name"), _words(message))
    else:
        take_content(said, message.get("content"), own=role is MessageRole.USER)
    for call in objects(message.get("tool_calls")):
        take_part(said, {"type": "tool_call", "tool_call": call})
    return ForeignMessage(
        key="",
        parent=None,
        role=role or MessageRole.ASSISTANT,
        content=said.content,
        reasoning=said.reasoning,
        model="" if role is MessageRole.USER else text(message.get("model")) or model,
        created_at=moment(message.get("createdAt")),
        files=tuple(said.files),
        standing=_standing(message, role),
    )


def _standing(message: Json, role: MessageRole | None) -> Standing:
    if is_instruction(message.get("role")):
        return Standing.HIDDEN
    return Standing.STEP if role is None else Standing.SHOWN


READER = TypingMind()
