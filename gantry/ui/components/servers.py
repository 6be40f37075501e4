"""The model servers of an installation: the list, and the dialogs above it."""

from typing import Any

import reflex as rx

from gantry.domain.catalog import ConnectionKind
from gantry.state.servers import ServerFields, ServersState
from gantry.state.views.admin import KINDS, ServerView
from gantry.ui.browser import Kept, once
from gantry.ui.components.local import moment
from gantry.ui.components.placeholders import empty
from gantry.ui.dialogs import confirmation, dialog, dialog_actions
from gantry.ui.forms import field
from gantry.ui.menus import entry, row_menu
from gantry.ui.text import Text, _, around

_TESTING = Kept("testing", False)  # whether the form was sent to be tested
# All but the first are names.
_KINDS: dict[ConnectionKind, Text] = {**KINDS, ConnectionKind.OPENAI: _("OpenAI-compatible")}


def servers() -> rx.Component:
    """Lay out the list and its dialogs."""
    return rx.el.section(
        rx.el.div(
            rx.el.button(
                rx.cond(
                    ServersState.checking,
                    rx.el.span(class_name="spinner", aria_hidden="true"),
                    rx.icon("refresh-cw", size=16, aria_hidden="true"),
                ),
                _("Check all"),
                type="button",
                disabled=ServersState.checking,
                on_click=ServersState.check,
                class_name="button",
            ),
            rx.el.button(
                rx.icon("plus", size=17, aria_hidden="true"),
                _("Add server"),
                type="button",
                on_click=ServersState.open_form(""),
                class_name="button primary",
                data_testid="add-server",
            ),
            class_name="tools",
        ),
        rx.cond(
            ServersState.servers,
            rx.el.ul(rx.foreach(ServersState.servers, _server), class_name="cards servers", role="list"),
            empty(
                "server", _("No model servers yet. Add one, or start Ollama or LM Studio on this machine.")
            ),
        ),
        _form_dialog(),
        _remove_dialog(),
        class_name="section",
        aria_label=_("Model servers"),
    )


def _server(server: ServerView) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.h2(server.name, class_name="server-name anywhere", dir="auto"),
            _state(server),
            rx.cond(
                server.editable,
                row_menu(
                    server.id,
                    _("Actions for {name}", name=server.name),
                    entry(_("Edit"), "pencil", ServersState.open_form(server.id)),
                    entry(_("Remove"), "trash-2", ServersState.ask_to_remove(server.id), danger=True),
                ),
            ),
            class_name="server-head",
        ),
        rx.cond(
            server.base_url != "",
            rx.el.p(server.base_url, class_name="mono soft clip", title=server.base_url),
        ),
        rx.el.p(
            rx.el.span(server.origin),
            rx.cond(server.base_url != "", rx.el.span(server.kind)),
            rx.cond(server.has_key, rx.el.span(_("API key stored"))),
            rx.cond(
                server.checked > 0, rx.el.span(around(_("Checked {when}"), "when", moment(server.checked)))
            ),
            class_name="meta-line",
        ),
        rx.cond(
            server.state == "failed",
            rx.el.p(server.problem, " ", rx.el.span(server.advice, class_name="soft"), class_name="trouble"),
        ),
        key=server.slug,
        data_testid="server",
        custom_attrs={"data-state": server.state},
    )


def _state(server: ServerView) -> rx.Component:
    return rx.el.span(
        server.summary,
        class_name=rx.match(server.state, ("ok", "badge success"), ("failed", "badge danger"), "badge"),
    )


def _form_dialog() -> rx.Component:
    form, busy = ServersState.form, ServersState.busy
    return dialog(
        rx.el.form(
            # Enter presses the first button that submits.
            rx.el.button(type="submit", hidden=True, tab_index=-1, aria_hidden="true"),
            field(
                _("Kind"),
                rx.el.select(
                    *(rx.el.option(label, value=kind.value) for kind, label in _KINDS.items()),
                    default_value=form.kind,
                    **_named("kind"),
                ),
                id_="server-kind",
            ),
            field(
                _("Name"),
                rx.el.input(default_value=form.name, required=True, max_length=80, **_named("name")),
                id_="server-name",
                hint=_("Shown before its models in the list."),
            ),
            field(
                _("Address"),
                rx.el.input(
                    type="url",
                    placeholder="http://192.168.1.20:8000/v1",
                    default_value=form.base_url,
                    required=True,
                    spell_check=False,
                    **_named("base_url"),
                ),
                id_="server-base_url",
                hint=_("Base URL, usually ending in /v1."),
            ),
            field(
                _("API key"),
                rx.el.input(type="password", auto_complete="off", **_named("api_key")),
                id_="server-api_key",
                hint=rx.cond(
                    form.has_key, _("Stored. Leave empty to keep it."), _("Only if the server requires one.")
                ),
            ),
            rx.cond(
                form.has_key,
                rx.el.label(
                    rx.el.input(type="checkbox", name="forget_key", value="yes"),
                    _("Remove the stored key"),
                    class_name="row small",
                ),
            ),
            _more(),
            rx.el.div(
                rx.cond(
                    ServersState.outcome.text != "",
                    rx.el.p(
                        ServersState.outcome.text,
                        " ",
                        ServersState.outcome.advice,
                        class_name=rx.cond(ServersState.outcome.ok, "callout success", "callout danger"),
                    ),
                ),
                role="status",
            ),
            dialog_actions(
                rx.el.button(
                    rx.cond(busy, rx.el.span(class_name="spinner", aria_hidden="true")),
                    _("Test"),
                    type="submit",
                    disabled=busy,
                    on_click=_TESTING.put(True),
                    class_name="button",
                ),
                rx.el.button(
                    _("Save"), type="submit", disabled=busy, class_name="button primary", custom_attrs=once()
                ),
                on_cancel=ServersState.close,
            ),
            on_submit=_sent,
            aria_busy=rx.cond(busy, "true", "false"),
            key=ServersState.turn,
            class_name="stack",
        ),
        open_=ServersState.editing,
        title=rx.cond(form.id == "", _("Add model server"), _("Edit model server")),
        on_close=ServersState.close,
        testid="server-dialog",
    )


def _sent(fields: rx.Var[ServerFields]) -> list[Any]:
    return [
        rx.cond(_TESTING.now, ServersState.test(fields), ServersState.save(fields)),
        _TESTING.put(False),
    ]


def _more() -> rx.Component:
    form = ServersState.form
    return rx.el.details(
        rx.el.summary(_("More settings"), class_name="small"),
        field(
            _("Models"),
            rx.el.textarea(default_value=form.models, rows=3, spell_check=False, **_named("models", "mono")),
            id_="server-models",
            hint=_("One name a line. Only needed if the server doesn’t list its models."),
        ),
        _seconds(
            _("Wait for the first word"),
            "first_word_seconds",
            form.first_word_seconds,
            _("In seconds. Empty: 600. Slow machines take minutes to read a long question."),
        ),
        _seconds(
            _("Wait between words"),
            "between_words_seconds",
            form.between_words_seconds,
            _("In seconds. Empty: 120."),
        ),
        open=(form.models != "") | (form.first_word_seconds != "") | (form.between_words_seconds != ""),
        class_name="stack",
    )


def _seconds(label: Text, name: str, value: str, hint: Text) -> rx.Component:
    control = rx.el.input(type="number", min=1, max=86400, default_value=value, **_named(name))
    return field(label, control, id_=f"server-{name}", hint=hint)


def _named(name: str, class_name: str = "") -> dict[str, Any]:
    return {"id": f"server-{name}", "name": name, "class_name": f"input {class_name}".strip()}


def _remove_dialog() -> rx.Component:
    return confirmation(
        _(
            "Its models will be removed from the list. Conversations stay and can continue with another model."
        ),
        action=_("Remove"),
        on_confirm=ServersState.remove(ServersState.removing_id),
        open_=ServersState.removing_id != "",
        title=_("Remove {name}?", name=ServersState.removing_name),
        on_close=ServersState.close,
        testid="remove-dialog",
    )
