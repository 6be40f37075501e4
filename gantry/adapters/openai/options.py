"""What servers refuse of a request, and how it is asked again: without an option, by another name, whole, without pictures, or without a system turn."""

import re
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gantry.adapters.http.server_words import Words

STATUSES = frozenset({400, 404, 405, 406, 415, 422, 500, 501})  # 5xx: chat templates that raise
_VAGUE_STATUSES = (400, 422)
_ASKERS = frozenset({400, 405, 415, 422, 501})  # the request is at fault, not the server
_NOT_ACCEPTABLE = 406  # no content of a type that we accept: an event stream was asked for
_FORGET_SECONDS = 3600.0  # servers are updated
_MAX_REMEMBERED = 500  # pairs of connection and model


class Change(StrEnum):
    """One way in which a request is made acceptable."""

    NO_STREAM_OPTIONS = "stream_options"
    NO_REASONING_EFFORT = "reasoning_effort"
    NO_SEED = "seed"
    NO_TOP_P = "top_p"
    NO_STOP = "stop"
    NO_TEMPERATURE = "temperature"
    NO_TEMPLATE_OPTIONS = "chat_template_kwargs"
    NO_MAX_TOKENS = "max_tokens"
    NEW_MAX_TOKENS = "max_completion_tokens"  # the newest OpenAI models want the new name
    WHOLE = "stream"
    PLAIN_TURNS = "system"
    NO_PICTURES = "image_url"


# What a person may wish for, the least known first; some servers refuse only the value.
_WISHES = (
    Change.NO_REASONING_EFFORT, Change.NO_SEED, Change.NO_TOP_P, Change.NO_STOP, Change.NO_TEMPERATURE
)  # fmt: skip
_DROPPED = (Change.NO_STREAM_OPTIONS, *_WISHES, Change.NO_TEMPLATE_OPTIONS)

_UNKNOWN = re.compile(
    r"unrecogni[sz]ed|unknown|unsupported|not (?:a )?(?:supported|permitted|allowed|valid|recogni[sz]ed)|unexpected|extra"
    r"|additional (?:property|properties)|does not (?:support|exist|accept)|doesn't (?:support|accept)|invalid (?:argument|parameter|field)"
    r"|no longer supported|not available|deprecated|forbidden",
    re.IGNORECASE,
)
_NAMELESS = re.compile(
    r"(?:extra|unknown|unrecogni[sz]ed|unexpected|unsupported|additional) (?:request )?"
    r"(?:inputs?|fields?|arguments?|parameters?|property|properties|keys?)",
    re.IGNORECASE,
)
# A refusal that names nothing at all; one more question may spare the person a server that never answers.
_VAGUE = re.compile(
    r"(?:\d{3} ?)?(?:bad request|unprocessable (?:entity|content)|invalid (?:request|body|input|json)|validation (?:error|failed))"
    r"(?:: (?:invalid|malformed) \w+(?: \w+)?)?\.?"
    r"|(?:the )?(?:request|input|payload|body)(?: body)? (?:validation (?:error|failed)|is (?:invalid|malformed|not valid)|(?:does not|doesn't) match (?:the |its )?schema)\.?"
    r"|(?:schema|request|input|parameter) validation (?:error|failed)\.?|malformed (?:request|body|input)\.?",
    re.IGNORECASE,
)
_NO_STREAMING = re.compile(
    r"(?:stream\b|streaming).{0,60}?(?:\bnot\b|n't|unsupported|disabled|must be (?:set to )?false|only false|unavailable)"
    r"|(?:\bnot\b|n't|unsupported|unrecogni[sz]ed|unknown|cannot|verified|without).{0,50}?\b(?:stream|streamed|streaming)\b"
    r"|\bstream\b.{0,30}\bfalse\b|\bSSE\b|\bonly\b.{0,20}\bnon-?stream|\bnon-?stream\w*\b.{0,30}\bonly\b",
    re.IGNORECASE,
)
_SYSTEM = re.compile(
    r"\b(?:system|developer)[`'\"]? (?:roles?|messages?|prompts?|turns?|instructions?)|roles?\b.{0,40}?\b(?:system|developer)\b"
    r"|\b(?:system|developer)[`'\"]? .{0,30}\broles?\b|variant [`'\"]?(?:system|developer)\b",
    re.IGNORECASE,
)
_VALUE = re.compile(
    r"supported values|\brange\b|between|(?:must|should) be|(?:less|greater|more|lower|higher) than|at (?:most|least)|m(?:ax|in)imum|one of",
    re.IGNORECASE,
)
_STOP = re.compile(r"[`'\"]stop[`'\"]|\bstop[_ ](?:words?|sequences?|strings?|tokens?)|^stop:", re.IGNORECASE)
_THINKING = re.compile(
    r"\b(?:not|n't) (?:support|allow)\w* (?:thinking|reasoning)|(?:thinking|reasoning)\b.{0,30}\b(?:not|unsupported)\b",
    re.IGNORECASE,
)
# What a refusal of the asker's own making is about, in any language: asking once more in another way costs little.
_OF_STREAMING = re.compile(
    r"\bstream(?:s|ed|ing)?\b|server-sent|event-stream|流式|串流|ストリーミング|스트리밍|потоков",
    re.IGNORECASE,
)
_OF_ROLES = re.compile(
    r"\broles?\b|[`'\"](?:system|developer)[`'\"]|\b(?:system|developer) (?:roles?|messages?|prompts?|turns?|instructions?)|角色|系统(?:消息|提示)",
    re.IGNORECASE,
)
# Not what it is about: a request that is repeated, and what goes wrong on the way.
_REPEATED = re.compile(
    r"[`'\"](?:stream|role)[`'\"]\s*[:=]\s*[`'\"]?\w+[`'\"]?|\bstream (?:error|id|reset|closed)\b",
    re.IGNORECASE,
)
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_REFUSED = re.compile(
    r"\bnot\b|n't|unsupported|invalid|unknown|unexpected|\bonly\b|\bno\b|must|\btwo\b|multiple|\bgot\b|expected",
    re.IGNORECASE,
)
_ORDER = re.compile(
    r"(?:must|should|need to) alternate|alternat\w+ (?:user|roles)|user/assistant/user|\bonly\b.{0,20}\buser\b.{0,4}(?:,|and|or).{0,6}\bassistant\b"
    r"|(?:must|should) (?:start|begin) with (?:a |the )?user|first (?:message|turn|role) (?:must|should) be|input should be 'user'"
    r"|roles?\b.{0,60}?\buser\b.{0,8}?\bassistant\b(?!.{0,20}\bsystem\b)"
    r"|consecutive (?:user|assistant|messages)|invalid role",
    re.IGNORECASE,
)


# That a model has no eyes; what is wrong with one picture is told to the person.
_BLIND = re.compile(
    r"\b(?:images?|image_url|vision|multi-?modal|mmproj)\b.{0,80}?(?:(?:not|n't)\b.{0,12}\b(?:support|enabl|accept|allow|availab|configur)"
    r"|unsupported|only supported|disabled|expected [`'\"]?text)"
    r"|(?:(?:not|n't)\b.{0,12}\b(?:support|enabl|accept|allow|a multi|a vision|have|process|see)|\bnot (?:a )?|unsupported|no endpoints"
    r"|unknown (?:variant|part|type)|at most 0|missing data|cannot|text-only|only .{0,10}text)"
    r".{0,60}?\b(?:images?|image_url|vision|multi-?modal|mmproj)\b"
    r"|content.{0,20}must be a string|input should be a valid string",
    re.IGNORECASE,
)


def change_for(body: dict[str, Any], words: Words, status: int = 400) -> Change | None:
    """Return how to ask again after a refusal in *words*, or None when it names nothing of ours that can go."""
    said = words.sentence
    about = _REPEATED.sub(" ", said) if status in _ASKERS else ""
    if _pictures_in(body["messages"]) and _BLIND.search(said):
        return Change.NO_PICTURES
    named = _named_in(words)
    for change in _DROPPED:
        if change.value in body and change.value in named:
            return change
    if (change := _change_of_length(body, words)) is not None:
        return change
    if body.get("stream") and (
        status == _NOT_ACCEPTABLE
        or "stream" in words.places
        or _NO_STREAMING.search(said)
        or _OF_STREAMING.search(about)
    ):
        return Change.WHOLE
    turns = _ORDER.search(said) or (_SYSTEM.search(said) and _REFUSED.search(said))
    if turns or {"messages", "role"} <= words.places or _OF_ROLES.search(about):
        return Change.PLAIN_TURNS if _plain_turns(body["messages"]) != body["messages"] else None
    if _NAMELESS.search(said) and not named.intersection(
        _DROPPED
    ):  # the least known of what we send goes first
        return next((change for change in _DROPPED if change.value in body), None)
    if "stream_options" in body and status in _VAGUE_STATUSES and (not said or _VAGUE.fullmatch(said)):
        return Change.NO_STREAM_OPTIONS
    return None


def _named_in(words: Words) -> set[str]:
    """Return the options that a refusal names; ``stop`` is a word of its own and must stand out as a name."""
    said = words.sentence
    named = {_HUMP.sub("_", place).lower() for place in words.places} | (
        set(_words(said)) - {Change.NO_STOP.value}
    )
    if "include_usage" in named:
        named.add(Change.NO_STREAM_OPTIONS.value)
    if _STOP.search(said):
        named.add(Change.NO_STOP.value)
    if {"reasoning", "effort"} <= named or _THINKING.search(said):
        named.add(Change.NO_REASONING_EFFORT.value)
    return named


def refused_values(body: dict[str, Any], change: Change, words: Words) -> dict[Change, Any]:
    """Return the value that was refused, where another one of the same option may do."""
    is_value = change in _WISHES and _VALUE.search(words.sentence) and "default" not in words.sentence
    return {change: body.get(change.value)} if is_value else {}


def _change_of_length(body: dict[str, Any], words: Words) -> Change | None:
    """A limit that is too high is the asker's to change; a name that is not known is not."""
    said = words.sentence
    if "max_tokens" in body:
        if _named("max_completion_tokens", said):
            return Change.NEW_MAX_TOKENS
        if "max_tokens" in words.places | set(_words(said)) and (
            _UNKNOWN.search(said)
            or "extra_forbidden" in words.codes
            or "unsupported_parameter" in words.codes
        ):
            return Change.NO_MAX_TOKENS
    if "max_completion_tokens" in body and (
        "max_completion_tokens" in words.places or _named("max_completion_tokens", said)
    ):
        return Change.NO_MAX_TOKENS
    return None


def changed(body: dict[str, Any], change: Change) -> dict[str, Any]:
    """Return *body* with *change* made; as it is where there is nothing to change."""
    body = dict(body)
    if change in _DROPPED:
        body.pop(change.value, None)
    elif change is Change.NO_MAX_TOKENS:
        body.pop("max_tokens", None)
        body.pop("max_completion_tokens", None)
    elif change is Change.NEW_MAX_TOKENS and "max_tokens" in body:
        body["max_completion_tokens"] = body.pop("max_tokens")
    elif change is Change.WHOLE:
        body["stream"] = False
        body.pop("stream_options", None)
    elif change is Change.PLAIN_TURNS:
        body["messages"] = _plain_turns(body["messages"])
    elif change is Change.NO_PICTURES:
        body["messages"] = [{**turn, "content": _words_of(turn["content"])} for turn in body["messages"]]
    return body


def _pictures_in(messages: list[dict[str, Any]]) -> bool:
    return any(isinstance(turn["content"], list) for turn in messages)


def _words_of(content: Any) -> Any:
    if isinstance(content, list):
        return "\n\n".join(part["text"] for part in content if part["type"] == "text")
    return content


def _joined(first: Any, second: Any) -> Any:
    """Put what two turns hold together; pictures of either stay."""
    if isinstance(first, str) and isinstance(second, str):
        return f"{first}\n\n{second}"
    return [
        part
        for content in (first, second)
        for part in (content if isinstance(content, list) else [{"type": "text", "text": content}])
    ]


@dataclass(frozen=True, slots=True)
class _Learned:
    until: float
    changes: tuple[Change, ...]
    values: dict[Change, Any]  # of changes that are not needed for other values


class Habits:
    """What each model of each server has refused, so that it is not asked twice; forgotten after an hour."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._known: OrderedDict[tuple[str, str], _Learned] = OrderedDict()

    def of(self, server: str, model: str, body: Mapping[str, Any] | None = None) -> tuple[Change, ...]:
        """Return the changes that made the last question acceptable, as far as they are about what *body* asks."""
        learned = self._known.get((server, model))
        if learned is None or self._now() >= learned.until:
            return ()
        asked, values = body or {}, learned.values
        return tuple(
            each
            for each in learned.changes
            if each not in values or asked.get(each.value, values[each]) == values[each]
        )

    def learn(
        self,
        server: str,
        model: str,
        changes: Iterable[Change],
        values: Mapping[Change, Any] | None = None,
    ) -> None:
        """Keep the changes with which a question was accepted; *values* are those that were refused as such."""
        key = (server, model)
        self._known[key] = _Learned(self._now() + _FORGET_SECONDS, tuple(changes), dict(values or {}))
        self._known.move_to_end(key)
        while len(self._known) > _MAX_REMEMBERED:
            self._known.popitem(last=False)


def _plain_turns(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return *messages* as turns of user and assistant that alternate; instructions go before the first user's words."""
    told = [turn["content"] for turn in messages if turn["role"] == "system"]
    turns: list[dict[str, Any]] = []
    for turn in messages:
        if turn["role"] == "system":
            continue
        if turns and turns[-1]["role"] == turn["role"]:
            turns[-1] = {**turns[-1], "content": _joined(turns[-1]["content"], turn["content"])}
        else:
            turns.append(dict(turn))
    if told or (turns and turns[0]["role"] != "user"):
        instructions = "\n\n".join(told)
        if turns and turns[0]["role"] == "user":
            turns[0] = {**turns[0], "content": _joined(instructions, turns[0]["content"])}
        else:
            turns.insert(0, {"role": "user", "content": instructions or "…"})
    return turns


def _named(option: str, said: str) -> bool:
    return option in _words(said)


def _words(said: str) -> list[str]:
    """Return the words of a sentence; names such as ``streamOptions`` as we write them."""
    return re.findall(r"[a-z_]+", _HUMP.sub("_", said).lower())
