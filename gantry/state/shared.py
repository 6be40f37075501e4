# pyright: standard
# What Reflex and socket.io have inside bears no types, and no names of its own for us.
"""Reflex's state on Redis, for replicas that may die and a Redis that may be away."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Self

from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import OutOfMemoryError, ReadOnlyError
from redis.exceptions import TimeoutError as TooLate
from reflex.app import App
from reflex.istate.manager.memory import StateManagerMemory
from reflex.istate.manager.redis import StateManagerRedis
from reflex.istate.manager.token import BaseStateToken, StateToken
from reflex.state import State

LOCK_SECONDS = (
    3.0  # after which the lock of a replica that died in mid-event is gone; a tab comes back within five
)
LONGEST_EVENT_SECONDS = 60.0  # an event that takes longer loses the lock, and what it did to the state
PATIENCE_SECONDS = 3.0
PROBE_SECONDS = 0.5
OUTAGE_MEMORY_SECONDS = 3600  # for which the state of a tab that was served without Redis is kept

AWAY = (NoConnection, TooLate, OutOfMemoryError, ReadOnlyError, OSError, TimeoutError)

# Only the owner may keep a lock: the key may have expired and be somebody else's by now.
_KEEP = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end"
_PROBE = "gantry:probe"

log = logging.getLogger(__name__)


class Reach:
    """Whether this process can use Redis. Found out by using it; how it comes back is found out by asking."""

    def __init__(self) -> None:
        self._back = asyncio.Event()
        self._back.set()
        self._asking: asyncio.Task[None] | None = None

    @property
    def away(self) -> bool:
        """Whether it is of no use to try."""
        return not self._back.is_set()

    def close(self) -> None:
        """Stop asking."""
        if self._asking is not None:
            self._asking.cancel()

    async def wait(self) -> None:
        """Return when Redis can be used."""
        await self._back.wait()

    @asynccontextmanager
    async def subscription(self) -> AsyncGenerator[None]:
        """Wait for Redis, and end the block quietly when it goes: left to itself, Reflex gives up after five times."""
        await self.wait()
        try:
            yield
        except AWAY:
            await asyncio.sleep(PROBE_SECONDS)  # a command will find out whether it is away for all

    def watch(self, redis: Any) -> Any:
        """Make each command of the client *redis* end in time, or at once while it is away; returns it.

        Reflex itself would wait for ever. Subscriptions, which wait for ever on purpose, do not go through it.
        """
        execute = redis.execute_command

        async def execute_in_time(*arguments: Any, **options: Any) -> Any:
            if self.away:
                raise NoConnection("Redis is away.")
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    return await execute(*arguments, **options)
            except AWAY as error:
                self.lost(error, execute)
                raise

        redis.execute_command = execute_in_time
        return redis

    def lost(self, error: BaseException, execute: Callable[..., Awaitable[Any]]) -> None:
        """Note a failure of *execute*, by which is also asked whether Redis is back."""
        if self.away:
            return
        self._back.clear()
        log.warning("state.redis_away", extra={"error": type(error).__name__})
        self._asking = asyncio.get_running_loop().create_task(self._ask(execute))

    async def _ask(self, execute: Callable[..., Awaitable[Any]]) -> None:
        while True:
            await asyncio.sleep(PROBE_SECONDS)
            with suppress(*AWAY):
                async with asyncio.timeout(PATIENCE_SECONDS):
                    # A full or read-only Redis would answer a PING.
                    await execute("SET", _PROBE, b"", "EX", 60)
                break
        self._back.set()
        log.info("state.redis_back")


async def forget_state(app: App, token: str) -> None:
    """Drop the state of the tab *token*."""
    whole, manager = BaseStateToken(ident=token, cls=State), app.state_manager
    if isinstance(manager, SharedStates):
        await manager.forget(whole)
    elif isinstance(manager, StateManagerMemory):
        async with manager.modify_state(whole):  # after what is just being done to it
            pass
        manager._purge_token(whole)  # noqa: SLF001 - no public way


class SharedStates(StateManagerRedis):
    """Keeps the state of tabs in Redis, and without Redis in this process.

    Reflex's own locks last ten seconds whatever happens: a tab whose replica was killed in mid-event waits that long,
    and an event that takes longer loses what it did. Here a lock is short, and renewed while its event runs.

    While Redis is away a tab is served from an empty state of this process, which Reflex fills as it fills that of a
    new page. Afterwards what Redis has of such a tab is outdated, so it is dropped, and the state filled once more.
    """

    def __init__(self, redis: Any, reach: Reach) -> None:
        super().__init__(reach.watch(redis), lock_expiration=int(LOCK_SECONDS * 1000))
        self.reach = reach
        self._memory = StateManagerMemory(token_expiration=OUTAGE_MEMORY_SECONDS)

    @classmethod
    def in_place_of(cls, stock: StateManagerRedis) -> Self:
        """Return one with the client of Reflex's own, which may listen already and is not needed any more."""
        listening = stock._lock_task  # noqa: SLF001 - no public way
        if listening is not None:
            listening.cancel()
        return cls(stock.redis, Reach())

    @asynccontextmanager
    async def modify_state(self, token: StateToken[Any], **context: Any) -> AsyncIterator[Any]:
        """Yield the state of a tab under its lock; its changes are stored at the end of the block."""
        token = self._coerce_token(token)
        if not self.reach.away:
            inside, raised = False, None
            try:
                await self._drop_outdated(token)
                async with super().modify_state(token, **context) as state:
                    inside = True
                    try:
                        yield state
                    except BaseException as error:
                        raised = error
                        raise
            except AWAY:
                if raised is not None:
                    raise raised from None
                if (
                    inside
                ):  # what the event did has been shown and not stored: the next one fills the state anew
                    await self._memory.get_state(token)
                    return
            else:
                return
        async with self._memory.modify_state(token, **context) as state:
            yield state

    async def close(self) -> None:
        """Close the connections."""
        self.reach.close()
        await self._memory.close()
        await super().close()

    async def forget(self, token: BaseStateToken) -> None:
        """Drop the state of a tab, here and in Redis if it can be reached."""
        self._memory._purge_token(token)  # noqa: SLF001
        if not self.reach.away:
            with suppress(*AWAY):
                await self._delete(token)

    async def _drop_outdated(self, token: StateToken[Any]) -> None:
        if token.cache_key not in self._memory.states:
            return
        if isinstance(token, BaseStateToken):
            await self._delete(token)
        self._memory._purge_token(token)  # noqa: SLF001

    async def _delete(self, token: BaseStateToken) -> None:
        whole = self._get_required_state_classes(token.cls.get_root_state(), subclasses=True)
        await self.redis.delete(*(token._state_key(each) for each in whole))  # noqa: SLF001

    async def _subscribe_lock_updates(self) -> None:
        async with self.reach.subscription():
            await super()._subscribe_lock_updates()

    @asynccontextmanager
    async def _lock(self, token: StateToken[Any], event_name: str | None = None) -> AsyncIterator[bytes]:
        async with super()._lock(token, event_name) as lock_id, self._kept(self._lock_key(token), lock_id):
            yield lock_id

    @asynccontextmanager
    async def _kept(self, lock_key: bytes, lock_id: bytes) -> AsyncGenerator[None]:
        """Renew a lock for the duration of the block; most events are over before the first time."""
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + LONGEST_EVENT_SECONDS
        renewing: set[asyncio.Task[None]] = set()

        async def renew() -> None:
            with suppress(*AWAY):  # the event itself notices, when it stores what it did
                await self.redis.eval(_KEEP, 1, lock_key, lock_id, self.lock_expiration)  # pyright: ignore[reportGeneralTypeIssues]

        def again() -> None:
            nonlocal timer
            renewing.difference_update([task for task in renewing if task.done()])
            renewing.add(loop.create_task(renew()))
            if loop.time() < give_up_at:
                timer = loop.call_later(LOCK_SECONDS / 3, again)

        timer = loop.call_later(LOCK_SECONDS / 3, again)
        try:
            yield
        finally:
            timer.cancel()
            await asyncio.gather(*renewing)
