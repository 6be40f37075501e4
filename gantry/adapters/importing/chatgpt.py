"""ChatGPT: conversations with a ``mapping`` of nodes, as every layout of its export since 2023 has them."""

from collections.abc import Iterator, Mapping
from typing import Any

from gantry.adapters.importing.chatgpt_content import content_of
from gantry.adapters.importing.values import first_text, items, mapping, moment, objects, text
from gantry.domain.chat import MessageRole
from gantry.domain.importing import (
    NOT_THERE,
    ForeignConversation,
    ForeignMessage,
    Skipped,
    Standing,
    Surroundings,
    unread_message,
)
from gantry.domain.messages import _

_LOOKED_AT = 50  # nodes that decide whose a mapping is


class ChatGpt:
    """See ``domain.importing.Reader``."""

    name = "chatgpt"
    gathers = False

    def claims(self, element: object) -> bool:
        """A mapping of nodes whose messages have an author: DeepSeek's have fragments."""
        nodes = _nodes(mapping(element))
        if nodes is None or "chat_messages" in mapping(element):
            return False
        seen, likely = 0, "inserted_at" not in mapping(element)  # which DeepSeek's conversations have
        for node in nodes.values():
            message = mapping(node).get("message")
            if isinstance(message, Mapping):
                if "author" in message or ("content" in message and "fragments" not in message and likely):
                    return True
                seen += 1
            if seen >= _LOOKED_AT:
                return False
        return not seen and likely

    def read(self, element: object, around: Surroundings) -> Iterator[ForeignConversation | Skipped]:
        """Read one conversation."""
        conversation = mapping(element)
        nodes = _nodes(conversation) or {}
        default = text(conversation.get("default_model_slug"))
        above = _above(nodes)
        messages: list[ForeignMessage] = []
        lost: list[Skipped] = []
        title = text(conversation.get("title"))
        links: list[str] = []
        for key, node in nodes.items():
            parent = text(mapping(node).get("parent")) or above.get(key)
            try:
                message = mapping(mapping(node).get("message"))
                messages.append(_message(key, parent, message, default, around, links))
            except (LookupError, TypeError, ValueError, AttributeError) as error:
                messages.append(_hidden(key, parent))
                lost.append(unread_message(title, error))
        lost += [
            Skipped(_("file “{name}” of “{title}”", name=name, title=title[:80]), NOT_THERE) for name in links
        ]
        yield ForeignConversation(
            key=first_text(conversation, "conversation_id", "id"),
            title=title,
            messages=tuple(messages),
            leaf=text(conversation.get("current_node")) or None,
            created_at=moment(conversation.get("create_time")),
            updated_at=moment(conversation.get("update_time")),
            model=default,
            pinned=conversation.get("is_starred") is True,
            archived=conversation.get("is_archived") is True,
        )
        yield from lost


def _nodes(conversation: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the nodes by their ids; a list of them counts too."""
    nodes = conversation.get("mapping")
    if isinstance(nodes, list):
        return {key: node for node in objects(nodes) if (key := text(node.get("id")))} or None
    return nodes if isinstance(nodes, Mapping) else None


def _above(nodes: Mapping[str, Any]) -> dict[str, str]:
    """Return the parents of nodes by the lists of children, for files whose nodes do not name their own."""
    return {
        child: key
        for key, node in nodes.items()
        for child in items(mapping(node).get("children"))
        if isinstance(child, str)
    }


def _hidden(key: str, parent: str | None) -> ForeignMessage:
    return ForeignMessage(key, parent, MessageRole.ASSISTANT, standing=Standing.HIDDEN)


def _message(
    key: str,
    parent: str | None,
    message: Mapping[str, Any],
    default: str,
    around: Surroundings,
    links: list[str],
) -> ForeignMessage:
    """Read one node; *links* takes in the names of files that its text links to."""
    author = mapping(message.get("author"))
    role = text(author.get("role"))
    about = mapping(message.get("metadata"))
    if _is_out_of_sight(role, message, about):
        return _hidden(key, parent)
    found = content_of(message, around)
    links += found.lost
    if found.is_empty:
        return _hidden(key, parent)
    is_step = role != "user" and (found.is_step or role == "tool" or _is_call(message))
    answers = role != "user"
    return ForeignMessage(
        key=key,
        parent=parent,
        role=MessageRole.ASSISTANT if answers else MessageRole.USER,
        content=found.markdown,
        reasoning=found.reasoning,
        model=_model(about, default) if answers else "",
        created_at=moment(message.get("create_time")),
        files=tuple(found.files),
        standing=Standing.STEP if is_step else Standing.SHOWN,
    )


def _is_out_of_sight(role: str, message: Mapping[str, Any], about: Mapping[str, Any]) -> bool:
    if role in {"system", "developer"}:
        return True
    weight = message.get("weight")
    return about.get("is_visually_hidden_from_conversation") is True or (
        isinstance(weight, (int, float)) and weight == 0
    )


def _is_call(message: Mapping[str, Any]) -> bool:
    return (text(message.get("recipient")) or "all") != "all"


def _model(about: Mapping[str, Any], default: str) -> str:
    return first_text(about, "model_slug", "default_model_slug") or default


READER = ChatGpt()
