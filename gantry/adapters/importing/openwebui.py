"""Open WebUI: chats as it exports them, as it imports them, or as they stand in its database."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from gantry.adapters.importing import openwebui_output
from gantry.adapters.importing.parts import take_content, take_files
from gantry.adapters.importing.said import Said
from gantry.adapters.importing.turns import chained, is_instruction, parent_of, role_of, titled
from gantry.adapters.importing.values import first_text, items, mapping, moment, objects, text
from gantry.domain.chat import MessageRole, Rating
from gantry.domain.importing import ForeignConversation, ForeignMessage, Skipped, Standing, Surroundings

Json = Mapping[str, Any]


class OpenWebUi:
    """A chat is a tree in ``history``; a list of messages where it is very old."""

    name = "openwebui"
    gathers = False

    def claims(self, element: object) -> bool:
        """Whether an element is a chat, wrapped in what its server knows about it or bare."""
        if not isinstance(element, Mapping):
            return False
        return _is_chat(_chat(element)) or ("chat" in element and isinstance(element["chat"], Mapping))

    def read(self, element: object, around: Surroundings) -> Iterator[ForeignConversation | Skipped]:
        """Read one chat."""
        record = mapping(element)
        chat = _chat(record)
        meta = mapping(record.get("meta"))
        models = [text(each) for each in items(chat.get("models")) if text(each)]
        yield ForeignConversation(
            key=first_text(record, "id") or text(chat.get("id")),
            title=titled(first_text(record, "title") or chat.get("title")),
            messages=tuple(_messages(chat)),
            leaf=_leaf(record, chat),
            created_at=moment(record.get("created_at")) or moment(chat.get("timestamp")),
            updated_at=moment(record.get("updated_at")),
            model=models[0] if models else "",
            pinned=record.get("pinned") is True,
            archived=record.get("archived") is True,
            tags=tuple(dict.fromkeys(_tags(meta.get("tags")) or _tags(chat.get("tags")))),
            system=first_text(chat, "system") or text(mapping(chat.get("params")).get("system")),
        )


def _chat(record: Json) -> Json:
    """Return the chat of an element: an object, in a database's dump JSON as text, or the element itself."""
    chat = record.get("chat", record)
    if isinstance(chat, str):
        try:
            chat = json.loads(chat)
        except (ValueError, RecursionError):
            chat = None
    return mapping(chat)


def _is_chat(chat: Json) -> bool:
    if isinstance(mapping(chat.get("history")).get("messages"), (Mapping, list)):
        return True
    return isinstance(chat.get("messages"), list) and isinstance(chat.get("models"), list) and "title" in chat


def _leaf(record: Json, chat: Json) -> str | None:
    """Return the message on screen; None where that is a fragment without a role, left behind by a broken stream."""
    history = mapping(chat.get("history"))
    key = (
        first_text(history, "currentId", "current_id")
        or first_text(chat, "currentId", "branchPointMessageId")
        or first_text(record, "current_message_id")
    )
    node = mapping(mapping(history.get("messages")).get(key))
    return None if not key or (node and role_of(node.get("role")) is None) else key


def _tags(value: object) -> list[str]:
    """Return the names of tags: words, or objects with a name."""
    found = (
        first_text(each, "name", "id") if isinstance(each, Mapping) else text(each) for each in items(value)
    )
    return [tag for tag in found if tag.strip()]


def _messages(chat: Json) -> Iterator[ForeignMessage]:
    nodes = mapping(chat.get("history")).get("messages")
    if isinstance(nodes, Mapping) and nodes:
        for key, node in nodes.items():
            yield _message(text(key), mapping(node))
        return
    listed = list(objects(nodes)) or list(objects(chat.get("messages")))
    read = [_message(text(node.get("id")) or f"#{at}", node) for at, node in enumerate(listed)]
    is_tree = any(parent_of(node, "parentId") for node in listed)
    yield from read if is_tree else chained(read)


def _message(key: str, node: Json) -> ForeignMessage:
    role, said = role_of(node.get("role")), Said()
    if role is MessageRole.ASSISTANT:
        openwebui_output.take_answer(said, node)
    else:
        take_content(said, node.get("content"), own=True)
    take_files(said, node.get("files"))
    said.cite(_sources(node))
    if error := node.get("error"):
        said.failed(
            first_text(mapping(error), "content", "message", "detail") or ("" if error is True else error)
        )
    return ForeignMessage(
        key=key,
        parent=parent_of(node, "parentId", "parent_id"),
        role=role or MessageRole.ASSISTANT,
        content=said.content,
        reasoning=said.reasoning,
        model=first_text(node, "model", "modelName") if role is not MessageRole.USER else "",
        created_at=moment(node.get("timestamp")),
        files=tuple(said.files),
        rating=_rating(node),
        standing=_standing(node, role, said),
    )


def _standing(node: Json, role: MessageRole | None, said: Said) -> Standing:
    if is_instruction(node.get("role")):
        return Standing.HIDDEN
    if role is None:  # a fragment that a broken stream left behind
        return Standing.HIDDEN if said.is_empty else Standing.STEP
    return Standing.SHOWN


def _sources(node: Json) -> Iterator[tuple[str, str]]:
    for source in objects(node.get("sources", node.get("citations"))):
        about = mapping(source.get("source"))
        title, url = first_text(about, "name", "title"), first_text(about, "url")
        details = list(objects(source.get("metadata")))
        for one in details or [{}]:
            found = first_text(one, "source", "url")
            address = found if found.startswith("http") else url
            yield first_text(one, "title", "name") or title or found, address


def _rating(node: Json) -> Rating | None:
    value = mapping(node.get("annotation")).get("rating")
    return (
        {1: Rating.UP, -1: Rating.DOWN, "1": Rating.UP, "-1": Rating.DOWN}.get(value)
        if isinstance(value, (int, str))
        else None
    )


class OpenWebUiList(OpenWebUi):
    """What is left when every other product was asked: a title over a list of messages, as its oldest exports are."""

    def claims(self, element: object) -> bool:
        """Whether an element is such a chat."""
        record = mapping(element)
        told = list(objects(record.get("messages")))
        return (
            "title" in record
            and bool(told)
            and all("role" in each and "content" in each for each in told[:3])
        )


READER = OpenWebUi()
OLDEST = OpenWebUiList()
