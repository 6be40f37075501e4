"""What a form shows of parameters, and what is read from it: all of it text, empty where nothing is set."""

import re
from dataclasses import dataclass
from typing import NotRequired

from typing_extensions import TypedDict

from gantry.domain.errors import Invalid
from gantry.domain.messages import _
from gantry.domain.parameters import Effort, Parameters

_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_MEANT = {mark: character for character, mark in _ESCAPES.items()}


class ParameterFields(TypedDict):
    """The fields of a form; one that a page does not send is not set."""

    system_prompt: NotRequired[str]
    temperature: NotRequired[str]
    top_p: NotRequired[str]
    seed: NotRequired[str]
    max_tokens: NotRequired[str]
    reasoning_effort: NotRequired[str]
    stop: NotRequired[str]  # one a line; \n, \t and \\ mean what they mean in code


@dataclass(frozen=True, slots=True)
class ParametersView:
    """The same fields, as they are filled in."""

    system_prompt: str = ""
    temperature: str = ""
    top_p: str = ""
    seed: str = ""
    max_tokens: str = ""
    reasoning_effort: str = ""
    stop: str = ""


def parameters_view(parameters: Parameters) -> ParametersView:
    """Fill in a form."""
    return ParametersView(
        system_prompt=parameters.system_prompt,
        temperature=_written(parameters.temperature),
        top_p=_written(parameters.top_p),
        seed=_written(parameters.seed),
        max_tokens=_written(parameters.max_tokens),
        reasoning_effort=parameters.reasoning_effort or "",
        stop="\n".join("".join(_ESCAPES.get(c, c) for c in word) for word in parameters.stop),
    )


def parameters_of(fields: ParameterFields) -> Parameters:
    """Read a form.

    Raises:
        Invalid: One is out of its range, or no number; ``field`` names it.
    """
    effort = fields.get("reasoning_effort", "")
    if effort and effort not in set(Effort):
        raise Invalid(_("Choose a reasoning effort from the list."), field="reasoning_effort")
    return Parameters(
        system_prompt=fields.get("system_prompt", ""),
        temperature=_decimal(fields.get("temperature", ""), "temperature"),
        top_p=_decimal(fields.get("top_p", ""), "top_p"),
        seed=_whole(fields.get("seed", ""), "seed"),
        max_tokens=_whole(fields.get("max_tokens", ""), "max_tokens"),
        reasoning_effort=Effort(effort) if effort else None,
        stop=tuple(_word(line) for line in fields.get("stop", "").splitlines() if line),
    ).checked()


def _written(value: float | None) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _word(line: str) -> str:
    return re.sub(r"\\[\\ntr]", lambda mark: _MEANT[mark[0]], line)


def _decimal(text: str, field: str) -> float | None:
    try:
        return float(text) if text.strip() else None
    except ValueError:
        raise Invalid(_("Enter a number, for example 0.7."), field=field) from None


def _whole(text: str, field: str) -> int | None:
    try:
        return int(text) if text.strip() else None
    except ValueError:
        raise Invalid(_("Enter a whole number."), field=field) from None
