"""The contract of ``domain.open_calls.CallStore``, in memory and on Redis."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis

from gantry.adapters.in_process.live import InProcessCalls
from gantry.adapters.redis.live import RedisCalls, connect
from gantry.domain.errors import Unavailable
from gantry.domain.open_calls import KEPT_SECONDS, MAX_CALL_BYTES, MAX_CALLS_BYTES, CallStore
from tests.parts.ports import free_port

pytest_plugins = ["tests.parts.redis"]


@pytest.fixture(params=["memory", "redis"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[CallStore]:
    if request.param == "memory":
        yield InProcessCalls()
        return
    async with connect(request.getfixturevalue("redis_url")) as client:
        yield RedisCalls(client)


async def test_what_is_kept_is_found_by_its_account_alone(store: CallStore) -> None:
    """As it was; nobody else finds it, and nobody finds what is not there."""
    ada, ben, answer = uuid4(), uuid4(), uuid4()
    await store.keep(ada, answer, b"\x00waits")
    assert await store.find(ada, answer) == b"\x00waits"
    assert await store.find(ben, answer) is None
    assert await store.find(ada, uuid4()) is None


async def test_the_oldest_make_room(store: CallStore) -> None:
    """An account keeps what fits, the newest; that takes nothing from others."""
    ada, ben = uuid4(), uuid4()
    answers = [uuid4() for _ in range(MAX_CALLS_BYTES // MAX_CALL_BYTES + 2)]
    await store.keep(ben, answers[0], b"ben's")
    for each in answers:
        await store.keep(ada, each, b"x" * MAX_CALL_BYTES)
    there = [bool(await store.find(ada, each)) for each in answers]
    assert there == [False] * 2 + [True] * (len(answers) - 2)
    assert await store.find(ben, answers[0]) == b"ben's"


async def test_it_waits_for_an_hour() -> None:
    """Then it is over, and leaves nothing behind."""
    now = [0.0]
    store = InProcessCalls(clock=lambda: now[0])
    ada, answer = UUID(int=1), UUID(int=2)
    await store.keep(ada, answer, b"waits")
    now[0] = KEPT_SECONDS - 1
    assert await store.find(ada, answer)
    now[0] = KEPT_SECONDS + 1
    assert await store.find(ada, answer) is None
    await store.keep(UUID(int=3), answer, b"another")
    assert set(store._kept) == {UUID(int=3)}


async def test_it_waits_for_an_hour_in_redis(redis_url: str) -> None:
    """Each key of an account goes by itself."""
    async with connect(redis_url) as client:
        ada = uuid4()
        await RedisCalls(client).keep(ada, uuid4(), b"waits")
        names = [name async for name in client.scan_iter(f"gantry:calls:{ada.hex}*")]
        assert len(names) == 2
        for name in names:
            assert 0 < await client.ttl(name) <= KEPT_SECONDS


async def test_without_redis_nothing_is_kept_and_it_is_said() -> None:
    """Keeping passes over it; finding says that it cannot be told now."""
    async with Redis.from_url(f"redis://127.0.0.1:{free_port()}") as away:
        store = RedisCalls(away)
        await store.keep(uuid4(), uuid4(), b"x")
        with pytest.raises(Unavailable):
            await store.find(uuid4(), uuid4())
