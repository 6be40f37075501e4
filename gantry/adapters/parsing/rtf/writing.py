"""Text that is put together from bytes in several encodings and from characters by their numbers."""

from gantry.adapters.parsing.office.symbols import SIGNS, symbol

_HYPHENS = str.maketrans({"\u2011": "-", "\u00ad": None})  # as for words that are looked for


class Writing:
    """Pieces of text; bytes are decoded together, as two of them may be one character."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._raw: list[str] = []
        self._encoding = ""

    def coded(self, raw: str, encoding: str) -> None:
        """Add bytes, each given as the character of its number."""
        if encoding != self._encoding:
            self._decode()
            self._encoding = encoding
        self._raw.append(raw)

    def plain(self, text: str) -> None:
        """Add text."""
        self._decode()
        self._parts.append(text)

    def cut(self, end: str) -> None:
        """Take *end* away where the text ends with it."""
        self._decode()
        if self._parts and self._parts[-1] == end:
            self._parts.pop()

    def take(self) -> str:
        """Return the text so far, and begin anew."""
        self._decode()
        text = "".join(self._parts)
        self._parts = []
        # Characters beyond the first plane come as two numbers.
        whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return whole.translate(_HYPHENS).translate(SIGNS)

    def _decode(self) -> None:
        if not self._raw:
            return
        raw = "".join(self._raw)
        self._raw = []
        if self._encoding == "symbol":
            self._parts.append("".join(symbol("Symbol", f"{ord(each):x}") for each in raw))
        else:
            self._parts.append(raw.encode("latin-1", "replace").decode(self._encoding, "replace"))
