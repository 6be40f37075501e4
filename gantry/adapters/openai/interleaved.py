"""An answer, and before its first word the news about it."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing

from gantry.domain.catalog import Delta, Progress, ReasoningDelta, TextDelta

log = logging.getLogger(__name__)


async def with_news(answer: AsyncGenerator[Delta], news: AsyncGenerator[Progress]) -> AsyncGenerator[Delta]:
    """Yield *answer*, and what *news* tells until the answer says something of itself. Closes both.

    News that fail end by themselves, not the answer.
    """
    async with aclosing(answer), aclosing(news):
        async with aclosing(_until_it_speaks(answer, news)) as beginning:
            async for delta in beginning:
                yield delta
        await news.aclose()
        async for delta in answer:
            yield delta


async def _until_it_speaks(
    answer: AsyncGenerator[Delta], news: AsyncGenerator[Progress]
) -> AsyncGenerator[Delta]:
    word: asyncio.Future[Delta | None] = asyncio.ensure_future(anext(answer, None))
    told: asyncio.Future[Progress | None] | None = asyncio.ensure_future(anext(news, None))
    try:
        while True:
            await asyncio.wait({word, told} if told else {word}, return_when=asyncio.FIRST_COMPLETED)
            if word.done():
                delta = word.result()
                if delta is None:
                    return
                yield delta
                if isinstance(delta, TextDelta | ReasoningDelta | Progress):
                    return
                word = asyncio.ensure_future(anext(answer, None))
            elif told is not None:
                progress = _progress_in(told)
                told = None
                if progress is not None:
                    yield progress
                    told = asyncio.ensure_future(anext(news, None))
    finally:
        waiting = [each for each in (word, told) if each is not None]
        for each in waiting:
            each.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


def _progress_in(told: asyncio.Future[Progress | None]) -> Progress | None:
    """Return what was told; None at the end of the news, or when they failed."""
    try:
        return told.result()
    except Exception:
        log.exception("lookout.failed")
        return None
