"""Notices to open pages on every replica, over Redis publish and subscribe."""

import asyncio
import json
from collections import deque
from contextlib import suppress
from typing import Any, Self
from uuid import UUID, uuid4

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import ResponseError

from gantry.adapters.in_process.notices import InProcessNotices, Subscription
from gantry.adapters.redis.link import AWAY, RETRY_SECONDS, Background, Reach
from gantry.domain.live import EVERYBODY, Notice, NoticeKind

MAX_UNSENT = 1000
MAX_TRIES = 5  # of sending, in a row
LISTEN_SECONDS = 15.0
_PREFIX = "gantry:notices:"


def _channel(account: UUID) -> bytes:
    return f"{_PREFIX}{account}".encode()


class RedisNotices:
    """Implements ``domain.live.Notices`` for all replicas that share a Redis.

    Subscribers of this process are told directly, and also while Redis is away; other replicas get what could
    be sent, as a rule once. When Redis goes or is back, every page is told to look again: what it missed it sees then. One connection listens, to the channels of the accounts subscribed here.

    Args:
        redis: From ``link.connect``; stays open when this closes.
        max_waiting: Notices kept for one slow subscriber.
    """

    def __init__(self, redis: Redis, *, max_waiting: int = 256) -> None:
        self._redis = redis
        self._sender = str(uuid4())
        self._changed = asyncio.Event()
        self._local = InProcessNotices(max_waiting, self._changed.set)
        self._unsent: deque[tuple[bytes, bytes]] = deque(maxlen=MAX_UNSENT)
        self._filled = asyncio.Event()
        self._failed = 0
        self._pubsub: PubSub | None = None
        self._followed: set[UUID] = set()
        self._background = Background()
        self._reach = Reach("notices", self._look_again)

    def start(self) -> None:
        """Begin to send and to listen; needs a running loop."""
        self._background.start(self._send(), self._listen(), self._follow())

    async def aclose(self) -> None:
        """Stop, after sending what waits if Redis can be reached; what was not started may only publish."""
        await self._background.aclose()
        if not self._reach.away:
            with suppress(*AWAY):
                await self._send_waiting()

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.aclose()

    def publish(self, account: UUID, notice: Notice) -> None:
        """Tell every subscriber of *account*, or of all, here at once, elsewhere soon."""
        self._local.publish(account, notice)
        told = {
            "from": self._sender,
            "kind": notice.kind,
            "id": notice.id,
            "data": dict(notice.data),
            "origin": notice.origin,
        }
        self._unsent.append((_channel(account), json.dumps(told, default=str).encode()))
        self._filled.set()

    def _look_again(self) -> None:
        self._local.publish(EVERYBODY, Notice(NoticeKind.CONVERSATIONS))

    def subscribe(self, account: UUID) -> Subscription:
        """Return a feed of what is published here from this call on, and elsewhere from a moment later."""
        return self._local.subscribe(account)

    async def _send(self) -> None:
        while True:
            await self._filled.wait()
            try:
                if self._reach.away:
                    await self._redis.execute_command("PING")  # a batch may fail only so often
                self._reach.found()
                self._filled.clear()
                await self._send_waiting()
            except AWAY as error:
                self._reach.lost(error)
                self._filled.set()
                await asyncio.sleep(RETRY_SECONDS)

    async def _send_waiting(self) -> None:
        batch = list(self._unsent)
        self._unsent.clear()
        if not batch:
            return
        pipe = self._redis.pipeline(transaction=False)
        for channel, message in batch:
            pipe.publish(channel, message)
        try:
            await pipe.execute()
            self._failed = 0
        except (*AWAY, asyncio.CancelledError) as error:
            # Whether they arrived is unknown, and heard twice they do no harm. What is refused would be refused again.
            self._failed += 1
            if self._failed < MAX_TRIES and not isinstance(error, ResponseError):
                self._unsent = deque([*batch, *self._unsent], maxlen=MAX_UNSENT)
            raise

    async def _listen(self) -> None:
        while True:
            pubsub = self._redis.pubsub()
            try:
                await pubsub.subscribe(_channel(EVERYBODY))
                self._reach.found()
                self._pubsub = pubsub
                self._followed = set()
                self._changed.set()
                await self._receive(pubsub)
            except AWAY as error:
                self._reach.lost(error)
            finally:
                self._pubsub = None
                await pubsub.aclose()
            await asyncio.sleep(RETRY_SECONDS)

    async def _follow(self) -> None:
        """Keep the listening connection subscribed to the accounts that are subscribed here."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            pubsub, wanted, followed = self._pubsub, self._local.accounts - {EVERYBODY}, self._followed
            if pubsub is None:
                continue  # it sets the event when it is there
            self._followed = wanted
            try:
                if added := wanted - followed:
                    await pubsub.subscribe(*map(_channel, added))
                if gone := followed - wanted:
                    await pubsub.unsubscribe(*map(_channel, gone))
            except AWAY as error:
                self._reach.lost(error)  # whoever listens on it notices as well, and begins anew

    async def _receive(self, pubsub: PubSub) -> None:
        waits_for_pong = False
        while True:
            message = await pubsub.get_message(timeout=LISTEN_SECONDS)
            if message is not None:
                waits_for_pong = False
                self._deliver(message)
            elif waits_for_pong:
                raise TimeoutError("The connection that listens for notices is dead.")
            else:  # silence: is somebody there?
                waits_for_pong = True
                await pubsub.ping()

    def _deliver(self, message: dict[str, Any]) -> None:
        if message["type"] != "message":
            return
        try:
            told = json.loads(message["data"])
            account = UUID(message["channel"].decode().removeprefix(_PREFIX))
            notice = Notice(NoticeKind(told["kind"]), told["id"], told["data"], told["origin"])
        except (ValueError, KeyError, TypeError):
            return  # from a version that speaks otherwise
        if told["from"] != self._sender:  # ours were delivered when published
            self._local.publish(account, notice)
