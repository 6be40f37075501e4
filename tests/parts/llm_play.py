"""Playing one script to one request of the scripted model server."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import orjson

from tests.parts.llm_script import Script, split_tokens
from tests.parts.llm_wire import Recorded, reply


class Play:
    """One script being played to one request."""

    def __init__(self, script: Script, request: Recorded, writer: asyncio.StreamWriter) -> None:
        self.script = script
        self.request = request
        self.writer = writer
        body = request.body
        turns = body.get("messages", [])
        trailing = turns[-1]["content"] if turns and turns[-1].get("role") == "assistant" else ""
        self.tokens = script.after(body.get("response_prefix") or trailing)
        head = {"id": "chatcmpl-script", "object": "chat.completion.chunk", "created": int(time.time())}
        self.head = {**head, "model": body.get("model", "")}

    async def run(self) -> bool:
        """Play all of it; return whether the connection may serve another request."""
        script = self.script
        for option in script.rejects:
            if option in self.request.body:
                message = f"Unrecognized request argument supplied: {option}"
                return reply(self.writer, 400, {"error": {"message": message, "param": option}})
        if script.headers_first:
            self._begin()
        await asyncio.sleep(script.first_byte_delay)
        if script.status != 200 or script.body is not None:
            return reply(self.writer, script.status, script.body, script.headers)
        if script.whole or not self.request.body.get("stream"):
            self.request.completed_at = time.time()
            return reply(self.writer, 200, self._whole(), script.headers)
        if not script.headers_first:
            self._begin()
        alive = await (self._play_raw() if script.raw is not None else self._play_tokens())
        if alive:
            self.writer.write(b"0\r\n\r\n")
            await self.writer.drain()
            self.request.completed_at = time.time()
        return alive

    def _begin(self) -> None:
        lines = ["HTTP/1.1 200 OK", "Transfer-Encoding: chunked"]
        headers = {"Content-Type": "text/event-stream", **self.script.headers}
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())

    async def _play_raw(self) -> bool:
        for piece in self.script.raw or ():
            self._write(piece)
            await self.writer.drain()
            await asyncio.sleep(self.script.raw_gap)
        return True

    async def _play_tokens(self) -> bool:
        script = self.script
        self._event({**self.head, "choices": [_choice({"role": "assistant", "content": ""})]})
        for delta in script.tool_deltas:
            self._event({**self.head, "choices": [_choice({"tool_calls": [delta]})]})
        began, waiting = time.perf_counter(), b""
        for sent, (name, token) in enumerate(self.tokens):
            if not await self._interlude(sent):
                return False
            if script.pause_after and sent == script.pause_after[0]:
                began += script.pause_after[1]
            waiting += _encode({**self.head, "choices": [_choice({name: token})]})
            if (sent + 1) % script.tokens_per_write and sent + 1 < len(self.tokens):
                continue
            if script.tokens_per_second:
                due = began + (sent + 1) / script.tokens_per_second - time.perf_counter()
                if due > 0:
                    await asyncio.sleep(due)
            self._write(waiting)
            waiting = b""
            self.request.token_times.append(time.time())
            if sent % 16 == 15:
                await self.writer.drain()
        return await self._interlude(len(self.tokens)) and self._finish()

    async def _interlude(self, sent: int) -> bool:
        """Do what the script says for after *sent* tokens; return False when that ends the connection."""
        script = self.script
        if script.pause_after and sent == script.pause_after[0]:
            await asyncio.sleep(script.pause_after[1])
        if sent == script.stall_after:
            await asyncio.Event().wait()
        if sent == script.cut_after:
            await self.writer.drain()
            return False
        if sent == script.broken_sse_after:
            self._write(b'data: {"choices": [{"delta": {"con\n\n')
        if script.error_after and sent == script.error_after[0]:
            self._event({"error": script.error_after[1]})
            await self.writer.drain()
            return False
        return True

    def _finish(self) -> bool:
        script = self.script
        if script.finish_reason:
            self._event({**self.head, "choices": [_choice({}, script.finish_reason)]})
        options = self.request.body.get("stream_options") or {}
        if script.usage and options.get("include_usage"):
            self._event({**self.head, "choices": [], "usage": self._usage()})
        if script.done:
            self._write(b"data: [DONE]\n\n")
        return True

    def _usage(self) -> dict[str, int]:
        script = self.script
        prompt = script.prompt_tokens
        if prompt is None:
            prompt = sum(
                len(split_tokens(str(turn.get("content")))) for turn in self.request.body["messages"]
            )
        completion = len(self.tokens) if script.completion_tokens is None else script.completion_tokens
        return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}

    def _whole(self) -> dict[str, Any]:
        spoken = "".join(token for name, token in self.tokens if name == "content")
        thought = "".join(token for name, token in self.tokens if name != "content")
        message = {
            "role": "assistant",
            "content": spoken,
            **({self.script.reasoning_field: thought} if thought else {}),
            **({"tool_calls": calls} if (calls := self._calls()) else {}),
        }
        choice = {"index": 0, "message": message, "finish_reason": self.script.finish_reason}
        return {**self.head, "object": "chat.completion", "choices": [choice], "usage": self._usage()}

    def _calls(self) -> list[dict[str, Any]]:
        """Return the calls of the script's deltas in one piece each."""
        calls: dict[int, dict[str, Any]] = {}
        for delta in self.script.tool_deltas:
            told = delta["function"]
            call = calls.setdefault(delta["index"], {"function": {"name": "", "arguments": ""}})
            call |= {"id": delta.get("id", call.get("id")), "type": "function"}
            for name in ("name", "arguments"):
                call["function"][name] += told.get(name, "")
        return list(calls.values())

    def _event(self, value: Any) -> None:
        self._write(_encode(value))

    def _write(self, piece: bytes) -> None:
        self.writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))


def _choice(delta: Mapping[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "finish_reason": finish_reason}


def _encode(value: Any) -> bytes:
    return b"data: " + orjson.dumps(value) + b"\n\n"
