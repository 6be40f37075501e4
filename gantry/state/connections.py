# pyright: standard
# What Reflex and socket.io have inside bears no types, and no names of its own for us.
"""Which tab a websocket belongs to.

Reflex names a tab's state by a token made in the browser with ``Math.random`` and believes whoever knows it. Here the
name is derived from the token *and* the session cookie: a stolen token opens nothing without the cookie, and another
person signing in in the same tab gets a state of their own, with no store to share between replicas.
"""

import asyncio
import hmac
import logging
from typing import Any, Protocol
from uuid import UUID, uuid4

from reflex.app import App, EventNamespace
from reflex.istate.manager.redis import StateManagerRedis
from reflex.state import StateUpdate
from reflex.utils.token_manager import LocalTokenManager, RedisTokenManager, SocketRecord
from reflex_base.registry import RegistrationContext
from socketio.packet import Packet

from gantry.domain.cookies import session_cookie
from gantry.domain.errors import NotSignedIn, Unavailable
from gantry.runtime import services
from gantry.state.shared import Reach, SharedStates, forget_state
from gantry.state.wire import headers_of, page_of, payload_of

MAX_TOKEN_CHARACTERS = 64
MAX_WAITING = 100  # events of one tab: each may bring a megabyte, and they are handled one after another
_SAID_BY_PAGES = frozenset({"event", "ping", "client_error"})

log = logging.getLogger(__name__)


def bound_token(token: str, session: str | None) -> str:
    """Return the name of the state of tab *token* within *session*, shaped like the UUIDs Reflex makes."""
    key = f"session:{session}" if session else "anonymous"
    return str(UUID(bytes=hmac.digest(key.encode(), token.encode(), "sha256")[:16], version=4))


class _Connections(Protocol):
    async def claim(self, token: str, sid: str, *, take_over: bool) -> bool: ...


class LocalConnections(LocalTokenManager):
    """The tabs connected to this process, when it is the only one."""

    async def claim(self, token: str, sid: str, *, take_over: bool) -> bool:
        """Make *sid* the connection of *token*; False when another one holds it and must not lose it."""
        held = self.token_to_socket.get(token)
        if held is not None and held.sid != sid:
            if not take_over:
                return False
            self.sid_to_token.pop(held.sid, None)
        self.token_to_socket[token] = SocketRecord(instance_id=self.instance_id, sid=sid)
        self.sid_to_token[sid] = token
        return True

    async def disconnect_token(self, token: str, sid: str) -> None:
        """Forget *sid*, and *token* unless a newer connection has taken it over."""
        self.sid_to_token.pop(sid, None)
        held = self.token_to_socket.get(token)
        if held is not None and held.sid == sid:
            del self.token_to_socket[token]


class SharedConnections(RedisTokenManager):
    """The tabs connected to any replica, known through Redis; without it, those connected to this one."""

    def __init__(self, redis: Any, reach: Reach) -> None:
        super().__init__(reach.watch(redis))
        self.reach = reach

    async def claim(self, token: str, sid: str, *, take_over: bool) -> bool:
        """Make *sid* the connection of *token*; False when another one holds it and must not lose it."""
        self._ensure_socket_record_task()
        if not take_over and await self.is_token_connected(token):
            held = self.token_to_socket.get(token)
            if held is None or held.sid != sid:
                return False
        stale = self.token_to_socket.get(token)
        if stale is not None and stale.sid != sid:
            self.sid_to_token.pop(stale.sid, None)
        record = self.token_to_socket[token] = SocketRecord(instance_id=self.instance_id, sid=sid)
        self.sid_to_token[sid] = token
        await self._store_socket_record(token, record)
        return True

    async def disconnect_token(self, token: str, sid: str) -> None:
        """Forget *sid*, and *token* if it is still *sid*'s."""
        if not self.reach.away:
            await super().disconnect_token(token, sid)
            return
        self.sid_to_token.pop(sid, None)
        held = self.token_to_socket.get(token)
        if held is not None and held.sid == sid:
            del self.token_to_socket[token]

    async def is_token_connected(self, token: str) -> bool:
        """Whether *token* has a connection anywhere; while Redis is away, as far as is known here."""
        return token in self.token_to_socket if self.reach.away else await super().is_token_connected(token)

    async def emit_lost_and_found(self, token: str, update: StateUpdate) -> bool:
        """Hand *update* to the replica where *token* is connected; False when there is none."""
        return not self.reach.away and await super().emit_lost_and_found(token, update)

    async def _store_socket_record(self, token: str, socket_record: SocketRecord, nx: bool = False) -> bool:
        return not self.reach.away and await super()._store_socket_record(token, socket_record, nx)

    async def _subscribe_socket_record_updates(self) -> None:
        async with self.reach.subscription():
            # Redis may have lost what it was told before, or never been told.
            for token, record in list(self.token_to_socket.items()):
                if record.instance_id == self.instance_id:
                    await self._store_socket_record(token, record, nx=True)
            await super()._subscribe_socket_record_updates()

    async def _subscribe_lost_and_found_updates(self, emit_update: Any) -> None:
        async with self.reach.subscription():
            await super()._subscribe_lost_and_found_updates(emit_update)


class BoundNamespace(EventNamespace):
    """Reflex's event namespace, with tokens bound to the session.

    A page that reconnects takes its state back from its own dead connection, wherever that was. A *new* page with the
    token of a living connection is a duplicated tab: it gets a token of its own.
    """

    def __init__(self, namespace: str, app: App) -> None:
        super().__init__(namespace, app)
        redis = getattr(self._token_manager, "redis", None)
        if redis is not None and isinstance(app.state_manager, SharedStates):
            self._token_manager = SharedConnections(redis, app.state_manager.reach)
        else:
            self._token_manager = LocalConnections()
        self._reconnecting: set[str] = set()
        self._forgetting: set[asyncio.Task[None]] = set()
        self.leaving = False  # the process ends: states stay for the next one

    async def trigger_event(self, event: str, *args: Any) -> Any:
        """Hand on what a page may say, and what the server itself says; a client may name any event it likes."""
        if event in _SAID_BY_PAGES or self._is_from_server(event, args):
            return await super().trigger_event(event, *args)
        log.warning("event.refused", extra={"event_name": str(event)[:100]})
        return None

    def _is_from_server(self, event: str, args: tuple[Any, ...]) -> bool:
        """Whether a connection begins or ends; an event that only bears that name is the client's."""
        sio = self.app.sio
        if sio is None or not args:
            return False
        sid = args[0]
        if event == "connect":
            return len(args) > 1 and args[1] is not None and args[1] is sio.get_environ(sid, self.namespace)
        return event == "disconnect" and not sio.manager.is_connected(sid, self.namespace)

    async def on_connect(self, sid: str, environ: dict, auth: Any = None) -> None:
        """Accept a connection, remembering whether its page was connected before."""
        # The first connection of a page sends the hashes of the state it was compiled with; later ones do not.
        boot = auth.get("event") if isinstance(auth, dict) else None
        payload = boot.get("payload") if isinstance(boot, dict) else None
        if not (isinstance(payload, dict) and payload.get("hashes")):
            self._reconnecting.add(sid)
        try:
            await super().on_connect(sid, environ, auth)
        finally:
            self._reconnecting.discard(sid)

    async def on_event(self, sid: str, data: Any) -> None:
        """Hand an event on if somebody handles it; Reflex would log any other with its headers and cookies."""
        name = data.get("name") if isinstance(data, dict) else None
        handlers = RegistrationContext.get().event_handlers
        # Reflex gives every state a "setvar"; no page of ours uses it.
        if not isinstance(name, str) or name not in handlers or name.endswith(".setvar"):
            log.warning("event.unknown", extra={"handler": str(name)[:100]})
            return
        token = self.sid_to_token.get(sid)
        if token is None or self._waiting(token) >= MAX_WAITING:
            log.warning("event.crowded_out", extra={"handler": name})
            return
        payload = payload_of(name, data.get("payload"))
        if payload is None:
            log.warning("event.malformed", extra={"handler": name})
            return
        page = page_of(data.get("router_data"))
        await super().on_event(sid, {"name": name, "payload": payload, "router_data": page})

    def _waiting(self, token: str) -> int:
        """Return how many events of *token* are being handled, or wait for that; Reflex counts them nowhere.

        The first of those that are handled in turn has a task, as have those that are handled beside them.
        """
        processor = self.app.event_processor
        in_turn = processor._token_queues.get(token, ())  # noqa: SLF001
        tasks = processor._tasks.values()  # noqa: SLF001 - named by the event, the token and a number
        return max(len(in_turn) - 1, 0) + sum(task.get_name().split("|")[2:3] == [token] for task in tasks)

    def on_disconnect(self, sid: str) -> asyncio.Task | None:
        """Let go of the connection, and of the tab's state if nobody is signed in any more."""
        token, session = self.sid_to_token.get(sid), session_cookie(self._cookies(sid))
        unlinking = super().on_disconnect(sid)
        if token is not None and not self.leaving:
            task = asyncio.create_task(self._forget_unless_signed_in(token, session, unlinking))
            self._forgetting.add(task)
            task.add_done_callback(self._forgetting.discard)
        return unlinking

    async def _forget_unless_signed_in(
        self, token: str, session: str | None, unlinking: asyncio.Task | None
    ) -> None:
        """Drop the state of *token*: without a session there is nothing in it that a page could want back."""
        if unlinking is not None:
            await asyncio.wait({unlinking})
        if session is not None:
            try:
                await services().accounts.authenticate(session)
            except NotSignedIn:
                pass
            except (Unavailable, RuntimeError):  # who is here cannot be told, or the process ends
                return
            else:
                return
        if not await self._token_manager.is_token_connected(token):
            await forget_state(self.app, token)

    def _build_static_router_data(self, sid: str, environ: dict) -> dict[str, Any]:
        told = super()._build_static_router_data(sid, environ)
        return told | {"headers": headers_of(told.get("headers", {}))}

    async def link_token_to_sid(self, sid: str, token: str, *, update_state: bool = True) -> None:
        """Give the connection *sid* the state that *token* and its session name together."""
        session = session_cookie(self._cookies(sid))
        connections: _Connections = self._token_manager  # pyright: ignore[reportAssignmentType]
        bound = bound_token(token[:MAX_TOKEN_CHARACTERS], session)
        if await connections.claim(bound, sid, take_over=sid in self._reconnecting):
            return
        fresh = str(uuid4())
        await connections.claim(bound_token(fresh, session), sid, take_over=True)
        await self.emit("new_token", fresh, to=sid)

    def _cookies(self, sid: str) -> str:
        environ = self.app.sio.get_environ(sid, self.namespace) if self.app.sio else None
        headers = ((environ or {}).get("asgi.scope") or {}).get("headers", [])
        return "; ".join(value.decode("latin-1") for name, value in headers if name == b"cookie")


def _without_attachments(packets: Any) -> type[Packet]:
    """Return *packets* that refuse binary attachments: they are collected without limit, and no page sends any."""

    class TextPacket(packets):
        def decode(self, encoded_packet: Any) -> int:
            count = super().decode(encoded_packet)
            if count:
                raise ValueError("attachments are not taken")
            return count

    return TextPacket


def bind_tokens(app: App) -> None:
    """Replace the event namespace, and with Redis the state manager, that *app* made for itself."""
    if app.sio is None or app.event_namespace is None:
        raise RuntimeError("the app has no state, hence no connections")
    if isinstance(app.state_manager, StateManagerRedis):
        app._state_manager = SharedStates.in_place_of(app.state_manager)  # noqa: SLF001
    app._event_namespace = BoundNamespace(app.event_namespace.namespace, app)  # noqa: SLF001 - no public way
    app.sio.packet_class = _without_attachments(app.sio.packet_class)
    app.sio.register_namespace(app._event_namespace)  # noqa: SLF001
