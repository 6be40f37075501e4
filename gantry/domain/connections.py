"""What an administrator types about a model server, brought into the one form we keep."""

import re
import unicodedata
from collections.abc import Collection, Iterable
from urllib.parse import SplitResult, urlsplit

from gantry.domain.catalog import ConnectionKind
from gantry.domain.errors import Invalid
from gantry.domain.messages import _
from gantry.domain.names import on_one_line

MAX_CONNECTION_NAME_CHARACTERS = 80
MAX_BASE_URL_CHARACTERS = 500
MAX_API_KEY_CHARACTERS = 1000
MAX_SLUG_CHARACTERS = 40
MAX_MODELS_BY_HAND = 200
MAX_MODEL_NAME_CHARACTERS = 255
MAX_WAIT_SECONDS = 86_400

_PASTED = re.compile(r"/(chat/completions|completions|models|embeddings)$")


def normal_base_url(raw: str, kind: ConnectionKind) -> str:
    """Return the address requests are made below: no slash at its end, usually ending in ``/v1``.

    Model servers we know get ``/v1`` when it is missing. Behind ``openai`` may be a gateway with paths of its
    own, so there it is added only where no path was given.

    A query, as some gateways want it (``?api-version=…``), stays at the end; ``address_below`` puts paths before it.

    Raises:
        Invalid: Not http or https, no host, a name and password or a fragment in it, too long.
    """
    url = _parsed(raw.strip())
    path = _PASTED.sub("", url.path.rstrip("/")).rstrip("/")
    if not path.endswith("/v1") and (not path or kind is not ConnectionKind.OPENAI):
        path += "/v1"
    address = f"{url.scheme.lower()}://{url.netloc.lower()}{path}" + (f"?{url.query}" if url.query else "")
    if len(address) > MAX_BASE_URL_CHARACTERS:
        raise Invalid(_("This address is too long."), field="base_url")
    return address


def _parsed(raw: str) -> SplitResult:
    try:
        url = urlsplit(raw)
        host, _port = url.hostname, url.port
    except ValueError as error:
        raise Invalid(_("Enter a valid web address."), field="base_url") from error
    if url.scheme.lower() not in {"http", "https"} or not host or re.search(r"\s", raw):
        raise Invalid(
            _("The address must start with http:// or https:// and contain a host."), field="base_url"
        )
    if "@" in url.netloc:
        raise Invalid(
            _("The address must not contain a user name or password."),
            advice=_("Enter the key in the API key field."),
            field="base_url",
        )
    if "#" in raw:
        raise Invalid(_("The address must not contain #."), field="base_url")
    return url


def address_below(base_url: str, path: str) -> str:
    """Return the address of *path* below a base URL, whose query stays at the end."""
    place, mark, query = base_url.partition("?")
    return f"{place.rstrip('/')}/{path}{mark}{query}"


def root_of(base_url: str) -> str:
    """Return a base URL without its ``/v1``, where servers have what is theirs alone."""
    place, mark, query = base_url.partition("?")
    return f"{place.removesuffix('/v1')}{mark}{query}"


def checked_models(raw: Iterable[str]) -> tuple[str, ...]:
    """Return names of models as an administrator typed them, each once, without blank ones.

    Raises:
        Invalid: A name is too long, or there are too many.
    """
    names = tuple(dict.fromkeys(name for each in raw if (name := on_one_line(each))))
    if len(names) > MAX_MODELS_BY_HAND or any(len(name) > MAX_MODEL_NAME_CHARACTERS for name in names):
        raise Invalid(
            _(
                "Name at most {most} models, each with at most {characters} characters.",
                most=MAX_MODELS_BY_HAND,
                characters=MAX_MODEL_NAME_CHARACTERS,
            ),
            field="models",
        )
    return names


def checked_wait(seconds: float | None, field: str) -> float | None:
    """Return how long to wait, in seconds; None for the usual time.

    Raises:
        Invalid: Less than a second or more than a day.
    """
    if seconds is not None and not 1 <= seconds <= MAX_WAIT_SECONDS:
        raise Invalid(_("Enter a number of seconds from 1 to 86,400."), field=field)
    return seconds


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
    name = on_one_line(raw)
    if not name or len(name) > MAX_CONNECTION_NAME_CHARACTERS:
        raise Invalid(
            _("Give it a name of 1 to {most} characters.", most=MAX_CONNECTION_NAME_CHARACTERS), field="name"
        )
    return name


def checked_api_key(raw: str) -> str:
    """Return *raw* trimmed: keys are pasted, and a line break in one would end up in a header.

    Raises:
        Invalid: Too long, or with characters no header may hold.
    """
    key = raw.strip()
    if len(key) > MAX_API_KEY_CHARACTERS or not all("!" <= character <= "~" for character in key):
        raise Invalid(_("This does not look like an API key."), field="api_key")
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
