"""Which products' exports are read, and whose an element is: its content alone decides, the first that knows it has it."""

from gantry.adapters.importing import (
    chatgpt,
    claude,
    librechat,
    nebulus,
    openwebui,
)
from gantry.domain.importing import Reader

READERS: tuple[Reader, ...] = (
    chatgpt.READER,
    claude.READER,
    openwebui.READER,
    librechat.READER,
    nebulus.READER,
)


def reader_of(element: object) -> Reader | None:
    """Return the reader that knows *element*."""
    return next((reader for reader in READERS if reader.claims(element)), None)
