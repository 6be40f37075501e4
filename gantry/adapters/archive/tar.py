"""The tar format of archives, byte by byte: what the writer and the reader agree on.

``tables/<table>/<number>.jsonl.gz`` …, ``documents/<path>`` …, ``manifest.json``, ``SEAL``. Any tar opens it. Headers
hold nothing but name, size and the moment of creation, so a reader can demand the very bytes it would have written.
The seal is the last member, always as long: where the manifest is, and the SHA-256 of everything before the seal.
"""

import re
import tarfile
from dataclasses import dataclass
from pathlib import PurePosixPath

from gantry.domain.archive import FORMAT, damaged
from gantry.domain.errors import Invalid

BLOCK = 512
SEAL_BYTES = 4 * BLOCK  # header, text, and the two empty blocks that end a tar
MANIFEST = "manifest.json"
DOCUMENTS = "documents"
_SEAL = "SEAL"
_SEAL_TEXT = re.compile(
    rb"gantry-archive ([0-9]{1,4})\ncreated ([0-9]{1,12})\nmanifest ([0-9]{1,18})\nsha256 ([0-9a-f]{64})\n\0*"
)


@dataclass(frozen=True, slots=True)
class Seal:
    """The end of an archive."""

    created: int  # seconds since 1970, as in every header
    manifest_at: int
    sha256: str

    def to_bytes(self) -> bytes:
        """Return the archive's last bytes."""
        text = (
            f"gantry-archive {FORMAT}\ncreated {self.created}\nmanifest {self.manifest_at}\nsha256 {self.sha256}\n"
        ).encode()
        return header(_SEAL, len(text), self.created) + text.ljust(BLOCK, b"\0") + bytes(2 * BLOCK)

    @classmethod
    def from_bytes(cls, end: bytes) -> "Seal":
        """Read the archive's last bytes; ArchiveRefused unless they are exactly a seal."""
        found = _SEAL_TEXT.fullmatch(end[BLOCK : 2 * BLOCK])
        if found is None:
            raise damaged("its end is missing, or something follows it")
        if int(found[1]) != FORMAT:
            raise damaged(f"it has format {int(found[1])}, and this version of Gantry reads format {FORMAT}")
        seal = cls(int(found[2]), int(found[3]), found[4].decode())
        if seal.to_bytes() != end:
            raise damaged("its end has been changed")
        return seal


def header(name: str, size: int, created: int) -> bytes:
    """Return a member's header.

    Raises:
        Invalid: The name or the size does not fit the format.
    """
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = size, created, 0o600
    try:
        return info.tobuf(tarfile.USTAR_FORMAT, "utf-8", "strict")
    except ValueError as error:
        raise Invalid(
            f"The file {name!a:.80} cannot be archived: its name or its size is too long."
        ) from error


def read_header(block: bytes, created: int) -> tuple[str, int]:
    """Return name and size from a header; ArchiveRefused unless we would have written just that."""
    try:
        info = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
        if header(info.name, info.size, created) == block:
            return info.name, info.size
    except (tarfile.HeaderError, ValueError, Invalid) as error:
        raise damaged("a header cannot be read") from error
    raise damaged("a header has been changed")


def padding(size: int) -> int:
    """Return how many zeros follow *size* bytes."""
    return -size % BLOCK


def part_name(table: str, number: int) -> str:
    """Return the name of a table's part; the first is 1."""
    return f"tables/{table}/{number:06}.jsonl.gz"


def document_path(name: str) -> str:
    """Return the path in a document's member name.

    Raises:
        ArchiveRefused: It is not a document, or would leave the folder of documents.
    """
    folder, _slash, path = name.partition("/")
    if folder != DOCUMENTS or not is_safe(path):
        raise damaged(f"it contains {name!a:.80}, which is not named by its manifest")
    return path


def is_safe(path: str) -> bool:
    """Whether *path* is relative, in its only spelling, and stays where it is put."""
    parts = path.split("/")
    plain = all(part not in {"", ".", ".."} for part in parts)
    return plain and path.isprintable() and "\\" not in path and str(PurePosixPath(path)) == path
