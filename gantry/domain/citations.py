"""References such as [2] in an answer: which are there, and which point to nothing."""

import re
from collections.abc import Collection, Iterator

# What stands in code is not ours: [1] may be an index there.
_CODE = re.compile(
    r"(?P<fence>^ {0,3}(?P<mark>`{3,}|~{3,}).*?(?:^ {0,3}(?P=mark)|\Z))|`[^`\n]+`", re.DOTALL | re.MULTILINE
)
# Not a link's text, nor a footnote's definition.
_REFERENCE = re.compile(r"\[(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\](?![(:]|\[[^\]\d])")


def cited_numbers(text: str, known: Collection[int]) -> set[int]:
    """Return which of the *known* numbers an answer refers to."""
    found = {
        int(number)
        for prose in _prose(text)
        for match in _REFERENCE.finditer(prose)
        for number in re.findall(r"\d+", match[1])
    }
    return found & set(known)


def without_unknown(text: str, known: Collection[int]) -> str:
    """Return *text* without references to numbers that were not given.

    An answer that was given nothing keeps lists such as [1, 2]: they are matter of its own, where one number in brackets is
    what models invent. Nothing is numbered 0.
    """
    pieces: list[str] = []
    end = 0
    for code in _CODE.finditer(text):
        pieces += [_checked(text[end : code.start()], known), code[0]]
        end = code.end()
    pieces.append(_checked(text[end:], known))
    return "".join(pieces)


def _checked(prose: str, known: Collection[int]) -> str:
    def kept(match: re.Match[str]) -> str:
        numbers = [int(number) for number in re.findall(r"\d+", match[2])]
        good = [number for number in numbers if number in known]
        own = 0 in numbers or (not known and len(numbers) > 1)
        if own or len(good) == len(numbers):
            return match[0]
        return f"{match[1]}[{', '.join(str(number) for number in good)}]" if good else ""

    return re.sub(rf"([ \t]?){_REFERENCE.pattern}", kept, prose)


def _prose(text: str) -> Iterator[str]:
    end = 0
    for code in _CODE.finditer(text):
        yield text[end : code.start()]
        end = code.end()
    yield text[end:]
