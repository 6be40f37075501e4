"""From a model server's failures to ours: which fault, a sentence for people, and the server's own words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import httpx
import orjson

from gantry.domain.catalog import ConnectionSpec
from gantry.domain.errors import ContextTooLong, ModelFault, ModelUnavailable

_CHECK_ADDRESS = "Check the address under Admin → Models."
_TRY_AGAIN = "Try again in a moment."

# How servers name the length they have. OpenAI, vLLM, Mistral, LM Studio, TabbyAPI, llama.cpp, llama-cpp-python.
_CONTEXT_LENGTHS = re.compile(
    r"context (?:length|size|window)(?: is| of)?(?: only)?:? \(?(\d[\d,]*)"
    r"|(\d[\d,]*) maximum context length"
    r"|max_seq_len (\d+)"
    r"|n_ctx[ :=(]+(\d+)"
    r"|tokens > (\d+) maximum"
    r"|number of tokens allowed \((\d+)\)",
    re.IGNORECASE,
)
_CONTEXT_CODES = ("context_length_exceeded", "exceed_context_size_error")
_CONTEXT_STATUSES = (400, 413, 422, 500, 503)  # 5xx: older llama.cpp and TabbyAPI
_LIKE_A_KEY = re.compile(r"\b(sk|pk|key|gsk|hf)[-_][\w*.-]{6,}")
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_TAGS = re.compile(r"<(script|style)\b.*?</\1>|<[^>]+>", re.IGNORECASE | re.DOTALL)


def server_message(body: bytes) -> str:
    """Return what a server says in an error's body, in whatever shape; empty when it says nothing."""
    try:
        return _message_in(orjson.loads(body))
    except ValueError:
        text = body[:4_000].decode("utf-8", "replace")
        if title := _TITLE.search(text):
            text = title[1]
        elif "<" in text:
            text = _TAGS.sub(" ", text)
        return " ".join(unescape(text).split())[:2000]


def _message_in(value: Any) -> str:
    """Find the sentence in OpenAI's, FastAPI's, Ollama's and other shapes of errors."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list):
        return "; ".join(filter(None, map(_message_in, value)))
    if isinstance(value, dict):
        for name in ("error", "message", "detail", "msg", "title"):
            if found := _message_in(value.get(name)):
                return found
    return ""


def context_limit(message: str, error: Any = None) -> tuple[bool, int | None]:
    """Tell whether an error means that the prompt is too long, and the length the server gives, if it does."""
    told = error.get("n_ctx") if isinstance(error, dict) else None
    coded = isinstance(error, dict) and any(error.get(name) in _CONTEXT_CODES for name in ("code", "type"))
    if found := _CONTEXT_LENGTHS.search(message):
        number = next(group for group in found.groups() if group)
        told = told or int(number.replace(",", ""))
    return bool(coded or found), told if isinstance(told, int) and told > 0 else None


@dataclass(frozen=True, slots=True)
class ServerFaults:
    """Makes the errors of one model server; every sentence names it, none holds its key."""

    connection: ConnectionSpec
    name: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", self.connection.name or self.connection.slug)

    def transport(self, error: Exception) -> ModelUnavailable:
        """Return what *error* of httpx, raised before or during an answer, means."""
        if isinstance(
            error,
            httpx.ConnectError
            | httpx.ConnectTimeout
            | httpx.UnsupportedProtocol
            | httpx.InvalidURL
            | httpx.ProxyError,
        ):
            return self.unreachable(str(error))
        if isinstance(error, httpx.TimeoutException):
            return self.stalled()
        if isinstance(error, httpx.DecodingError):
            return self.broken(str(error))
        return self.cut_off(str(error))

    def unreachable(self, details: str = "") -> ModelUnavailable:
        """Nobody answers at the address."""
        address = self.connection.base_url.partition("://")[2].partition("/")[0].rpartition("@")[2]
        return self._error(
            f"{self.name} cannot be reached.",
            ModelFault.UNREACHABLE,
            f"Start the server at {address}, then try again." if address else _CHECK_ADDRESS,
            details,
        )

    def silent(self) -> ModelUnavailable:
        """It took the question and said nothing."""
        return self._error(
            f"{self.name} has not begun to answer.",
            ModelFault.STALLED,
            "It may be busy or loading a large model. Try again in a few minutes.",
        )

    def stalled(self) -> ModelUnavailable:
        """It stopped talking but kept the line open."""
        return self._error(
            f"{self.name} stopped in the middle of its answer.", ModelFault.STALLED, _TRY_AGAIN
        )

    def cut_off(self, details: str = "") -> ModelUnavailable:
        """It hung up."""
        return self._error(
            f"{self.name} closed the connection before the answer was complete.",
            ModelFault.CUT_OFF,
            "The server may have been restarted. " + _TRY_AGAIN,
            details,
        )

    def broken(self, details: str = "") -> ModelUnavailable:
        """It talks, but not the dialect."""
        return self._error(
            f"{self.name} gave an answer that Gantry cannot read.",
            ModelFault.BROKEN,
            "Check under Admin → Models that the address is an OpenAI-compatible one; it usually ends in /v1.",
            details,
        )

    def answered(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelUnavailable:
        """It answered with an HTTP error."""
        try:
            value = orjson.loads(body)
        except ValueError:
            value = None
        error = value.get("error", value) if isinstance(value, dict) else value
        message = server_message(body) or f"HTTP status {status}"
        return self._of_status(status, message, error, headers.get("retry-after", ""))

    def reported(self, error: Any) -> ModelUnavailable:
        """It reported an error within a stream that began with status 200."""
        code = str(error.get("code", error.get("status"))) if isinstance(error, dict) else ""
        status = int(code) if code.isdecimal() else 500
        return self._of_status(status if 400 <= status < 600 else 500, _message_in(error), error, "")

    def _of_status(self, status: int, message: str, error: Any, retry_after: str) -> ModelUnavailable:
        too_long, length = context_limit(message, error)
        if too_long and status in _CONTEXT_STATUSES:
            return ContextTooLong(context_tokens=length, details=self._clean(message))
        fault, sentence, advice = self._judge(status, retry_after)
        return self._error(sentence, fault, advice, message)

    def _judge(self, status: int, retry_after: str) -> tuple[ModelFault, str, str]:
        if status in (401, 403):
            return (
                ModelFault.NOT_AUTHORISED,
                f"{self.name} did not accept the key.",
                "Check the key under Admin → Models.",
            )
        if status == 404:
            return (
                ModelFault.NOT_FOUND,
                f"{self.name} does not have this model.",
                "Choose another model, or check the address under Admin → Models.",
            )
        if status == 429:
            wait = (
                f"Try again in {retry_after} seconds."
                if retry_after.isdecimal()
                else "Wait a minute, then try again."
            )
            return ModelFault.RATE_LIMITED, f"{self.name} takes no more questions just now.", wait
        if 300 <= status < 400:
            return ModelFault.REJECTED, f"{self.name} has moved to another address.", _CHECK_ADDRESS
        if status < 500:
            return (
                ModelFault.REJECTED,
                f"{self.name} refused the question.",
                "The details say why. Another model may accept it.",
            )
        return (
            ModelFault.SERVER_ERROR,
            f"{self.name} failed while answering.",
            _TRY_AGAIN + " Its log says more.",
        )

    def _error(self, public: str, fault: ModelFault, advice: str, details: str = "") -> ModelUnavailable:
        return ModelUnavailable(public, fault=fault, advice=advice, details=self._clean(details))

    def _clean(self, text: str) -> str:
        """Take the key out, and what looks like one: some servers repeat it in their refusal."""
        if key := self.connection.api_key:
            text = text.replace(key, "…")
        return _LIKE_A_KEY.sub("…", text)
