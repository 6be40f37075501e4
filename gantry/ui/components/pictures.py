"""Pictures that go with messages: small ones to press, and the dialog that shows one large."""

from typing import Any

import reflex as rx

from gantry.state.views.chat import PictureView
from gantry.ui.browser import Kept, on_backend
from gantry.ui.dialogs import dialog
from gantry.ui.text import _

_SHOWN = Kept("pictured")  # the id of the document that is shown large
_NAME = Kept("pictured_name")


def thumbnail(document: Any, name: Any) -> rx.Component:
    """Lay out a small picture that opens large."""
    return rx.el.button(
        rx.el.img(src=_address(document), alt="", loading="lazy"),
        type="button",
        class_name="thumbnail",
        aria_label=_("Show {name}", name=name),
        title=name,
        on_click=[_NAME.put(name), _SHOWN.put(document)],
        data_testid="thumbnail",
    )


def sent_pictures(views: rx.Var[list[PictureView]]) -> rx.Component:
    """Lay out the pictures of a question."""
    return rx.cond(
        views,
        rx.el.ul(
            rx.foreach(views, lambda picture: rx.el.li(thumbnail(picture.id, picture.name), key=picture.id)),
            class_name="pictures",
            aria_label=_("Attached images"),
            data_testid="sent-pictures",
        ),
    )


def picture_dialog() -> rx.Component:
    """Lay out the dialog that shows a picture large."""
    return dialog(
        rx.el.img(src=_address(_SHOWN.value), alt=_NAME.value, class_name="large-picture"),
        open_=_SHOWN.value != "",
        title=_NAME.value,
        on_close=_SHOWN.put(""),
        testid="picture-dialog",
        class_name="wide picture",
    )


def _address(document: Any) -> rx.Var[str]:
    return on_backend(f"/api/v1/documents/{document}/image")
