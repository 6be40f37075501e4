"""The fields for parameters, in every form that has them."""

from typing import Any

import reflex as rx

from gantry.domain.parameters import (
    MAX_ANSWER_TOKENS,
    MAX_PROMPT_CHARACTERS,
    MAX_SEED,
    MAX_STOP_WORDS,
    MAX_TEMPERATURE,
    Effort,
)
from gantry.state.views.parameters import ParametersView
from gantry.ui.forms import field

_EFFORTS = {
    Effort.NONE: "None",
    Effort.MINIMAL: "Minimal",
    Effort.LOW: "Low",
    Effort.MEDIUM: "Medium",
    Effort.HIGH: "High",
}


def system_prompt(form: ParametersView, unset: str | rx.Var[str]) -> rx.Component:
    """Lay out the field for instructions; *unset* is what an empty one means."""
    return field(
        "System prompt",
        rx.el.textarea(
            default_value=form.system_prompt,
            placeholder=unset,
            rows=4,
            max_length=MAX_PROMPT_CHARACTERS,
            **_named("system_prompt"),
        ),
        id_="set-system_prompt",
        hint="Instructions the model reads before every message.",
    )


def parameters(form: ParametersView, unset: str | rx.Var[str]) -> rx.Component:
    """Lay out the other fields; *unset* is what an empty one means."""
    return rx.el.div(
        _number("Temperature", "temperature", form.temperature, unset, "0 to 2. Lower is more predictable.",
                min=0, max=MAX_TEMPERATURE, step="any"),
        _number("Top-p", "top_p", form.top_p, unset, "0 to 1. Lower keeps to likelier words.",
                min=0, max=1, step="any"),
        _number("Longest answer", "max_tokens", form.max_tokens, unset, "In tokens, with the model’s thinking.",
                min=1, max=MAX_ANSWER_TOKENS),
        _number("Seed", "seed", form.seed, unset, "The same seed can give the same answer again.",
                min=0, max=MAX_SEED),
        field(
            "Reasoning effort",
            rx.el.select(
                rx.el.option(unset, value=""),
                *(rx.el.option(label, value=effort.value) for effort, label in _EFFORTS.items()),
                default_value=form.reasoning_effort,
                **_named("reasoning_effort"),
            ),
            id_="set-reasoning_effort",
            hint="For models that think before they answer.",
        ),
        field(
            "Stop words",
            rx.el.textarea(
                default_value=form.stop, placeholder=unset, rows=2, spell_check=False, **_named("stop")
            ),
            id_="set-stop",
            hint=f"Up to {MAX_STOP_WORDS}, one a line: the answer ends before them. \\n is a line break.",
        ),
        class_name="field-grid",
    )  # fmt: skip


def _number(
    label: str, name: str, value: Any, unset: str | rx.Var[str], hint: str, **range_: Any
) -> rx.Component:
    control = rx.el.input(
        type="number", default_value=value, placeholder=unset, input_mode="decimal", **range_, **_named(name)
    )
    return field(label, control, id_=f"set-{name}", hint=hint)


def _named(name: str) -> dict[str, Any]:
    return {
        "id": f"set-{name}",
        "name": name,
        "class_name": "input",
        "auto_complete": "off",
        "custom_attrs": {"aria-describedby": f"set-{name}-hint"},
    }
