"""What every call to a server of somebody else's needs: bodies with an end, and redirects that stay at home."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urljoin

import httpx

_MOVED = (301, 302, 303, 307, 308)
_MAX_MOVES = 3


class TooLarge(ValueError):
    """A body is larger than it may be."""


class MovedAway(ValueError):
    """A server sends its clients to another host, which gets neither the question nor the key."""

    def __init__(self, address: str) -> None:
        super().__init__(f"The server redirects to {address}.")
        self.address = address


@asynccontextmanager
async def sent(client: httpx.AsyncClient, request: httpx.Request) -> AsyncIterator[httpx.Response]:
    """Send *request* and yield the response, whose body has not been read yet."""
    response = await send(client, request)
    try:
        yield response
    finally:
        await response.aclose()


async def send(client: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
    """Send *request*, following the server to another path or to https, with the same method and body; close the response.

    Raises:
        MovedAway: It names another host.
    """
    for _ in range(_MAX_MOVES):
        response = await client.send(request, stream=True)
        target = response.headers.get("location")
        if response.status_code not in _MOVED or not target:
            return response
        await response.aclose()
        try:
            url = httpx.URL(urljoin(str(request.url), target))
        except ValueError as error:
            raise httpx.RemoteProtocolError("The server redirects to an address that is none.") from error
        if not _is_home(request.url, url):
            raise MovedAway(f"{url.scheme}://{url.netloc.decode(errors='replace')}{url.path}"[:300])
        headers = {name: value for name, value in request.headers.items() if name.lower() != "host"}
        waits = request.extensions
        request = client.build_request(request.method, url, content=request.content, headers=headers)
        request.extensions = waits
    return await client.send(request, stream=True)


async def body_of(response: httpx.Response, limit: int) -> bytes:
    """Return a whole body, counted as it is unpacked.

    Raises:
        TooLarge: It has more than *limit* bytes.
    """
    pieces: list[bytes] = []
    size = 0
    async for piece in response.aiter_bytes(65_536):
        size += len(piece)
        if size > limit:
            raise TooLarge(f"The answer is larger than {limit // (1024 * 1024)} MB.")
        pieces.append(piece)
    return b"".join(pieces)


def _is_home(before: httpx.URL, after: httpx.URL) -> bool:
    if before.host != after.host:
        return False
    same_place = before.scheme == after.scheme and before.port == after.port
    return same_place or (before.scheme == "http" and after.scheme == "https")
