"""What an administrator has still to do after the installation; what is done is ticked."""

import reflex as rx

from gantry.state.first_steps import FirstStepsState
from gantry.ui.browser import link
from gantry.ui.text import Text, _, around


def first_steps() -> rx.Component:
    """Lay out the steps, while one of them is not done."""
    return rx.cond(
        # What the browser keeps may come after the rest.
        FirstStepsState.shown & (FirstStepsState.hidden == ""),
        rx.el.section(
            rx.el.header(
                rx.el.h2(_("Set up Gantry")),
                rx.el.button(
                    _("Hide"), type="button", on_click=FirstStepsState.hide, class_name="button tiny quiet"
                ),
                class_name="row apart",
            ),
            rx.el.ul(
                _step(
                    FirstStepsState.has_model,
                    link(_("Connect a model server"), to="/admin/models"),
                    _("Ollama, LM Studio, vLLM or any address that speaks OpenAI's protocol."),
                ),
                _step(
                    FirstStepsState.has_people,
                    link(_("Add people"), to="/admin/users"),
                    _("Everybody has an account of their own."),
                ),
                _step(
                    FirstStepsState.is_secure,
                    link(_("Serve it over HTTPS"), to="/admin/installation"),
                    around(
                        _("Set {setting} and start the compose file; docs/deployment.md shows how."),
                        "setting",
                        rx.el.code("DOMAIN"),
                    ),
                ),
                _step(
                    FirstStepsState.has_backup,
                    link(_("Make a backup"), to="/admin/installation"),
                    around(
                        _("{command} saves everything to one file; docs/operations.md has schedules."),
                        "command",
                        rx.el.code("make backup"),
                    ),
                ),
            ),
            class_name="first-steps card",
            aria_label=_("Set up Gantry"),
            data_testid="first-steps",
        ),
    )


def _step(done: bool | rx.Var[bool], what: rx.Component, how: rx.Component | Text) -> rx.Component:
    return rx.el.li(
        rx.cond(
            done,
            rx.icon("circle-check", size=19, aria_hidden="true"),
            rx.icon("circle", size=19, aria_hidden="true"),
        ),
        rx.el.div(
            rx.el.p(what, rx.cond(done, rx.el.span(" (", _("done"), ")", class_name="sr-only"))),
            rx.cond(done, rx.fragment(), rx.el.p(how, class_name="small faint")),
        ),
        custom_attrs={"data-done": rx.cond(done, "true", "false")},
    )
