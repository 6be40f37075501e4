"""SillyTavern: a line for each message, one of them before with names. Swipes are answers to the same message: branches."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from gantry.adapters.importing.parts import take_files
from gantry.adapters.importing.said import PICTURE, Said, file_at
from gantry.adapters.importing.values import first_text, items, mapping, moment, objects, text
from gantry.domain.chat import MessageRole
from gantry.domain.importing import (
    NONE_INSIDE,
    ForeignConversation,
    ForeignMessage,
    Skipped,
    Standing,
    Surroundings,
)
from gantry.domain.messages import _

Json = Mapping[str, Any]

_UNUSED = frozenset({"", "unused"})
_WITH_AT = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})\s*@\s*(\d{1,2})h\s*(\d{1,2})m\s*(\d{1,2})s(?:\s*(\d{1,3})ms)?"
)
_SPOKEN = ("%B %d, %Y %I:%M%p", "%b %d, %Y %I:%M%p", "%B %d, %Y %I:%M %p")


class SillyTavern:
    """All lines of a file are one chat. Times have no zone and are taken as UTC."""

    name = "sillytavern"
    gathers = True

    def claims(self, element: object) -> bool:
        """Whether an element is the line with names, or a message."""
        record = mapping(element)
        if "mes" in record or isinstance(record.get("swipes"), list):
            return any(sign in record for sign in ("is_user", "name", "send_date", "is_system"))
        return ("user_name" in record and "character_name" in record) or (
            "chat_metadata" in record and "messages" not in record
        )

    def read(self, element: object, around: Surroundings) -> Iterator[ForeignConversation | Skipped]:
        """Read the chat of one file."""
        lines = [each for each in objects(element) if "mes" in each or "swipes" in each]
        header = next((each for each in objects(element) if "mes" not in each and "swipes" not in each), {})
        if not lines:
            yield Skipped(_("this chat"), NONE_INSIDE)
            return
        names = Counter(
            name
            for each in lines
            if not _is_own(each) and not each.get("is_system") and (name := text(each.get("name")))
        )
        messages, leaf = _messages(lines, several=len(names) > 1, known=set(names))
        dates = [each.created_at for each in messages if each.created_at]
        given = text(header.get("character_name"))
        yield ForeignConversation(
            key="",
            title=given
            if given.strip() not in _UNUSED
            else " & ".join(name for name, _ in names.most_common(3)),
            messages=messages,
            leaf=leaf,
            created_at=_at(header.get("create_date")) or min(dates, default=None),
            updated_at=max(dates, default=None),
        )


def _is_own(line: Json) -> bool:
    return line.get("is_user") in (True, 1, "true")


def _at(value: object) -> datetime | None:
    """Return a time in any of the three spellings."""
    if not isinstance(value, str):
        return moment(value)
    written = value.strip()
    if found := _WITH_AT.match(written):
        year, month, day, hour, minute, second, rest = (int(each or 0) for each in found.groups())
        try:
            return datetime(year, month, day, hour, minute, second, rest * 1000, tzinfo=UTC)
        except ValueError:
            return None
    for form in _SPOKEN:
        try:
            return datetime.strptime(written, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return moment(written)


def _messages(
    lines: list[Json], *, several: bool, known: set[str]
) -> tuple[tuple[ForeignMessage, ...], str | None]:
    read: list[ForeignMessage] = []
    parent: str | None = None
    for at, line in enumerate(lines):
        swipes = items(line.get("swipes"))
        chosen = _chosen(line, len(swipes))
        for number, words in enumerate(swipes or [None]):
            shown = number == chosen
            if shown or text(words).strip():
                read.append(
                    _message(
                        line,
                        f"{at}.{number}",
                        parent,
                        _Swipe(number, words, shown=shown),
                        several=several,
                        known=known,
                    )
                )
        parent = f"{at}.{chosen}"
    return tuple(read), parent


def _chosen(line: Json, count: int) -> int:
    chosen = line.get("swipe_id")
    return chosen if isinstance(chosen, int) and 0 <= chosen < count else max(count - 1, 0)


class _Swipe:
    """One of the answers of a line: its words, and what is known of it."""

    def __init__(self, number: int, words: object, *, shown: bool) -> None:
        self.number, self.words, self.shown = number, text(words), shown

    def about(self, line: Json) -> Json:
        """Return what is known of this answer: of the one shown, what the line itself says."""
        told = items(line.get("swipe_info"))
        own = mapping(told[self.number]) if self.number < len(told) else {}
        return {**own, **line} if self.shown else own


def _message(
    line: Json, key: str, parent: str | None, swipe: _Swipe, *, several: bool, known: set[str]
) -> ForeignMessage:
    about, own, said = swipe.about(line), _is_own(line), Said()
    extra = mapping(about.get("extra"))
    words = (text(line.get("mes")) or swipe.words) if swipe.shown else swipe.words
    name = text(line.get("name")).strip()
    is_note = line.get("is_system") is True and not own and name not in known
    if is_note:
        said.happened(name or "System", words)
    else:
        said.think(extra.get("reasoning"))
        (said.say if own else said.answer)(
            f"**{name.replace('*', '')}:** {words}" if several and name and not own else words
        )
    _attach(said, extra)
    return ForeignMessage(
        key=key,
        parent=parent,
        role=MessageRole.USER if own else MessageRole.ASSISTANT,
        content=said.content,
        reasoning=said.reasoning,
        model="" if own else first_text(extra, "model"),
        created_at=_at(about.get("send_date")),
        files=tuple(said.files),
        standing=Standing.STEP if is_note else Standing.SHOWN,
    )


def _attach(said: Said, extra: Json) -> None:
    pictures = [
        extra.get("image"),
        *items(extra.get("image_swipes")),
        *(first_text(each, "url") for each in objects(extra.get("media"))),
    ]
    for address in dict.fromkeys(found for each in pictures if (found := text(each))):
        if file := file_at(address, media_type=PICTURE):
            said.attach(file)
    take_files(said, [extra.get("file")], extra.get("files"))


READER = SillyTavern()
