"""Whether a request was made by a page of ours."""

from dataclasses import dataclass

from starlette.types import Scope

from gantry.domain.cookies import has_session_cookie
from gantry.domain.forwarding import HOST, Gap, gap_in_host, netloc_of
from gantry.domain.hosts import HostNames, hostname, is_loopback_name

_FROM_ELSEWHERE = frozenset({"cross-site", "same-site"})  # another host of our domain is another site to us


@dataclass(frozen=True, slots=True)
class OriginRule:
    """How origins are compared.

    Attributes:
        trust_forwarded_host: Compare with X-Forwarded-Host when there is one. Only behind a proxy that replaces that
            header; Caddy passes Host on unchanged and needs no trust.
        any_loopback_port: Treat all ports of a loopback name as one origin, for the development server, which serves
            pages on one port and the backend on another.
        front_ends: Origins, exactly as browsers write them, of front ends that are served elsewhere.
        own: Our own origins, where they are known: their pages are ours whatever Host a proxy writes.
        names: The names by which we are reached.
    """

    trust_forwarded_host: bool = False
    any_loopback_port: bool = False
    front_ends: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()
    names: HostNames | None = None

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
        hosts = self._hosts(scope)
        if len(origins) != 1 or len(hosts) != 1:
            return False
        return self._same(origins[0], hosts[0]) or self._survives_a_proxy(scope, origins[0])

    def may_change(self, scope: Scope) -> bool:
        """Whether a request with an unsafe method may go on.

        One with a bearer token may, from wherever it is: the token alone decides (``access.presented_token``), a cookie beside it
        counts for nothing, and no page of another site can send that header without a permission that we never give.
        """
        if self.front_end(scope) is not None or bearer_token(scope) is not None:
            return True
        own = self.is_own(scope)
        if own is not None:
            return own
        # Browsers name the origin of every unsafe request. Programs need not, and hold no cookie to be abused.
        site = header_values(scope, b"sec-fetch-site")
        return (
            site in (["same-origin"], ["none"])
            if site
            else not any(map(has_session_cookie, header_values(scope, b"cookie")))
        )

    def gap(self, scope: Scope) -> tuple[Gap | None, bool]:
        """Return what a proxy may have done to the Host of this request, and whether that is certain.

        It is certain where the browser says that the page asks its own site. Browsers say nothing of the kind by plain
        http, nor most of them with a websocket; then it may be another site's page as well.
        """
        origins, hosts = header_values(scope, b"origin"), self._hosts(scope)
        site = header_values(scope, b"sec-fetch-site")
        if len(origins) != 1 or len(hosts) != 1 or _FROM_ELSEWHERE & set(site):
            return None, False
        if self._same(origins[0], hosts[0]) or origins[0] in self.front_ends or origins[0] == "null":
            return None, False
        return gap_in_host(origins[0], hosts[0]) or HOST, site == ["same-origin"] or origins[0] in self.own

    def _hosts(self, scope: Scope) -> list[str]:
        hosts = header_values(scope, b"x-forwarded-host") if self.trust_forwarded_host else []
        return hosts or header_values(scope, b"host")

    def _same(self, origin: str, host: str) -> bool:
        if gap_in_host(origin, host) is None:
            return True
        if not self.any_loopback_port:
            return False
        page = netloc_of(origin)
        return bool(page) and hostname(page) == hostname(host) and is_loopback_name(host)

    def _survives_a_proxy(self, scope: Scope, origin: str) -> bool:
        """Whether a page of ours asks although Host says otherwise, because a proxy has replaced it.

        Either its origin is one that the operator has named, or the browser itself says that page and address are of
        one origin. No page can forge that; a name that a stranger has pointed at us (DNS rebinding) is not among ours.
        """
        site = header_values(scope, b"sec-fetch-site")
        if origin in self.own:
            return site in ([], ["same-origin"])
        if site != ["same-origin"] or self.names is None:
            return False
        return self.names.includes(netloc_of(origin))


def bearer_token(scope: Scope) -> str | None:
    """Return the token in ``Authorization: Bearer``; None for none, an empty one, or more than one such header."""
    given = header_values(scope, b"authorization")
    scheme, _, token = given[0].strip().partition(" ") if len(given) == 1 else ("", "", "")
    return (token.strip() or None) if scheme.lower() == "bearer" else None


def header_values(scope: Scope, name: bytes) -> list[str]:
    """Return every value of the header *name* (lower case), as sent."""
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]
