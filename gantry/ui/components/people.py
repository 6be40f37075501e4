"""The people of an installation: the table, and the dialogs above it."""

from typing import Any

import reflex as rx

from gantry.state.admin import PeopleState
from gantry.state.views.admin import PersonView
from gantry.ui.components.local import Actions, CopyField, Dialog, Moment
from gantry.ui.components.placeholders import empty


def people() -> rx.Component:
    """Lay out search, table and dialogs."""
    return rx.el.section(
        rx.el.div(
            rx.el.input(
                type="search",
                placeholder="Search by name or e-mail",
                aria_label="Search people",
                default_value=PeopleState.search,
                on_change=PeopleState.find.debounce(250),
                class_name="input search",
            ),
            rx.el.button(
                rx.icon("user-plus", size=17, aria_hidden="true"),
                "Add person",
                type="button",
                on_click=PeopleState.open_form,
                class_name="button primary",
                data_testid="add-person",
            ),
            class_name="row apart",
        ),
        rx.cond(
            PeopleState.people,
            _table(),
            empty("users", "Nobody matches."),
        ),
        _add_dialog(),
        _reset_dialog(),
        _handed_dialog(),
        class_name="section",
        aria_label="People",
    )


def _table() -> rx.Component:
    heads = ("Name", "E-mail", "Role", "State", "Added")
    return rx.el.table(
        rx.el.thead(
            rx.el.tr(
                *(rx.el.th(head, scope="col") for head in heads),
                rx.el.th(rx.el.span("Actions", class_name="sr-only"), scope="col"),
            )
        ),
        rx.el.tbody(rx.foreach(PeopleState.people, _row)),
        class_name="table",
    )


def _row(person: PersonView) -> rx.Component:
    return rx.el.tr(
        rx.el.td(
            rx.el.div(
                rx.el.span(person.name, class_name="strong"),
                rx.cond(person.you, rx.el.span("You", class_name="badge")),
                class_name="row",
            ),
            custom_attrs={"data-label": "Name"},
        ),
        rx.el.td(
            rx.el.span(person.email, class_name="anywhere"),
            custom_attrs={"data-label": "E-mail"},
        ),
        rx.el.td(
            rx.cond(person.admin, rx.el.span("Administrator", class_name="badge accent"), "User"),
            custom_attrs={"data-label": "Role"},
        ),
        rx.el.td(
            rx.cond(
                person.active,
                rx.el.span("Active", class_name="badge success"),
                rx.el.span("Deactivated", class_name="badge"),
            ),
            custom_attrs={"data-label": "State"},
        ),
        rx.el.td(Moment.create(at=person.created), class_name="soft", custom_attrs={"data-label": "Added"}),
        rx.el.td(
            Actions.create(
                label=f"Actions for {person.name}",
                items=person.actions,
                on_select=lambda key: PeopleState.choose(person.id, key),
            )
        ),
        key=person.id,
        data_testid="person",
    )


def _add_dialog() -> rx.Component:
    return Dialog.create(
        rx.el.form(
            _field("E-mail", "email", type="email", required=True, auto_complete="off"),
            _field("Name", "name", type="text", max_length=80, auto_complete="off"),
            rx.el.div(
                rx.el.label("Role", html_for="person-role"),
                rx.el.select(
                    rx.el.option("User", value="user"),
                    rx.el.option("Administrator", value="admin"),
                    id="person-role",
                    name="role",
                    default_value="user",
                    class_name="input",
                ),
                class_name="field",
            ),
            rx.el.p("A password is made for them, and shown to you once.", class_name="section-note"),
            rx.el.div(
                rx.cond(
                    PeopleState.fault.text != "",
                    rx.el.p(
                        PeopleState.fault.text, " ", PeopleState.fault.advice, class_name="callout danger"
                    ),
                ),
                role="alert",
            ),
            rx.el.div(
                rx.el.button("Cancel", type="button", on_click=PeopleState.close, class_name="button quiet"),
                rx.el.button("Add person", type="submit", class_name="button primary"),
                class_name="dialog-actions",
            ),
            on_submit=PeopleState.add,
            class_name="stack",
        ),
        open=PeopleState.adding,
        title="Add a person",
        on_close=PeopleState.close,
        testid="add-person-dialog",
    )


def _reset_dialog() -> rx.Component:
    return Dialog.create(
        rx.el.p(
            "Their old password stops working and they are signed out everywhere. You are shown a new one.",
            class_name="soft",
        ),
        rx.el.div(
            rx.el.button("Cancel", type="button", on_click=PeopleState.close, class_name="button quiet"),
            rx.el.button(
                "Reset password",
                type="button",
                on_click=PeopleState.reset_password,
                class_name="button danger",
            ),
            class_name="dialog-actions",
        ),
        open=PeopleState.resetting_id != "",
        title="Reset the password of " + PeopleState.resetting_name + "?",
        on_close=PeopleState.close,
        testid="reset-dialog",
    )


def _handed_dialog() -> rx.Component:
    return Dialog.create(
        rx.el.p("Hand this over to ", rx.el.strong(PeopleState.handed_email), ". It is not shown again."),
        CopyField.create(value=PeopleState.handed_password, label="password"),
        rx.el.div(
            rx.el.button("Done", type="button", on_click=PeopleState.close, class_name="button primary"),
            class_name="dialog-actions",
        ),
        open=PeopleState.handed_password != "",
        title="New password",
        on_close=PeopleState.close,
        testid="handed-dialog",
    )


def _field(label: str, name: str, **props: Any) -> rx.Component:
    return rx.el.div(
        rx.el.label(label, html_for=f"person-{name}"),
        rx.el.input(id=f"person-{name}", name=name, class_name="input", **props),
        class_name="field",
    )
