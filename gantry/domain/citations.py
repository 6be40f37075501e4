"""References such as [2] in an answer: which are there, and which point to nothing."""

import re
from collections.abc import Collection, Iterator

# What stands in code or in a formula is not ours: [1] may be an index there.
_CODE = re.compile(
    r"(?P<fence>^ {0,3}(?P<mark>`{3,}|~{3,}).*?(?:^ {0,3}(?P=mark)|\Z))|`[^`\n]+`"
    r"|\$\$.+?\$\$|\\\(.+?\\\)|\\\[.+?\\\]|(?<![\\$\w])\$(?!\s)[^$\n]+?(?<![\s\\])\$(?!\d)",
    re.DOTALL | re.MULTILINE,
)
# Not a link's text, nor a footnote's definition.
_REFERENCE = re.compile(r"\[(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\](?![({:]|\[[^\]\d])")
_BEGINS_LINE = re.compile(r"^[ \t]*(?:[-*+] )?\[(\d{1,3})\]", re.MULTILINE)


def cited_numbers(text: str, known: Collection[int]) -> set[int]:
    """Return which of the *known* numbers an answer refers to. [0, 1] is no reference: nothing is numbered 0."""
    references = (
        {int(number) for number in re.findall(r"\d+", match[1])}
        for prose in _prose(text)
        for match in _REFERENCE.finditer(prose)
    )
    return {number for numbers in references if 0 not in numbers for number in numbers} & set(known)


def without_unknown(text: str, known: Collection[int]) -> str:
    """Return *text* without references to numbers that were not given. Nothing is numbered 0.

    An answer that was given nothing may number matter of its own: lists such as [1, 2], indices such as a[1], and what it lists itself
    at the beginning of lines.
    """
    own: set[int] = set() if known else {int(number) for number in _BEGINS_LINE.findall(text)}
    pieces: list[str] = []
    end = 0
    for code in _CODE.finditer(text):
        pieces += [_checked(text[end : code.start()], known, own), code[0]]
        end = code.end()
    pieces.append(_checked(text[end:], known, own))
    return "".join(pieces)


def _checked(prose: str, known: Collection[int], own: Collection[int]) -> str:
    def kept(match: re.Match[str]) -> str:
        numbers = [int(number) for number in re.findall(r"\d+", match[2])]
        good = [number for number in numbers if number in known]
        attached = match[1] == "" and re.match(r"[\w)}]", prose[match.start() - 1 : match.start()])
        is_own = not known and (len(numbers) > 1 or numbers[0] in own or attached)
        if 0 in numbers or is_own or len(good) == len(numbers):
            return match[0]
        return f"{match[1]}[{', '.join(str(number) for number in good)}]" if good else ""

    return re.sub(rf"([ \t]?){_REFERENCE.pattern}", kept, prose)


def _prose(text: str) -> Iterator[str]:
    end = 0
    for code in _CODE.finditer(text):
        yield text[end : code.start()]
        end = code.end()
    yield text[end:]
