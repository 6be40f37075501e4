"""Text that can be stored and sent on."""

import re

_HALVES = re.compile("[\ud800-\udfff]")


def storable(text: str) -> str:
    """Return *text* without NUL, which PostgreSQL refuses, and with halves of surrogate pairs, which UTF-8 refuses, replaced."""
    text = text.replace("\0", "")
    return text if text.isascii() else _HALVES.sub("\ufffd", text)
