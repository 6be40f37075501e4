"""One message of a conversation."""

from typing import cast

import reflex as rx

from gantry.state.views.chat import MessageView
from gantry.ui.components.answer import answer
from gantry.ui.components.message_actions import message_actions
from gantry.ui.components.user_message import user_message
from gantry.ui.text import _


@rx.memo
def message(view: rx.Var[MessageView], last: rx.Var[bool], rating: rx.Var[str]) -> rx.Component:
    """Lay out *view*, anew only when something of it has changed.

    Args:
        last: Whether it is the last one of the conversation.
        rating: What the person thinks of it.
    """
    shape = cast("MessageView", view)
    said = rx.cond(shape.role == "user", _("You"), _("Answer"))
    return rx.el.article(
        rx.el.h2(
            aria_label=said, class_name="sr-only"
        ),  # a step of the outline; no text: that would be copied
        rx.cond(shape.role == "user", user_message(shape), answer(shape)),
        message_actions(shape, last=last, rating=rating),
        class_name="message",
        data_testid="message",
        custom_attrs={
            "data-message": shape.id,
            "data-role": shape.role,
            "data-status": shape.status,
            "data-last": rx.cond(last, "true", "false"),
        },
        aria_label=said,
        tab_index=-1,
    )
