"""The model servers of an installation: the list, and the dialogs above it."""

import reflex as rx

from gantry.state.servers import ServersState
from gantry.state.views.admin import KINDS, ServerView
from gantry.ui.components.local import Dialog, Moment, ServerForm
from gantry.ui.components.placeholders import empty


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
                "Check all",
                type="button",
                disabled=ServersState.checking,
                on_click=ServersState.check,
                class_name="button",
            ),
            rx.el.button(
                rx.icon("plus", size=17, aria_hidden="true"),
                "Add server",
                type="button",
                on_click=ServersState.open_form(""),
                class_name="button primary",
                data_testid="add-server",
            ),
            class_name="row apart",
        ),
        rx.cond(
            ServersState.servers,
            rx.el.ul(rx.foreach(ServersState.servers, _server), class_name="stack", role="list"),
            empty("server", "No model server yet. Add one, or start Ollama or LM Studio on this machine."),
        ),
        _form_dialog(),
        _remove_dialog(),
        class_name="section",
        aria_label="Model servers",
    )


def _server(server: ServerView) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.div(
                rx.el.div(
                    rx.el.h3(server.name),
                    _state(server),
                    class_name="row",
                ),
                rx.cond(
                    server.base_url != "",
                    rx.el.p(server.base_url, class_name="mono soft anywhere"),
                ),
                rx.el.p(
                    server.origin,
                    rx.cond(server.base_url != "", f" · {server.kind}", ""),
                    rx.cond(server.has_key, " · with a key", ""),
                    rx.cond(
                        server.checked > 0,
                        rx.fragment(" · checked ", Moment.create(at=server.checked)),
                    ),
                    class_name="small faint",
                ),
                class_name="stack tight grow",
            ),
            rx.cond(server.editable, _buttons(server)),
            class_name="row at-top",
        ),
        rx.cond(
            server.state == "failed",
            rx.el.p(server.problem, " ", server.advice, class_name="callout danger small"),
        ),
        key=server.slug,
        class_name="card stack",
        data_testid="server",
    )


def _state(server: ServerView) -> rx.Component:
    return rx.el.span(
        server.summary,
        class_name=rx.match(server.state, ("ok", "badge success"), ("failed", "badge danger"), "badge"),
    )


def _buttons(server: ServerView) -> rx.Component:
    return rx.el.div(
        rx.el.button(
            "Edit",
            rx.el.span(" ", server.name, class_name="sr-only"),
            type="button",
            on_click=ServersState.open_form(server.id),
            class_name="button tiny",
        ),
        rx.el.button(
            "Remove",
            rx.el.span(" ", server.name, class_name="sr-only"),
            type="button",
            on_click=ServersState.ask_to_remove(server.id),
            class_name="button tiny danger",
        ),
        class_name="row tight",
    )


def _form_dialog() -> rx.Component:
    return Dialog.create(
        ServerForm.create(
            value=ServersState.form,
            kinds=[{"value": kind.value, "label": label} for kind, label in KINDS.items()],
            busy=ServersState.busy,
            outcome=ServersState.outcome,
            on_test=ServersState.test,
            on_save=ServersState.save,
        ),
        open=ServersState.editing,
        title=rx.cond(ServersState.form.id == "", "Add a model server", "Edit the model server"),
        on_close=ServersState.close,
        testid="server-dialog",
    )


def _remove_dialog() -> rx.Component:
    return Dialog.create(
        rx.el.p(
            "Its models disappear from the list. Conversations stay, and can go on with another model.",
            class_name="soft",
        ),
        rx.el.div(
            rx.el.button("Cancel", type="button", on_click=ServersState.close, class_name="button quiet"),
            rx.el.button("Remove", type="button", on_click=ServersState.remove, class_name="button danger"),
            class_name="dialog-actions",
        ),
        open=ServersState.removing_id != "",
        title="Remove " + ServersState.removing_name + "?",
        on_close=ServersState.close,
        testid="remove-dialog",
    )
