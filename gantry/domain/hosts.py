"""Which names this installation is reached by.

A foreign site can give its own name the address of a machine inside somebody's network, and then speak to it as if it
were the same site (DNS rebinding). It cannot do so with an address, nor with a name that only that network knows.
"""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_LOCAL_ENDINGS = (".localhost", ".local", ".lan", ".internal", ".home.arpa")  # nobody can register these
_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?")
_REMEMBERED = 1_000


def hostname(host: str) -> str:
    """Return the name or address in a Host header, in lower case and without a port; "" when there is none in it."""
    try:
        return (urlsplit(f"//{host}").hostname or "").removesuffix(".")
    except ValueError:
        return ""


def is_loopback_name(host: str) -> bool:
    """Whether a Host header names this very machine."""
    name = hostname(host)
    return name in _LOOPBACK or name.endswith(".localhost")


def own_origins(named: list[str]) -> frozenset[str]:
    """Return the origins, as browsers write them, that stand behind names the operator has given.

    A name alone is reached by https on its usual port; with a scheme and a port it is taken as it is. Patterns and this
    very machine, where other programs have pages too, are left out.
    """
    origins: set[str] = set()
    for each in named:
        text = each.strip().lower().rstrip("/")
        origin = text if "://" in text else f"https://{text}"
        if text and "*" not in text and not is_loopback_name(origin.partition("://")[2]):
            origins.add(origin.removesuffix(":443" if origin.startswith("https") else ":80"))
    return frozenset(origins)


class HostNames:
    """The names that are ours.

    Args:
        named: Names, or ``*.example.com`` for all below one, or ``*`` for any; with or without scheme and port.
        same_site: Names of front ends elsewhere, whose backend has another name under the same domain.
    """

    def __init__(self, named: list[str], same_site: list[str]) -> None:
        names = {_bare(each) for each in named} - {""}
        self._any = "*" in names
        self._names = frozenset(name for name in names if not name.startswith("*"))
        beneath = {name[1:] for name in names if name.startswith("*.")}
        sites = {_parent(_bare(each)) for each in same_site} - {""}
        self._names |= sites
        beneath |= {f".{site}" for site in sites}
        self._beneath = tuple(beneath)
        self._known: dict[str, bool] = {}

    def includes(self, host: str) -> bool:
        """Whether a Host header names this installation."""
        known = self._known.get(host)
        if known is None:
            known = self._any or self._judge(hostname(host))
            if len(self._known) < _REMEMBERED:
                self._known[host] = known
        return known

    def _judge(self, name: str) -> bool:
        if name in self._names or name in _LOOPBACK or _is_address(name):
            return True
        if not _NAME.fullmatch(name):
            return False
        return "." not in name or name.endswith((*_LOCAL_ENDINGS, *self._beneath))


def _bare(named: str) -> str:
    text = named.strip().lower()
    if text.startswith("*"):
        return text
    return hostname(text.partition("://")[2] or text)


def _parent(name: str) -> str:
    """Return the domain that *name* shares with other hosts of its site; "" when it may be anybody's."""
    parent = name.partition(".")[2]
    return parent if "." in parent else name


def _is_address(name: str) -> bool:
    try:
        ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True
