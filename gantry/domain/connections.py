"""What an administrator types about a model server, brought into the one form we keep."""

import re
import unicodedata
from collections.abc import Collection
from urllib.parse import SplitResult, urlsplit

from gantry.domain.catalog import ConnectionKind
from gantry.domain.errors import Invalid

MAX_CONNECTION_NAME_CHARACTERS = 80
MAX_BASE_URL_CHARACTERS = 500
MAX_API_KEY_CHARACTERS = 1000
MAX_SLUG_CHARACTERS = 40

_PASTED = re.compile(r"/(chat/completions|completions|models|embeddings)$")


def normal_base_url(raw: str, kind: ConnectionKind) -> str:
    """Return the address requests are made below: no slash at its end, usually ending in ``/v1``.

    Model servers we know get ``/v1`` when it is missing. Behind ``openai`` may be a gateway with paths of its
    own, so there it is added only where no path was given.

    Raises:
        Invalid: Not http or https, no host, a name and password, a query or a fragment in it, too long.
    """
    url = _parsed(raw.strip())
    path = _PASTED.sub("", url.path.rstrip("/")).rstrip("/")
    if not path.endswith("/v1") and (not path or kind is not ConnectionKind.OPENAI):
        path += "/v1"
    address = f"{url.scheme.lower()}://{url.netloc.lower()}{path}"
    if len(address) > MAX_BASE_URL_CHARACTERS:
        raise Invalid("That address is too long.", field="base_url")
    return address


def _parsed(raw: str) -> SplitResult:
    try:
        url = urlsplit(raw)
        host, _port = url.hostname, url.port
    except ValueError as error:
        raise Invalid("That is not a web address.", field="base_url") from error
    if url.scheme.lower() not in {"http", "https"} or not host or re.search(r"\s", raw):
        raise Invalid("The address begins with http:// or https:// and names a host.", field="base_url")
    if "@" in url.netloc:
        raise Invalid(
            "The address must not hold a name or password.",
            advice="Put the key into its own field.",
            field="base_url",
        )
    if "?" in raw or "#" in raw:
        raise Invalid("The address must end with its path: no ? and no #.", field="base_url")
    return url


def same_server(one: str, other: str) -> bool:
    """Whether a key given for *one* address may be sent to *other*: same scheme, host and port."""
    return _place(one) == _place(other)


def _place(address: str) -> tuple[str, str | None, int | None]:
    url = urlsplit(address)
    return url.scheme, url.hostname, url.port or {"http": 80, "https": 443}.get(url.scheme)


def checked_connection_name(raw: str) -> str:
    """Return the name of a connection on one line.

    Raises:
        Invalid: Blank or too long.
    """
    name = " ".join(raw.split())
    if not name or len(name) > MAX_CONNECTION_NAME_CHARACTERS:
        raise Invalid(f"Give it a name of 1 to {MAX_CONNECTION_NAME_CHARACTERS} characters.", field="name")
    return name


def checked_api_key(raw: str) -> str:
    """Return *raw* trimmed: keys are pasted, and a line break in one would end up in a header.

    Raises:
        Invalid: Too long, or with characters no header may hold.
    """
    key = raw.strip()
    if len(key) > MAX_API_KEY_CHARACTERS or not all("!" <= character <= "~" for character in key):
        raise Invalid("That does not look like a key.", field="api_key")
    return key


def slug_of(name: str, taken: Collection[str]) -> str:
    """Return the first part of the ids of a connection's models, made from its name; none of *taken*."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_name).strip("-")[:MAX_SLUG_CHARACTERS].strip("-") or "server"
    candidate, number = slug, 2
    while candidate in taken:
        candidate = f"{slug[: MAX_SLUG_CHARACTERS - 4]}-{number}"
        number += 1
    return candidate
