"""A replica that is told to stop finishes what a proxy may still send it."""

import asyncio

import httpx
import pytest

from tests.parts.ports import is_open
from tests.parts.replicas import Deployment

pytestmark = pytest.mark.timeout(120)


async def test_a_request_on_a_kept_connection_is_served(deployment: Deployment) -> None:
    """New connections are refused at once; one that was kept is served once more, and is then closed."""
    (replica,) = await deployment.running(1)
    person = await deployment.person()
    one, origin = httpx.Limits(max_connections=1), {"origin": replica.url}
    async with httpx.AsyncClient(base_url=replica.url, limits=one, headers=origin) as kept:
        kept.cookies.set("gantry_session", person.session)
        before = await kept.post("/api/v1/conversations", json={})
        assert (before.status_code, before.headers.get("connection")) == (201, None)
        stopping = asyncio.create_task(replica.stop())
        async with asyncio.timeout(10):
            while is_open(replica.port):
                await asyncio.sleep(0.01)
        last = await kept.post("/api/v1/conversations", json={})
        assert (last.status_code, last.headers.get("connection")) == (201, "close")
        with pytest.raises(httpx.ConnectError):
            await kept.post("/api/v1/conversations", json={})
        await stopping
