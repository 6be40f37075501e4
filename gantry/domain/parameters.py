"""How a model is to answer: what a person may set for a conversation or for a persona."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Self, cast

from gantry.domain.errors import Invalid
from gantry.domain.messages import _
from gantry.domain.text import storable

MAX_PROMPT_CHARACTERS = 20_000
MAX_TEMPERATURE = 2.0
MAX_SEED = 2**31 - 1  # what every server takes
MAX_ANSWER_TOKENS = 1_000_000
MAX_STOP_WORDS = 4  # what OpenAI takes, and most that speak its dialect
MAX_STOP_WORD_CHARACTERS = 100


class Effort(StrEnum):
    """How long a model is to think before it answers."""

    NONE = "none"
    MINIMAL = "minimal"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Parameters:
    """What is set; None, or empty, leaves it to the model server."""

    system_prompt: str = ""
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    max_tokens: int | None = None
    reasoning_effort: Effort | None = None
    stop: tuple[str, ...] = ()

    @classmethod
    def parse(cls, raw: Mapping[str, Any] | None) -> Self:
        """Read what ``stored`` has written; what is no value of its field is left out."""
        values: dict[str, Any] = {}
        for name, check in _CHECKS.items():
            with suppress(Invalid):
                values[name] = check((raw or {}).get(name))
        return cls(**values)

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Self:
        """Read what somebody else has written.

        Raises:
            Invalid: One is no value of its field, or of no field at all.
        """
        unknown = sorted(set(raw) - set(_CHECKS))
        if unknown:
            raise Invalid(_("There is no parameter “{what}”.", what=unknown[0][:40]), field="parameters")
        return cls(**raw).checked()

    def checked(self) -> Self:
        """Return these as they can be stored.

        Raises:
            Invalid: One is out of its range; ``field`` names it.
        """
        return type(self)(**{name: check(getattr(self, name)) for name, check in _CHECKS.items()})

    def stored(self) -> dict[str, Any]:
        """Return what is set, as JSON."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: _plain(value) for name, value in values.items() if _is_set(value)}

    def over(self, below: Self) -> Self:
        """Return these, and what *below* sets where these set nothing."""
        names = [each.name for each in fields(self)]
        return type(self)(**{n: getattr(self if _is_set(getattr(self, n)) else below, n) for n in names})


def _is_set(value: Any) -> bool:
    return value not in (None, "", ())


def _plain(value: Any) -> Any:
    if isinstance(value, Effort):
        return value.value
    return list(cast("tuple[str, ...]", value)) if isinstance(value, tuple) else value


def _prompt(raw: Any) -> str:
    if raw is None:
        return ""
    if not isinstance(raw, str):
        raise Invalid(_("The system prompt has to be a text."), field="system_prompt")
    text = storable(raw).strip()
    if len(text) > MAX_PROMPT_CHARACTERS:
        raise Invalid(
            _("The system prompt is longer than {most} characters.", most=MAX_PROMPT_CHARACTERS),
            advice=_("Shorten it, or put the text into a document."),
            field="system_prompt",
        )
    return text


def _decimal(name: str, label: str, most: float) -> Callable[[Any], float | None]:
    def check(raw: Any) -> float | None:
        if raw is None:
            return None
        if isinstance(raw, bool) or not isinstance(raw, int | float):
            raise Invalid(_("{label} has to be a number.", label=label), field=name)
        if not 0 <= raw <= most:  # what is no number or has no end is not between either
            raise Invalid(
                _("{label} has to be between 0 and {most}.", label=label, most=format(most, "g")), field=name
            )
        return float(raw)

    return check


def _whole(name: str, label: str, least: int, most: int) -> Callable[[Any], int | None]:
    def check(raw: Any) -> int | None:
        if raw is None:
            return None
        if isinstance(raw, bool) or not isinstance(raw, int):
            raise Invalid(_("{label} has to be a whole number.", label=label), field=name)
        if not least <= raw <= most:
            raise Invalid(
                _("{label} has to be between {least} and {most}.", label=label, least=least, most=most),
                field=name,
            )
        return raw

    return check


def _effort(raw: Any) -> Effort | None:
    if raw in (None, ""):
        return None
    try:
        return Effort(raw)
    except ValueError:
        known = ", ".join(Effort)
        raise Invalid(
            _("Reasoning effort has to be one of: {known}.", known=known), field="reasoning_effort"
        ) from None


def _stop(raw: Any) -> tuple[str, ...]:
    given = list(cast("Iterable[Any]", raw)) if isinstance(raw, list | tuple) else []
    if raw is not None and (not isinstance(raw, list | tuple) or not all(isinstance(w, str) for w in given)):
        raise Invalid(_("Stop words have to be texts."), field="stop")
    words = tuple(dict.fromkeys(word for word in map(storable, given) if word))
    if len(words) > MAX_STOP_WORDS:
        raise Invalid(_("There can be at most {most} stop words.", most=MAX_STOP_WORDS), field="stop")
    if any(len(word) > MAX_STOP_WORD_CHARACTERS for word in words):
        raise Invalid(
            _("A stop word can have at most {most} characters.", most=MAX_STOP_WORD_CHARACTERS), field="stop"
        )
    return words


_CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "system_prompt": _prompt,
    "temperature": _decimal("temperature", _("Temperature"), MAX_TEMPERATURE),
    "top_p": _decimal("top_p", "Top-p", 1.0),
    "seed": _whole("seed", _("The seed"), 0, MAX_SEED),
    "max_tokens": _whole("max_tokens", _("The longest answer"), 1, MAX_ANSWER_TOKENS),
    "reasoning_effort": _effort,
    "stop": _stop,
}
NOTHING_SET = Parameters()
