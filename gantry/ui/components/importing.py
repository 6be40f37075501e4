"""Bringing conversations in: choose a file, see what it would add, import it, undo it."""

import reflex as rx

from gantry.state.importing import ImportingState
from gantry.state.views.importing import ImportView, SkippedView
from gantry.ui.ahead import Ahead
from gantry.ui.browser import leave_row, once
from gantry.ui.components.local import moment
from gantry.ui.dialogs import confirmation
from gantry.ui.text import _
from gantry.ui.uploads import UPLOADS, FileField, UploadView, add_chosen, remove_file

_REMEMBER = Ahead("import_memory", ImportingState.remember)
_PLACE = "imports"
_FIELDS = {"to": "/api/v1/imports", "attach": ""}


def imports() -> rx.Component:
    """Lay out the choice of a file, and the imports so far."""
    return rx.fragment(
        rx.el.p(
            _(
                "Exports of ChatGPT, Claude, Open WebUI, LibreChat, Nebulus Gantry, Gemini, Grok, DeepSeek, Chatbot UI, "
                "LobeChat, Jan, LM Studio, SillyTavern, TypingMind, Big-AGI, AnythingLLM, and of Gantry itself. "
                "You see first what would be added."
            ),
            class_name="small soft",
        ),
        rx.el.div(
            rx.el.label(
                rx.icon("upload", size=17, aria_hidden="true"),
                _("Choose a file"),
                FileField.create(
                    type="file",
                    class_name="sr-only",
                    data_testid="import-file",
                    on_change=add_chosen.partial(_PLACE, _FIELDS),
                ),
                class_name="button",
            ),
            class_name="row",
        ),
        rx.el.ul(
            rx.foreach(UPLOADS, lambda view: rx.cond(view.place == _PLACE, _upload(view))),
            class_name="uploads",
            aria_label=_("Exports on their way"),
        ),
        rx.el.ul(
            rx.foreach(ImportingState.imports, _import),
            class_name="imports",
            aria_label=_("Imports"),
            aria_live="polite",
        ),
        confirmation(
            _(
                "Conversations and messages it added are removed, except those you have changed or continued since."
            ),
            action=_("Undo import"),
            title=_("Undo the import of {name}?", name=ImportingState.undoing_name),
            on_confirm=ImportingState.undo(ImportingState.undoing_id),
            on_close=ImportingState.ask_undo("", ""),
            open_=ImportingState.undoing_id != "",
            testid="undo-import",
        ),
    )


def _upload(view: UploadView) -> rx.Component:
    return rx.el.li(
        rx.el.span(
            view.name,
            rx.cond(view.fault != "", rx.el.span(view.fault, role="alert", class_name="upload-fault")),
            class_name="anywhere grow",
        ),
        rx.cond(
            view.fault == "",
            rx.el.progress(
                custom_attrs={"value": view.progress},
                max="1",
                aria_label=_("Uploading {name}", name=view.name),
            ),
        ),
        rx.el.button(
            rx.icon("x", size=16, aria_hidden="true"),
            type="button",
            aria_label=_("Remove {name} from this list", name=view.name),
            on_click=[leave_row(), remove_file.partial(view.key)],
            custom_attrs=once(),
            class_name="icon-button",
        ),
        key=view.key,
        data_testid="uploading-import",
    )


def _import(view: ImportView) -> rx.Component:
    busy = (view.state == "looking") | (view.state == "running")
    return rx.el.li(
        rx.el.div(
            rx.el.strong(view.name, class_name="anywhere"),
            rx.el.span(moment(view.created_at), class_name="small soft"),
            class_name="import-head",
        ),
        rx.cond(
            busy,
            rx.el.div(
                rx.el.span(
                    rx.cond(view.state == "looking", _("Looking through it …"), _("Importing …")),
                    class_name="small",
                ),
                rx.el.progress(
                    custom_attrs={"value": view.progress},
                    max="100",
                    aria_label=_("Progress of {name}", name=view.name),
                ),
                class_name="import-progress",
            ),
        ),
        rx.cond(view.problem != "", rx.el.p(view.problem, class_name="callout warning small", role="alert")),
        rx.cond(view.summary != "", rx.el.p(view.summary, data_testid="import-summary")),
        rx.cond(view.already != "", rx.el.p(view.already, class_name="small soft")),
        rx.cond(view.heading != "", _skipped(view)),
        rx.cond(view.state == "looked", _choice(view)),
        rx.cond(
            (view.state == "done") | (view.state == "failed"),
            _afterwards(view),
        ),
        key=view.id,
        class_name="import",
        custom_attrs={"data-state": view.state},
        data_testid="import",
    )


def _skipped(view: ImportView) -> rx.Component:
    return rx.el.details(
        rx.el.summary(view.heading),
        rx.el.ul(
            rx.foreach(view.skipped, _line),
            rx.cond(view.more != "", rx.el.li(view.more)),
            class_name="import-skipped small",
        ),
    )


def _line(skipped: SkippedView) -> rx.Component:
    return rx.el.li(rx.el.span(skipped.what, class_name="anywhere"), f": {skipped.why}", key=skipped.key)


def _choice(view: ImportView) -> rx.Component:
    return rx.el.div(
        rx.cond(
            view.adds,
            rx.el.label(
                rx.el.input(
                    type="checkbox",
                    checked=_REMEMBER.value,
                    on_change=_REMEMBER.takes(ImportingState.choose_memory),
                ),
                _("Remember what they say"),
                class_name="import-choice small",
            ),
            rx.el.span(class_name="grow"),
        ),
        rx.el.button(
            _("Discard"),
            type="button",
            on_click=[leave_row(), ImportingState.discard(view.id)],
            class_name="button",
            custom_attrs=once(),
        ),
        rx.cond(
            view.adds,
            rx.el.button(
                _("Import"),
                type="button",
                on_click=[leave_row(), ImportingState.start(view.id)],
                custom_attrs=once(),
                class_name="button primary",
            ),
        ),
        class_name="row",
    )


def _afterwards(view: ImportView) -> rx.Component:
    return rx.el.div(
        rx.cond(
            view.adds,
            rx.el.button(
                _("Undo …"),
                type="button",
                aria_label=_("Undo the import of {name}", name=view.name),
                on_click=ImportingState.ask_undo(view.id, view.name),
                class_name="button",
            ),
            rx.el.button(
                _("Remove from this list"),
                type="button",
                aria_label=_("Remove {name} from this list", name=view.name),
                on_click=[leave_row(), ImportingState.discard(view.id)],
                custom_attrs=once(),
                class_name="button",
            ),
        ),
        class_name="row",
    )
