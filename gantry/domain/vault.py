"""Documents and their collections: values and rules."""

from dataclasses import dataclass
from enum import StrEnum

from gantry.domain.text import storable

MAX_NAME_CHARACTERS = 255
MAX_COLLECTION_NAME_CHARACTERS = 80
DEFAULT_COLLECTION_NAME = "My documents"


class DocumentState(StrEnum):
    """How far a document has come on its way to being searchable. The last two are final."""

    QUEUED = "queued"
    PARSING = "parsing"
    EMBEDDING = "embedding"  # its words can be searched already
    READY = "ready"
    FAILED = "failed"


UNFINISHED = (DocumentState.QUEUED, DocumentState.PARSING, DocumentState.EMBEDDING)


@dataclass(frozen=True, slots=True)
class DocumentProblem:
    """Why a document could not be read; ``page`` is where, 1-based, when it is known."""

    kind: str
    title: str
    advice: str = ""
    page: int | None = None


def cleaned_name(raw: str) -> str:
    """Return a file's or collection's name on one line, without folders and no longer than we store; may be empty."""
    name = " ".join(storable(raw).replace("\\", "/").rsplit("/", 1)[-1].split())
    if len(name) <= MAX_NAME_CHARACTERS:
        return name
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 12:
        return name[:MAX_NAME_CHARACTERS]
    return f"{stem[: MAX_NAME_CHARACTERS - len(ending) - 1]}.{ending}"
