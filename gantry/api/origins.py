"""Whether a request was made by a page of ours."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.types import Scope

SESSION_COOKIE = "gantry_session"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class OriginRule:
    """How origins are compared.

    Attributes:
        trust_forwarded_host: Compare with X-Forwarded-Host when there is one. Only behind a proxy that replaces that
            header; Caddy passes Host on unchanged and needs no trust.
        any_loopback_port: Treat all ports of a loopback name as one origin, for the development server, which serves
            pages on one port and the backend on another.
        front_ends: Origins, exactly as browsers write them, of front ends that are served elsewhere.
    """

    trust_forwarded_host: bool = False
    any_loopback_port: bool = False
    front_ends: frozenset[str] = frozenset()

    def is_allowed(self, scope: Scope) -> bool:
        """Whether a page of ours asks, from here or from a front end elsewhere; whoever says nothing is none."""
        return bool(self.is_own(scope)) or self.front_end(scope) is not None

    def front_end(self, scope: Scope) -> str | None:
        """Return the origin of the front end elsewhere that asks; None when it is anybody else."""
        origins = header_values(scope, b"origin")
        return origins[0] if len(origins) == 1 and origins[0] in self.front_ends else None

    def is_own(self, scope: Scope) -> bool | None:
        """Whether the request says that it comes from this site; None when it says nothing."""
        origins = header_values(scope, b"origin")
        if not origins:
            return None
        hosts = header_values(scope, b"x-forwarded-host") if self.trust_forwarded_host else []
        hosts = hosts or header_values(scope, b"host")
        return len(origins) == len(hosts) == 1 and self._same(origins[0], hosts[0])

    def may_change(self, scope: Scope) -> bool:
        """Whether a request with an unsafe method may go on."""
        if self.front_end(scope) is not None:
            return True
        own = self.is_own(scope)
        if own is not None:
            return own
        # Browsers name the origin of every unsafe request. Programs need not, and hold no cookie to be abused.
        site = header_values(scope, b"sec-fetch-site")
        return site in (["same-origin"], ["none"]) if site else not _has_session_cookie(scope)

    def _same(self, origin: str, host: str) -> bool:
        try:
            ours, theirs = urlsplit(f"//{host}"), urlsplit(origin)
            if (
                theirs.scheme not in {"http", "https"}
                or not theirs.hostname
                or theirs.hostname != ours.hostname
            ):
                return False
            # Whether TLS ends at a proxy is not for us to see: the scheme only supplies the port left out.
            implied = 443 if theirs.scheme == "https" else 80
            if (theirs.port or implied) == (ours.port or implied):
                return True
        except ValueError:  # a port that is not a number
            return False
        return self.any_loopback_port and ours.hostname in _LOOPBACK


def header_values(scope: Scope, name: bytes) -> list[str]:
    """Return every value of the header *name* (lower case), as sent."""
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


def _has_session_cookie(scope: Scope) -> bool:
    crumbs = (crumb for cookie in header_values(scope, b"cookie") for crumb in cookie.split(";"))
    return any(crumb.partition("=")[0].strip() == SESSION_COOKIE for crumb in crumbs)
