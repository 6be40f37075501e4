"""OpenAI's newer dialect, ``/v1/responses``, told in terms of the older one, which every model server speaks."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from gantry.domain.catalog import UsageReport
from gantry.domain.completions import call_index, call_name
from gantry.domain.errors import Invalid
from gantry.domain.json_values import object_in, objects_in
from gantry.domain.token_counts import told_in

Json = dict[str, Any]
_SAME = (
    "model", "stream", "temperature", "top_p", "tool_choice", "parallel_tool_calls", "store", "gantry", "user", "top_logprobs",
)  # fmt: skip
_NOT_HERE = ("conversation", "background", "prompt")
_ID = re.compile(r"resp_([0-9a-f]{32})")
_ROLES = ("user", "assistant", "system", "developer")  # no sets: what is asked about is any JSON


def chat_request(raw: Any) -> Json:
    """Return the chat request that asks the same; Invalid, with the field at fault, for what chat cannot do."""
    body = object_in(raw)
    if body is None:
        raise Invalid("Send a JSON object.")
    for name in _NOT_HERE:
        if body.get(name):
            raise Invalid(f"{name} is not supported: send the whole conversation as input.", field=name)
    made: Json = {name: body[name] for name in _SAME if body.get(name) is not None}
    made["messages"] = [*_instructions(body.get("instructions")), *_messages(body.get("input"))]
    if body.get("tools"):
        made["tools"] = [_tool(each) for each in _listed(body["tools"], "tools")]
    choice = object_in(made.get("tool_choice"))
    if choice is not None and choice.get("type") == "function":
        made["tool_choice"] = {"type": "function", "function": {"name": choice.get("name")}}
    if body.get("max_output_tokens") is not None:
        made["max_tokens"] = body["max_output_tokens"]
    reasoning, text = object_in(body.get("reasoning")) or {}, object_in(body.get("text")) or {}
    if reasoning.get("effort"):
        made["reasoning_effort"] = reasoning["effort"]
    made |= _format(object_in(text.get("format")) or {})
    if made.get("stream"):
        made["stream_options"] = {"include_usage": True}
    return made


def previous_answer(raw: Any) -> UUID | None:
    """Return the message of the answer that a request goes on from; Invalid where it names none of ours."""
    named = (object_in(raw) or {}).get("previous_response_id")
    if named is None:
        return None
    found = _ID.fullmatch(named) if isinstance(named, str) else None
    if found is None:
        raise Invalid(
            "previous_response_id is the id of an answer that was stored.", field="previous_response_id"
        )
    return UUID(found[1])


def _instructions(raw: Any) -> list[Json]:
    if raw is not None and not isinstance(raw, str):
        raise Invalid("instructions are a text.", field="instructions")
    return [{"role": "system", "content": raw}] if isinstance(raw, str) and raw else []


def _messages(raw: Any) -> list[Json]:
    if isinstance(raw, str):
        return [{"role": "user", "content": raw}]
    made: list[Json] = []
    for item in _listed(raw, "input"):
        kind = item.get("type", "message")
        if kind == "message" and item.get("role") in _ROLES:
            role = "system" if item["role"] == "developer" else item["role"]
            made.append({"role": role, "content": _content(item.get("content"))})
        elif kind == "function_call":
            call = {
                "id": item.get("call_id"),
                "type": "function",
                "function": {"name": item.get("name"), "arguments": item.get("arguments", "")},
            }
            if made and made[-1].get("tool_calls"):
                made[-1]["tool_calls"].append(call)  # several at once are one turn
            else:
                made.append({"role": "assistant", "content": None, "tool_calls": [call]})
        elif kind == "function_call_output":
            content = item.get("output")
            content = content if isinstance(content, str) else _content(content)
            made.append({"role": "tool", "tool_call_id": item.get("call_id"), "content": content})
        elif kind != "reasoning":  # which is the server's own and means nothing to another
            raise Invalid(
                f"input holds an item of a kind that is not supported: {str(kind)[:50]}.", field="input"
            )
    return made


def _content(raw: Any) -> Any:
    if isinstance(raw, str):
        return raw
    parts: list[Json] = []
    for part in _listed(raw, "input"):
        kind = part.get("type")
        if kind in ("input_text", "output_text", "text"):
            parts.append({"type": "text", "text": part.get("text", "")})
        elif kind == "input_image" and isinstance(part.get("image_url"), str):
            image = {"url": part["image_url"]} | ({"detail": part["detail"]} if part.get("detail") else {})
            parts.append({"type": "image_url", "image_url": image})
        elif kind != "refusal":
            raise Invalid(
                f"input holds a part of a kind that is not supported: {str(kind)[:50]}.", field="input"
            )
    if all(part["type"] == "text" for part in parts):
        return "\n".join(str(part["text"]) for part in parts)
    return parts


def _tool(raw: Mapping[str, Any]) -> Json:
    if raw.get("type") != "function":
        raise Invalid("Only tools of the type function are supported.", field="tools")
    kept = {
        name: raw[name]
        for name in ("name", "description", "parameters", "strict")
        if raw.get(name) is not None
    }
    return {"type": "function", "function": kept}


def _format(raw: Mapping[str, Any]) -> Json:
    if raw.get("type") == "json_schema":
        kept = {name: raw[name] for name in ("name", "schema", "strict", "description") if name in raw}
        return {"response_format": {"type": "json_schema", "json_schema": kept}}
    return {"response_format": {"type": "json_object"}} if raw.get("type") == "json_object" else {}


def _listed(raw: Any, name: str) -> list[Mapping[str, Any]]:
    found = objects_in(raw)
    if found is None:
        raise Invalid(f"{name} is a list of objects.", field=name)
    return found


@dataclass(slots=True)
class ResponseTeller:
    """Tells an answer in the newer dialect: as events while it comes, and as one object at the end.

    Args:
        asked: The request, of which the object repeats a part.
        answer_id: Of the message that the answer becomes when it is stored; the response is named by it.
        new_id: Makes ids.
        created: In seconds since the epoch.
    """

    asked: Mapping[str, Any]
    answer_id: UUID
    new_id: Callable[[], str]
    created: int
    _id: str = field(init=False)
    _output: list[Json] = field(default_factory=list[Json])
    _message: Json | None = None
    _words: list[str] = field(
        default_factory=list[str]
    )  # of the message: one text that grows would be copied with each
    _calls: dict[int, Json] = field(default_factory=dict[int, Json])
    _finish: str = ""
    _usage: Json | None = None
    _gantry: Json | None = None
    _annotations: list[Json] = field(default_factory=list[Json])
    _number: int = 0

    def __post_init__(self) -> None:
        self._id = f"resp_{self.answer_id.hex}"

    def begin(self) -> Iterator[Json]:
        """Yield the events before the first word."""
        for name in ("created", "in_progress"):
            yield self._event(f"response.{name}", response=self.whole("in_progress"))

    def take(self, value: Mapping[str, Any]) -> Iterator[Json]:
        """Yield what one chunk, or one whole completion, means."""
        if (counts := told_in(value)) is not None:
            self._usage = _usage(counts)
        if (told := object_in(value.get("gantry"))) is not None:
            self._gantry = dict(told)
        choices = objects_in(value.get("choices"))
        if not choices:
            return
        choice = choices[0]
        said = object_in(choice.get("delta") or choice.get("message")) or {}
        if isinstance(text := said.get("content"), str) and text:
            yield from self._text(text)
        for position, call in enumerate(objects_in(said.get("tool_calls")) or ()):
            yield from self._call(call, position)
        self._annotations += map(_flat, objects_in(said.get("annotations")) or ())
        if isinstance(reason := choice.get("finish_reason"), str):
            self._finish = reason

    def end(self) -> Iterator[Json]:
        """Yield the events after the last word."""
        self._settle()
        for at, item in enumerate(self._output):
            yield from self._done(at, item)
        cut = self._finish in {"length", "content_filter"}
        status = "incomplete" if cut else "completed"
        yield self._event(f"response.{status}", response=self.whole(status))

    def failed(self, error: Mapping[str, Any]) -> Iterator[Json]:
        """Yield the events of an answer that broke off."""
        told = {"code": str(error.get("code") or "server_error"), "message": str(error.get("message", ""))}
        yield self._event("error", **told, param=None)
        yield self._event("response.failed", response={**self.whole("failed"), "error": told})

    def whole(self, status: str = "") -> Json:
        """Return the answer as one object."""
        self._settle()
        cut = {"length": "max_output_tokens", "content_filter": "content_filter"}.get(self._finish)
        status = status or ("incomplete" if cut else "completed")
        asked = self.asked
        made: Json = {
            "id": self._id,
            "object": "response",
            "created_at": self.created,
            "status": status,
            "error": None,
            "incomplete_details": {"reason": cut} if cut and status == "incomplete" else None,
            "instructions": asked.get("instructions"),
            "max_output_tokens": asked.get("max_output_tokens"),
            "metadata": asked.get("metadata") or {},
            "model": asked.get("model"),
            "output": [dict(item) for item in self._output],
            "parallel_tool_calls": asked.get("parallel_tool_calls", True),
            "previous_response_id": asked.get("previous_response_id"),
            "store": bool(asked.get("store")),
            "temperature": asked.get("temperature"),
            "text": asked.get("text") or {"format": {"type": "text"}},
            "tool_choice": asked.get("tool_choice", "auto"),
            "tools": asked.get("tools") or [],
            "top_p": asked.get("top_p"),
            "truncation": "disabled",
            "usage": self._usage,
        }
        return made | ({"gantry": self._gantry} if self._gantry else {})

    def _text(self, text: str) -> Iterator[Json]:
        if self._message is None:
            self._message = {
                "id": f"msg_{self.new_id()}",
                "type": "message",
                "status": "in_progress",
                "role": "assistant",
                "content": [],
            }
            yield self._added(self._message)
            part = {"type": "output_text", "text": "", "annotations": self._annotations}
            yield self._part("added", dict(part))
            self._message["content"] = [part]
        self._words.append(text)
        yield self._event("response.output_text.delta", **self._where(self._message), delta=text, logprobs=[])

    def _call(self, call: Mapping[str, Any], position: int) -> Iterator[Json]:
        index = call_index(call, position)
        function = object_in(call.get("function")) or {}
        item = self._calls.get(index)
        if item is None:
            item = self._calls[index] = {
                "id": f"fc_{self.new_id()}",
                "type": "function_call",
                "status": "in_progress",
                "call_id": str(call.get("id") or call_name(self.answer_id, index)),
                "name": str(function.get("name") or ""),
                "arguments": "",
            }
            yield self._added(item)
        more = function.get("arguments")
        if isinstance(more, str) and more:
            item["arguments"] += more
            place = {"item_id": item["id"], "output_index": self._output.index(item)}
            yield self._event("response.function_call_arguments.delta", **place, delta=more)

    def _done(self, at: int, item: Json) -> Iterator[Json]:
        if item is self._message:
            part = item["content"][0]
            yield self._event(
                "response.output_text.done", **self._where(item), text=part["text"], logprobs=[]
            )
            for number, noted in enumerate(self._annotations):
                yield self._event(
                    "response.output_text.annotation.added",
                    **self._where(item),
                    annotation_index=number,
                    annotation=noted,
                )
            yield self._part("done", part)
        else:
            place = {"item_id": item["id"], "output_index": at}
            told = {"arguments": item["arguments"], "name": item["name"]}
            yield self._event("response.function_call_arguments.done", **place, **told)
        item["status"] = "completed"
        yield self._event("response.output_item.done", output_index=at, item=dict(item))

    def finish_items(self) -> None:
        """Mark everything as complete, for who is told the whole at once."""
        for item in self._output:
            item["status"] = "completed"

    def _settle(self) -> None:
        if self._message is not None and self._message["content"]:
            self._message["content"][0]["text"] = "".join(self._words)

    def _added(self, item: Json) -> Json:
        self._output.append(item)
        return self._event("response.output_item.added", output_index=len(self._output) - 1, item=dict(item))

    def _part(self, what: str, part: Json) -> Json:
        assert self._message is not None  # noqa: S101 - a part belongs to a message
        return self._event(f"response.content_part.{what}", **self._where(self._message), part=part)

    def _where(self, item: Json) -> Json:
        return {"item_id": item["id"], "output_index": self._output.index(item), "content_index": 0}

    def _event(self, kind: str, **values: Any) -> Json:
        number, self._number = self._number, self._number + 1
        return {"type": kind, "sequence_number": number, **values}


def _usage(counts: UsageReport) -> Json:
    prompt, answer = counts.prompt_tokens, counts.completion_tokens
    return {
        "input_tokens": prompt,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": answer,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": prompt + answer,
    }


def _flat(annotation: Mapping[str, Any]) -> Json:
    """Return an annotation as this dialect has it: its fields beside its type."""
    kind = annotation.get("type", "url_citation")
    told = object_in(annotation.get(kind)) or {}
    ours = {"gantry": annotation["gantry"]} if "gantry" in annotation else {}
    return {"type": kind, **told, **ours}
