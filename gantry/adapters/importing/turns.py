"""Who speaks, and messages that follow each other without saying so."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from gantry.adapters.importing.values import text
from gantry.domain.chat import MessageRole
from gantry.domain.importing import ForeignMessage

_ROLES = {
    **dict.fromkeys(("user", "human", "you", "prompter", "me"), MessageRole.USER),
    **dict.fromkeys(("assistant", "model", "ai", "bot", "gpt", "chatbot"), MessageRole.ASSISTANT),
}
_AT_FIRST = frozenset(
    {"new chat", "new thread", "new conversation", "untitled", "untitled conversation", "unnamed chat"}
)
_INSTRUCTIONS = frozenset({"system", "developer"})


def role_of(value: object) -> MessageRole | None:
    """Return who *value* names; None for instructions, tools, and what is not known."""
    return _ROLES.get(text(value).strip().lower())


def titled(value: object) -> str:
    """Return a title; nothing where it is only what the product calls every conversation at first."""
    title = " ".join(text(value).split())
    return "" if title.lower() in _AT_FIRST else title


def is_instruction(value: object) -> bool:
    """Whether *value* names the author of instructions to the model."""
    return text(value).strip().lower() in _INSTRUCTIONS


def chained(messages: Iterable[ForeignMessage]) -> Iterator[ForeignMessage]:
    """Give messages keys by their place and let each follow the one before it."""
    for at, message in enumerate(messages):
        yield replace(message, key=str(at), parent=str(at - 1) if at else None)


def parent_of(node: Mapping[str, Any], *keys: str) -> str | None:
    """Return the parent that a message names by the first of *keys* that says something."""
    return next((found for key in keys if (found := text(node.get(key)))), None)
