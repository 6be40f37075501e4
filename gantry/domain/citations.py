"""References such as [2] in an answer."""

import re
from collections.abc import Collection, Iterator

# What stands in code or in a formula is not ours: [1] may be an index there.
_CODE = re.compile(
    r"(?P<fence>^ {0,3}(?P<mark>`{3,}|~{3,}).*?(?:^ {0,3}(?P=mark)[`~]*[ \t]*$|\Z))"
    r"|(?<!`)(?P<ticks>`+)(?!`)(?:(?!\n[ \t]*\n).){1,2000}?(?<!`)(?P=ticks)(?!`)"
    r"|\$\$.+?\$\$|\\\((?:(?!\\\().)+?\\\)|\\\[(?:(?!\\\[).)+?\\\]|(?<![\\$A-Za-z0-9_])\$(?!\s)[^$\n`]+?(?<![\s\\])\$(?!\d)(?<![:/.,=@-]\$(?=[A-Za-z{]))",
    re.DOTALL | re.MULTILINE,
)
# Not a link's text, nor a footnote's definition.
_REFERENCE = re.compile(r"\[(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\](?![({:]|\[[^\]\d])")
_STATEMENT_ENDS = re.compile(r"\s*(?:[.,;:!?。，；：！？、)]|\[\d|\Z|\n)")


def cited_numbers(text: str, known: Collection[int]) -> set[int]:
    """Return which of the *known* numbers an answer refers to. The text itself stays as the model wrote it.

    [0, 1] is no reference: nothing is numbered 0. Neither are the indices in code that stands outside of a code block.
    """
    cited: set[int] = set()
    if not known:
        return cited
    for prose in _prose(text):
        for match in _REFERENCE.finditer(prose):
            numbers = {int(number) for number in re.findall(r"\d+", match[1])}
            if 0 not in numbers and not _is_index(prose, match):
                cited |= numbers
    return cited & set(known)


def _is_index(prose: str, reference: re.Match[str]) -> bool:
    """Whether it is written against a name: "a[1]" and "rows[2] to" are indices, "as he said[1]." refers."""
    before = prose[max(0, reference.start() - 2) : reference.start()]
    if not re.search(r"[\w)}]\Z", before):
        return False
    one_letter = re.search(r"(?:\A|[^\w])[A-Za-z_]\Z", before)
    return bool(one_letter) or not _STATEMENT_ENDS.match(prose, reference.end())


def _prose(text: str) -> Iterator[str]:
    end = 0
    for code in _CODE.finditer(text):
        yield text[end : code.start()]
        end = code.end()
    yield text[end:]
