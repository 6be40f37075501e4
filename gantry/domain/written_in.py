"""Which language a text is in, as browsers name it: for reading it aloud, by voices and by screen readers."""

import re
from functools import lru_cache

from gantry.domain import stop_words
from gantry.domain.words import languages_of

_READ = 600  # characters that are looked at
_ENOUGH = 3  # words that only few languages have
_TAGS = {
    "english": "en", "german": "de", "french": "fr", "spanish": "es", "portuguese": "pt", "italian": "it", "dutch": "nl",
    "swedish": "sv", "danish": "da", "norwegian": "nb", "finnish": "fi", "hungarian": "hu", "romanian": "ro", "turkish": "tr",
    "polish": "pl", "czech": "cs", "catalan": "ca", "indonesian": "id",
}  # fmt: skip
# In this order: Japanese is written with Chinese characters too.
_SCRIPTS = (
    ("ja", re.compile("[\u3041-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7a3]")),
    ("zh", re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")),
    ("th", re.compile("[\u0e01-\u0e4e]")),
    ("ar", re.compile("[\u0620-\u064a]")),
    ("he", re.compile("[\u05d0-\u05ea]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("hi", re.compile("[\u0900-\u097f]")),
    ("uk", re.compile("[іїєґІЇЄҐ]")),
    ("ru", re.compile("[\u0400-\u04ff]")),
)
_LETTER = re.compile(r"[^\W\d_]")
_NOT_PROSE = re.compile(r"```.*?(?:```|$)|~~~.*?(?:~~~|$)|`[^`\n]*`|\$[^$\n]*\$|https?://\S+", re.DOTALL)


@lru_cache(maxsize=1024)  # a conversation is drawn again and again
def _told(text: str) -> str:
    prose = _NOT_PROSE.sub(" ", text)
    letters = len(_LETTER.findall(prose))
    for tag, script in _SCRIPTS:
        if len(script.findall(prose)) * (20 if tag in {"ja", "uk"} else 3) > letters > 0:
            return tag
    words = prose.lower().split()
    if sum(word.strip(".,;:!?*_()\"'") in stop_words.LANGUAGES_OF_WORD for word in words) < _ENOUGH:
        return ""
    return _TAGS.get(languages_of(prose)[0], "")


def written_in(text: str) -> str:
    """Return the tag of the language that most of *text* is in (``de``); empty when it cannot be told."""
    return _told(text[:_READ])
