"""Learning facts and names from what a person says, by rules: few, but sound. They know English alone.

Nothing is learned from a sentence in another language; in German every noun looks like a name. Each rule takes one plain statement in the first person. Questions, negations, conditions, quotations and code teach nothing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gantry.domain.english.own_words import LONGEST, own_words
from gantry.domain.memory import EntityKind
from gantry.domain.words import is_english, languages_of

_SENTENCE = re.compile(r"(?<=[.!?…;])\s+|\n+")
_DOUBT = re.compile(
    r"\?|\b(?:says?|said|tells?|told|wrote|writes|asks|asked|claims?|according|reads|quotes?|if|unless|imagine|suppose|pretend|would|could|might|maybe|perhaps|wish|assume|assumes|assuming|dream(?:ed|t)?|idiom|write|translate|example|role|story|"
    r"not|never|n't|no longer|don't|doesn't|didn't)\b",
    re.IGNORECASE,
)
# A statement may stand before a question: "I live in Oslo, which coat do I need?"
_QUESTION_WORDS = r"(?:where|what|which|who|when|how|why|can|could|should|shall|do|does|did|is|are|am|will|would|may|any|have|has)"
_ASIDE = re.compile(rf"(?:[,;]| [-–—])\s+(?=(?:so |and |but )?{_QUESTION_WORDS}\b)", re.IGNORECASE)
_ASKING = re.compile(
    rf"\W{{0,5}}(?:(?:so|and|but|well|hi|hey|hello|ok|okay)\b\W{{0,5}}){{0,3}}{_QUESTION_WORDS}\b",
    re.IGNORECASE,
)
_NAME = r"(?P<{0}>(?:[A-Z][\w'’-]+)(?:\s+(?:[A-Z][\w'’-]+|of|the|de|da|van|von|la))*(?<!\s))"
_REST = r"(?P<rest>[^.,;!?\n]{2,80})"
_KIN = (
    r"(?P<kin>wife|husband|partner|girlfriend|boyfriend|fiancée?|mother|mom|mum|father|dad|sister|brother|daughter|son|"
    r"grandmother|grandfather|aunt|uncle|cousin|niece|nephew|friend|best friend|boss|manager|colleague|neighbou?r|dog|cat|pet)"
)


@dataclass(frozen=True, slots=True)
class Link:
    """That the person, or somebody of theirs, stands to a name in some way."""

    subject: str  # "" is the person
    predicate: str
    name: str
    kind: EntityKind


@dataclass(frozen=True, slots=True)
class Learned:
    """One fact, as a sentence about the person. A new one of the same ``slot`` takes the old one's place."""

    text: str
    slot: str = ""
    links: tuple[Link, ...] = ()


def _rule(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


_I = r"\b[Ii](?:'m| am)\s+"
_NAME_IS = _rule(r"\b[Mm]y name(?:'s| is)\s+" + _NAME.format("name"))
_CALL_ME = _rule(r"\b(?:[Cc]all me|[Ii] go by)\s+" + _NAME.format("name"))
_LIVE = _rule(
    r"\b[Ii](?:'m| am)?\s*(?:currently |now )?(?:live|living|based)\s+in\s+" + _NAME.format("place")
)
_MOVED = _rule(r"\b[Ii](?:'ve| have)?\s*(?:just |recently )?moved to\s+" + _NAME.format("place"))
_FROM = _rule(r"\b[Ii](?:'m| am| come)\s+(?:originally )?from\s+" + _NAME.format("place"))
_WORK = r"\b[Ii](?:(?:'m| am)?\s*| (?:live|am|come|moved) [^.,;!?\n]{2,40} and )(?:currently |now )?work(?:ing)?\s+"
_WORK_AT = _rule(_WORK + r"(?:at|for)\s+" + _NAME.format("place"))
_WORK_AS = _rule(_WORK + r"as\s+(?P<rest>an?\s[^.,;!?\n]{2,60})")
_JOB = _rule(
    _I
    + r"(?P<rest>an?\s(?:[a-z-]+\s){0,3}(?:engineer|developer|teacher|nurse|doctor|student|designer|lawyer|writer|"
    r"scientist|researcher|manager|artist|musician|chef|cook|programmer|professor|architect|accountant|consultant|"
    r"journalist|photographer|carpenter|electrician|farmer|pilot|pharmacist|dentist|therapist|translator|librarian))\b"
)
_KIN_IS = _rule(
    r"\b[Mm]y\s+" + _KIN + r"(?:'s name)?\s+(?:is(?: called| named)?|called|named)\s+" + _NAME.format("name")
)
_KIN_NAME = _rule(r"\b[Mm]y\s+" + _KIN + r",?\s+" + _NAME.format("name") + r"\b")
_BIRTHDAY = _rule(r"\b[Mm]y birthday(?:'s| is)\s+(?:on\s+)?(?P<rest>[^.,;!?\n]{3,30})")
_ALLERGIC = _rule(_I + r"allergic to\s+" + _REST)
_DIET = _rule(
    _I
    + r"(?:an?\s)?(?P<rest>vegetarian|vegan|pescatarian|lactose intolerant|gluten[- ]free|coeliac|celiac|diabetic)\b"
)
_LIKE = _rule(
    r"\b[Ii](?:\s+(?:really|absolutely|also))?\s+(?P<verb>love|like|enjoy|hate|dislike|prefer)\s+(?!to know|your|you\b|it\b|this\b|that\b|the way)"
    + _REST
)
_FAVOURITE = _rule(r"\b[Mm]y fav(?:ou?)rite\s+(?P<what>[a-z ]{2,30}?)\s+(?:is|are)\s+" + _REST)
_HAVE = _rule(
    r"\b[Ii] have\s+(?P<rest>(?:an?|one|two|three|four|five)\s(?:[a-z-]+\s){0,2}(?:child|children|kids?|sons?|daughters?|dogs?|cats?|brothers?|sisters?|siblings?))\b"
)
_REMEMBER = _rule(r"\b(?:[Pp]lease\s+)?[Rr]emember(?:\s+that|:)\s+(?P<rest>[^\n]{4,300})")
_SPEAK = _rule(r"\b[Ii] speak\s+(?P<rest>(?:[A-Z][a-z]+)(?:(?:,| and|, and)\s+[A-Z][a-z]+)*)")
_VERBS = {
    "love": "Loves",
    "like": "Likes",
    "enjoy": "Enjoys",
    "hate": "Hates",
    "dislike": "Dislikes",
    "prefer": "Prefers",
}
_STOP_NAMES = frozenset(["I", "I'm", "The", "This", "That", "A", "An", "It", "He", "She", "They", "We", "You", "Yes", "No", "OK", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday", "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December", "Today", "Tomorrow", "Yesterday", "Please", "Thanks", "Thank", "Hello", "Hi", "Hey", "What", "When", "Where", "Why", "How", "Who", "Which", "Can", "Could", "Would", "Should", "Is", "Are", "Do", "Does", "Did", "My", "Your", "Our", "Their", "His", "Her", "Its", "If", "And", "But", "Or", "So", "Then", "Also", "English", "German", "French", "Spanish", "Python", "JavaScript"])  # fmt: skip
_CAPITALISED = re.compile(
    r"(?<![.!?…\n:]\s)(?<!^)(?<=\s)([A-Z][a-zà-ÿ]+(?:\s[A-Z][a-zà-ÿ]+){0,3})\b", re.MULTILINE
)

_NAME_FIRST = _rule(r"(?!\w+s\b)[A-Z][\w'’-]+\s(?:[A-Z]|[a-z]+s\b)")


def facts_in(text: str) -> list[Learned]:
    """Return what one of the person's own messages says about them."""
    found: list[Learned] = []
    for sentence in _SENTENCE.split(own_words(text)):
        remembered = _REMEMBER.search(sentence)
        if remembered:
            found.append(Learned(_sentence(_turned(remembered["rest"]))))
        else:
            for statement in _statements(sentence):
                found += _learned(statement)
    return list({fact.text.lower(): fact for fact in found}.values())


def _statements(sentence: str) -> list[str]:
    """Return what of a sentence is stated: all of it, what stands before its question, or nothing."""
    parts = [sentence]
    if sentence.rstrip().endswith("?"):
        parts = [] if _ASKING.match(sentence) else _ASIDE.split(sentence)[:-1]
    return [part for part in parts if part.strip() and not _DOUBT.search(part) and is_english(part)]


def _learned(sentence: str) -> Iterator[Learned]:
    if m := _NAME_IS.search(sentence) or _CALL_ME.search(sentence):
        yield Learned(f"Name: {m['name']}", "name", (Link("", "is called", m["name"], EntityKind.PERSON),))
    if m := _LIVE.search(sentence) or _MOVED.search(sentence):
        yield Learned(
            f"Lives in {m['place']}.", "home", (Link("", "lives in", m["place"], EntityKind.PLACE),)
        )
    if m := _FROM.search(sentence):
        yield Learned(
            f"Is from {m['place']}.", "origin", (Link("", "is from", m["place"], EntityKind.PLACE),)
        )
    if m := _WORK_AT.search(sentence):
        link = Link("", "works at", m["place"], EntityKind.ORGANISATION)
        yield Learned(f"Works at {m['place']}.", "employer", (link,))
    if m := _WORK_AS.search(sentence) or _JOB.search(sentence):
        yield Learned(f"Works as {m['rest'].strip()}.", "job")
    for m in [*_KIN_IS.finditer(sentence)] or [*_KIN_NAME.finditer(sentence)]:
        yield from _kin(m["kin"].lower(), m["name"])
    yield from _traits(sentence)


def _kin(kin: str, name: str) -> Iterator[Learned]:
    if name.split(maxsplit=1)[0] in _STOP_NAMES:
        return
    kind = EntityKind.THING if kin in {"dog", "cat", "pet"} else EntityKind.PERSON
    yield Learned(f"Has a {kin} called {name}.", "", (Link("", kin, name, kind),))


def _traits(sentence: str) -> Iterator[Learned]:
    if m := _BIRTHDAY.search(sentence):
        yield Learned(f"Has a birthday on {m['rest'].strip()}.", "birthday")
    if m := _ALLERGIC.search(sentence):
        yield Learned(f"Is allergic to {_cut(m['rest'])}.")
    if m := _DIET.search(sentence):
        yield Learned(f"Is {m['rest']}.")
    if m := _SPEAK.search(sentence):
        yield Learned(f"Speaks {m['rest']}.")
    if m := _FAVOURITE.search(sentence):
        yield Learned(f"Favourite {m['what'].strip()}: {_cut(m['rest'])}.", f"favourite {m['what'].strip()}")
    if m := _LIKE.search(sentence):
        yield Learned(f"{_VERBS[m['verb']]} {_cut(m['rest'])}.")
    if m := _HAVE.search(sentence):
        yield Learned(f"Has {m['rest'].strip()}.")


def _cut(rest: str) -> str:
    """Return the matter itself, without what is said about it."""
    return re.split(r"\s+(?:because|since|but|so|when|while|and I|which|who)\b", rest.strip(), maxsplit=1)[
        0
    ].strip()


def _turned(text: str) -> str:
    """Say in the third person what was said in the first."""
    pairs = (
        (r"\bI am\b|\bI'm\b", "is"),
        (r"\bI have\b|\bI've\b", "has"),
        (r"\bmy\b", "their"),
        (r"\bMy\b", "Their"),
        (r"\bme\b", "them"),
    )
    for pattern, said in pairs:
        text = re.sub(pattern, said, text)
    return re.sub(r"^I (\w+)", lambda m: f"{m[1]}s" if not m[1].endswith("s") else m[1], text.strip())


def _sentence(text: str) -> str:
    text = " ".join(text.split()).rstrip(" .!")
    return f"{text[:1].upper()}{text[1:]}."


def names_in(text: str) -> list[str]:
    """Return the names that the person mentions: capitalised words inside sentences, each once, at most a dozen."""
    found: dict[str, None] = {}
    if len(text) > LONGEST or "german" in languages_of(text):
        return []
    for match in _CAPITALISED.finditer(own_words(text)):
        words = match[1].split()
        while words and words[0] in _STOP_NAMES:
            words.pop(0)
        if words and not all(word in _STOP_NAMES for word in words):
            found[" ".join(words)] = None
    return list(found)[:12]


def names_of(fact: str) -> list[str]:
    """Return the names a sentence about the person mentions.

    It begins with one where a verb or more of the name follows, as in "Rex barks at night", unlike "Has a dog called Rex".
    The colon of "Name: Ada" begins no sentence.
    """
    return names_in(f"They {fact}" if _NAME_FIRST.match(fact) else fact.replace(": ", " "))


def entity_key(name: str) -> str:
    """Return the form in which names are compared."""
    return " ".join(name.lower().replace("’", "'").split())[:120]
