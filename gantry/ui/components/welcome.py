"""The empty conversation (assets/welcome.jsx)."""

import reflex as rx


class Welcome(rx.Component):
    """Greets by name and time of day; each suggestion has a ``title`` and the ``text`` it puts into the composer.

    While ``waiting`` for a first model, ``on_look`` is raised now and then to look for one.
    """

    library = "$/public/welcome.jsx"
    tag = "Welcome"

    name: rx.Var[str]
    suggestions: rx.Var[list[dict[str, str]]]
    waiting: rx.Var[bool]
    on_look: rx.EventHandler[rx.event.no_args_event_spec]


welcome = Welcome.create
