"""Requests that are passed on to a model server as they came."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any, Protocol

from gantry.domain.catalog import ConnectionSpec

MAX_LINE_BYTES = 8 * 1024 * 1024  # a whole answer in one line fits; a server gone mad does not


class PassedAnswer(Protocol):
    """What a model server answers to a request that was passed on; close it, wherever it stands."""

    def pieces(self) -> AsyncGenerator[bytes]:
        """Yield the body as it comes. Closing the iterator, or cancelling, closes the connection.

        Raises:
            ModelUnavailable: Pieces already yielded stay valid.
        """
        ...

    async def whole(self, max_bytes: int) -> bytes:
        """Return the whole body.

        Raises:
            ModelUnavailable: It breaks off, or is larger than that.
        """
        ...

    async def aclose(self) -> None:
        """Close the connection."""
        ...


class PassesOn(Protocol):
    """Passes requests on to model servers, with our key and never the client's."""

    async def pass_on(
        self,
        connection: ConnectionSpec,
        path: str,
        body: Mapping[str, Any],
        wishes: Mapping[str, Any] | None = None,
    ) -> PassedAnswer:
        """Send *body* to *path* below the base URL; returns when the server has begun to answer.

        Args:
            wishes: Options that are sent as well, as far as the server does not refuse them.

        Raises:
            ModelUnavailable: It refused, with its own words, or cannot be reached.
        """
        ...
