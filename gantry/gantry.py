"""The application object that Reflex imports: it only assembles."""

import asyncio
import contextlib
import logging
import signal
import threading
from collections.abc import AsyncGenerator
from typing import Any

import reflex as rx
from reflex.state import FrontendEventExceptionState
from reflex.utils.exec import is_prod_mode
from starlette.types import ASGIApp, Receive, Scope, Send

from gantry import bootstrap
from gantry.api.app import create_api
from gantry.api.figures import OwnAddress
from gantry.api.frontend import Frontend, Rest
from gantry.api.guard import Guard, is_event_path
from gantry.api.observed import Observed
from gantry.api.origins import OriginRule
from gantry.api.policy import page_policy
from gantry.places import root
from gantry.state.connections import BoundNamespace, bind_tokens
from gantry.state.guard import SessionGuard
from gantry.state.page_load import PageLoad
from gantry.state.redis_away import RedisAwayNotice
from gantry.ui import stamp
from gantry.ui.failure import error_boundary
from gantry.ui.frame import frame, page_area
from gantry.ui.pages import add_pages

log = logging.getLogger(__name__)


class Gantry(rx.App):
    """Reflex's app inside our guard; Reflex itself sees nothing but its websocket."""

    guard: Guard

    def __call__(self) -> ASGIApp:
        """Return the whole of Gantry as one ASGI application, for any server."""
        names = bootstrap.host_names()
        rule = OriginRule(
            any_loopback_port=not is_prod_mode(),
            front_ends=bootstrap.front_ends(),
            own=bootstrap.named_origins(),
            names=names,
        )
        self.guard = Guard(
            super().__call__(),
            page_policy=page_policy(stamp.built()),
            origins=rule,
            upload_bytes=bootstrap.max_upload_bytes(),
            import_bytes=bootstrap.max_import_bytes(),
            names=names,
            sockets=bootstrap.socket_crowd(),
        )
        everything, port = Observed(self.guard), bootstrap.metrics_port()
        return OwnAddress(everything, port, names) if port else everything

    def drain(self) -> None:
        """End what has no end of its own; the process has been told to stop."""
        self.guard.drain()
        if isinstance(self.event_namespace, BoundNamespace):
            self.event_namespace.leaving = True

    def is_page(self, path: str) -> bool:
        """Whether *path* is one of our routes."""
        return stamp.is_page(self.router(path), path)


def _compose(reflex_backend: ASGIApp) -> ASGIApp:
    """Send Reflex's websocket to Reflex and everything else to the API, then to the front end.

    Reflex's own HTTP routes (``/_upload``, ``/ping``, polling …) are thereby out of reach.
    """
    api = create_api()
    api.router.routes.append(Rest("/", app=Frontend(stamp.built(), app.is_page)))

    async def backend(scope: Scope, receive: Receive, send: Send) -> None:
        for_reflex = scope["type"] == "websocket" and is_event_path(scope["path"])
        await (reflex_backend if for_reflex else api)(scope, receive, send)

    return backend


@contextlib.asynccontextmanager
async def _end_streams_on_signal() -> AsyncGenerator[None]:
    """End event streams when the server is told to stop: it waits for open responses, and these have no end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    servers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def stop(number: int, frame: Any) -> None:
        loop.call_soon_threadsafe(app.drain)
        server = servers[signal.Signals(number)]
        if callable(server):
            server(number, frame)

    for number, server in servers.items():
        if callable(server):
            signal.signal(number, stop)
    yield


def _log_failure(exception: Exception) -> None:
    """Log what a handler raised. Reflex's default shows a toast, which needs ``eval``."""
    log.error("event.failed", exc_info=exception)


def _log_page_failure(exception: Exception) -> None:
    """Log what a page reports; its words are the browser's, so they are bounded."""
    log.warning("page.failed", extra={"reported": str(exception)[:2000]})


# A script sent to the browser would be refused there; the error boundary offers a button instead.
FrontendEventExceptionState.auto_reload_on_errors = []

with contextlib.chdir(
    root()
):  # where Reflex looks for rxconfig.py, which need not be where the command was given
    app = Gantry(
        # Without Reflex's own overlay: our shell shows the connection's state.
        app_wraps={
            (55, "ErrorBoundary"): lambda stateful: error_boundary(),
            (12, "Frame"): lambda stateful: frame(),
            (11, "Main"): lambda stateful: page_area(),
        },
        toaster=None,
        html_lang="en",
        api_transformer=_compose,
        backend_exception_handler=_log_failure,
        frontend_exception_handler=_log_page_failure,
    )
bind_tokens(app)
app.add_middleware(SessionGuard())
app.add_middleware(PageLoad())
app.add_middleware(RedisAwayNotice())
app.register_lifespan_task(bootstrap.lifespan)
app.register_lifespan_task(_end_streams_on_signal)
add_pages(app)
