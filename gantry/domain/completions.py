"""Answers in OpenAI's shapes, where Gantry makes or completes them itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from gantry.domain.catalog import UsageReport
from gantry.domain.citations import cited_numbers
from gantry.domain.context import Source
from gantry.domain.json_values import Json, list_in, object_in, objects_in
from gantry.domain.token_counts import told_in

SEEN = 400_000  # characters of an answer that are kept to be stored


@dataclass(slots=True)
class Heard:
    """What an answer has said so far, read from chunks of a stream or from a whole completion."""

    text: list[str] = field(default_factory=list[str])
    reasoning: list[str] = field(default_factory=list[str])
    calls: dict[int, dict[str, Any]] = field(default_factory=dict[int, dict[str, Any]])  # of tools
    cut: bool = False  # it was longer than what is kept
    finish: str | None = None
    usage: UsageReport | None = None
    _size: int = 0

    def chunk(self, raw: Any) -> None:
        """Take one chunk of a stream, whatever it looks like."""
        value = object_in(raw) or {}
        for choice in map(object_in, (list_in(value.get("choices")) or [])[:1]):
            if choice is not None:
                self._choice(choice)
        self.usage = told_in(value) or self.usage

    def _choice(self, choice: Json) -> None:
        said = object_in(choice.get("delta") or choice.get("message"))
        if said is not None:
            for name, kept in (("content", self.text), ("reasoning_content", self.reasoning)):
                piece = said.get(name)
                if isinstance(piece, str) and self._room_for(piece):
                    kept.append(piece)
            for position, call in enumerate(objects_in(said.get("tool_calls")) or ()):
                self._call(call, position)
        reason = choice.get("finish_reason")
        self.finish = reason if isinstance(reason, str) else self.finish

    def _call(self, raw: Json, position: int) -> None:
        function = object_in(raw.get("function")) or {}
        call = self.calls.setdefault(call_index(raw, position), {"id": "", "name": "", "arguments": ""})
        call["id"], call["name"] = call["id"] or raw.get("id"), call["name"] or function.get("name")
        more = function.get("arguments")
        if isinstance(more, str) and self._room_for(more):
            call["arguments"] += more

    def _room_for(self, piece: str) -> bool:
        self.cut = self.cut or self._size >= SEEN
        self._size += len(piece)
        return not self.cut

    def called(self, answer: UUID) -> list[dict[str, Any]]:
        """Return the calls of tools as a message of chat has them."""
        return [
            {
                "id": str(call["id"] or call_name(answer, index)),
                "type": "function",
                "function": {"name": str(call["name"] or ""), "arguments": call["arguments"]},
            }
            for index, call in self.calls.items()
        ]

    @property
    def words(self) -> str:
        """The answer itself."""
        return "".join(self.text)


def error_in(value: Json) -> Json | None:
    """Return the error that a chunk tells, of its own or of its first choice; some send an empty one with every chunk."""
    first = (objects_in(value.get("choices")) or [{}])[:1]
    for holder in (value, *first):
        error = holder.get("error")
        if isinstance(error, str) and error:
            return {"message": error}
        if (told := object_in(error)) and told.get("message"):
            return told
    return None


def call_index(call: Json, position: int) -> int:
    """Return which call a piece belongs to; some servers do not say so."""
    index = call.get("index")
    return index if isinstance(index, int) else position


def call_name(answer: UUID, index: int) -> str:
    """Return the id of a call to which the model server gave none."""
    return f"call_{answer.hex}{index}"


def annotations(text: str, given: Sequence[Source], origin: str = "") -> list[dict[str, Any]]:
    """Return the passages that *text* refers to, in the shape of a citation of a page, where each is first referred to.

    Their addresses are those of Gantry at *origin*.
    """
    cited = cited_numbers(text, [source.number for source in given])
    made: list[dict[str, Any]] = []
    for source in given:
        if source.number not in cited:
            continue
        start = max(0, text.find(f"[{source.number}]"))
        place = {"start_index": start, "end_index": start + len(f"[{source.number}]")}
        told = {
            "number": source.number,
            "kind": source.kind.value,
            "document_id": _text(source.document_id),
            "conversation_id": _text(source.conversation_id),
            "message_id": _text(source.message_id),
            "page": source.page,
            "passage": source.text,
        }
        citation = {**place, "title": source.place, "url": _address(source, origin)}
        ours = {name: value for name, value in told.items() if value is not None}
        made.append({"type": "url_citation", "url_citation": citation, "gantry": ours})
    return made


def _address(source: Source, origin: str) -> str:
    if source.document_id is not None:
        return f"{origin}/api/v1/documents/{source.document_id}/text?start={source.start}&end={source.end}"
    return f"{origin}/c/{source.conversation_id}" if source.conversation_id else ""


def usage_of(report: UsageReport) -> dict[str, int]:
    """Return the counts as a completion tells them."""
    return {
        "prompt_tokens": report.prompt_tokens,
        "completion_tokens": report.completion_tokens,
        "total_tokens": report.prompt_tokens + report.completion_tokens,
    }


def chunk(head: Mapping[str, Any], delta: Mapping[str, Any], *, finish: str | None = None) -> dict[str, Any]:
    """Return one chunk of a stream."""
    return {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
