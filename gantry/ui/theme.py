"""What every document carries in its head."""

import reflex as rx

PICTURE = "/icon-512.png"  # what stands for a page elsewhere
STYLESHEETS = ["/fonts.css", "/gantry.css", "/shell.css", "/chat.css"]


def head() -> list[rx.Component]:
    """Return the additions to ``<head>``.

    The script blocks on purpose: it decides the sidebar's place before the first paint, as Reflex's inline script does the theme.
    """
    return [
        rx.el.script(src="/first-paint.js"),
        rx.el.link(rel="icon", href="/favicon.ico", sizes="32x32"),
        rx.el.link(rel="icon", type="image/svg+xml", href="/favicon.svg"),
        rx.el.link(rel="apple-touch-icon", href="/apple-touch-icon.png"),
        rx.el.link(rel="manifest", href="/manifest.webmanifest"),
        _colour("#faf9f5", "light"),
        _colour("#262624", "dark"),
        rx.el.meta(name="color-scheme", content="light dark"),
        rx.el.meta(name="referrer", content="same-origin"),
    ]


def _colour(colour: str, scheme: str) -> rx.Component:
    """Return what colours the browser's own frame: a page's background, as in gantry.css."""
    media = {"media": f"(prefers-color-scheme: {scheme})"}  # Reflex takes what it does not know for a style
    return rx.el.meta(name="theme-color", content=colour, custom_attrs=media)
