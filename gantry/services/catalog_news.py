"""What one process learns of the catalog reaches the others, and every open page."""

import asyncio

from gantry.domain.live import EVERYBODY, Notice, NoticeKind, Notices
from gantry.services.catalog_cache import CatalogCache


class CatalogNews:
    """Publishes changes of *cache*, and has it read the database again when another process tells of one.

    A notice may be lost; then the cache's own round, a minute later at most, finds out.
    """

    def __init__(self, cache: CatalogCache, notices: Notices) -> None:
        self._cache = cache
        self._notices = notices
        self._following: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; needs a running loop."""
        self._cache.on_change = self._tell
        self._following = asyncio.create_task(self._follow(), name="catalog-news")

    async def aclose(self) -> None:
        """Stop."""
        following, self._following = self._following, None
        if following is not None:
            following.cancel()
            await asyncio.wait({following})

    def _tell(self) -> None:
        self._notices.publish(EVERYBODY, Notice(NoticeKind.CATALOG))

    async def _follow(self) -> None:
        notices = self._notices.subscribe(EVERYBODY)
        try:
            async for notice in notices:
                if notice.kind is NoticeKind.CATALOG:
                    self._cache.forget()
        finally:
            await notices.aclose()
