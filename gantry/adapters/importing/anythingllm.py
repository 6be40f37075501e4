"""AnythingLLM: questions with their answers, a list for each workspace; it says nothing of threads."""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

from gantry.adapters.importing.parts import take_content, take_files
from gantry.adapters.importing.said import Said
from gantry.adapters.importing.turns import chained, is_instruction, role_of
from gantry.adapters.importing.values import first_text, items, mapping, moment, objects, text
from gantry.domain.chat import MessageRole, Rating
from gantry.domain.importing import ForeignConversation, ForeignMessage, Skipped, Standing, Surroundings

Json = Mapping[str, Any]

_COLUMNS = frozenset({"workspace", "prompt", "response", "sent_at"})
_RATINGS = {"GOOD": Rating.UP, "BAD": Rating.DOWN}
_LONGEST_FIELD = 8_000_000
_PAIR = ("workspace", "sent_at", "rating", "username")


class AnythingLlm:
    """Pairs as JSON or as a table; lines with messages; lines with an instruction, a question and an answer."""

    name = "anythingllm"
    gathers = True

    def claims(self, element: object) -> bool:
        """Whether an element is a pair, a line of messages, or a table of pairs."""
        if isinstance(element, str):
            first = element.lstrip("\ufeff").split("\n", 1)[0][:1000]
            return {each.strip().strip('"') for each in first.split(",")} >= _COLUMNS
        record = mapping(element)
        if "prompt" in record:
            return any(sign in record for sign in _PAIR)
        return _is_alpaca(record) or _is_line(record)

    def read(self, element: object, around: Surroundings) -> Iterator[ForeignConversation | Skipped]:
        """Read the workspaces of one file."""
        records = [
            record
            for each in items(element)
            for record in (_rows(each) if isinstance(each, str) else [mapping(each)])
        ]
        workspaces: dict[tuple[str, str], list[Json]] = {}
        for record in records:
            if "prompt" in record:
                workspaces.setdefault(
                    (text(record.get("workspace")), text(record.get("username"))), []
                ).append(record)
        for (name, _), pairs in workspaces.items():
            messages = tuple(chained(message for pair in pairs for message in _pair(pair)))
            dates = [each.created_at for each in messages if each.created_at]
            yield ForeignConversation(
                "", name, messages, created_at=min(dates, default=None), updated_at=max(dates, default=None)
            )
        for record in records:
            if _is_line(record):
                yield _line(record)
        if asked := [record for record in records if _is_alpaca(record)]:
            messages = tuple(chained(message for record in asked for message in _asked(record)))
            yield ForeignConversation("", "", messages, system=text(asked[0].get("instruction")))


def _is_alpaca(record: Json) -> bool:
    return set(record) == {"instruction", "input", "output"}


def _is_line(record: Json) -> bool:
    given = record.get("messages")
    return (
        set(record) == {"messages"}
        and isinstance(given, list)
        and any("role" in each for each in objects(given))
    )


def _rows(table: str) -> list[Json]:
    before = csv.field_size_limit(_LONGEST_FIELD)
    try:
        return list(csv.DictReader(io.StringIO(table.lstrip("\ufeff"), newline="")))
    finally:
        csv.field_size_limit(before)


def _pair(pair: Json) -> Iterator[ForeignMessage]:
    at, asked = moment(pair.get("sent_at")), Said()
    take_content(asked, pair.get("prompt"), own=True)
    for file in objects(pair.get("attachments")):
        if picture := first_text(file, "image", "contentString"):
            take_content(asked, {**file, "image": picture, "type": "image_url"})
        else:
            take_files(asked, [file])
    yield ForeignMessage("", None, MessageRole.USER, asked.content, created_at=at, files=tuple(asked.files))
    if pair.get("response") not in (None, ""):
        answered = Said()
        take_content(answered, pair.get("response"))
        rating = _RATINGS.get(text(pair.get("rating")))
        yield ForeignMessage(
            "",
            None,
            MessageRole.ASSISTANT,
            answered.content,
            answered.reasoning,
            created_at=at,
            rating=rating,
        )


def _asked(record: Json) -> Iterator[ForeignMessage]:
    yield ForeignMessage("", None, MessageRole.USER, text(record.get("input")))
    answered = Said()
    answered.answer(record.get("output"))
    yield ForeignMessage("", None, MessageRole.ASSISTANT, answered.content, answered.reasoning)


def _line(record: Json) -> ForeignConversation:
    given = list(objects(record.get("messages")))
    read: list[ForeignMessage] = []
    system = ""
    for each in given:
        role, said = role_of(each.get("role")), Said()
        take_content(said, each.get("content"), own=role is not MessageRole.ASSISTANT)
        hidden = is_instruction(each.get("role"))
        system = system or (said.content if hidden and not said.is_empty else "")
        standing = Standing.HIDDEN if hidden else Standing.SHOWN
        made = ForeignMessage(
            "", None, role or MessageRole.ASSISTANT, said.content, said.reasoning, standing=standing
        )
        read.append(made)
    return ForeignConversation("", "", tuple(chained(read)), system=system)


READER = AnythingLlm()
