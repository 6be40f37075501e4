"""Prompts that a person keeps: texts under names, with places for what is asked for when one is used."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gantry.domain.chat import MAX_MESSAGE_CHARACTERS
from gantry.domain.errors import Invalid
from gantry.domain.messages import _
from gantry.domain.names import on_one_line
from gantry.domain.text import storable

MAX_PROMPTS = 500  # of one account
MAX_NAME_CHARACTERS = 80
MAX_CONTENT_CHARACTERS = 20_000
MAX_VARIABLES = 20
_VARIABLE = re.compile(r"\{\{[ \t]*([^\W_](?:[\w -]{0,38}\w)?)[ \t]*\}\}")


@dataclass(frozen=True, slots=True)
class StoredPrompt:
    """A prompt as its owner sees it."""

    id: UUID
    name: str
    content: str
    created_at: datetime
    updated_at: datetime


def variables_in(content: str) -> tuple[str, ...]:
    """Return the names that stand as ``{{name}}``, in order, each once."""
    return tuple(dict.fromkeys(_VARIABLE.findall(content)))


def filled(content: str, values: Mapping[str, str]) -> str:
    """Return *content* with what was given for its variables; those without a value stay as they are written.

    Raises:
        Invalid: That is longer than a message may be.
    """
    given = sum(len(values.get(name, "")) for name in _VARIABLE.findall(content))
    if given > MAX_MESSAGE_CHARACTERS:
        raise Invalid(
            _("This message is longer than {most} characters.", most=MAX_MESSAGE_CHARACTERS),
            advice=_("Shorten it, or send it in parts."),
        )
    return _VARIABLE.sub(lambda place: values.get(place[1], "") or place[0], content)


def checked_prompt(name: str, content: str) -> tuple[str, str]:
    """Return name and text as they can be stored.

    Raises:
        Invalid: One is missing or too long; ``field`` names it.
    """
    name, content = on_one_line(name.lstrip("/ ")), storable(content).strip()
    if not name:
        raise Invalid(_("A prompt needs a name."), field="name")
    if len(name) > MAX_NAME_CHARACTERS:
        raise Invalid(_("The name is longer than {most} characters.", most=MAX_NAME_CHARACTERS), field="name")
    if not content:
        raise Invalid(_("A prompt needs a text."), field="content")
    if len(content) > MAX_CONTENT_CHARACTERS:
        raise Invalid(
            _("The text is longer than {most} characters.", most=MAX_CONTENT_CHARACTERS), field="content"
        )
    if len(variables_in(content)) > MAX_VARIABLES:
        raise Invalid(_("A prompt can have at most {most} variables.", most=MAX_VARIABLES), field="content")
    return name, content
