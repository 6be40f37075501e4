"""The files of messages that come in: bytes of a ZIP, pictures and texts within the JSON; kept as attached documents."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from uuid import UUID

from gantry.domain.accounts import Actor
from gantry.domain.errors import GantryError
from gantry.domain.importing import NOT_THERE, Export, ForeignFile
from gantry.domain.messages import _
from gantry.domain.vault import cleaned_name
from gantry.services.uploads import Accepted, UploadService

_ENDINGS = {
    b"\x89PNG\r\n\x1a\n": ".png",
    b"\xff\xd8\xff": ".jpg",
    b"GIF8": ".gif",
    b"%PDF": ".pdf",
    b"ID3": ".mp3",
    b"PK\x03\x04": ".zip",
}
_TEXTS = (".txt", ".md", ".csv", ".json", ".py", ".js", ".ts", ".rs", ".c", ".h", ".java", ".go", ".sh", ".sql", ".yml", ".yaml", ".toml", ".xml", ".log")  # fmt: skip


@dataclass(frozen=True, slots=True)
class ImportFiles:
    """Keeps files for one import."""

    uploads: UploadService
    who: Actor
    export: Export

    async def keep(self, file: ForeignFile) -> UUID | str:
        """Keep a file to be sent with a message; returns its document, or why it could not be kept."""
        kept = await self.keep_in(None, file)
        return kept.document.id if isinstance(kept, Accepted) else kept

    async def keep_in(self, collection: UUID | None, file: ForeignFile) -> Accepted | str:
        """Keep a file in a *collection* (None: beside a message); returns what was kept, or why it could not be."""
        if not has_bytes(file):
            return NOT_THERE
        head = b""
        pieces = self._pieces(file)
        try:
            head = await asyncio.to_thread(next, pieces, b"")
            if not head:
                return _("it is empty in the export") if not file.member else NOT_THERE
            received = await self.uploads.receive(self.who, _all(head, pieces), patiently=True)
            accepted = await self.uploads.accept(
                self.who, received, name=named(file, head), collection=collection, attach=collection is None
            )
        except GantryError as error:
            return error.public
        except (OSError, EOFError, RuntimeError, KeyError, ValueError) as error:
            return _("it is damaged in the export ({error})", error=type(error).__name__)
        return accepted

    def _pieces(self, file: ForeignFile) -> Iterator[bytes]:
        if file.member:
            return self.export.pieces(file.member)
        return iter([file.data or file.text.encode("utf-8", "replace")])


async def _all(head: bytes, pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    yield head
    while piece := await asyncio.to_thread(next, pieces, b""):
        yield piece


def has_bytes(file: ForeignFile) -> bool:
    """Whether the export holds the file, not only its name."""
    return bool(file.member or file.data or file.text)


def named(file: ForeignFile, head: bytes = b"") -> str:
    """Return a name to show: with an ending that says what it is, where the export's says nothing."""
    name = cleaned_name(file.name) or "file"
    if file.text and not name.lower().endswith(_TEXTS):
        return f"{name}.txt"
    if "." in name[-6:]:
        return name
    if head[:4] == b"RIFF":
        return name + {b"WEBP": ".webp", b"WAVE": ".wav"}.get(head[8:12], "")
    return name + next((ending for sign, ending in _ENDINGS.items() if head.startswith(sign)), "")
