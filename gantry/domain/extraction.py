"""Having a model read a conversation for memory: what it is asked, and what of its answer is believed.

A model may make things up, so each fact has to quote the person, and a fact whose quotation was never written is dropped.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from gantry.domain.english.learning import Learned, Link
from gantry.domain.memory import EntityKind
from gantry.domain.words import content_terms

MAX_FACTS = 12  # of one answer
_MAX_FACT = 240  # characters
_MAX_NAME = 80
_SHORTEST_QUOTE = 6
_SAME = 0.75  # share of common words from which two facts say the same
SLOTS = frozenset(["name", "home", "origin", "employer", "job", "birthday"])  # of which a person has one

FACTS_WANTED = """\
You keep the long-term memory of an assistant. Below is a part of a conversation. List lasting facts about the person \
(lines of PERSON): who and where they are, family, work, tastes, health, projects, plans, decisions. Leave out what is \
only of the moment, what ASSISTANT says, texts that PERSON pasted or wants changed, roles and stories, and what is known already. Answer with one JSON object and nothing else:
{"facts": [{"fact": "…", "quote": "…", "slot": "", "relations": [{"subject": "", "predicate": "…", "object": "…", "type": "…"}]}]}
fact: one short sentence in the third person without a subject, such as "Works as a nurse in Oslo."
quote: the person's own words it follows from, copied exactly.
slot: one of name, home, origin, employer, job, birthday where the fact is just that, else "".
relations: between names only; subject "" is the person; predicate is a few words; type is person, place, organisation, thing or topic.
With nothing to note answer {"facts": []}."""

SUMMARY_WANTED = """\
Below is the beginning of a conversation that goes on. Sum it up for the assistant that has to go on with it, in at most \
{words} words: what the person wants, what was decided, names, numbers and open questions. Write plain sentences in the \
language of the conversation, and nothing else."""


@dataclass(frozen=True, slots=True)
class Line:
    """One message as the model reads it."""

    mine: bool  # the person's
    text: str


def transcript(lines: Sequence[Line], *, max_characters: int, other_characters: int) -> tuple[str, int]:
    """Return as many lines as fit, and how many those are; at least one, cut when it has to be.

    Args:
        other_characters: To which each of the assistant's lines is cut.
    """
    parts: list[str] = []
    left = max_characters
    for line in lines:
        text = line.text if line.mine else line.text[:other_characters]
        part = f"{'PERSON' if line.mine else 'ASSISTANT'}: {text.strip()}"
        if len(part) > left and parts:
            break
        parts.append(part[:left])
        left -= len(part) + 2
        if left <= 0:
            break
    return "\n\n".join(parts), len(parts)


def believed(answer: str, said: Sequence[str], known: Sequence[str]) -> list[tuple[Learned, int]]:
    """Return the facts of a model's answer that quote what was *said*, each with the number of the message it quotes.

    Args:
        answer: JSON, perhaps inside prose or a code fence. What is not in the agreed form is passed over.
        said: The person's own messages.
        known: Facts that are remembered already; what says the same again is left out.
    """
    plain = [_plain(text) for text in said]
    words = [_words(fact) for fact in known]
    found: list[tuple[Learned, int]] = []
    for raw in _listed(answer)[:MAX_FACTS]:
        text = " ".join(str(raw.get("fact", "")).split()).rstrip(" .")
        quote = _plain(str(raw.get("quote", "")))
        source = next((at for at, each in enumerate(plain) if quote in each), None)
        if not 3 < len(text) <= _MAX_FACT or len(quote) < _SHORTEST_QUOTE or source is None:
            continue
        mine = _words(text)
        if any(_alike(mine, other) for other in words):
            continue
        words.append(mine)
        slot = str(raw.get("slot") or "").lower()
        links = tuple(_links(raw.get("relations")))
        sentence = f"{text[:1].upper()}{text[1:]}."
        found.append((Learned(sentence, slot if slot in SLOTS else "", links), source))
    return found


def _listed(answer: str) -> list[Mapping[str, Any]]:
    start, end = answer.find("{"), answer.rfind("}")
    try:
        value = json.loads(answer[start : end + 1])
    except ValueError:
        return []
    facts: Any = cast("Mapping[str, Any]", value).get("facts") if isinstance(value, dict) else None
    return _objects(facts)


def _objects(value: Any) -> list[Mapping[str, Any]]:
    if not isinstance(value, list):
        return []
    return [cast("Mapping[str, Any]", each) for each in cast("list[Any]", value) if isinstance(each, dict)]


def _links(value: Any) -> list[Link]:
    links: list[Link] = []
    for raw in _objects(value)[:6]:
        subject, predicate, name = (
            " ".join(str(raw.get(key) or "").split()) for key in ("subject", "predicate", "object")
        )
        kind = str(raw.get("type") or "").lower()
        if not predicate or not name or max(len(subject), len(predicate), len(name)) > _MAX_NAME:
            continue
        about = "" if subject.lower() in {"person", "the person", "user", "i"} else subject
        links.append(
            Link(
                about,
                predicate,
                name,
                EntityKind(kind) if kind in set(EntityKind) else EntityKind.TOPIC,
            )
        )
    return links


def _plain(text: str) -> str:
    """Return what two spellings of the same words have in common."""
    return " ".join(re.findall(r"[^\W_]+", text.lower()))


def _words(text: str) -> frozenset[str]:
    return frozenset(content_terms(text))


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return bool(one and other) and len(one & other) / len(one | other) >= _SAME
