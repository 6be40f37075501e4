"""The session is checked again before every event: a revoked one stops working at once, in open tabs too."""

from contextvars import ContextVar
from dataclasses import replace
from hashlib import sha256
from urllib.parse import quote, urlsplit

import reflex as rx
from reflex.event import Event, EventHandler, EventSpec
from reflex.state import (
    BaseState,
    FrontendEventExceptionState,
    OnLoadInternalState,
    State,
    StateUpdate,
    UpdateVarsInternalState,
)
from reflex_base.utils.format import format_event_handler

from gantry.domain.accounts import Actor
from gantry.domain.cookies import session_cookie
from gantry.domain.errors import NotSignedIn, Unavailable
from gantry.runtime import services
from gantry.state.addresses import is_refused
from gantry.state.language import speak

PUBLIC_ROUTES = ("/login", "/setup", "/s/[token]", "/404")
_actor: ContextVar[Actor | None] = ContextVar("gantry_actor", default=None)


def actor() -> Actor:
    """Return who raised the event being handled.

    Raises:
        NotSignedIn: Nobody: a public page, or code outside an event handler.
    """
    who = _actor.get()
    if who is None:
        raise NotSignedIn
    return who


def page_name(token: str) -> str:
    """Return what notices call the page whose state is named *token*, which itself opens the state and stays secret."""
    return sha256(token.encode()).hexdigest()[:16] if token else ""


class SessionGuard(rx.Middleware):
    """Lets an event through when its session is valid, or when nothing private can come of it."""

    async def preprocess(self, app: rx.App, state: BaseState, event: Event) -> StateUpdate | None:
        """Return None to let *event* through, or where to go instead."""
        router = state.router_data
        headers = router.get("headers", {})
        try:
            speak("", headers.get("accept-language", ""))
            who = await services().accounts.authenticate(session_cookie(headers.get("cookie", "")))
            speak(who.language, headers.get("accept-language", ""))
            _actor.set(replace(who, page=page_name(router.get("token", ""))))
        except NotSignedIn:
            _actor.set(None)
        except Unavailable:
            # Who is here cannot be told. A handler asks again, and its person is told of the failure; what a
            # stored state holds is sent to nobody meanwhile.
            _actor.set(None)
            return StateUpdate() if event.name in HYDRATION else None
        else:
            return None
        if self._is_public(app, state, event):
            return None
        page = router.get("asPath", "/")
        path = page.partition("?")[0]
        if is_refused(router.get("pathname", ""), path):
            return StateUpdate()  # there is nothing to come back to after signing in
        if app.router(path) in {None, "404"}:
            page = "/"  # a click is sooner than the browser's word of it: this is the address before, which is none of ours
        return StateUpdate(events=await _way_in(page, headers.get("origin", "")))

    def _is_public(self, app: rx.App, state: BaseState, event: Event) -> bool:
        if event.name in HYDRATION:
            # What the browser says about its page is only believed after emptying the state: nothing that an
            # ended session left behind can be read.
            if state.router_data.get("pathname") not in PUBLIC_ROUTES:
                return False
            state.reset()
            return True
        return event.name in _HARMLESS or event.name in _load_events(app)


def _names(owner: type[BaseState], *handlers: str) -> frozenset[str]:
    return frozenset(format_event_handler(owner.event_handlers[name]) for name in handlers)


HYDRATION = _names(State, "hydrate", "hydrate_and_load")
_HARMLESS = (
    _names(State, "set_is_hydrated")
    | _names(OnLoadInternalState, "on_load_internal", "set_is_hydrated")
    | _names(UpdateVarsInternalState, "update_vars_internal")
    | _names(FrontendEventExceptionState, "handle_frontend_exception")
)


def _load_events(app: rx.App) -> frozenset[str]:
    """Return the names of what public pages run when they load."""
    events = (event for route in PUBLIC_ROUTES for event in app.get_load_events(route))
    handlers = (event.handler if isinstance(event, EventSpec) else event for event in events)
    return frozenset(
        format_event_handler(handler) for handler in handlers if isinstance(handler, EventHandler)
    )


async def _way_in(page: str, origin: str) -> list[Event]:
    """Return the events that lead to the sign-in page, and back to *page* afterwards."""
    if await services().accounts.needs_setup():
        return _events(full_load("/setup", origin))
    back = page if page.startswith("/") and not page.startswith("//") else "/"
    return _events(full_load(f"/login?next={quote(back, safe='/')}", origin))


def _events(spec: EventSpec) -> list[Event]:
    return Event.from_event_type(spec)  # pyright: ignore[reportUnknownMemberType]


def full_load(path: str, origin: str) -> rx.event.EventSpec:
    """Return a redirect to our own *path* that loads the page anew instead of navigating inside it.

    The websocket keeps the headers it was opened with, and the page keeps what it has shown; a new page has neither.
    Reflex navigates inside the page for addresses of its own host and offers scripts for the rest, which our
    Content-Security-Policy forbids. But ``https:/login`` is, by the URL standard, the path ``/login`` of the current
    host when read on an https page, while Reflex takes it for a foreign address and leaves for it.

    Args:
        path: Begins with a slash.
        origin: Of the connection: ``self.router.headers.origin``.
    """
    scheme = urlsplit(origin).scheme or "http"
    return rx.redirect(f"{scheme}:{path}")
