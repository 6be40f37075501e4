"""Jan: a folder for each thread, with ``thread.json`` and a line for each message."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from gantry.adapters.importing.parts import take_content, take_files, take_part
from gantry.adapters.importing.said import Said
from gantry.adapters.importing.turns import chained, is_instruction, role_of, titled
from gantry.adapters.importing.values import first_text, mapping, moment, objects, text
from gantry.domain.chat import MessageRole
from gantry.domain.importing import ForeignConversation, ForeignMessage, Skipped, Standing, Surroundings
from gantry.domain.messages import _

Json = Mapping[str, Any]


class Jan:
    """The messages of a file are one thread, or several that name themselves; what a thread is called lies beside them."""

    name = "jan"
    gathers = True

    def claims(self, element: object) -> bool:
        """Whether an element is a message of a thread, or what is known of a thread."""
        record = mapping(element)
        if _is_message(record):
            return "role" in record and "content" in record
        return _is_thread(record)

    def read(self, element: object, around: Surroundings) -> Iterator[ForeignConversation | Skipped]:
        """Read the threads of one file."""
        threads = {text(each.get("id")): each for each in objects(element) if _is_thread(each)}
        lines: dict[str, list[Json]] = {}
        for each in objects(element):
            if _is_message(each):
                lines.setdefault(text(each.get("thread_id")), []).append(each)
        beside = _beside(around) if lines else {}
        for key, given in lines.items():
            about = threads.get(key) or (
                beside if text(beside.get("id")) in {"", key} or len(lines) == 1 else {}
            )
            yield _conversation(key, about, given)
        for key, about in threads.items():
            if key not in lines and around.beside("messages.jsonl") is None:
                yield Skipped(
                    first_text(about, "title") or _("a thread"), _("its messages.jsonl is not beside it")
                )


def _is_message(record: Json) -> bool:
    return "thread_id" in record or record.get("object") == "thread.message"


def _is_thread(record: Json) -> bool:
    return record.get("object") == "thread" or (
        isinstance(record.get("assistants"), list) and "id" in record and "messages" not in record
    )


def _beside(around: Surroundings) -> Json:
    try:
        return mapping(json.loads(around.beside("thread.json") or b"{}"))
    except (ValueError, RecursionError):
        return {}


def _conversation(key: str, about: Json, given: list[Json]) -> ForeignConversation:
    assistants = list(objects(about.get("assistants")))
    model = next((found for each in assistants if (found := _model(each))), "") or _model(about)
    title = first_text(about, "title") or first_text(mapping(about.get("metadata")), "title")
    return ForeignConversation(
        key=first_text(about, "id") or key,
        title=titled(title),
        messages=tuple(chained(_message(each, model) for each in given)),
        created_at=moment(about.get("created", about.get("created_at"))),
        updated_at=moment(about.get("updated", about.get("updated_at"))),
        model=model,
        pinned=mapping(about.get("metadata")).get("is_favorite") is True or about.get("isFavorite") is True,
        system=next((found for each in assistants if (found := text(each.get("instructions")))), ""),
    )


def _model(record: Json) -> str:
    """Return a model that is named by an object or by its name."""
    model = record.get("model")
    return first_text(mapping(model), "id", "name") or text(model)


def _message(line: Json, model: str) -> ForeignMessage:
    role, said = role_of(line.get("role")), Said()
    metadata = mapping(line.get("metadata"))
    if text(line.get("role")) == "tool":
        said.resulted("", _words(line.get("content")))
    else:
        said.think(line.get("reasoning_content"))
        take_content(said, line.get("content"), own=role is MessageRole.USER)
    for call in [*objects(line.get("tool_calls")), *objects(metadata.get("tool_calls"))]:
        inner = mapping(call.get("tool")) or call
        take_part(
            said,
            {"type": "tool_call", "tool_call": {**inner, "output": call.get("response", call.get("output"))}},
        )
    take_files(said, line.get("attachments"))
    if line.get("status") == "error":
        said.failed(first_text(line, "error_message") or first_text(metadata, "error"))
    return ForeignMessage(
        key="",
        parent=None,
        role=role or MessageRole.ASSISTANT,
        content=said.content,
        reasoning=said.reasoning,
        model="" if role is MessageRole.USER else _model(metadata) or model,
        created_at=moment(line.get("created_at", line.get("created"))),
        files=tuple(said.files),
        standing=_standing(line, role),
    )


def _words(content: object) -> str:
    if isinstance(content, str):
        return text(content)
    parts = (part.get("text") for part in objects(content))
    return "\n".join(first_text(part, "value") if isinstance(part, Mapping) else text(part) for part in parts)


def _standing(line: Json, role: MessageRole | None) -> Standing:
    if is_instruction(line.get("role")):
        return Standing.HIDDEN
    return Standing.STEP if role is None else Standing.SHOWN


READER = Jan()
