"""Whether a message stands by itself, or leans on the one before it. Pure functions.

The lists know the commonest words of a few languages. Where they know none a message stands by itself, which only means that a
follow-up question finds less.
"""

import re

from gantry.domain import stop_words

_FEW_WORDS = 4  # a message with fewer that are worth searching may be about what was asked before
_FRAGMENT = 3  # words of a question that is none by itself: "in May?"
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_CLAUSE = re.compile(r"(?<=[.!?;,:。！？؟；，、])\s*|\n+")
_WIDE = re.compile(
    r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]"
)  # written without spaces: two signs are about a word
_QUESTION = re.compile(r"[?？؟][\s\"'”’)]*$")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Begin a question that goes on from the last.
_GO_ON = _set(
    "and but or also und aber oder et mais ou y e pero o ma però mas и а но そして では じゃあ 那 那么 그리고 그럼"
)
_WHAT_OF = re.compile(
    r"(?:what|how) (?:about|of)\b|was ist mit\b|qu['’]en est-il\b|qué hay de\b|che ne è di\b", re.IGNORECASE
)
# Stand for something that was said before.
_POINT_BACK = _set(
    "it its this that these those they them their he him his she her hers ones former latter both same other others another"
    " there then second third previous above more else"
    " er sie es ihn ihm ihr ihre ihren sein seine das dies dieser diese dieses dort davon dazu damit daran darüber dabei mehr noch"
    " il elle ils elles lui leur cela ça celui celle ceux celles y en là"
    " él ella ellos ellas eso esto ese esa esos aquello allí otro otra más"
    " esso essa lui lei loro questo questa quello quella ne altro più"
    " ele ela eles elas isso isto aquilo outro outra mais"
    " он она оно они его её ее их это этот эта"
)
# Ask for something without a question mark.
_ASK = _set(
    "what when where which who whom whose why how tell explain show give list compare summarize summarise describe quote name find"
    " make put say write rewrite shorten rephrase translate turn expand continue"
    " was wann wo wer wen wem wie warum welche welcher welches erkläre erklär zeige zeig nenne fasse vergleiche schreib"
    " que quoi quand où qui pourquoi comment quel quelle explique montre donne résume"
    " qué cuándo dónde quién cómo cuál explica muestra dame resume"
    " cosa quando dove chi come perché quale spiega mostra"
    " o quem onde qual explique mostre resuma что когда где кто почему как объясни покажи"
)


def leans_on_before(text: str) -> bool:
    """Whether a message is about what was asked before it, as “and the second one?” is and “thanks, that helps” is not."""
    words = {word.lower() for word in _WORD.findall(text)}
    if len(words - stop_words.ANY - _GO_ON - _POINT_BACK - _ASK) >= _FEW_WORDS:
        return False
    return any(_leans(clause.strip()) for clause in _CLAUSE.split(text) if clause.strip())


def _leans(clause: str) -> bool:
    words = [word.lower() for word in _WORD.findall(clause)]
    if not words:
        return False
    asks = _QUESTION.search(clause) is not None
    whole = words[0] in _ASK and len(words) > 1  # "Who wrote Hamlet?"
    if asks and not whole and len(words) <= _FRAGMENT and len(_WIDE.findall(clause)) <= 2 * _FRAGMENT:
        return True
    points = any(word.split("'")[0].split("’")[0] in _POINT_BACK for word in words[1:] or words)
    if asks and (words[0] in _GO_ON or _WHAT_OF.search(clause)):
        return True
    return points and (asks or words[0] in _ASK or words[0] in _GO_ON)
