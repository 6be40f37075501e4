"""From a model server's failures to ours: which fault, sentences for people, and the server's own words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from gantry.adapters.http import transport_errors
from gantry.adapters.http.server_words import Words, server_message
from gantry.adapters.openai import context_lengths
from gantry.adapters.openai.verdicts import ASK, Verdict, verdict_on, wait_told
from gantry.domain.catalog import ConnectionSpec
from gantry.domain.errors import ContextTooLong, ModelFault, ModelUnavailable
from gantry.domain.messages import _
from gantry.domain.text import storable

__all__ = ["FINAL", "ServerFaults", "server_message"]

# Faults that no other way of asking mends.
FINAL = frozenset({
    ModelFault.TOO_LONG, ModelFault.QUOTA, ModelFault.FILTERED, ModelFault.NOT_AUTHORISED, ModelFault.RATE_LIMITED
})  # fmt: skip

_CHECK_ADDRESS = _("Check the address under Administration → Model servers.")
_TRY_AGAIN = _("Try again in a moment.")
_SHORTEST_KEY = 8  # characters; dummy keys such as "none" are words of ordinary sentences
_LIKE_A_KEY = re.compile(r"\b(sk|pk|key|gsk|hf)[-_][\w*.-]{6,}")


@dataclass(frozen=True, slots=True)
class ServerFaults:
    """Makes the errors of one model server; every sentence names it, none holds its key."""

    connection: ConnectionSpec
    name: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", self.connection.name or self.connection.slug)

    def transport(self, error: Exception) -> ModelUnavailable:
        """Return what *error* of httpx, raised before or during an answer, means."""
        details = transport_errors.chain_of(error)
        if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
            return self.unreachable(details or "The connection timed out.")
        if isinstance(
            error, httpx.ConnectError | httpx.UnsupportedProtocol | httpx.InvalidURL | httpx.ProxyError
        ):
            return self.unreachable(details)
        if isinstance(error, httpx.TimeoutException):
            return self.stalled()
        if isinstance(error, httpx.DecodingError):
            return self.broken(details)
        return self.cut_off(details)

    def unreachable(self, details: str = "") -> ModelUnavailable:
        """Nobody answers at the address, or nobody whom we may trust."""
        address = self.connection.base_url.partition("://")[2].partition("/")[0].rpartition("@")[2]
        sentence, advice = transport_errors.explained(details, self.name, address)
        return self._error(
            Verdict(
                ModelFault.UNREACHABLE,
                sentence,
                advice or _CHECK_ADDRESS,
                ASK,
            ),
            details,
        )

    def silent(self) -> ModelUnavailable:
        """It took the question and said nothing."""
        return self._error(
            Verdict(
                ModelFault.STALLED,
                _("The model server {name} has not started to answer.", name=self.name),
                _(
                    "It may be busy or loading a large model. Try again in a few minutes. How long Gantry waits is a"
                    " setting of the server under Administration → Model servers."
                ),
                _("It may be busy or loading a large model. Try again in a few minutes."),
            )
        )

    def stalled(self) -> ModelUnavailable:
        """It stopped talking but kept the line open."""
        return self._error(Verdict(ModelFault.STALLED, self._stopped(), _TRY_AGAIN))

    def cut_off(self, details: str = "") -> ModelUnavailable:
        """It hung up."""
        sentence = _(
            "The model server {name} closed the connection before the answer was complete.", name=self.name
        )
        advice = _("The server may have been restarted. Try again in a moment.")
        return self._error(Verdict(ModelFault.CUT_OFF, sentence, advice), details)

    def broken(self, details: str = "") -> ModelUnavailable:
        """It talks, but not the dialect."""
        return self._error(
            Verdict(
                ModelFault.BROKEN,
                _("The model server {name} sent a response that Gantry cannot read.", name=self.name),
                _("Check its address under Administration → Model servers. It usually ends in /v1."),
                ASK,
            ),
            details,
        )

    def moved(self, address: str) -> ModelUnavailable:
        """It sends its clients to another host; the key stays at home."""
        return self._error(
            Verdict(
                ModelFault.BROKEN,
                _("The model server {name} redirects to another address.", name=self.name),
                _("Enter that address under Administration → Model servers, if it is the right one."),
                ASK,
            ),
            f"Redirect to {address}",
        )

    def unlisted(self, details: str) -> ModelUnavailable:
        """It does not list its models, or in a way that nobody can read."""
        return self._error(
            Verdict(
                ModelFault.BROKEN,
                _("The model server {name} has no list of models at this address.", name=self.name),
                _(
                    "Check the address: it usually ends in /v1. If it is right, name the models by hand under Administration → Model servers."
                ),
                ASK,
            ),
            details,
        )

    def answered(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelUnavailable:
        """It answered with an HTTP error."""
        words = Words.in_body(body)
        if not words.sentence:
            words = replace(words, sentence=f"HTTP status {status}")
        return self._of_status(status, words, wait_told(headers, words.sentence))

    def reported(self, error: Any) -> ModelUnavailable:
        """It reported an error within a stream that began with status 200."""
        words = Words.of(error)
        return self._of_status(words.status or 500, words, wait_told({}, words.sentence))

    def ended_early(self, reason: str) -> ModelUnavailable:
        """It ended its answer with a reason that means a failure."""
        return self._error(
            Verdict(ModelFault.CUT_OFF, self._stopped(), _TRY_AGAIN), f"finish_reason: {reason}"
        )

    def _stopped(self) -> str:
        return _("The model server {name} stopped in the middle of its answer.", name=self.name)

    def _of_status(self, status: int, words: Words, wait: str) -> ModelUnavailable:
        too_long, length = context_lengths.context_limit(words)
        if too_long and status in context_lengths.STATUSES:
            return ContextTooLong(context_tokens=length, details=self._clean(words.sentence))
        return self._error(verdict_on(status, words, self.name, wait), words.sentence)

    def _error(self, verdict: Verdict, details: str = "") -> ModelUnavailable:
        return ModelUnavailable(
            verdict.sentence,
            fault=verdict.fault,
            advice=verdict.advice,
            person_advice=verdict.person_advice,
            details=self._clean(details),
        )

    def _clean(self, text: str) -> str:
        """Take the key out, and what looks like one: some servers repeat it in their refusal."""
        text = storable(text)
        key = self.connection.api_key
        if key and len(key) >= _SHORTEST_KEY:
            text = text.replace(key, "…")
        return _LIKE_A_KEY.sub("…", text)
