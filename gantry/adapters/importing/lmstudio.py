"""LM Studio: each message in several versions, of which one is selected and the others are branches."""

from collections.abc import Iterator, Mapping
from typing import Any

from gantry.adapters.importing.parts import take_content
from gantry.adapters.importing.said import PICTURE, Said
from gantry.adapters.importing.turns import is_instruction, role_of, titled
from gantry.adapters.importing.values import first_text, items, mapping, moment, objects, text
from gantry.domain.chat import MessageRole
from gantry.domain.importing import (
    ForeignConversation,
    ForeignFile,
    ForeignMessage,
    Skipped,
    Standing,
    Surroundings,
)

Json = Mapping[str, Any]

_PROMPT = "llm.prediction.systemPrompt"
_SIGNS = (
    "lastUsedModel",
    "perChatPredictionConfig",
    "usePerChatPredictionConfig",
    "systemPrompt",
    "userLastMessagedAt",
    "tokenCount",
)


class LmStudio:
    """A chat is one file; only the chat has a time."""

    name = "lmstudio"
    gathers = False

    def claims(self, element: object) -> bool:
        """Whether an element is a chat whose messages have versions, or an older one with LM Studio's own fields."""
        record = mapping(element)
        messages = record.get("messages")
        if not isinstance(messages, list):
            return False
        if any(isinstance(each.get("versions"), list) for each in objects(messages)):
            return True
        plain = all("role" in each and "content" in each for each in objects(messages))
        return plain and (
            sum(sign in record for sign in _SIGNS) > 1 or ("name" in record and "id" not in record)
        )

    def read(self, element: object, around: Surroundings) -> Iterator[ForeignConversation | Skipped]:
        """Read one chat."""
        record = mapping(element)
        model = first_text(mapping(record.get("lastUsedModel")), "identifier", "indexedModelIdentifier")
        messages = tuple(_messages(record, model))
        began = text(record.get("createdAt"))
        yield ForeignConversation(
            key=f"{began} {messages[0].content[:100]}" if began and messages else "",
            title=titled(first_text(record, "name", "title")),
            messages=messages,
            leaf=_selected(record),
            created_at=moment(record.get("createdAt")),
            updated_at=moment(record.get("assistantLastMessagedAt"))
            or moment(record.get("userLastMessagedAt")),
            model=model,
            pinned=record.get("pinned") is True,
            system=first_text(record, "systemPrompt") or _configured(record),
        )


def _configured(record: Json) -> str:
    fields = objects(mapping(record.get("perChatPredictionConfig")).get("fields"))
    return next(
        (found for each in fields if each.get("key") == _PROMPT and (found := text(each.get("value")))), ""
    )


def _versions(message: Json) -> list[Json]:
    return list(objects(message.get("versions"))) or [message]


def _chosen(message: Json, count: int) -> int:
    chosen = message.get("currentlySelected")
    return chosen if isinstance(chosen, int) and 0 <= chosen < count else count - 1


def _selected(record: Json) -> str | None:
    messages = list(objects(record.get("messages")))
    return f"{len(messages) - 1}.{_chosen(messages[-1], len(_versions(messages[-1])))}" if messages else None


def _messages(record: Json, model: str) -> Iterator[ForeignMessage]:
    parent: str | None = None
    for at, message in enumerate(objects(record.get("messages"))):
        versions = _versions(message)
        for number, version in enumerate(versions):
            yield _message(version, f"{at}.{number}", parent, model)
        parent = f"{at}.{_chosen(message, len(versions))}"


def _message(version: Json, key: str, parent: str | None, model: str) -> ForeignMessage:
    role, said = role_of(version.get("role")), Said()
    if isinstance(version.get("steps"), list):
        role = role or MessageRole.ASSISTANT
        for step in objects(version["steps"]):
            _take_step(said, step)
    else:
        _take_blocks(said, version.get("content"), own=role is MessageRole.USER)
    sender = first_text(mapping(version.get("senderInfo")), "senderName")
    return ForeignMessage(
        key=key,
        parent=parent,
        role=role or MessageRole.ASSISTANT,
        content=said.content,
        reasoning=said.reasoning,
        model="" if role is MessageRole.USER else sender or model,
        files=tuple(said.files),
        standing=_standing(version, role),
    )


def _standing(version: Json, role: MessageRole | None) -> Standing:
    if is_instruction(version.get("role")):
        return Standing.HIDDEN
    return Standing.STEP if role is None and text(version.get("role")) == "tool" else Standing.SHOWN


def _take_step(said: Said, step: Json) -> None:
    """Add one step: words, a thought, or calls of tools; a status says nothing that is kept."""
    if text(step.get("type")) in {"status", "debugInfoBlock"}:
        return
    thinking = text(mapping(step.get("style")).get("type")) == "thinking"
    thinking = thinking or "<think>" in text(step.get("prefix"))
    _take_blocks(said, step.get("content"), own=False, thinking=thinking)


def _take_blocks(said: Said, content: object, *, own: bool, thinking: bool = False) -> None:
    """Add blocks of content, or text by itself."""
    if not isinstance(content, list):
        take_content(said, content, own=own)
        return
    for block in objects(items(content)):
        kind = text(block.get("type"))
        if kind == "toolCallRequest":
            said.called(first_text(block, "name"), block.get("arguments", block.get("parameters")))
        elif kind == "toolCallResult":
            said.resulted("", block.get("content"))
        elif kind in {"file", "image"}:
            name = first_text(block, "name", "fileIdentifier", "identifier")
            is_picture = "image" in {kind, text(block.get("fileType"))}
            said.attach(ForeignFile(name or kind, PICTURE if is_picture else ""))
        elif thinking:
            said.think(block.get("text"))
        else:
            take_content(said, block, own=own)


READER = LmStudio()
