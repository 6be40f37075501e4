"""Names of files that every system can have, each once."""

import re
import unicodedata
from dataclasses import dataclass, field

from gantry.domain.names import on_one_line

MAX_BYTES = (
    150  # of a name without its ending: with folders around it, what Windows and every file system take
)
_FORBIDDEN = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]+')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


def safe_name(text: str, otherwise: str) -> str:
    """Return *text* as the name of a file, without its ending; *otherwise* where nothing is left of it."""
    name = unicodedata.normalize("NFC", _FORBIDDEN.sub(" ", on_one_line(text)))
    name = " ".join(name.split()).strip(". ")
    name = name.encode()[:MAX_BYTES].decode(errors="ignore").rstrip(". \u200d")
    if not name:
        return otherwise
    return f"{name}_" if _RESERVED.match(name) else name


def safe_file_name(text: str, otherwise: str) -> str:
    """Return *text* as the name of a file that keeps its ending."""
    stem, dot, ending = text.rpartition(".")
    if not dot or not re.fullmatch(r"\w{1,12}", ending, re.ASCII):
        return safe_name(text, otherwise)
    return f"{safe_name(stem, otherwise)}.{ending}"


@dataclass(slots=True)
class TakenNames:
    """Gives names that differ also where upper and lower case are one."""

    taken: set[str] = field(default_factory=set[str])
    last: dict[str, int] = field(default_factory=dict[str, int])

    def free(self, name: str) -> str:
        """Return *name*, with a number where it is taken."""
        key = name.casefold()
        number, given = self.last.get(key, 1), name
        while given.casefold() in self.taken:
            number += 1
            given = f"{name} ({number})"
        self.last[key] = number
        self.taken.add(given.casefold())
        return given
