"""What of a message a person says for themselves, and what is material: pasted text, a task about a text, a role, a story.

Memory holds what people said of themselves, so these rules rather leave out too much. They know English words; marks
that need no language (quotations, code, letters, logs) hold for every text.
"""

import re

from gantry.domain.english.material import is_about_a_text, looks_pasted, without_code

LONGEST = 1000  # characters of a message that are read: what is longer is material, not conversation

_QUOTED = re.compile(
    r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]*`|^[ \t]*>.*$"
    r"|\"[^\"]{2,1000}\"|“[^”]{2,1000}”|„[^“”]{2,1000}[“”]|«[^»]{2,1000}»|「[^」]{2,1000}」|(?<!\w)['‘][^'’\n]{3,300}['’](?!\w)",
    re.DOTALL | re.MULTILINE,
)
_APOSTROPHE = re.compile(r"(?<=\w)’(?=\w)")
# What follows a colon belongs to what stands before it: "Translate:", "Tom:", "INFO:".
_LABEL = re.compile(r"(?P<label>[^\n:.!?]{0,200}):(?=\s|\Z)")
_MY_LABEL = re.compile(
    r"\babout (?:me|myself)\b|\bremember\b|\b(?:to|should|must|you) know\b|^\W{0,5}(?:please )?note\b|\bfyi\b|\bbtw\b|\bby the way\b|^\W{0,5}p\.?s\b"
    r"|^\W{0,5}(?:be )?careful\b|^\W{0,5}(?:important|warning|attention|heads up|also|correction|update|one more thing|sorry|hi|hello)\W*$"
    r"|^\W{0,5}(?:some )?(?:context|background)\b|\bquestions?\b|\bintroduce myself\b|\bmy (?:details|situation)\b",
    re.IGNORECASE,
)
_ROLE = re.compile(
    r"\b(?:act (?:as|like)|pretend|role-?\s?play|play the (?:role|part)|let'?s (?:play|imagine|pretend)|imagine|suppose|"
    r"in character|(?:speak|talk|answer|respond|reply) (?:as|like) (?:an?|the|if)|simulate|hypothetical|fictional|scenario|"
    r"you(?:'re| are| will be|'ll be) (?:now )?(?:an?|the|my) (?!best|right|same)\w+|as if (?:i|you))\b",
    re.IGNORECASE,
)
_YOU_ARE_NAMED = re.compile(r"\b[Yy]ou(?:'re| are) (?!I\b)[A-Z][a-z]+\b")
_REMEMBER = re.compile(r"\s*(?:please\s+)?remember\b", re.IGNORECASE)


def own_words(text: str, *, longest: int = LONGEST) -> str:
    """Return what the person says for themselves in a message of theirs; empty when it is about something else."""
    text = _APOSTROPHE.sub("'", text)
    if len(text) > longest or looks_pasted(text):
        return ""
    plain = without_code(_QUOTED.sub(" ", text))
    if not _REMEMBER.match(plain) and (is_about_a_text(plain) or _is_role(plain)):
        return ""
    ends = (found.end("label") for found in _LABEL.finditer(plain) if not _MY_LABEL.search(found["label"]))
    return plain[: next(ends, len(plain))]


def sets_a_role(text: str) -> bool:
    """Whether a message makes what follows a play: what is said in it is said by a character."""
    return _is_role(text[:LONGEST]) and not _REMEMBER.match(text)


def _is_role(text: str) -> bool:
    return bool(_ROLE.search(text) or _YOU_ARE_NAMED.search(text))
