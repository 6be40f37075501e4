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
from gantry.ui.text import Text, _

_EFFORTS = {
    Effort.NONE: _("None"),
    Effort.MINIMAL: _("Minimal"),
    Effort.LOW: _("Low"),
    Effort.MEDIUM: _("Medium"),
    Effort.HIGH: _("High"),
}


def system_prompt(form: ParametersView, unset: Text) -> rx.Component:
    """Lay out the field for instructions; *unset* is what an empty one means."""
    return field(
        _("System prompt"),
        rx.el.textarea(
            default_value=form.system_prompt,
            placeholder=unset,
            rows=4,
            max_length=MAX_PROMPT_CHARACTERS,
            **_named("system_prompt"),
        ),
        id_="set-system_prompt",
        hint=_("Instructions the model reads before every message."),
    )


def parameters(form: ParametersView, unset: Text) -> rx.Component:
    """Lay out the other fields; *unset* is what an empty one means."""
    return rx.el.div(
        _number(_("Temperature"), "temperature", form.temperature, unset, _("0 to 2. Lower is more predictable."),
                min=0, max=MAX_TEMPERATURE, step="any"),
        _number(_("Top-p"), "top_p", form.top_p, unset, _("0 to 1. Lower keeps to likelier words."),
                min=0, max=1, step="any"),
        _number(_("Longest answer"), "max_tokens", form.max_tokens, unset, _("In tokens, with the model’s thinking."),
                min=1, max=MAX_ANSWER_TOKENS),
        _number(_("Seed"), "seed", form.seed, unset, _("The same seed can give the same answer again."),
                min=0, max=MAX_SEED),
        field(
            _("Reasoning effort"),
            rx.el.select(
                rx.el.option(unset, value=""),
                *(rx.el.option(label, value=effort.value) for effort, label in _EFFORTS.items()),
                default_value=form.reasoning_effort,
                **_named("reasoning_effort"),
            ),
            id_="set-reasoning_effort",
            hint=_("For models that think before they answer."),
        ),
        field(
            _("Stop words"),
            rx.el.textarea(
                default_value=form.stop, placeholder=unset, rows=2, spell_check=False, **_named("stop")
            ),
            id_="set-stop",
            hint=_("Up to {count}, one a line: the answer ends before them. \\n is a line break.", count=MAX_STOP_WORDS),
        ),
        class_name="field-grid",
    )  # fmt: skip


def _number(label: Text, name: str, value: Any, unset: Text, hint: Text, **range_: Any) -> rx.Component:
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
