"""Gemini in Google's Takeout: a log of activity, newest first, of single questions with the answers they got.

It does not say which questions were one conversation. Those less than half an hour apart become one here, and the receipt says so.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gantry.adapters.importing.said import Said
from gantry.adapters.importing.turns import chained
from gantry.adapters.importing.values import first_text, items, mapping, moment, objects, text
from gantry.domain.chat import MessageRole
from gantry.domain.importing import ForeignConversation, ForeignFile, ForeignMessage, Skipped, Surroundings
from gantry.domain.messages import _, plural

Json = Mapping[str, Any]

_PAUSE = timedelta(minutes=30)
# What stands before a question, as Google writes it in some languages; in others it is learned from the file.
_BEFORE = (
    "Prompted ", "Said ", "Asked ", "Eingegebener Prompt: ", "Prompt eingegeben: ", "Prompt: ", "Prompt enviado: ", "Prompt envoyé : ",
)  # fmt: skip
_FEEDBACK = ("Gave feedback", "Feedback gegeben", "Feedback")
_SIGNS = ("outer-cell", "content-cell", "header-cell")
_LOOKED_AT = 500_000
_ENOUGH = 3  # questions from which what stands before them may be learned
_BLANK_END = re.compile(r"^.*[\s:：]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One question, with its answer where it got one."""

    at: datetime | None
    asked: ForeignMessage
    answered: ForeignMessage | None


class Takeout:
    """All entries of one file belong together: only their times tell what was one conversation."""

    name = "gemini-takeout"
    gathers = True

    def claims(self, element: object) -> bool:
        """Whether an element is an entry of somebody's activity, of whatever product, or a whole page of them."""
        if isinstance(element, str):
            return _is_page(element)
        record = mapping(element)
        return "header" in record and "title" in record and ("time" in record or "products" in record)

    def read(self, element: object, around: Surroundings) -> Iterator[ForeignConversation | Skipped]:
        """Read the entries of one file."""
        entries = [entry for each in items(element) for entry in _entries(each)]
        others = Counter(_product(each) for each in entries if not _is_gemini(each))
        asked = [each for each in entries if _is_gemini(each)]
        before = _before([text(each.get("title")) for each in asked if _answer(each)])
        told = [(each, _entry(each, before)) for each in asked]
        groups = list(_grouped([entry for _, entry in told if entry]))
        for group in groups:
            yield _conversation(group)
        if sum(map(len, groups)) > 1:
            yield Skipped(
                _("which questions were one conversation"),
                _("the export does not say it: those less than 30 minutes apart were put together"),
            )
        for product, count in others.items():
            yield Skipped(
                plural(
                    "{count} entry of {product}", "{count} entries of {product}", count=count, product=product
                ),
                _("they are of another product"),
            )
        if notes := Counter(text(each.get("title"))[:60] for each, entry in told if not entry):
            for title, count in notes.most_common(20):
                notes_told = plural(
                    "{count} note “{title}”", "{count} notes “{title}”", count=count, title=title
                )
                yield Skipped(notes_told, _("it is not a question"))


def _is_page(page: str) -> bool:
    """Whether a text is the log as a page."""
    start = page[:_LOOKED_AT]
    return "<" in start[:200] and all(sign in start for sign in _SIGNS)


def _entries(element: object) -> Iterable[Json]:
    if not isinstance(element, str):
        return [mapping(element)]
    from gantry.adapters.importing import takeout_page  # noqa: PLC0415

    return takeout_page.entries(element)


def _is_gemini(entry: Json) -> bool:
    names = [text(entry.get("header")), *(text(each) for each in items(entry.get("products")))]
    return any(word in name.lower() for name in names for word in ("gemini", "bard"))


def _product(entry: Json) -> str:
    return (
        first_text(entry, "header")
        or next((text(each) for each in items(entry.get("products"))), "")
        or "something"
    )


def _before(titles: list[str]) -> tuple[str, ...]:
    """Return what may stand before a question: what is known, else what all questions with an answer begin with."""
    if any(title.startswith(_BEFORE) for title in titles):
        return _BEFORE
    if len(titles) < _ENOUGH:
        return ()
    first, last = min(titles), max(titles)
    common = next(
        (at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first)
    )
    found = _BLANK_END.match(first[:common])
    return (found[0],) if found else ()


def _entry(entry: Json, before: tuple[str, ...]) -> _Entry | None:
    title, at = text(entry.get("title")).strip(), moment(entry.get("time"))
    known = next((each for each in (*before, *_BEFORE) if title.startswith(each.strip())), "")
    answer = _answer(entry)
    if not answer and (not title or title.startswith(_FEEDBACK) or (before and not known)):
        return None
    asked = Said()
    asked.say(title[len(known.strip()) :].strip() if known else title)
    files = [*items(entry.get("attachedFiles")), *([entry["imageFile"]] if entry.get("imageFile") else [])]
    for file in dict.fromkeys(
        map(_named, files or (each for each in objects(entry.get("subtitles")) if "url" in each))
    ):
        if file:
            asked.attach(ForeignFile(file))
    question = ForeignMessage(
        "", None, MessageRole.USER, asked.content, created_at=at, files=tuple(asked.files)
    )
    reply = ForeignMessage("", None, MessageRole.ASSISTANT, answer, created_at=at) if answer else None
    return _Entry(at, question, reply)


def _answer(entry: Json) -> str:
    from gantry.adapters.importing.web import markdown_of  # noqa: PLC0415 - its libraries are loaded when there is HTML

    pieces = (markdown_of(text(each.get("html"))) for each in objects(entry.get("safeHtmlItem")))
    return "\n\n".join(piece for piece in pieces if piece)


def _named(file: object) -> str:
    """Return what a file is called: a name, or an object or a line that has one."""
    return (
        (text(file) or first_text(mapping(file), "name", "fileName", "title", "url"))
        .removeprefix("-")
        .strip()
    )


def _grouped(entries: list[_Entry]) -> Iterator[list[_Entry]]:
    """Yield conversations, oldest message first. Entries without a time stay beside their neighbours."""
    group: list[_Entry] = []
    last: datetime | None = None
    for entry in entries:
        if group and entry.at and last and abs(entry.at - last) > _PAUSE:
            yield _in_order(group)
            group = []
        group.append(entry)
        last = entry.at or last
    if group:
        yield _in_order(group)


def _in_order(group: list[_Entry]) -> list[_Entry]:
    dated = [entry.at for entry in group if entry.at]
    oldest_first = bool(dated) and dated[0] < dated[-1]
    return group if oldest_first else group[::-1]


def _conversation(group: list[_Entry]) -> ForeignConversation:
    said = [message for entry in group for message in (entry.asked, entry.answered) if message]
    dated = [entry.at for entry in group if entry.at]
    return ForeignConversation(
        key=f"{dated[0].isoformat()} {group[0].asked.content[:100]}"
        if dated
        else "",  # the last one may grow
        title="",
        messages=tuple(chained(said)),
        created_at=min(dated, default=None),
        updated_at=max(dated, default=None),
    )


READER = Takeout()
