"""Recognising, in every vendor's words, that a prompt is longer than the model's context, and the length told."""

import re

from gantry.adapters.http.server_words import Words

STATUSES = frozenset({400, 413, 422, 500, 503})  # 5xx: older llama.cpp and TabbyAPI

_CODES = frozenset({
    "context_length_exceeded", "exceed_context_size_error", "context_window_exceeded",
    "contextwindowexceedederror", "model_context_window_exceeded", "max_context_length_exceeded",
    "tokens_limit_reached", "prompt_too_long", "input_too_long", "model_max_prompt_tokens_exceeded",
})  # fmt: skip
_N = r"(\d[\d,]*+)"
_MAX_LENGTH = r"(?:(?:context|prompt|input|sequence|seq|token)[ _-]?(?:length|len|size|window|limit)|model[ _-]?(?:length|len|context|window))"

_TOO_LONG = re.compile(
    rf"""
      {_MAX_LENGTH}\w*\b.{{0,80}}?(?:exceed|too\ (?:long|large|small)|(?:greater|longer|larger)\ than|overflow|only\ \d|\ >\ )
    | (?:exceed|(?:greater|longer|larger|more|less|fewer|smaller)\ than|too\ (?:long|large|many)\ for|(?:does\ not|doesn't)\ fit).{{0,80}}?
        (?:context\b|{_MAX_LENGTH}|max_seq_len|max_model_len|n_ctx|number\ of\ tokens\ allowed|max_num_tokens
        |max\ message\ tokens|maximum\ (?:allowed\ )?length|max\ length)
    | max(?:imum)?\ (?:context|prompt|input|model|sequence)\ length
    | \b(?:prompt|inputs?|messages?|context|conversation|query)\ (?:\([^)]{{1,40}}\)\ )?(?:(?:is|are|was|were)\ )?too\ (?:long|large|big)
    | \d\ tokens?[,;]?\ (?:but|the|while)\ .{{0,40}}?(?:context|prompts?\b|{_MAX_LENGTH}) | cannot\ truncate\ prompt
    | \b(?:prompts?|inputs?|messages?)\b[\w\ ]{{0,30}}\ (?:is|was|are|were)\ too\ long
    | (?:prompt|input|context)[ _-]?tokens?\b.{{0,30}}?(?:exceed|(?:greater|larger|more|higher)\ than|over\ the)
    | \b(?:prompt|input|context)\b.{{0,40}}?exceed.{{0,40}}?(?:capacity|\bcache\b|limit|maximum)
    | \b(?:prompts?|inputs?)\ (?:of\ )?up\ to\ \d | prompt.{{0,20}}?number\ of\ tokens\ is\ (?:under|below|less|at\ most)
    | \bmax_tokens\ must\ be\ at\ least\ 1,\ got\ -\d
    | (?:prompt|输入|上下文).{{0,12}}?(?:超|过长)
    | `?inputs`?\ (?:tokens\ )?.{{0,40}}?must\ (?:have|be)\ (?:less|fewer|<=|no\ more|at\ most)
    | range\ of\ input\ length
    | input\ (?:token\ )?(?:count|length).{{0,60}}?(?:exceed|up\ to|longer|greater)
    | too\ many\ (?:input\ )?tokens | input\ tokens\ exceed | tokens\ >\ \d+\ max
    | reduce\ the\ (?:length|size)\ of\ (?:the|your)\ (?:messages|prompt|input)
    | context\ ?window\ ?exceeded | \d\ maximum\ context\ length
    | exceed\w*\ (?:the\ |this\ )?(?:model'?s?\ )?(?:token|context)\ (?:limit|length|window)
    | \bcontext_length_exceeded\b | \bKV\ cache\ is\ full | memory\ slot\ for\ batch
    | {_MAX_LENGTH}\ is\ \d+,?\ (?:but\ )?(?:got|you|received) | max(?:imum)?\ context\ \d
    | \b(?:sequence|text|content)\ (?:is|was)\ too\ long.{{0,40}}?(?:\d\ tokens|\ >\ \d|model)
    | \btokens?\b.{{0,20}}?more\ than\ the\ model | \btokens\ requested,?\ but\ the\ (?:limit|maximum|model)
    | (?:prompt|input)\ tokens\ (?:is|are|be|must\ be)?\ ?within\ \d | only\ supports?\ (?:up\ to\ )?\d+\ (?:input|prompt|context)\ tokens
    | (?:total\ )?length\ of\ (?:the\ )?(?:input|prompt|messages).{{0,30}}?(?:less|fewer|shorter)\ than
    | (?:超出|超过).{{0,8}}长度
    | \bmax(?:imum)?\ tokens\ of\ \d+\ exceeded
    | too\ large\ for\ .{{0,60}}?max\ size:\ \d+\ tokens
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
# A limit of tokens in a minute, or of an answer's own length, is another matter.
_OF_TIME = re.compile(
    r"per[ _-]?(?:minute|min|hour|day|second)\b|\b[TR]P[MD]\b|rate.?limit|quota", re.IGNORECASE
)
_OF_ANSWER = re.compile(r"\bmax_(?:\w+_)?tokens\b|\b(?:completion|output) tokens", re.IGNORECASE)
# vLLM: what is left of the context for the answer is less than nothing.
_NO_ROOM = re.compile(r"\bmax_tokens must be at least 1, got -\d", re.IGNORECASE)
_OF_PROMPT = re.compile(r"context|prompt|inputs?\b|messages", re.IGNORECASE)

# A number that is said to be too large is what was sent.
_NOT_SENT = r"(?!\)?\s*(?:tokens?)?\)?\s*(?:exceeds?|is (?:greater|longer|larger|over|too)|>|\+|\())"
# Best first: a sentence may hold what was sent, too.
_LENGTHS = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?:max_seq_len|max_model_len|max_num_tokens|session_len|n_ctx)\b\D{{0,6}}{_N}",
        rf"\d (?:tokens )?(?:\+ \d+ )?> {_N}",
        rf"{_N} maximum context length",
        rf"(?:{_MAX_LENGTH}|maximum (?:allowed )?length)s?(?: is| of|:| to)*(?: only)?:?\s*\(?{_N}{_NOT_SENT}",
        rf"number of tokens allowed \(?{_N}",
        rf"supports?(?: only)? up to {_N}",
        rf"(?:less|fewer|more) than {_N}(?: tokens|$)",
        rf"(?:within|only supports?|max context) {_N}",
        rf"(?:than the model can \w+|最大长度限制) ?\(?{_N}",
        rf"must be <= {_N}",
        rf"range of input length should be \[\d+, ?{_N}",
        rf"\b(?:limit|maximum|max)\b(?: for this model)?(?: input| message)?(?: size| tokens)?(?: is| of|:| was)? {_N}",
        rf"(?:at most|up to|under|below|tokens of) {_N}",
        rf"capacity(?: is| of)? {_N}",
        rf"(?:上限|限制|最大\D{{0,6}}) ?{_N}",
    )
]
_COUNT = re.compile(r"(?<![\w.])\d[\d,]*(?![\w])")
_LEAST, _MOST = 64, 100_000_000


def context_limit(words: Words) -> tuple[bool, int | None]:
    """Tell whether an error means that the prompt is too long, and the length the server gives, if it does."""
    said = words.sentence
    coded = bool(words.codes & _CODES)
    if not coded and (_OF_TIME.search(said) or any("rate_limit" in code for code in words.codes)):
        return False, None
    if not coded and _OF_ANSWER.search(said) and not _OF_PROMPT.search(said) and not _NO_ROOM.search(said):
        return False, None
    if not coded and not _TOO_LONG.search(said):
        return False, None
    told = words.context_tokens
    return True, told if told and _LEAST <= told <= _MOST else _length_in(said)


def _length_in(said: str) -> int | None:
    for pattern in _LENGTHS:
        for found in pattern.finditer(said):
            if (length := _plausible(found[1])) is not None:
                return length
    counts = [count for raw in _COUNT.findall(said) if (count := _plausible(raw)) is not None]
    # Of what was sent and what may be sent the smaller one is the limit: that is what the error is about.
    return min(counts) if len(counts) == 2 and counts[0] != counts[1] else None


def _plausible(raw: str) -> int | None:
    count = int(raw.replace(",", ""))
    return count if _LEAST <= count <= _MOST else None
