"""What a proxy in front must pass on, and how to tell that it does not.

A proxy that replaces Host makes every page look like another site's; one that drops Upgrade lets no websocket through;
one that does not tell of https makes cookies weaker than they could be, and one that does not tell of addresses makes
everybody share its own. The browser names its page's origin, which no
page can forge, so each of these shows when the two are compared.
"""

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from gantry.domain.messages import _

_IMPLIED_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that a proxy does not pass on.

    Attributes:
        kind: A stable name, for the log.
        header: Which header is missing or wrong.
        sentence: What is wrong, for whoever reads the page.
        advice: What whoever runs the proxy does about it.
    """

    kind: str
    header: str
    sentence: str
    advice: str


HOST = Gap(
    "host",
    "Host",
    _("The proxy in front of Gantry does not pass on the Host header."),
    _(
        "Whoever runs it sets, in nginx, proxy_set_header Host $http_host; or, in Apache, ProxyPreserveHost On. docs/deployment.md has examples."
    ),
)
PORT = Gap(
    "port",
    "Host",
    _("The proxy in front of Gantry passes on the Host header without its port."),
    _(
        "Whoever runs it sets, in nginx, proxy_set_header Host $http_host; instead of $host. docs/deployment.md has examples."
    ),
)
UPGRADE = Gap(
    "upgrade",
    "Upgrade",
    _("The connection for live updates (websocket) is blocked by a proxy between your browser and Gantry."),
    _(
        "Whoever runs it sets, in nginx, proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; "
        'proxy_set_header Connection "upgrade"; docs/deployment.md has examples.'
    ),
)
PROTO = Gap(
    "proto",
    "X-Forwarded-Proto",
    _("The proxy in front of Gantry does not say that pages are opened by https."),
    _(
        "Whoever runs it sets, in nginx, proxy_set_header X-Forwarded-Proto $scheme; docs/deployment.md has examples."
    ),
)
ADDRESS = Gap(
    "address",
    "X-Forwarded-For",
    _("The proxy in front of Gantry does not say from which addresses requests come."),
    _(
        "Whoever runs it sets, in nginx, proxy_set_header X-Forwarded-For $remote_addr; docs/deployment.md has examples."
    ),
)
UNTRUSTED = Gap(
    "untrusted",
    "X-Forwarded-Proto",
    _("Gantry does not believe what the proxy in front of it says of https and of addresses."),
    _("Add the proxy's address to TRUSTED_PROXIES."),
)


def netloc_of(origin: str) -> str:
    """Return the name and port of an origin; "" when it is none."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def gap_in_host(origin: str, host: str) -> Gap | None:
    """Return what is wrong with *host*, as it arrived, if a page of *origin* sent it; None when they fit.

    Whether TLS ends at a proxy is not for us to see: the origin's scheme only supplies the port left out.
    """
    try:
        page, ours = urlsplit(origin), urlsplit(f"//{host}")
        implied = _IMPLIED_PORTS.get(page.scheme)
        if implied is None or not page.hostname or page.hostname != ours.hostname:
            return HOST
        same = (page.port or implied) == (ours.port or implied)
    except ValueError:  # a port that is not a number
        return HOST
    return None if same else PORT


def gap_in_scheme(origin: str, scheme: str, *, told: bool) -> Gap | None:
    """Return why a request of a page of *origin* arrived with *scheme*; *told*: the proxy did name one."""
    if not origin.startswith("https://") or scheme in {"https", "wss"}:
        return None
    return UNTRUSTED if told else PROTO


def gap_in_address(origin: str, scheme: str, headers: Collection[str]) -> Gap | None:
    """Return what is missing among the names of *headers*, if a proxy has passed on this request of a page of *origin*."""
    passed_on = any(name.startswith("x-forwarded-") for name in headers)
    passed_on = passed_on or (origin.startswith("https://") and scheme in {"http", "ws"})
    return ADDRESS if passed_on and not {"x-forwarded-for", "forwarded"} & set(headers) else None
