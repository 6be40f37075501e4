"""E-mail (.eml): who wrote to whom and when, what they wrote, once, and what they attached."""

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

from gantry.adapters.parsing import sniffing
from gantry.adapters.parsing.decoding import decoded
from gantry.adapters.parsing.source import Source, opened
from gantry.domain.parsing import FileFormat, ParsingLimits, Progress, Section

_HEADERS = ("From", "To", "Cc", "Date", "Subject")
_BYTES = re.compile(r"[\udc80-\udcff]")
_DIVIDES = re.compile(
    r"^--([\w'()+,./:=?-]{1,70})[ \t]*\r?\n(?:Content-|MIME-)", re.MULTILINE | re.IGNORECASE
)
_MAX_DEPTH = 3  # of messages in messages
_MAX_PARTS = 1000
_MAX_HEADER = 2000  # characters that are told of one


def read(source: Source, limits: ParsingLimits, depth: int = 0) -> Iterator[Section | Progress]:
    """Yield the text of a message and of its attachments."""
    with opened(source) as file:
        message = _mended(BytesParser(policy=policy.default).parse(file))
    subject = _header(message, "Subject")
    head = "\n".join(f"{name}: {said}" for name in _HEADERS if (said := _header(message, name)))
    yield Progress(0, None)
    if head:
        yield Section(head, heading=subject)
    body = _body(message)
    if body is not None:
        yield from _text(body, subject, limits)
    until = time.monotonic() + limits.recognition_seconds
    for number, part in enumerate(_attachments(message, body)):
        if number == _MAX_PARTS:
            break
        left = replace(limits, recognition_seconds=max(0.0, until - time.monotonic()))
        yield from _attachment(part, subject, left, depth)


def _mended(message: EmailMessage) -> EmailMessage:
    """Return a message whose parts are not divided as its header says: by the line that does divide them, else as text."""
    said = message.get_payload()
    if message.get_content_maintype() != "multipart" or not isinstance(said, str):
        return message
    found = _DIVIDES.search(said)
    if found:
        message.set_param("boundary", found[1])
        again = BytesParser(policy=policy.default).parsebytes(message.as_bytes())
        if again.is_multipart():
            return again
    del message["Content-Type"]
    message["Content-Type"] = "text/plain; charset=utf-8"
    return message


def _header(message: EmailMessage, name: str) -> str:
    try:
        raw = next((said for each, said in message.raw_items() if each.lower() == name.lower()), "")
        if _BYTES.search(raw):  # written as they are, in an encoding that nothing names
            said = decoded(raw.encode("ascii", "surrogateescape"))
        else:
            said = str(message.get(name, ""))
        return " ".join(said.split())[:_MAX_HEADER]
    except (
        ValueError,
        LookupError,
        IndexError,
        AttributeError,
        TypeError,
    ):  # what the standard library makes of odd ones
        return ""


def _body(message: EmailMessage) -> EmailMessage | None:
    """Return the part that is the message: plain text rather than HTML where it says anything."""
    for kind in ("plain", "html"):
        found = message.get_body((kind,))
        if isinstance(found, EmailMessage) and _raw(found).strip():
            return found
    return None


def _text(part: EmailMessage, heading: str, limits: ParsingLimits) -> Iterator[Section]:
    form = FileFormat.HTML if part.get_content_subtype() == "html" else FileFormat.TEXT
    from gantry.adapters.parsing import readers  # noqa: PLC0415 - which read mail too

    for each in readers.read(_decoded(part), form, limits):
        if isinstance(each, Section):
            yield replace(each, heading=_below(heading, each.heading), page=None)


def _decoded(part: EmailMessage) -> bytes:
    """Return the text of a part in UTF-8 where the charset that it names fits, else as it came."""
    raw = _raw(part)
    charset = part.get_content_charset()
    try:
        return raw.decode(charset).encode() if charset and charset not in {"us-ascii", "ascii"} else raw
    except (LookupError, UnicodeError):
        return raw


def _raw(part: EmailMessage) -> bytes:
    found = part.get_payload(decode=True)
    return found if isinstance(found, bytes) else b""


def _attachments(message: EmailMessage, body: EmailMessage | None) -> Iterator[EmailMessage]:
    """Yield what is neither the message nor another way to say it."""
    waiting: list[EmailMessage] = [message]
    while waiting:
        part = waiting.pop()
        if part.get_content_maintype() == "multipart":
            inner = [each for each in part.iter_parts() if isinstance(each, EmailMessage)]
            if part.get_content_subtype() == "alternative":
                inner = [each for each in inner if not _says_the_same(each)]
            waiting += reversed(inner)
        elif part is not body and part is not message:
            yield part


def _says_the_same(part: EmailMessage) -> bool:
    return part.get_content_maintype() == "text" or part.get_content_type() == "multipart/related"


def _attachment(
    part: EmailMessage, subject: str, limits: ParsingLimits, depth: int
) -> Iterator[Section | Progress]:
    inner = part.get_payload()
    is_message = part.get_content_type() == "message/rfc822" and isinstance(inner, list) and bool(inner)
    raw = inner[0].as_bytes() if is_message else _raw(part)  # type: ignore[union-attr, index]
    name = _name(part) or ("message.eml" if is_message else "")
    if not name and not part.is_attachment() and part.get_content_maintype() != "text":
        return  # a picture of the layout
    heading = _below(subject, name)
    if name:
        yield Section(f"Attachment: {name}", heading=heading)
    try:
        kind = sniffing.sniff(raw, name)
        if kind.format is FileFormat.MAIL and depth >= _MAX_DEPTH:
            return
        yield from _sections(raw, kind.format, heading, limits, depth)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - whatever a library makes of a broken attachment, the message is read
        return  # it is named


def _sections(
    raw: bytes, form: FileFormat, heading: str, limits: ParsingLimits, depth: int
) -> Iterator[Section | Progress]:
    from gantry.adapters.parsing import readers  # noqa: PLC0415 - which read mail too

    told = read(raw, limits, depth + 1) if form is FileFormat.MAIL else readers.read(raw, form, limits)
    for each in told:
        if isinstance(each, Section):
            yield replace(each, heading=_below(heading, each.heading), page=None)
        else:
            yield Progress(0, None)  # a sign of life


def _name(part: EmailMessage) -> str:
    try:
        return " ".join((part.get_filename() or "").split())[:255]
    except (ValueError, LookupError, AttributeError, TypeError):
        return ""


def _below(heading: str, more: str) -> str:
    return " › ".join(each for each in (heading, more) if each)[:500]
