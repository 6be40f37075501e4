"""The people of an installation: the table, and the dialogs above it."""

from typing import Any

import reflex as rx

from gantry.state.admin import PeopleState
from gantry.state.views.admin import PersonView
from gantry.ui.components.local import moment
from gantry.ui.components.placeholders import empty
from gantry.ui.copying import copy_field
from gantry.ui.dialogs import confirmation, dialog, done_with, form_dialog, submit_button
from gantry.ui.forms import field, search_field
from gantry.ui.menus import actions
from gantry.ui.text import Text, _, around


def people() -> rx.Component:
    """Lay out search, table and dialogs."""
    return rx.el.section(
        rx.el.div(
            search_field(_("Search people"), _("Name or e-mail"), PeopleState.search, PeopleState.find),
            rx.el.button(
                rx.icon("user-plus", size=17, aria_hidden="true"),
                _("Add person"),
                type="button",
                on_click=PeopleState.open_form,
                class_name="button primary",
                data_testid="add-person",
            ),
            class_name="tools",
        ),
        rx.cond(PeopleState.people, _table(), empty("users", _("No people found."))),
        rx.cond(
            PeopleState.has_more,
            rx.el.button(_("Show more"), type="button", on_click=PeopleState.more, class_name="button"),
        ),
        _add_dialog(),
        _reset_dialog(),
        _handed_dialog(),
        class_name="section",
        aria_label=_("People"),
    )


def _table() -> rx.Component:
    return rx.el.table(
        rx.el.thead(
            rx.el.tr(
                *(
                    rx.el.th(head, scope="col")
                    for head in (_("Name"), _("E-mail"), _("Role"), _("State"), _("Added"))
                ),
                rx.el.th(rx.el.span(_("Actions"), class_name="sr-only"), scope="col"),
            )
        ),
        rx.el.tbody(rx.foreach(PeopleState.people, _row)),
        class_name="people",
    )


def _row(person: PersonView) -> rx.Component:
    return rx.el.tr(
        rx.el.td(
            rx.el.span(person.name, class_name="strong clip", dir="auto"),
            rx.cond(person.you, rx.el.span(_("You"), class_name="badge")),
            title=person.name,
        ),
        rx.el.td(rx.el.span(person.email, class_name="clip", dir="ltr"), title=person.email),
        rx.el.td(rx.cond(person.admin, rx.el.span(_("Administrator"), class_name="badge accent"), _("User"))),
        rx.el.td(
            rx.cond(person.active, _("Active"), rx.el.span(_("Deactivated"), class_name="badge warning"))
        ),
        rx.el.td(moment(person.created)),
        rx.el.td(
            actions(
                person.id,
                _("Actions for {name}", name=person.name),
                person.actions,
                lambda key: PeopleState.choose(person.id, key),
            )
        ),
        key=person.id,
        data_testid="person",
    )


def _add_dialog() -> rx.Component:
    return form_dialog(
        _field(_("E-mail"), "email", type="email", required=True, auto_complete="off"),
        _field(_("Name"), "name", type="text", max_length=80, auto_complete="off"),
        field(
            _("Role"),
            rx.el.select(
                rx.el.option(_("User"), value="user"),
                rx.el.option(_("Administrator"), value="admin"),
                id="person-role",
                name="role",
                default_value="user",
                class_name="input",
            ),
            id_="person-role",
        ),
        rx.el.p(_("We'll generate a password and show it once."), class_name="section-note"),
        buttons=(submit_button(_("Add person")),),
        on_submit=PeopleState.add,
        fault=PeopleState.fault,
        open_=PeopleState.adding,
        title=_("Add person"),
        on_close=PeopleState.close,
        testid="add-person-dialog",
    )


def _reset_dialog() -> rx.Component:
    return confirmation(
        _(
            "Their old password stops working and they are signed out everywhere. We'll generate a new one and show it once."
        ),
        action=_("Reset password"),
        on_confirm=PeopleState.reset_password(PeopleState.resetting_id),
        open_=PeopleState.resetting_id != "",
        title=_("Reset the password for {name}?", name=PeopleState.resetting_name),
        on_close=PeopleState.close,
        testid="reset-dialog",
    )


def _handed_dialog() -> rx.Component:
    return dialog(
        rx.el.p(
            around(
                _("Give this password to {person}. You won't see it again."),
                "person",
                rx.el.strong(PeopleState.handed_email, dir="ltr"),
            )
        ),
        copy_field(PeopleState.handed_password, label=_("password")),
        done_with(PeopleState.close),
        open_=PeopleState.handed_password != "",
        title=_("New password"),
        on_close=PeopleState.close,
        testid="handed-dialog",
    )


def _field(label: Text, name: str, **props: Any) -> rx.Component:
    id_ = f"person-{name}"
    return field(label, rx.el.input(id=id_, name=name, class_name="input", **props), id_=id_)
