"""Chatbot UI: messages in the order of the file, without ids or times."""

from collections.abc import Iterator, Mapping
from typing import Any

from gantry.adapters.importing.parts import take_content
from gantry.adapters.importing.said import Said
from gantry.adapters.importing.turns import chained, is_instruction, role_of, titled
from gantry.adapters.importing.values import first_text, items, mapping, objects, text
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

_SIGNS = ("prompt", "folderId", "temperature", "model", "id")


class ChatbotUi:
    """Versions 1 to 4: a list of conversations, bare or beside folders and prompts."""

    name = "chatbot-ui"
    gathers = False

    def claims(self, element: object) -> bool:
        """Whether an element is a conversation with a ``name``, or a file with a history of such."""
        record = mapping(element)
        if isinstance(record.get("history"), list) and "chat" not in record:
            return not record["history"] or any(_is_conversation(each) for each in objects(record["history"]))
        return _is_conversation(record)

    def read(self, element: object, around: Surroundings) -> Iterator[ForeignConversation | Skipped]:
        """Read one conversation, or those of a whole file."""
        record = mapping(element)
        if not isinstance(record.get("history"), list):
            yield _conversation(record, {})
            return
        folders = {text(each.get("id")): text(each.get("name")) for each in objects(record.get("folders"))}
        for each in record["history"]:
            if _is_conversation(mapping(each)):
                yield _conversation(each, folders)
            else:
                yield Skipped(first_text(mapping(each), "name") or _("an entry of the history"), NO_MESSAGES)
        if prompts := items(record.get("prompts")):
            yield Skipped(counted(len(prompts), "prompt"), _("saved prompts are not conversations"))


def _is_conversation(record: Json) -> bool:
    messages = record.get("messages")
    if not isinstance(messages, list) or "name" not in record or not any(sign in record for sign in _SIGNS):
        return False
    return all(
        "role" in each and "content" in each and "versions" not in each
        for each in list(objects(messages))[:3]
    )


def _conversation(record: Json, folders: Mapping[str, str]) -> ForeignConversation:
    model = first_text(mapping(record.get("model")), "id", "name") or text(record.get("model"))
    key = record.get("id")
    return ForeignConversation(
        key=key if isinstance(key, str) and not key.isdigit() else "",  # numbers count within one browser
        title=titled(record.get("name")),
        messages=tuple(chained(_message(each, model) for each in objects(record.get("messages")))),
        model=model,
        folder=folders.get(text(record.get("folderId")), ""),
        system=text(record.get("prompt")),
    )


def _message(message: Json, model: str) -> ForeignMessage:
    role, said = role_of(message.get("role")), Said()
    take_content(said, message.get("content"), own=role is MessageRole.USER)
    return ForeignMessage(
        key="",
        parent=None,
        role=role or MessageRole.ASSISTANT,
        content=said.content,
        reasoning=said.reasoning,
        model="" if role is MessageRole.USER else model,
        files=tuple(said.files),
        standing=Standing.HIDDEN if is_instruction(message.get("role")) else Standing.SHOWN,
    )


READER = ChatbotUi()
