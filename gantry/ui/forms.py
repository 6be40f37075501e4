"""Forms: what a field looks like, and the forms that speak to our REST interface instead of to Reflex."""

from dataclasses import asdict, dataclass
from typing import Any

import reflex as rx

from gantry.ui.browser import Kept, function, whole_event
from gantry.ui.text import Text, _


@dataclass(frozen=True, slots=True)
class FormView:
    """How the form for REST on this page stands, as islands/api-form.js tells.

    Attributes:
        ready: Whether it can be sent; before hydration a press would post it the old way.
        asked: The field that the server has asked for besides.
        field: The field that *detail* is about; empty: all of them.
    """

    ready: bool = False
    busy: bool = False
    done: bool = False
    asked: str = ""
    field: str = ""
    detail: str = ""
    advice: str = ""


_FORM = Kept("form", asdict(FormView()))
FORM: FormView = _FORM.value.to(FormView)
_IS_WAITING = ~rx.Var.create(FORM.ready) | rx.Var.create(FORM.busy)
_PAUSE_MS = 250
_SHOWN = Kept("shown")  # the name of the password that is shown


class _ApiForm(rx.el.Div):
    """A form whose event is told as it is."""

    tag = "form"

    method: rx.Var[str]
    on_submit: rx.EventHandler[whole_event]


def api_form(
    *fields: rx.Component,
    action: Text,
    submit: Text,
    testid: str,
    done: Text = "",
    on_done: Any = None,
    **options: Any,
) -> rx.Component:
    """Lay out a form that sends its *fields* to the path *action*; one such form stands on a page.

    Args:
        fields: Made with ``secret`` or ``api_field``.
        done: What is said once the server has taken it, after which the form is empty again.
        options: ``method`` (POST), ``leads`` (a success opens the page that the person came for), ``asks`` (the
            name of a field that is there once the server has asked for it).
    """
    wide = " wide" if options.get("leads") else ""
    return _ApiForm.create(
        *fields,
        rx.el.div(
            rx.cond(
                (FORM.detail != "") & (FORM.field == ""),
                rx.el.p(
                    FORM.detail, " ", rx.el.span(FORM.advice, class_name="soft"), class_name="callout danger"
                ),
            ),
            role="alert",
        ),
        rx.el.div(
            rx.el.button(
                rx.cond(FORM.busy, rx.el.span(class_name="spinner", aria_hidden="true")),
                submit,
                type="submit",
                disabled=_IS_WAITING,
                class_name=f"button primary{wide}",
                data_testid=testid,
            ),
            rx.el.span(rx.cond(FORM.done, done, ""), role="status", class_name="small soft"),
            class_name="row",
        ),
        *([rx.cond(FORM.done, rx.fragment(on_mount=on_done))] if on_done else []),
        method="post",
        class_name="stack",
        on_mount=_FORM.put(asdict(FormView(ready=True))),
        on_submit=function("sendForm", "api-form.js").partial({"action": action, **options}),
    )


def api_field(label: Text, name: str, *, hint: Text = "", **props: Any) -> rx.Component:
    """Lay out a field of such a form, with what the server says of it."""
    return field(label, rx.el.input(**_input(name, **props)), _fault(name), id_=_id(name), hint=hint)


def asked_field(label: Text, name: str, *, hint: Text = "", **props: Any) -> rx.Component:
    """Lay out the field that is there once the server has asked for it."""
    return rx.cond(FORM.asked == name, api_field(label, name, hint=hint, **props))


def secret(label: Text, name: str, *, hint: Text = "", **props: Any) -> rx.Component:
    """Lay out a field for a password, which can be shown."""
    is_shown = _SHOWN.value == name
    return field(
        label,
        rx.el.div(
            rx.el.input(**_input(name, type=rx.cond(is_shown, "text", "password"), required=True, **props)),
            rx.el.button(
                rx.cond(
                    is_shown,
                    rx.icon("eye-off", size=18, aria_hidden="true"),
                    rx.icon("eye", size=18, aria_hidden="true"),
                ),
                type="button",
                class_name="icon-button",
                aria_label=_("Show password"),
                aria_pressed=rx.cond(is_shown, "true", "false"),
                on_click=_SHOWN.put(rx.cond(is_shown, "", name)),
            ),
            class_name="input-with-button",
        ),
        _fault(name),
        id_=_id(name),
        hint=hint,
    )


def search_field(label: Text, placeholder: Text, value: str, find: Any) -> rx.Component:
    """Lay out a field that searches while somebody types; *find* is told the words when they pause."""
    return rx.el.input(
        type="search",
        placeholder=placeholder,
        aria_label=label,
        default_value=value,
        on_change=find.debounce(_PAUSE_MS),
        class_name="input search",
    )


def field(label: Text, control: rx.Component, *more: rx.Component, id_: str, hint: Text = "") -> rx.Component:
    """Lay out *control*, which has the id *id_*, below its label."""
    return rx.el.div(
        rx.el.label(label, html_for=id_),
        control,
        *([] if isinstance(hint, str) and not hint else [rx.el.p(hint, id=f"{id_}-hint", class_name="hint")]),
        *more,
        class_name="field",
    )


def _id(name: str) -> str:
    return f"form-{name}"


def _input(name: str, **props: Any) -> dict[str, Any]:
    attributes = {
        "aria-invalid": rx.cond(FORM.field == name, "true", "false"),
        "aria-describedby": f"{_id(name)}-hint {_id(name)}-fault",
    }
    return {
        "id": _id(name),
        "name": name,
        "auto_capitalize": "none",
        "spell_check": False,
        "class_name": "input",
        "custom_attrs": attributes,
        **props,
    }


def _fault(name: str) -> rx.Component:
    return rx.el.p(
        rx.cond(FORM.field == name, f"{FORM.detail} {FORM.advice}", ""),
        id=f"{_id(name)}-fault",
        class_name="fault",
        role="alert",
    )
