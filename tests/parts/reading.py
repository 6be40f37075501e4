"""What the readers say of a file, without a process of its own."""

from gantry.adapters.parsing import readers, sniffing
from gantry.domain.parsing import ParsingLimits, Section


def sections(content: bytes, name: str = "a") -> list[Section]:
    """Return the sections of a file whose kind is told by its content."""
    kind = sniffing.sniff(content, name)
    told = readers.read(content, kind.format, ParsingLimits())
    return [each for each in told if isinstance(each, Section)]


def text(content: bytes, name: str = "a") -> str:
    """Return the whole text of a file."""
    return "\n".join(each.text for each in sections(content, name))
