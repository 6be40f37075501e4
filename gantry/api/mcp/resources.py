"""Documents as resources: each has an address at which its text is read."""

import re
from dataclasses import dataclass
from uuid import UUID

from gantry.api.mcp.caller import Caller
from gantry.domain.api_tokens import Scope
from gantry.domain.errors import NotFound
from gantry.domain.text import counted
from gantry.domain.vault import DocumentState
from gantry.runtime import services
from gantry.services.documents import pages_of

MAX_TEXT_CHARACTERS = 200_000
_LISTED = 100
_ADDRESS = re.compile(r"gantry://documents/([0-9a-fA-F-]{36})(?:/pages/([1-9][0-9]{0,8}))?")
_GOES_ON = "[The text goes on. Read it page by page.]"
TEMPLATES = (
    (
        "gantry://documents/{document}",
        "document",
        f"The first {MAX_TEXT_CHARACTERS:,} characters of a document",
    ),
    ("gantry://documents/{document}/pages/{page}", "page", "One page of a document"),
)


@dataclass(frozen=True, slots=True)
class Listed:
    """A document that can be read."""

    uri: str
    name: str
    description: str


def address_of(document: UUID) -> str:
    """Return the address of a document's text."""
    return f"gantry://documents/{document}"


async def documents(caller: Caller, after: UUID | None) -> tuple[list[Listed], UUID | None]:
    """Return documents that have been read, newest first, and after which one the list goes on."""
    caller.who.require_any(Scope.READ)
    rows = await services().documents.list_documents(caller.who, after=after, limit=_LISTED)
    ready = [row for row in rows if row.state is DocumentState.READY]
    listed = [Listed(address_of(row.id), row.name, counted(pages_of(row), "page")) for row in ready]
    return listed, rows[-1].id if len(rows) == _LISTED else None


async def read(caller: Caller, uri: str) -> str:
    """Return the text at an address; NotFound for what is not the caller's."""
    caller.who.require_any(Scope.READ)
    found = _ADDRESS.fullmatch(uri)
    try:
        document = UUID(found[1]) if found else None
    except ValueError:
        document = None
    if found is None or document is None:
        raise NotFound("There is no such resource.")
    if found[2]:
        return (await services().documents.page(caller.who, document, int(found[2]))).text
    whole = await services().documents.text(caller.who, document, limit=MAX_TEXT_CHARACTERS)
    return f"{whole.text}\n\n{_GOES_ON}" if whole.more else whole.text
