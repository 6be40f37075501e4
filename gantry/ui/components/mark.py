"""Our mark: a gantry crane."""

import reflex as rx


def mark(size: str = "1.5rem") -> rx.Component:
    """Draw the mark in the current colour."""
    return rx.el.svg(
        rx.el.path(d="M3 8h26M8 8v20M24 8v20M4.5 28h7M20.5 28h7M16 8v7"),
        rx.el.path(d="M12.5 15h7v6h-7z", custom_attrs={"fill": "currentColor"}),
        custom_attrs={"fill": "none", "stroke": "currentColor", "strokeWidth": 3, "strokeLinecap": "round"},
        view_box="0 0 32 32",
        width=size,
        height=size,
        class_name="mark",
        aria_hidden="true",
    )
