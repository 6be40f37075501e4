"""Whether a ChromaDB server is alive."""

import httpx

from gantry.domain.errors import Unavailable
from gantry.domain.messages import _

_PATIENCE_SECONDS = 5.0


async def ask_chroma(url: str) -> None:
    """Return when ChromaDB answers at *url*.

    Raises:
        Unavailable: It does not.
    """
    try:
        async with httpx.AsyncClient(timeout=_PATIENCE_SECONDS) as client:
            answer = await client.get(f"{url}/api/v2/heartbeat")
            answer.raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unavailable(
            _("ChromaDB does not answer."), advice=_("Start it, or correct CHROMA_HOST.")
        ) from error
