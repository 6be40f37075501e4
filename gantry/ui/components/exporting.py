"""Taking conversations out: the dialog with the forms, and what Settings offer."""

import reflex as rx

from gantry.ui.browser import Kept, on_backend, once, plain_link
from gantry.ui.dialogs import dialog
from gantry.ui.menus import entry
from gantry.ui.text import Text, _

_ABOUT = Kept("exported")  # the id of the conversation that is to be exported
_FORMS = (
    ("pdf", "PDF", _("To read, print and pass on"), "file-text"),
    ("markdown", "Markdown", _("Text as it was written"), "file-code"),
    ("html", _("Web page"), _("One file that opens in any browser"), "globe"),
    ("json", "JSON", _("Everything, all branches; can be imported"), "braces"),
)


def export_entry(conversation: str | rx.Var[str]) -> rx.Component:
    """Lay out the entry of a menu that opens the dialog."""
    return entry(_("Export…"), "download", _ABOUT.put(conversation))


def export_button(conversation: str | rx.Var[str]) -> rx.Component:
    """Lay out the button above a conversation."""
    return rx.el.button(
        rx.icon("download", size=18, aria_hidden="true"),
        type="button",
        class_name="icon-button",
        aria_label=_("Export this chat"),
        title=_("Export"),
        on_click=_ABOUT.put(conversation),
        data_testid="export-chat",
    )


def export_dialog() -> rx.Component:
    """Lay out the choice of a form; it stands in the frame once."""
    path = f"/api/v1/conversations/{_ABOUT.value}/export?format="
    return dialog(
        rx.el.div(
            *(_form(f"{path}{form}", label, what, icon, form) for form, label, what, icon in _FORMS),
            class_name="targets",
        ),
        rx.el.p(_("All but JSON hold the branch that is shown."), class_name="small soft"),
        open_=_ABOUT.value != "",
        title=_("Export chat"),
        on_close=_ABOUT.put(""),
        testid="dialog-export",
    )


def _form(path: rx.Var[str] | str, label: Text, what: Text, icon: str, form: str) -> rx.Component:
    return plain_link(
        rx.icon(icon, size=17, aria_hidden="true"),
        rx.el.span(rx.el.span(label, class_name="strong"), rx.el.span(what, class_name="small soft block")),
        href=on_backend(path),
        download="",
        custom_attrs=once(),
        class_name="target",
        data_testid=f"export-{form}",
    )


def data_settings() -> rx.Component:
    """Lay out what can be done with everything of one's own."""
    return rx.el.div(
        plain_link(
            rx.icon("download", size=17, aria_hidden="true"),
            _("Export everything"),
            href=on_backend("/api/v1/export?format=json&everything=true"),
            download="",
            custom_attrs=once(),
            class_name="button",
            data_testid="export-everything",
        ),
        *(
            plain_link(
                label,
                href=on_backend(f"/api/v1/export?format={form}"),
                download="",
                custom_attrs=once(),
                class_name="button",
            )
            for form, label in (
                ("markdown", _("All chats as Markdown")),
                ("html", _("All chats as web pages")),
                ("pdf", _("All chats as PDF")),
            )
        ),
        class_name="row wrap",
    )
