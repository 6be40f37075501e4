"""What every document carries in its head."""

import reflex as rx

STYLESHEETS = ["/gantry.css", "/shell.css", "/chat.css"]


def head() -> list[rx.Component]:
    """Return the additions to ``<head>``.

    The script blocks on purpose: it decides the theme and the sidebar's place before the first paint.
    Reflex's inline script decides the theme as well; where the CSP refuses that one, this one is enough.
    """
    return [
        rx.el.script(src="/first-paint.js"),
        rx.el.link(rel="icon", type="image/svg+xml", href="/favicon.svg"),
        rx.el.meta(name="color-scheme", content="light dark"),
        rx.el.meta(name="referrer", content="same-origin"),
    ]
