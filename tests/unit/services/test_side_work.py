"""Work beside other work: when it ends, and whose exception is told."""

import asyncio

import pytest

from gantry.services.side_work import meanwhile


class Slow:
    """Work that goes on until it is let go, and then does what it was made for."""

    def __init__(self, error: Exception | None = None) -> None:
        self.go, self.begun = asyncio.Event(), asyncio.Event()
        self.error = error
        self.ended = ""

    async def __call__(self) -> None:
        """Wait, and note how it ended."""
        self.begun.set()
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.ended = "cancelled"
            raise
        self.ended = "done"
        if self.error:
            raise self.error


async def test_the_block_goes_on_beside_the_work_and_ends_after_it() -> None:
    """The block may act before the work has ended; whoever leaves it finds the work done."""
    work = Slow()
    async with meanwhile(work()) as ready:
        await work.begun.wait()
        assert not ready.done()
        work.go.set()
    assert work.ended == "done"


@pytest.mark.parametrize("waits", [True, False])
async def test_what_the_work_raises_is_told_where_it_is_waited_for(waits: bool) -> None:
    """Also at the end of a block that never asked."""
    work = Slow(ValueError("lost"))
    work.go.set()

    async def block() -> None:
        async with meanwhile(work()) as ready:
            if waits:
                await ready

    with pytest.raises(ValueError, match="lost"):
        await block()


async def test_a_block_that_fails_waits_for_the_work_and_tells_of_itself() -> None:
    """What is half stored is stored; the block's own exception is the one that counts."""
    work = Slow(ValueError("lost"))

    async def fail() -> None:
        async with meanwhile(work()):
            await work.begun.wait()
            raise KeyError("own")

    failing = asyncio.create_task(fail())
    await work.begun.wait()
    done, _ = await asyncio.wait({failing}, timeout=0)
    assert not done
    work.go.set()
    with pytest.raises(KeyError, match="own"):
        await failing
    assert work.ended == "done"


async def test_who_cancels_the_block_cancels_the_work() -> None:
    """Nothing of it goes on."""
    work = Slow()

    async def block() -> None:
        async with meanwhile(work()):
            await asyncio.Event().wait()

    running = asyncio.create_task(block())
    await work.begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert work.ended == "cancelled"
