"""React components that many pages use, as Reflex sees them: those of ``islands/`` do what must not wait for the server."""

from typing import Any

import reflex as rx
from reflex.event import passthrough_event_spec

from gantry.state.session import SessionState
from gantry.ui import browser
from gantry.ui.browser import function

link = browser.link
text_text_event = passthrough_event_spec(str, str)
number_event = passthrough_event_spec(int)
message_event = passthrough_event_spec(str, str, str, list[str])
text_text_flag_event = passthrough_event_spec(str, str, bool)


class Feed(rx.Component):
    """The account's feed, and what is known of whether the server can be reached."""

    library = "$/islands/feed.js"
    tag = "Feed"
    lib_dependencies: list[str] = ["partysocket@1.3.0"]

    page: rx.Var[str]
    on_notice: rx.EventHandler[text_text_event]
    """With its kind, and the id of what it is about; "returned" is that something may have been missed."""


class Dropping(rx.Component):
    """Uploads what is dropped on the page to *place*, with *fields*."""

    library = "$/islands/upload.js"
    tag = "Dropping"

    place: rx.Var[str]
    fields: rx.Var[dict[str, str]]


class _InView(rx.Component):
    """A box that tells when it comes into view."""

    library = "react-intersection-observer@11.0.1"
    tag = "InView"

    trigger_once: rx.Var[bool]
    on_change: rx.EventHandler[lambda in_view: [in_view]]


def comes_near(event: Any, *, once_for: rx.Var[Any], class_name: str) -> rx.Component:
    """Lay out the end of a list that grows: *event* happens when it comes into view, once for each value of *once_for*.

    How far from the end that is says the height of *class_name*, which lies over the list.
    """
    return _InView.create(
        key=once_for,
        trigger_once=True,
        class_name=class_name,
        on_change=lambda in_view: rx.cond(in_view, event, rx.noop()),
    )


def moment(at: int | rx.Var[int]) -> rx.Component:
    """Lay out a moment (seconds since the epoch; 0 is none) in the reader's own words and zone."""

    def said(name: str) -> rx.Var[str]:
        return function(name, "clock.js").call(at, SessionState.zone).to(str)

    return rx.cond(
        at,
        rx.el.time(said("inWords"), title=said("fullMoment"), custom_attrs={"dateTime": said("isoMoment")}),
    )
