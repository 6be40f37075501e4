"""Whether a place in a text lies within code, as Markdown reads it."""

import re

_FENCE = re.compile(r"[ \t>]*(?:[-*+]|\d+[.)])?[ \t]*(`{3,}|~{3,})")


def in_code(before: str) -> bool:
    """Whether what follows *before* stands within a fenced block, or within backticks on its line."""
    fence = ""
    lines = before.split("\n")
    for line in lines[:-1]:
        found = _FENCE.match(line)
        if found is None:
            continue
        if not fence:
            fence = found[1]
        elif found[1].startswith(fence) and not line[found.end() :].strip():
            fence = ""
    return bool(fence) or lines[-1].count("`") % 2 == 1
