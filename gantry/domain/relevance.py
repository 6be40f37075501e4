"""Whether what is kept has to do with a message at all. Pure functions.

Most of what is said in a chat wants nothing of anybody's documents: thanks, a poem, a sum. Search finds something for each of them,
for something is always the nearest. So before anything is given, the message as a whole is weighed against the best that was found.
The numbers were chosen on public query sets and on small collections of notes (docs/retrieval.md).
"""

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from gantry.domain.words import Asked

# Models whose cosines are known; others' lie elsewhere, and only their order tells.
_ENGLISH_MODEL = "minilm-int8"
MEASURED = frozenset({_ENGLISH_MODEL, "multilingual-e5-small"})

# One row is worth giving when it is near enough in meaning, or holds enough of the question's words.
LEAST_SIMILARITY = 0.3
LEAST_COVERAGE = 0.5
LEAST_COVERAGE_ALONE = 0.3  # where words alone were searched: they find with fewer

_UNKNOWN = (
    50  # rows of nobody's that are thought to be there too, so that a word in the only note counts as rare
)
_NEAR, _MASS = 17.1, 2.61  # what similarity and mass count beside each other
# How much both must be among one row, how much more with each e times as many (more is found by chance), and at most.
_WITH_ONE, _WITH_MORE, _AT_MOST = 6.1, 0.42, 8.9
_MASS_WITH_ONE, _MASS_WITH_MORE = 0.55, 0.055  # the same for mass alone,
_OF_SOMEONE_WITH_ONE, _OF_SOMEONE_WITH_MORE = 0.4, 0.02  # where a question names somebody
_RARE, _RARE_ALONE = (
    0.4,
    0.6,
)  # how rare the rarest word must be where one row holds them all, and where there is but one
_FEW = 150  # rows, among which a question in other words has little to stand out by: each row is judged by itself
_FEW_SHARE = 0.2  # of what the message's words are worth, that one of these rows must hold
_LEAN_SIMILARITY = 0.25  # is enough where what to read was chosen, or the person asks about themselves


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Words of talk and of tasks: they say what to do and not what about, and stand in texts about anything.
_TALK = _set(
    """
    thank thanks thx hello hi hey bye goodbye welcome ok okay yes yeah no great good nice fine perfect cool wow lol sorry sure right wrong
    night morning evening afternoon today now again please well really very much many lot something anything everything thing things way
    understand mean means meant sound sounds help helps helped try keep go going come move continue start stop let lets
    write wrote rewrite rephrase say says tell give gives make makes made explain describe translate convert calculate compose invent
    create correct fix answer ask show find think want need use used pick play pretend shorter longer simpler briefly
    word words sentence sentences
    s t re ve ll d m don doesn didn isn aren wasn won cannot couldn wouldn shouldn
    danke bitte hallo guten morgen merci bonjour salut gracias hola grazie ciao obrigado olá спасибо привет
    谢谢 謝謝 谢 謝 感谢 感謝 感 好 好的 再见 再見 见 見 早 早上 上 上好 晚安 晚 안녕 감사 고마 고마워 고맙
    """
)
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_PAIR, _CHARACTER = 0.35, 0.15  # of a word: about two characters are one
_WORD_CHARACTERS = 2
_LATIN_ENDS = "\u0250"
_DOCUMENTS = re.compile(
    r"\b(?:my|our|this|these|those|the (?:attached|uploaded))(?: \w+)? "
    r"(?:documents?|files?|pdfs?|reports?|papers?|notes?|contracts?|books?|articles?|spreadsheets?|slides)\b"
    r"|\bthe (?:documents?|attachments?|uploads?|pdfs?)\b"
    r"|\b(?:pages?|slides?|clause|appendix|seiten?|folie|página|pagina|стр(?:аниц\w*)?)\.? \d|§ ?\d|第 ?\d+ ?[页頁]"
    r"|\b(?:mein|unser|dies)\w* (?:\w+ )?(?:Dokument|Datei|Unterlage|Bericht|Vertrag|Vertr[äa]g|Notiz)\w*\b"
    r"|\b(?:mes|mon|nos|notre|ce|ces|le|les) (?:documents?|fichiers?|notes|rapports?|contrats?)\b"
    r"|\b(?:mis?|nuestr\w+|est[eo]s?|el|los) (?:documentos?|archivos?|informes?|notas|contratos?)\b"
    r"|\b(?:мо[йие]\w*|наш\w*|эт\w+) (?:документ|файл|отч[её]т|договор|заметк)\w*\b"
    r"|(?:我的|这个|这些|该|文档|文件)(?:文档|文件|报告|合同|笔记|里|中)|(?:この|その|私の)(?:文書|書類|ファイル|資料)|(?:내|이|그) ?(?:문서|파일)",
    re.IGNORECASE,
)
_WHOLE = re.compile(
    r"\bsummar(?:y|i[sz]e\w*)\b|\boverview\b|\boutline\b|\btl;?dr\b|\b(?:key|main) points\b|\bwhat (?:is|are) (?:it|this|these|they) about\b"
    r"|\bwhat(?:'s| is| are) in (?:my|our|the|this|these|those)\b|\bwhat (?:do|does) (?:\w+ ){1,3}say\s*\?*$"
    r"|\bzusammenfass\w*|\bfasse?\b.*\bzusammen\b|\büberblick\b|\brésum\w+|\bresum\w+|\briassum\w+|\bкратко\b|总结|概括|摘要|要約|まとめ|요약",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"\bremind me\b|\b(?:do|can|did) you (?:remember|recall)\b|\bwhat do you know (?:about|of) me\b|\blast time\b"
    r"|\b(?:did|have|had|ha[ds]n't|didn't) (?:i|we)\b"
    r"|\b(?:i|we)(?:'ve| have| had)? (?:(?:just|already|once) )?(?:said|told|mentioned|asked|talked|discussed|spoke|agreed|decided|planned)\b"
    r"|\b(?:did you|you(?:'ve| have| had)?) (?:recommend|suggest|advise|propose|mention)\w*\b"
    r"|\berinner\w* (?:mich|du dich)\b|\b(?:habe?|hatte) ich\b|\brappelle-moi\b|\bai-je\b|\brecuérdame\b|\b(?:напомни|что я говорил)",
    re.IGNORECASE,
)
_OWN = re.compile(
    r"\b(?:my|our|mine|ours|am i|are we|were we|was i|do we|mein\w*|unser\w*|mon|mes|nos|mis?)\b",
    re.IGNORECASE,
)
_QUESTION = re.compile(r"[?？؟]")
_NAME = re.compile(r"(?<=[\w,;] )[A-Z][a-z]+")  # not at the beginning


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for a message having to do with what is kept.

    Attributes:
        similarity: Cosine of the nearest row; None where no model whose cosines are known has compared them.
        mass: The most that one row holds of the message's words, each by how rare it is: 1 is a word that one row in many holds.
        whole: How rare the rarest word is in a row that holds all of them; 0 where none does.
        part: How rare the rarest pair is in a row that holds half of the characters of a message without spaces: two of them
            are a word, and one of a word's is often a word for much the same.
        words: How many words it has.
        rows: How many rows were searched.
        share: How much of all its words' worth the mass is.
    """

    similarity: float | None
    mass: float = 0.0
    whole: float = 0.0
    part: float = 0.0
    words: int = 0
    rows: int = 1
    share: float = 0.0


def says_what(words: Iterable[Asked]) -> dict[str, float]:
    """Return the words that say what a message is about, with what each counts: where none are between spaces, pairs of characters overlap."""
    return {one.word: _weight(one.word) for one in words if one.word not in _TALK}


def _weight(word: str) -> float:
    return (_PAIR if len(word) > 1 else _CHARACTER) if _UNSPACED.match(word) else 1.0


def knows(model: str, message: str) -> bool:
    """Whether a model's cosines tell anything of a message. To MiniLM all texts that are not in Latin letters are alike."""
    letters = [one for one in message if one.isalpha()]
    latin = 2 * sum(one < _LATIN_ENDS for one in letters) >= len(letters)
    return model in MEASURED and (latin or model != _ENGLISH_MODEL)


def evidence(
    wanted: Mapping[str, float],
    held: Iterable[Collection[str]],
    *,
    holders: Mapping[str, int],
    kept: int,
    similarity: float | None,
) -> Evidence:
    """Weigh a message against the rows that were found for it.

    Args:
        wanted: The words that say what it is about, with what each counts.
        held: For each row those of its words that it holds.
        holders: In how many of all the rows each word stands, as far as it is known.
        kept: How many rows there are in all.
    """
    asked = set(wanted)
    rows = [asked & set(each) for each in held]
    seen = Counter(word for row in rows for word in row)
    searched = max(kept, len(rows), 1)
    most = searched + _UNKNOWN

    def worth(word: str) -> float:
        having = min(searched, max(holders.get(word, 0), seen[word]))
        return math.log(1 + (most - having + 0.5) / (having + 0.5)) / math.log(1 + 2 * most)

    rarity = {word: worth(word) for word in asked}
    worths = {word: wanted[word] * rarity[word] for word in asked}
    telling = [word for word in asked if not word.isdecimal()]  # numbers of a sum stand somewhere too
    rare = max((rarity[word] for word in telling), default=0.0)
    characters = {each for word in asked if _UNSPACED.match(word) for each in word}

    def part_in(row: set[str]) -> float:
        held = {word for word in row if _UNSPACED.match(word)}
        enough = 2 * len({each for word in held for each in word}) >= len(characters)
        said = held if len(characters) <= _WORD_CHARACTERS else {word for word in held if len(word) > 1}
        return max((rarity[word] for word in said), default=0.0) if enough else 0.0

    mass = max((sum(worths[word] for word in row) for row in rows), default=0.0)
    return Evidence(
        similarity,
        mass=mass,
        whole=rare if any(row == asked for row in rows) else 0.0,
        part=max(map(part_in, rows), default=0.0) if characters else 0.0,
        words=len(asked),
        rows=searched,
        share=mass / (sum(worths.values()) or 1.0),
    )


def has_to_do(found: Evidence, *, lean: bool = False, of_someone: bool = False) -> bool:
    """Whether what was found has to do with the message.

    Args:
        lean: Less is enough: the person chose what to read, or asks about themselves.
        of_someone: Less is enough for words alone: it is a question to memory about somebody by name.
    """
    if not found.words:
        return False
    if found.rows <= _FEW and (found.share >= _FEW_SHARE or (found.similarity or 0.0) >= LEAST_SIMILARITY):
        return True
    if lean and (found.mass > 0 or (found.similarity or 0.0) >= _LEAN_SIMILARITY):
        return True
    if found.whole >= (_RARE_ALONE if found.words == 1 else _RARE):
        return True
    if found.part >= _RARE_ALONE:
        return True
    more = math.log(found.rows)
    if found.similarity is None:
        if of_someone:
            return found.mass >= _OF_SOMEONE_WITH_ONE + _OF_SOMEONE_WITH_MORE * more
        return found.mass >= _MASS_WITH_ONE + _MASS_WITH_MORE * more
    weight = _NEAR * found.similarity + _MASS * found.mass
    return weight >= min(_AT_MOST, _WITH_ONE + _WITH_MORE * more)


def names_documents(message: str) -> bool:
    """Whether a message asks for the person's documents by that name: “summarize my report”, “page 7”."""
    return _DOCUMENTS.search(message) is not None


def asks_of_whole(message: str) -> bool:
    """Whether a message asks for a text as a whole, and so shares no word with any part of it: “summarize this”."""
    return _WHOLE.search(message) is not None


def recalls(message: str) -> bool:
    """Whether a message asks for what was said before: “remind me what I told you”."""
    return _PAST.search(message) is not None


def asks_of_own(message: str) -> bool:
    """Whether a message is a question about something of the person's own: “when are we moving?”."""
    return _OWN.search(message) is not None and _QUESTION.search(message) is not None


def asks_of_someone(message: str) -> bool:
    """Whether a message is a question that names somebody or something: “what did Caroline paint?”."""
    return _QUESTION.search(message) is not None and _NAME.search(message) is not None
