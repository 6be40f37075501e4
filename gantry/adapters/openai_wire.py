"""The OpenAI dialect on the wire: building requests and reading what streams back. Does no I/O."""

import json
from collections.abc import Sequence
from typing import Any

import orjson

from gantry.adapters.thinking import EchoFilter, ThinkSplitter
from gantry.domain.catalog import (
    ChatRequest,
    ConnectionKind,
    Delta,
    ReasoningDelta,
    TextDelta,
    Truncated,
    UsageReport,
)

CONTINUING_KINDS = frozenset(
    {ConnectionKind.VLLM, ConnectionKind.LLAMACPP, ConnectionKind.OLLAMA, ConnectionKind.TABBY}
)


class BrokenAnswer(Exception):
    """The stream is not what the dialect says; carries the payload's beginning."""


class ReportedError(Exception):
    """The server reported an error inside a stream that began well; ``error`` is its JSON value."""

    def __init__(self, error: Any) -> None:
        super().__init__("The server reported an error.")
        self.error = error


def request_body(request: ChatRequest, kind: ConnectionKind) -> dict[str, Any]:
    """Return the JSON body that asks *request* of a server of *kind*."""
    messages = [{"role": turn.role, "content": turn.content} for turn in request.turns]
    body: dict[str, Any] = {
        "model": request.model,
        "messages": messages,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.max_tokens is not None:
        body["max_tokens"] = request.max_tokens
    if request.continue_last:
        _ask_to_continue(body, kind)
    return body


def _ask_to_continue(body: dict[str, Any], kind: ConnectionKind) -> None:
    """Say in the words of *kind* that the last assistant turn is unfinished."""
    if kind is ConnectionKind.VLLM:
        body.update(continue_final_message=True, add_generation_prompt=False)
    elif kind is ConnectionKind.TABBY:
        # Only newer versions know continue_final_message, all know the prefix; it follows the generation prompt.
        body["response_prefix"] = body["messages"].pop()["content"]
    elif kind is ConnectionKind.LLAMACPP:
        # A trailing assistant turn is continued as it is, but refused while the template may still think.
        body["chat_template_kwargs"] = {"enable_thinking": False}


def without_rejected(body: dict[str, Any], message: str) -> dict[str, Any] | None:
    """Return *body* without the option that the server's *message* refuses, or None when it names none of ours."""
    for option in ("stream_options", "max_tokens", "temperature"):
        if option in body and option in message:
            changed = {name: value for name, value in body.items() if name != option}
            if option == "max_tokens":  # the newest OpenAI models want the new name
                if "max_completion_tokens" not in message:
                    return None
                changed["max_completion_tokens"] = body["max_tokens"]
            return changed
    return None


class AnswerReader:
    """Turns the payloads of one streamed answer into deltas.

    Attributes:
        finished: A finish reason was seen: whatever happens now, the answer is complete.
        done: ``[DONE]`` was seen: nothing follows.
        begun: Something of the answer itself has come.
    """

    __slots__ = ("_direct", "_echo", "_splitter", "_usage", "begun", "done", "finished")

    def __init__(self, *, prefix: str = "") -> None:
        self.finished = False
        self.done = False
        self.begun = False
        self._usage: UsageReport | None = None
        self._echo = EchoFilter(prefix)
        self._splitter = ThinkSplitter()
        self._direct = False  # both of them are through: the hot path

    def read(self, payload: bytes) -> Sequence[Delta]:
        """Return what one payload says.

        Raises:
            BrokenAnswer: Not JSON, or not of the dialect.
            ReportedError: The server gave an error instead.
        """
        if payload == b"[DONE]":
            self.done = self.finished = True
            return ()
        if not payload:
            return ()
        try:
            event = _decoded(payload)
            if "choices" not in event or event.get("error"):
                return self._read_other(event)
            if event.get("usage"):
                self._note_usage(event["usage"])
            choices = event["choices"]
            return self._read_choice(choices[0]) if choices else ()
        except (ValueError, TypeError, AttributeError, KeyError, IndexError) as error:
            raise BrokenAnswer(payload[:200].decode("utf-8", "replace")) from error

    def end(self) -> list[Delta]:
        """Return what was held back, and the usage; call once when the stream has ended."""
        deltas: list[Delta] = [*self._splitter.feed(self._echo.flush()), *self._splitter.flush()]
        if self._usage is not None:  # kept to the end: some servers send a running count with every token
            deltas.append(self._usage)
        return deltas

    def _read_other(self, event: dict[str, Any]) -> Sequence[Delta]:
        if error := event.get("error"):
            raise ReportedError(error)
        if event.get("object") == "error":  # older vLLM
            raise ReportedError(event)
        return ()

    def _read_choice(self, choice: dict[str, Any]) -> Sequence[Delta]:
        delta = choice.get("delta") or choice.get("message") or {}
        content = delta.get("content")
        reason = choice.get("finish_reason")
        thought = delta.get("reasoning_content") or delta.get("reasoning")
        if self._direct and content and reason is None and thought is None and content.__class__ is str:
            return (TextDelta(content),)
        found: list[Delta] = []
        if isinstance(content, list):
            content = self._read_parts(content, found)
        if thought and isinstance(thought, str):
            found.append(ReasoningDelta(thought))
        if content:
            found += self._read_text(content)
        if found or content:
            self.begun = True
        if reason is not None:
            self.finished = True
            if reason == "length":
                found.append(Truncated())
        return found

    def _read_text(self, content: str) -> Sequence[Delta]:
        found = self._splitter.feed(self._echo.feed(content))
        self._direct = self._echo.settled and self._splitter.settled
        return found

    def _read_parts(self, parts: list[Any], found: list[Delta]) -> str:
        """Read content given as parts, as Mistral's thinking models do; return the text among them."""
        text = ""
        for part in parts:
            if part.get("type") == "thinking":
                thoughts = part.get("thinking") or []
                thought = "".join(piece.get("text") or "" for piece in thoughts)
                if thought:
                    found.append(ReasoningDelta(thought))
            else:
                text += part.get("text") or ""
        return text

    def _note_usage(self, usage: dict[str, Any]) -> None:
        prompt, completion = usage.get("prompt_tokens"), usage.get("completion_tokens")
        if isinstance(prompt, int) and isinstance(completion, int):
            self._usage = UsageReport(prompt, completion)


def _decoded(payload: bytes) -> Any:
    """Parse *payload*; leniently when need be: servers that cut an emoji in two send halves that are no Unicode."""
    try:
        return orjson.loads(payload)
    except ValueError:
        return json.loads(payload.decode("utf-8", "replace"))
