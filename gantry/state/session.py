"""Who is signed in, what they are told, and the frame every event handler runs in.

Any browser may call any handler with any arguments, so a handler that speaks to a service is written

    @rx.event
    @guarded
    async def pin(self, conversation: str, pinned: bool): ...

``guarded`` checks the arguments against their annotations, shows a GantryError as a notice, logs any other
exception and says so, and leads a person whose session has ended to the login page and back.
"""

import functools
import inspect
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar, cast, get_type_hints
from urllib.parse import quote
from uuid import UUID, uuid4

import reflex as rx
from pydantic import ConfigDict, PydanticUserError, TypeAdapter, ValidationError

from gantry.domain.accounts import Actor, Person, Theme
from gantry.domain.clock import is_zone
from gantry.domain.cookies import session_cookie
from gantry.domain.errors import GantryError, Invalid, NotFound, NotSignedIn
from gantry.domain.messages import _
from gantry.domain.text import storable
from gantry.runtime import services
from gantry.state.addresses import is_refused
from gantry.state.guard import actor, full_load, page_name
from gantry.state.language import said
from gantry.state.views.notices import NoticeKind, NoticeView

MAX_NOTICES = 4
MAX_ID_CHARACTERS = 64  # UUID takes dashes and braces without end
_GONE = {
    "item": _("This item no longer exists."),
    "token": _("This token no longer exists."),
    "conversation": _("This conversation no longer exists."),
    "link": _("This link no longer exists."),
    "folder": _("This folder no longer exists."),
    "persona": _("This persona no longer exists."),
    "prompt": _("This prompt no longer exists."),
    "message": _("This message no longer exists."),
    "collection": _("This collection no longer exists."),
    "document": _("This document no longer exists."),
}

log = logging.getLogger(__name__)
_Handler = TypeVar("_Handler", bound=Callable[..., Any])


async def acting(state: rx.State) -> Actor:
    """Return the person behind *state*'s socket; ``SessionGuard`` has usually just asked.

    Raises:
        NotSignedIn: No session, or it has ended.
    """
    try:
        return actor()
    except NotSignedIn:
        who = await services().accounts.authenticate(session_cookie(state.router.headers.cookie))
        return replace(who, page=page_name(state.router.session.client_token))


async def tell(state: rx.State, error: GantryError) -> None:
    """Show *error* as a notice, with the next step that fits the person."""
    try:
        administrator = actor().is_admin
    except NotSignedIn:
        administrator = False
    await _add(state, "error", error.public, advice=error.advice_for(administrator=administrator))


async def notify(
    state: rx.State,
    text: str,
    *,
    kind: NoticeKind = "info",
    advice: str = "",
    action: str = "",
    action_id: str = "",
) -> None:
    """Show a notice, with a button when *action* is its label (see ``NoticeView.action_id``)."""
    await _add(state, kind, text, advice=advice, action=action, action_id=action_id)


async def withdraw(state: rx.State, notice: str) -> None:
    """Take the notice with this id away."""
    board = await state.get_state(NoticeState)
    board.notices = [each for each in board.notices if each.id != notice]


def uuid_of(raw: str, what: str = "item") -> UUID:
    """Return the id in *raw*; NotFound, naming *what*, when it is none, as for one that does not exist."""
    try:
        if len(raw) <= MAX_ID_CHARACTERS:
            return UUID(raw)
    except ValueError:
        pass
    raise NotFound(_GONE[what])


async def way_in(state: rx.State):
    """Return the redirect to the page where *state*'s person can sign in, and come back from.

    Who is at an address that does not exist is told so, signed in or not.
    """
    url, origin = state.router.url, state.router.headers.origin
    if is_refused(state.router.route_id, url.path):
        return None
    if await services().accounts.needs_setup():
        return full_load("/setup", origin)
    here = f"{url.path}?{url.query}" if url.query else url.path
    target = "/login" if here in {"", "/", "/login"} else f"/login?next={quote(here, safe='/')}"
    return full_load(target, origin)


def guarded(handler: _Handler) -> _Handler:
    """Wrap the event handler *handler*; ``@rx.event`` goes above it.

    Works for coroutine functions and async generators; see ``guarded_background`` for the rest.
    """
    checked = _argument_check(handler)
    if inspect.isasyncgenfunction(handler):

        @functools.wraps(handler)
        async def steps(self: rx.State, *args: Any, **kwargs: Any) -> AsyncGenerator[Any, None]:
            try:
                async for outcome in handler(self, **checked(args, kwargs)):
                    yield outcome
            except Exception as error:  # noqa: BLE001 - the person is told, whatever it was
                yield await _after(self, error)

        return cast("_Handler", steps)

    @functools.wraps(handler)
    async def once(self: rx.State, *args: Any, **kwargs: Any) -> Any:
        try:
            return await _finished(handler(self, **checked(args, kwargs)))
        except Exception as error:  # noqa: BLE001 - the person is told, whatever it was
            return await _after(self, error)

    return cast("_Handler", once)


def guarded_background(handler: _Handler) -> _Handler:
    """Do the same for a background handler, which holds the tab's state only in ``async with self``."""
    checked = _argument_check(handler)

    @functools.wraps(handler)
    async def once(self: rx.State, *args: Any, **kwargs: Any) -> Any:
        try:
            return await handler(self, **checked(args, kwargs))
        except Exception as error:  # noqa: BLE001 - the person is told, whatever it was
            async with self:
                return await _after(self, error)

    return cast("_Handler", once)


async def _after(state: rx.State, error: Exception) -> rx.event.EventSpec | None:
    """Tell *state*'s person of what a handler raised; return where to go when they are not signed in."""
    if isinstance(error, NotSignedIn):
        return await way_in(state)
    if not isinstance(error, GantryError):
        log.error("event.failed", exc_info=error)
        advice = _("Try again. If it keeps happening, ask an administrator to check the log.")
        error = GantryError(_("Something went wrong in Gantry."), advice=advice)
    await tell(state, error)
    return None


async def _is_signed_in(state: rx.State) -> bool:
    try:
        await acting(state)
    except NotSignedIn:
        return False
    return True


async def _add(
    state: rx.State, kind: NoticeKind, text: str, *, advice: str = "", action: str = "", action_id: str = ""
) -> None:
    board = await state.get_state(NoticeState)
    text, advice, action = said(text), said(advice), said(action)
    notice = NoticeView(uuid4().hex, kind, text, advice, action, action_id)
    same = (kind, text, advice, action_id)
    others = [each for each in board.notices if (each.kind, each.text, each.advice, each.action_id) != same]
    board.notices = [*others, notice][-MAX_NOTICES:]


async def _finished(outcome: Awaitable[Any] | Any) -> Any:
    return await outcome if inspect.isawaitable(outcome) else outcome


def _argument_check(
    handler: Callable[..., Any],
) -> Callable[[tuple[Any, ...], Mapping[str, Any]], dict[str, Any]]:
    """Return a function that binds a call's arguments and refuses those of another type than annotated."""
    signature = inspect.signature(handler)
    names = list(signature.parameters)[1:]
    hints = get_type_hints(handler, include_extras=True)
    adapters = {name: _strict(hints.get(name, Any)) for name in names}
    signature = signature.replace(parameters=[signature.parameters[name] for name in names])

    def check(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        try:
            given = signature.bind(*args, **kwargs).arguments
            return {name: adapters[name].validate_python(_storable(value)) for name, value in given.items()}
        except (TypeError, ValidationError):
            raise Invalid(
                _("The page sent an unexpected request."), advice=_("Reload the page and try again.")
            ) from None

    return check


def _storable(value: Any) -> Any:
    """Rid a text, or those of a form, of what JSON can carry and a database cannot keep."""
    if isinstance(value, dict):
        form = cast("dict[Any, Any]", value)
        return {name: _storable(each) for name, each in form.items()}
    return storable(value) if isinstance(value, str) else value


def _strict(hint: Any) -> TypeAdapter[Any]:
    try:
        return TypeAdapter(hint, config=ConfigDict(strict=True))
    except PydanticUserError:  # a TypedDict, dataclass or model brings its own config
        return TypeAdapter(hint)


class NoticeState(rx.State):
    """The notices on screen; the browser takes each away after a while."""

    notices: list[NoticeView] = []
    _outage_told: bool = False

    @rx.event
    @guarded
    async def dismiss(self, notice: str):
        """Take a notice away."""
        await withdraw(self, notice)


class SessionState(rx.State):
    """Who is signed in, rebuilt from the cookie on each page load."""

    id: str = ""
    name: str = ""
    email: str = ""
    is_admin: bool = False
    theme: str = ""
    look: str = ""  # words that styles know the account's preferences by
    zone: str = ""  # that was chosen; empty: times are told as in the browser
    language: str = ""  # empty: the browser's
    known: bool = False  # whether these are the account's
    page: str = ""  # as notices call it, so that it passes over its own
    _zone: str = ""

    @rx.event
    @guarded
    async def load(self):
        """Learn who is here; lead to the login page, or to the set-up page, when nobody is."""
        who = await acting(self)
        account = await services().accounts.profile(who)
        self.id, self.name, self.email = str(who.id), account.name, account.email
        self.is_admin, self.theme, self.language = who.is_admin, account.theme, account.language
        self.known = True
        self.page = page_name(self.router.session.client_token)
        self._prefer(account)

    @rx.event
    @guarded
    async def dress(self):
        """Look as the account prefers by now: another page, or a program, has changed it."""
        account = await services().accounts.profile(await acting(self))
        self.theme = account.theme
        self._prefer(account)

    @rx.event
    @guarded
    async def keep_zone(self, zone: str):
        """Keep the browser's time zone with the account: dates that the server writes are in it."""
        if zone == self._zone or self.zone or not is_zone(zone):
            return
        self._prefer(await services().preferences.browser_is_in(await acting(self), zone))

    def _prefer(self, account: Person) -> None:
        self.look, self._zone = account.look, account.time_zone or ""
        self.zone = self._zone if account.zone_chosen else ""

    @rx.event
    @guarded
    async def choose_theme(self, theme: Theme):
        """Keep the theme the person chose; the page shows it already."""
        account = await services().accounts.update_profile(await acting(self), theme=theme)
        self.theme = account.theme

    @rx.event
    @guarded
    async def choose_language(self, language: str):
        """Keep the language the person chose; the page loads anew in it."""
        account = await services().accounts.update_profile(await acting(self), language=language)
        self.language = account.language

    @rx.event
    @guarded
    async def enter(self):
        """Leave the login page when there is nothing to do on it."""
        if await services().accounts.needs_setup():
            return rx.redirect("/setup", replace=True)
        if await _is_signed_in(self):
            return rx.redirect("/", replace=True)
        return None

    @rx.event
    @guarded
    async def begin(self):
        """Leave the set-up page once there is an account."""
        if await services().accounts.needs_setup():
            return None
        return rx.redirect("/login", replace=True)


async def preferred(state: rx.State, account: Person) -> None:
    """Have the page look as *account* prefers."""
    session = await state.get_state(SessionState)
    session._prefer(account)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - any browser may call what is public


async def zone_of(state: rx.State) -> str:
    """Return the name of the reader's time zone as ``SessionState.load`` has learned it; empty when nobody knows it."""
    session = await state.get_state(SessionState)
    # The underscore keeps it from the browser.
    return session._zone  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
