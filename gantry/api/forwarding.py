"""Noticing what a proxy in front does not pass on: said in the log once, and kept for whoever asks."""

import logging

from starlette.types import Scope

from gantry.api.origins import header_values
from gantry.domain.forwarding import Gap, gap_in_address, gap_in_scheme

IN_SCOPE = "gantry.gaps"  # where a request finds what has been noticed
_MOST_LOGGED = 50  # pairs of kind and host: strangers can make up hosts

log = logging.getLogger(__name__)


class Gaps:
    """What has been noticed since the process began."""

    def __init__(self) -> None:
        self._logged: set[tuple[str, str]] = set()
        self._noticed: dict[str, Gap] = {}

    @property
    def noticed(self) -> list[Gap]:
        """What is certain, each once."""
        return list(self._noticed.values())

    def note(self, gap: Gap, scope: Scope, *, origin: str = "", certain: bool = True) -> None:
        """Log *gap*, once for each host; keep it when it is *certain* and no guess."""
        if certain:
            self._noticed[gap.kind] = gap
        host = ", ".join(header_values(scope, b"host"))
        seen = (gap.kind, host)
        if seen in self._logged or len(self._logged) >= _MOST_LOGGED:
            return
        self._logged.add(seen)
        client = scope.get("client")
        log.warning(
            "proxy.header_missing",
            extra={
                "header": gap.header,
                "told": f"{gap.sentence} {gap.advice}",
                "host": host,
                "origin": origin or ", ".join(header_values(scope, b"origin")),
                "from": client[0] if client else "",
            },
        )

    def note_client(self, scope: Scope) -> None:
        """Notice https and addresses that nobody has told us of; the request comes from a page of ours."""
        origins, scheme = header_values(scope, b"origin"), scope.get("scheme", "http")
        if len(origins) != 1:
            return
        told = "https" in header_values(scope, b"x-forwarded-proto")
        names = {name.decode("latin-1") for name, _ in scope["headers"]}
        for gap in (gap_in_scheme(origins[0], scheme, told=told), gap_in_address(origins[0], scheme, names)):
            if gap:
                self.note(gap, scope)


def gaps_of(scope: Scope) -> Gaps:
    """Return what the guard in front of a request has noticed; nothing without a guard."""
    return scope.get(IN_SCOPE) or Gaps()


def lost_its_upgrade(scope: Scope) -> bool:
    """Whether an HTTP request was a websocket's when the browser sent it."""
    return scope["method"] == "GET" and bool(header_values(scope, b"sec-websocket-key"))
