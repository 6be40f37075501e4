"""Kinds that are told by how a file begins: old Excel files, RTF, e-mail, pictures."""

import re

from gantry.adapters.parsing import recognition
from gantry.domain.parsing import FileFormat, FileKind, ParsingFailed, ParsingFault

XLS = FileKind(FileFormat.XLS, "application/vnd.ms-excel", "Excel")
RTF = FileKind(FileFormat.RTF, "application/rtf", "RTF")
MAIL = FileKind(FileFormat.MAIL, "message/rfc822", "E-mail")

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # Office before 2007, and what Office encrypts
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_WORKBOOKS = tuple(name.encode("utf-16-le") + b"\0\0" for name in ("Workbook", "Book"))
_RTF = re.compile(rb"^\s*\{\\rtf")
_PICTURES = (  # each as far as no text begins like it
    (re.compile(rb"\x89PNG"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
    (re.compile(rb"II\*\0|MM\0\*"), "image/tiff"),
    (re.compile(rb"BM....\0\0\0\0", re.DOTALL), "image/bmp"),
)
_HEADER = re.compile(r"^([A-Za-z][A-Za-z0-9-]{1,40}):[ \t]?\S?", re.MULTILINE)
_OF_MAIL = frozenset(
    {"from", "to", "date", "subject", "message-id", "received", "mime-version", "return-path", "delivered-to"}
)
_SURE = frozenset({"message-id", "received", "mime-version", "return-path"})  # nobody types these


def told(head: bytes, directory: bytes) -> FileKind | None:
    """Return the kind of a file that begins with *head*; None for what is to be looked at as text.

    Args:
        head: The first bytes.
        directory: Of an old Office file, the names of what is in it.
    """
    if head.startswith(_OLE):
        return _old_office(head + directory)
    if _RTF.match(head):
        return RTF
    if media_type := picture_type(head):
        if not recognition.is_installed():
            raise ParsingFailed(ParsingFault.NO_RECOGNITION)
        return FileKind(FileFormat.PICTURE, media_type, "Picture")
    return None


def picture_type(head: bytes) -> str:
    """Return the media type of a picture that begins with *head*; empty for what is none."""
    return next((media_type for pattern, media_type in _PICTURES if pattern.match(head)), "")


def directory_place(head: bytes) -> int:
    """Return where an old Office file lists what is in it."""
    if not head.startswith(_OLE) or len(head) < 52:
        return 0
    size = 1 << min(int.from_bytes(head[30:32], "little"), 16)
    return (int.from_bytes(head[48:52], "little") + 1) * size


def _old_office(head: bytes) -> FileKind:
    if _ENCRYPTED in head:
        raise ParsingFailed(ParsingFault.ENCRYPTED)
    if any(name in head for name in _WORKBOOKS):
        return XLS
    raise ParsingFailed(ParsingFault.UNSUPPORTED)


def is_mail(text: str, ending: str) -> bool:
    """Whether a text begins with the headers of a message."""
    head = re.split(r"\r?\n\r?\n|\r\r", text.lstrip("\ufeff"), maxsplit=1)[0]
    if head.startswith(("From ", ">From ")):  # as a mailbox keeps it
        head = head.partition("\n")[2]
    first = _HEADER.match(head)
    names = {each.lower() for each in _HEADER.findall(head)}
    if first is None or not names & _OF_MAIL:
        return False
    if ending in {"eml", "mht", "mhtml"}:
        return True
    return "from" in names and len(names & _OF_MAIL) >= 3 and bool(names & _SURE)
