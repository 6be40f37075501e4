"""API tokens in the settings: the list, and the dialogs above it."""

import reflex as rx

from gantry.domain.api_tokens import MAX_TOKEN_NAME_CHARACTERS, Scope
from gantry.state.api_tokens import ApiTokensState
from gantry.state.views.api_tokens import TokenView
from gantry.ui.components.local import moment
from gantry.ui.components.placeholders import skeleton
from gantry.ui.copying import copy_field
from gantry.ui.dialogs import confirmation, dialog, done_with, form_dialog, submit_button
from gantry.ui.forms import field
from gantry.ui.text import Text, _, around, ltr

_SCOPES = (
    (Scope.CHAT, _("Chat"), _("Ask models, with your documents and memory")),
    (Scope.READ, _("Read"), _("See chats, documents and memory")),
    (Scope.WRITE, _("Write"), _("Change and delete them")),
    (Scope.ADMIN, _("Admin"), _("Password, sessions and tokens; administration if you are an administrator")),
)
_NAMES = [(scope.value, name) for scope, name, _words in _SCOPES]
_LIVES = (("30", _("30 days")), ("90", _("90 days")), ("365", _("1 year")), ("0", _("Never")))


def api_tokens() -> rx.Component:
    """Lay out the list, and the button that makes a token."""
    return rx.fragment(
        rx.cond(
            ApiTokensState.loaded,
            rx.cond(
                ApiTokensState.tokens,
                rx.el.ul(rx.foreach(ApiTokensState.tokens, _token), class_name="list"),
                rx.el.p(_("No tokens yet."), class_name="soft"),
            ),
            skeleton(1),
        ),
        rx.el.div(
            rx.el.button(
                _("Create token"),
                type="button",
                on_click=ApiTokensState.open_form,
                class_name="button",
                data_testid="create-token",
            ),
            class_name="row",
        ),
        _form_dialog(),
        _secret_dialog(),
        confirmation(
            _("Programs that use it stop working at once. This cannot be undone."),
            action=_("Revoke"),
            on_confirm=ApiTokensState.remove(ApiTokensState.removing_id),
            on_close=ApiTokensState.close,
            open_=ApiTokensState.removing_id != "",
            title=_("Revoke {name}?", name=ApiTokensState.removing_name),
            testid="revoke-token-dialog",
        ),
        on_mount=ApiTokensState.arrive,
    )


def _token(token: TokenView) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.div(
                rx.el.span(token.name, class_name="anywhere"),
                rx.cond(token.expired, rx.el.span(_("Expired"), class_name="badge warning")),
                class_name="row",
            ),
            rx.el.p(
                rx.el.span(rx.el.code(token.hint)),
                rx.foreach(
                    token.scopes, lambda scope: rx.el.span(rx.match(scope, *_NAMES, scope), key=scope)
                ),
                class_name="meta-line",
            ),
            rx.el.p(
                rx.cond(
                    token.used,
                    around(
                        _("last used {when} from {address}", address=ltr(token.used_from)),
                        "when",
                        moment(token.used),
                    ),
                    _("never used"),
                ),
                " · ",
                rx.cond(
                    token.expires != "",
                    rx.cond(
                        token.expired,
                        _("expired {when}", when=token.expires),
                        _("expires {when}", when=token.expires),
                    ),
                    _("never expires"),
                ),
                class_name="small faint",
            ),
            class_name="grow",
        ),
        rx.el.button(
            _("Revoke"),
            rx.el.span(" ", token.name, class_name="sr-only"),
            type="button",
            on_click=ApiTokensState.ask(token.id),
            class_name="button tiny",
        ),
        key=token.id,
        data_testid="token",
    )


def _form_dialog() -> rx.Component:
    return form_dialog(
        field(
            _("Name"),
            rx.el.input(
                id="token-name",
                name="name",
                required=True,
                max_length=MAX_TOKEN_NAME_CHARACTERS,
                auto_complete="off",
                placeholder=_("Where it will be used"),
                class_name="input",
            ),
            id_="token-name",
        ),
        rx.el.fieldset(
            rx.el.legend(_("What it may do")),
            *(_scope(*each) for each in _SCOPES),
            class_name="checks",
        ),
        field(
            _("Expires"),
            rx.el.select(
                *(rx.el.option(label, value=days) for days, label in _LIVES),
                id="token-days",
                name="days",
                default_value="90",
                class_name="input",
            ),
            id_="token-days",
        ),
        buttons=(submit_button(_("Create token")),),
        on_submit=ApiTokensState.make,
        fault=ApiTokensState.fault,
        open_=ApiTokensState.editing,
        title=_("New API token"),
        on_close=ApiTokensState.close,
        testid="token-dialog",
    )


def _scope(scope: Scope, name: Text, words: Text) -> rx.Component:
    return rx.el.label(
        rx.el.input(type="checkbox", name=scope.value, default_checked=scope in {Scope.CHAT, Scope.READ}),
        rx.el.span(name, rx.el.span(words, class_name="small soft")),
        class_name="check",
    )


def _secret_dialog() -> rx.Component:
    return dialog(
        rx.el.p(_("Copy it now: you won't see it again."), class_name="soft"),
        copy_field(ApiTokensState.secret, label=_("token"), long=True),
        done_with(ApiTokensState.close),
        open_=ApiTokensState.secret != "",
        title=_("Token for {name}", name=ApiTokensState.secret_name),
        on_close=ApiTokensState.close,
        testid="secret-dialog",
    )
