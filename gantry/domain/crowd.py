"""How many are here, in all and from each address."""

from collections import Counter
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from gantry.domain.credentials import network_of


class Crowd:
    """Counts what is open, and says when there is no more place.

    Args:
        most: How many there may be in all.
        each: Of them from one address (a /64 of IPv6) that is no proxy's; 0 for no limit.
        proxies: Addresses or networks, separated by commas, or ``*``: many people come from there.
    """

    def __init__(self, most: int, *, each: int, proxies: str = "") -> None:
        self._most = most
        self._each = each
        self._open: Counter[str] = Counter()
        self._total = 0
        self._everybody = proxies.strip() == "*"
        self._proxies = [] if self._everybody else _networks(proxies)

    def enter(self, address: str) -> str | None:
        """Count one from *address*; returns what to call ``leave`` with, None when there is no place."""
        network = network_of(address)
        full = self._each and self._open[network] >= self._each and not self._is_proxy(address)
        if full or self._total >= self._most:
            return None
        self._open[network] += 1
        self._total += 1
        return network

    def leave(self, network: str) -> None:
        """Take one back."""
        self._total -= 1
        self._open[network] -= 1
        if self._open[network] <= 0:
            del self._open[network]

    def _is_proxy(self, address: str) -> bool:
        if self._everybody or not address:  # a Unix socket has no address, and a proxy at its other end
            return True
        try:
            parsed = ip_address(address)
        except ValueError:
            return True
        return any(parsed in network for network in self._proxies)


def _networks(named: str) -> list[IPv4Network | IPv6Network]:
    found: list[IPv4Network | IPv6Network] = []
    for part in filter(None, map(str.strip, named.split(","))):
        try:
            found.append(ip_network(part, strict=False))
        except ValueError:  # a name, which no address equals
            continue
    return found
