"""What the server wants said in passing.

Errors are announced at once, the rest politely. A notice goes by itself when its animation ends (shell.css), which stands
still while somebody points at it or has the focus in it, and while the tab is in the background.
"""

import reflex as rx
from reflex.event import no_args_event_spec

from gantry.state.archived import ArchivedState
from gantry.state.session import NoticeState
from gantry.state.sidebar import SidebarState
from gantry.state.views.notices import NoticeView
from gantry.ui.browser import PATH, Kept, leave_row, once
from gantry.ui.text import _

_DISMISSED = Kept("dismissed", {})  # by id; at once, without waiting for the server to agree


class _AboveAll(rx.Component):
    """Puts its children into the open dialog, where there is one."""

    library = "$/islands/focus.js"
    tag = "AboveAll"


class _Passing(rx.el.Div):
    """An element that tells when its animation has ended."""

    on_animation_end: rx.EventHandler[no_args_event_spec]


def notices() -> rx.Component:
    """Lay out the notices of the moment."""
    return _AboveAll.create(
        rx.el.div(
            rx.el.div(
                rx.foreach(NoticeState.notices, _notice),
                role="log",
                aria_live="polite",
                custom_attrs={"aria-relevant": "additions"},
                class_name="stack",
            ),
            role="region",
            aria_label=_("Notices"),
            class_name="notices",
        )
    )


def _notice(notice: NoticeView) -> rx.Component:
    goes = _DISMISSED.put(_DISMISSED.now.merge({notice.id: True}))
    dismissed = [goes, NoticeState.dismiss(notice.id)]  # by itself, or by the button
    return rx.cond(
        _DISMISSED.value.contains(notice.id),
        rx.fragment(),
        _Passing.create(
            rx.match(
                notice.kind,
                ("error", rx.icon("circle-alert", size=18, aria_hidden="true")),
                ("success", rx.icon("circle-check", size=18, aria_hidden="true")),
                rx.icon("info", size=18, aria_hidden="true"),
            ),
            rx.el.p(
                notice.text,
                " ",
                rx.cond(notice.advice != "", rx.el.span(notice.advice, class_name="soft")),
                class_name="grow",
            ),
            rx.cond(
                notice.action != "",
                rx.el.button(
                    notice.action,
                    type="button",
                    class_name="button tiny",
                    custom_attrs=once(),
                    on_click=[
                        leave_row(),
                        goes,
                        SidebarState.act(notice.id, notice.action_id),
                        rx.cond(PATH == "/archived", ArchivedState.refresh(), rx.noop()),
                    ],
                ),
            ),
            rx.el.button(
                rx.icon("x", size=16, aria_hidden="true"),
                type="button",
                class_name="icon-button",
                aria_label=_("Dismiss"),
                custom_attrs=once(),
                on_click=[leave_row(), *dismissed],
            ),
            key=notice.id,
            class_name="notice",
            role=rx.cond(notice.kind == "error", "alert", "group"),
            data_testid="notice",
            custom_attrs={
                "data-kind": notice.kind,
                "data-acts": rx.cond(notice.action != "", "true", "false"),
            },
            on_animation_end=dismissed,
        ),
    )
