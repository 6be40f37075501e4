"""Calls of programs that are given up by another request than their own, at whatever replica that one lands."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from uuid import UUID, uuid5

from gantry.domain.accounts import Actor
from gantry.domain.live import Notice, NoticeKind, Notices, NoticeStream


@dataclass(frozen=True, slots=True)
class CallService:
    """Tells of calls that nobody waits for any more. What is told late is lost: the call then ends by itself."""

    notices: Notices

    def give_up(self, who: Actor, call: str) -> None:
        """Tell whoever works on *call*, under the token of *who*, to stop."""
        self.notices.publish(_channel(who), Notice(NoticeKind.CALL, _name(who, call)))

    @asynccontextmanager
    async def watched(self, who: Actor, call: str) -> AsyncGenerator[asyncio.Event]:
        """Yield what is set when *call* is given up while the block runs."""
        given_up = asyncio.Event()
        async with aclosing(self.notices.subscribe(_channel(who))) as told:
            watching = asyncio.create_task(_watch(told, _name(who, call), given_up))
            try:
                yield given_up
            finally:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)


async def _watch(told: NoticeStream, name: str, given_up: asyncio.Event) -> None:
    async for notice in told:
        if notice.kind is NoticeKind.CALL and notice.id == name:
            given_up.set()
            return


def _channel(who: Actor) -> UUID:
    """Return where calls of an account are told of: beside its feed, which pages read."""
    return uuid5(who.id, "calls")


def _name(who: Actor, call: str) -> str:
    return f"{who.token_id} {call}"
