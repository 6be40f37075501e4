"""A whole completion from what a server sent, which may be a stream though none was asked for."""

from typing import Any
from uuid import uuid4

import orjson

from gantry.adapters.openai.errors import ServerFaults
from gantry.adapters.openai.reported import is_error, named_error, says_something
from gantry.adapters.openai.sse import ErrorEvent, EventCutter
from gantry.domain.completions import Heard, error_in, usage_of


def whole_of(body: bytes, faults: ServerFaults) -> bytes:
    """Return *body* where it is JSON, else the completion that its events are the pieces of.

    Raises:
        ModelUnavailable: It tells an error, or is neither.
    """
    try:
        value = orjson.loads(body)
    except ValueError:
        return _joined(body, faults)
    if isinstance(value, dict) and not value.get("choices") and "data" not in value and _tells_error(value):
        raise faults.reported(value)
    return body


def _joined(body: bytes, faults: ServerFaults) -> bytes:
    heard, head = Heard(), dict[str, Any]()
    for value in _values(body, faults):
        if isinstance(value, ErrorEvent):
            raise faults.reported(named_error(value.value))
        if not isinstance(value, dict):
            continue
        if _tells_error(value):
            raise faults.reported(value)
        if value.get("choices"):
            head = head or {name: value.get(name) for name in ("id", "created", "model")}
        heard.chunk(value)
    if not head:
        raise faults.broken(body[:200].decode("utf-8", "replace"))
    message: dict[str, Any] = {"role": "assistant", "content": heard.words or None, "refusal": None}
    if heard.reasoning:
        message["reasoning_content"] = "".join(heard.reasoning)
    if calls := heard.called(uuid4()):
        message["tool_calls"] = calls
    choice = {"index": 0, "message": message, "finish_reason": heard.finish or "stop", "logprobs": None}
    told = {"usage": usage_of(heard.usage)} if heard.usage else {}
    return orjson.dumps({**head, "object": "chat.completion", "choices": [choice], **told})


def _values(body: bytes, faults: ServerFaults) -> list[Any]:
    cutter = EventCutter()
    try:
        return [*cutter.feed(body), *cutter.flush()]
    except ValueError as error:
        raise faults.broken(str(error)) from error


def _tells_error(value: dict[str, Any]) -> bool:
    if error_in(value) is not None:
        return True
    error = value.get("error")
    return says_something(error) if error else ("choices" not in value and is_error(value))
