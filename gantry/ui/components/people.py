"""The people of an installation: the table, and the dialogs above it."""

from typing import Any

import reflex as rx

from gantry.state.admin import PeopleState
from gantry.state.views.admin import PersonView
from gantry.ui.components.local import moment
from gantry.ui.components.placeholders import empty
from gantry.ui.copying import copy_field
from gantry.ui.dialogs import confirmation, dialog, dialog_actions
from gantry.ui.forms import field, search_field
from gantry.ui.menus import actions


def people() -> rx.Component:
    """Lay out search, table and dialogs."""
    return rx.el.section(
        rx.el.div(
            search_field("Search people", "Name or e-mail", PeopleState.search, PeopleState.find),
            rx.el.button(
                rx.icon("user-plus", size=17, aria_hidden="true"),
                "Add person",
                type="button",
                on_click=PeopleState.open_form,
                class_name="button primary",
                data_testid="add-person",
            ),
            class_name="tools",
        ),
        rx.cond(PeopleState.people, _table(), empty("users", "No people found.")),
        rx.cond(
            PeopleState.has_more,
            rx.el.button("Show more", type="button", on_click=PeopleState.more, class_name="button"),
        ),
        _add_dialog(),
        _reset_dialog(),
        _handed_dialog(),
        class_name="section",
        aria_label="People",
    )


def _table() -> rx.Component:
    return rx.el.table(
        rx.el.thead(
            rx.el.tr(
                *(rx.el.th(head, scope="col") for head in ("Name", "E-mail", "Role", "State", "Added")),
                rx.el.th(rx.el.span("Actions", class_name="sr-only"), scope="col"),
            )
        ),
        rx.el.tbody(rx.foreach(PeopleState.people, _row)),
        class_name="people",
    )


def _row(person: PersonView) -> rx.Component:
    return rx.el.tr(
        rx.el.td(
            rx.el.span(person.name, class_name="strong clip"),
            rx.cond(person.you, rx.el.span("You", class_name="badge")),
            title=person.name,
        ),
        rx.el.td(rx.el.span(person.email, class_name="clip"), title=person.email),
        rx.el.td(rx.cond(person.admin, rx.el.span("Administrator", class_name="badge accent"), "User")),
        rx.el.td(rx.cond(person.active, "Active", rx.el.span("Deactivated", class_name="badge warning"))),
        rx.el.td(moment(person.created)),
        rx.el.td(
            actions(
                person.id,
                f"Actions for {person.name}",
                person.actions,
                lambda key: PeopleState.choose(person.id, key),
            )
        ),
        key=person.id,
        data_testid="person",
    )


def _add_dialog() -> rx.Component:
    return dialog(
        rx.el.form(
            _field("E-mail", "email", type="email", required=True, auto_complete="off"),
            _field("Name", "name", type="text", max_length=80, auto_complete="off"),
            field(
                "Role",
                rx.el.select(
                    rx.el.option("User", value="user"),
                    rx.el.option("Administrator", value="admin"),
                    id="person-role",
                    name="role",
                    default_value="user",
                    class_name="input",
                ),
                id_="person-role",
            ),
            rx.el.p("We'll generate a password and show it once.", class_name="section-note"),
            rx.el.div(
                rx.cond(
                    PeopleState.fault.text != "",
                    rx.el.p(
                        PeopleState.fault.text, " ", PeopleState.fault.advice, class_name="callout danger"
                    ),
                ),
                role="alert",
            ),
            dialog_actions(
                rx.el.button("Add person", type="submit", class_name="button primary"),
                on_cancel=PeopleState.close,
            ),
            on_submit=PeopleState.add,
            class_name="stack",
        ),
        open_=PeopleState.adding,
        title="Add person",
        on_close=PeopleState.close,
        testid="add-person-dialog",
    )


def _reset_dialog() -> rx.Component:
    return confirmation(
        "Their old password stops working and they are signed out everywhere. We'll generate a new one and show it once.",
        action="Reset password",
        on_confirm=PeopleState.reset_password,
        open_=PeopleState.resetting_id != "",
        title="Reset the password for " + PeopleState.resetting_name + "?",
        on_close=PeopleState.close,
        testid="reset-dialog",
    )


def _handed_dialog() -> rx.Component:
    return dialog(
        rx.el.p(
            "Give this password to ", rx.el.strong(PeopleState.handed_email), ". You won't see it again."
        ),
        copy_field(PeopleState.handed_password, label="password"),
        dialog_actions(
            rx.el.button("Done", type="button", on_click=PeopleState.close, class_name="button primary")
        ),
        open_=PeopleState.handed_password != "",
        title="New password",
        on_close=PeopleState.close,
        testid="handed-dialog",
    )


def _field(label: str, name: str, **props: Any) -> rx.Component:
    id_ = f"person-{name}"
    return field(label, rx.el.input(id=id_, name=name, class_name="input", **props), id_=id_)
