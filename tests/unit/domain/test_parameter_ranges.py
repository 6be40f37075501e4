"""Parameters: ranges, what is stored, and what goes before what."""

from typing import Any

import pytest

from gantry.domain.errors import Invalid
from gantry.domain.parameters import (
    MAX_ANSWER_TOKENS,
    MAX_PROMPT_CHARACTERS,
    MAX_SEED,
    NOTHING_SET,
    Effort,
    Parameters,
)
from gantry.state.views.parameters import ParameterFields, parameters_of, parameters_view

ALL = Parameters(
    system_prompt="Answer in verse.",
    temperature=0.0,
    top_p=0.9,
    seed=0,
    max_tokens=64,
    reasoning_effort=Effort.LOW,
    stop=("\n\n", "END"),
)


def test_everything_is_stored_and_read_again() -> None:
    """Zero is a value; what is not set takes no room."""
    assert Parameters.parse(ALL.stored()) == ALL
    assert ALL.stored()["reasoning_effort"] == "low"
    assert NOTHING_SET.stored() == {}
    assert Parameters.parse(None) == NOTHING_SET


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", -0.1),
        ("temperature", 2.01),
        ("temperature", float("nan")),
        ("temperature", float("inf")),
        ("temperature", 10**400),
        ("temperature", True),
        ("temperature", "0.5"),
        ("top_p", 1.5),
        ("seed", -1),
        ("seed", MAX_SEED + 1),
        ("seed", 1.5),
        ("max_tokens", 0),
        ("max_tokens", MAX_ANSWER_TOKENS + 1),
        ("reasoning_effort", "endless"),
        ("stop", ("a", "b", "c", "d", "e")),
        ("stop", ("x" * 101,)),
        ("stop", "END"),
        ("system_prompt", "x" * (MAX_PROMPT_CHARACTERS + 1)),
        ("system_prompt", 5),
    ],
)
def test_what_is_out_of_range_is_refused(name: str, value: Any) -> None:
    """The refusal names the field; what is stored anyway is read as if it were not set."""
    with pytest.raises(Invalid) as refusal:
        Parameters(**{name: value}).checked()
    assert refusal.value.field == name
    assert Parameters.parse({name: value, "seed": 7} | ({"seed": value} if name == "seed" else {})) == (
        NOTHING_SET if name == "seed" else Parameters(seed=7)
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [("temperature", 0), ("temperature", 2), ("top_p", 1), ("seed", MAX_SEED), ("max_tokens", 1)],
)
def test_the_ends_of_a_range_belong_to_it(name: str, value: Any) -> None:
    """So that nobody is refused what the form offers."""
    assert getattr(Parameters(**{name: value}).checked(), name) == value


def test_words_are_cleaned() -> None:
    """Blank space around instructions goes; stop words keep theirs, and stand once."""
    cleaned = Parameters(system_prompt="  Be kind.\0 ", stop=(" x", "", " x")).checked()
    assert (cleaned.system_prompt, cleaned.stop) == ("Be kind.", (" x",))


def test_a_conversations_own_go_before_its_personas() -> None:
    """Field by field: what the conversation leaves open is the persona's."""
    own = Parameters(temperature=0.0, stop=("END",))
    assert own.over(Parameters(temperature=1.0, seed=3, stop=("x",))) == Parameters(
        temperature=0.0, seed=3, stop=("END",)
    )


def test_a_form_gives_back_what_it_was_filled_with() -> None:
    """Line breaks in stop words too, which a line of a field cannot hold."""
    shown = parameters_view(ALL)
    assert shown.stop == "\\n\\n\nEND"
    fields: Any = {name: getattr(shown, name) for name in ParameterFields.__annotations__}
    assert parameters_of(fields) == ALL
    assert parameters_of({}) == NOTHING_SET


@pytest.mark.parametrize(
    "fields", [{"temperature": "warm"}, {"seed": "1.5"}, {"reasoning_effort": "x"}, {"top_p": "2"}]
)
def test_a_form_says_what_is_wrong(fields: Any) -> None:
    """The refusal names the field."""
    with pytest.raises(Invalid) as refusal:
        parameters_of(fields)
    assert refusal.value.field == next(iter(fields))
