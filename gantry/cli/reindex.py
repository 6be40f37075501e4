"""``python -m gantry reindex``: make the vectors of the configured model, and mend what differs from the database."""

import asyncio
import sys

from gantry import bootstrap
from gantry.domain.errors import Conflict
from gantry.services.vector_sets import IndexStatus
from gantry.settings import Settings


def reindex(settings: Settings) -> None:
    """Fill and switch to the configured model's vectors, then compare index and database; prints how it goes.

    A ChromaDB server may be shared with replicas that run; embedded vectors belong to one process.

    Raises:
        Conflict: Gantry is running on this data, and does the same by itself.
    """
    if settings.chroma_host:
        asyncio.run(_reindex(settings))
        return
    try:
        with bootstrap.out_of_service(settings):
            asyncio.run(_reindex(settings))
    except Conflict as error:
        raise Conflict(
            error.public, advice="It makes new vectors by itself: the documents' page shows how far it is."
        ) from error


async def _reindex(settings: Settings) -> None:
    shown = ""

    def on_progress(status: IndexStatus) -> None:
        nonlocal shown
        said = status.sentence(administrator=True)
        if said and said != shown:
            shown = said
            print(shown, flush=True)

    async with bootstrap.build(settings) as built:
        indexer, sweep = built.knowledge.indexer, built.knowledge.sweep
        await indexer.reindex(on_progress=on_progress)
        report = await sweep.sweep()
        await indexer.reindex(on_progress=on_progress)
        status = await built.knowledge.vector_sets.status()
        await indexer.drain()
        _rows, _waiting, count = await sweep.compared()
    print(
        f"{count:,} vectors of {status.model}; {report.missing:,} were missing, {report.orphans:,} belonged to nothing."
    )
    if not status.model:
        print("There is no embedding model to be used.", file=sys.stderr)
