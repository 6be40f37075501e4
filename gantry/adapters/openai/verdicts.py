"""What an HTTP error of a model server means, by its status, codes and words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from gantry.adapters.http.server_words import Words
from gantry.domain.errors import ModelFault

ASK = "Choose another model, or ask an administrator."
_SERVERS = "under Administration → Model servers"
_REPHRASE = "Rephrase the question, or choose another model."
_SOON_SECONDS = 120
_SOON_MINUTES = 120

_QUOTA_CODES = frozenset({
    "insufficient_quota", "insufficient_credits", "insufficient_balance", "insufficient_user_quota",
    "exceeded_current_quota_error", "quota_exceeded", "billing_hard_limit_reached", "billing_not_active",
    "arrearage", "payment_required", "budget_exceeded", "1113",
})  # fmt: skip
_QUOTA = re.compile(
    r"insufficient[ _](?:quota|credits?|balance|funds)|exceeded your current quota|credit balance"
    r"|(?:out of|no|not enough|used all(?: available)?|have (?:any|enough)|more) credits?\b|billing"
    r"|(?:exceeded|exhausted|used up)[\w' ]{0,40}\bcredits\b|\bcredits?[\w ]{0,12} (?:exhausted|used up|expired)"
    r"|(?:over|exceeded) ?budget|budget has been exceeded|\b(?:weekly|monthly|total) (?:usage |spend(?:ing)? )?limit|upgrade (?:for|to|your plan)"
    r"|spend(?:ing)? limit|payment required|quota (?:is |has been )?(?:exhausted|used up|spent)"
    r"|spent (?:your|its|the) quota|overdue|top up|余额不足|欠费",
    re.IGNORECASE,
)
_OF_TIME = re.compile(
    r"per[ _-]?(?:minute|second|hour|day)\b|(?:re)?try(?: again)? (?:in|after)|rate.?limit", re.IGNORECASE
)
_FILTER_CODES = frozenset({
    "content_filter", "content_policy_violation", "responsibleaipolicyviolation", "data_inspection_failed",
    "moderation_blocked", "1301",
})  # fmt: skip
_FILTER = re.compile(
    r"content (?:management )?policy|content.?filter|\bflagged\b|requires moderation|data.?inspection"
    r"|safety (?:system|check|filter)|safety_check|inappropriate content|content exists risk|considered high risk|usage polic"
    r"|blocked by (?:an? |the |our )?(?:\w+ )?(?:guardrail|safety|polic|moderation)|violat\w+ [\w ]{0,40}(?:guideline|polic|terms)|不安全|敏感内容",
    re.IGNORECASE,
)
_PRIVACY = re.compile(
    r"data policy|privacy (?:settings|policy)|no allowed (?:providers|endpoints)|guardrail restrictions",
    re.IGNORECASE,
)
_KEY_CODES = frozenset({
    "invalid_api_key", "authentication_error", "auth_error", "no_db_connection", "invalid_authentication",
    "invalid_authentication_error", "unauthenticated", "unauthorized", "api_key_invalid",
})  # fmt: skip
_KEY = re.compile(
    r"(?:invalid|incorrect|wrong|missing|expired|bad|no)[\w ]{0,20}"
    r"(?:(?:api|access|virtual)[ _-]?key|credentials|(?:api|access|auth|bearer) token)\b"
    r"|api.?key (?:is )?(?:not valid|invalid|expired|missing)|no connected db|unauthori[sz]ed|unauthenticated"
    r"|authentication (?:error|failed|required)",
    re.IGNORECASE,
)
_MODEL_CODES = frozenset({
    "model_not_found", "modelnotfound", "model_not_found_error", "invalid_model", "unknown_model", "model_decommissioned",
    "deploymentnotfound", "1211",
})  # fmt: skip
_NO_MODEL = re.compile(
    r"\bmodel\b.{0,80}?(?:\bnot found|not exist|n't exist|decommissioned|has been (?:removed|retired|shut down))"
    r"|not a valid model|invalid model(?: name| id|:|$)|(?:unknown|no such) model\b|模型不存在",
    re.IGNORECASE,
)
_WANTS_HTTPS = re.compile(
    r"plain HTTP request was sent to HTTPS|HTTP request to an HTTPS server|requires TLS", re.IGNORECASE
)
_WAIT = re.compile(
    r"(?:(?:re)?try(?: again)?|resets?) (?:in|after) (?:about )?((?:\d+(?:\.\d+)? ?(?:ms|s|m|h)[a-z]*[ ,]{0,2}(?:and )?){1,3})",
    re.IGNORECASE,
)
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?) ?(ms|s|m|h)", re.IGNORECASE)
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True, slots=True)
class Verdict:
    """A fault in sentences: what happened, the next step of an administrator, and that of anybody else."""

    fault: ModelFault
    sentence: str
    advice: str
    person_advice: str = ""  # empty: the administrator's fits everybody


def verdict_on(status: int, words: Words, name: str, wait: str) -> Verdict:
    """Judge an HTTP error; *wait* is the advice of a server that told when to come back, or empty."""
    said, codes = words.sentence, words.codes
    if codes & _FILTER_CODES or (status in {400, 403, 422, 451} and _FILTER.search(said)):
        return Verdict(
            ModelFault.FILTERED, f"{name} refused the question: its content filter rejected it.", _REPHRASE
        )
    if (
        status == 402
        or codes & _QUOTA_CODES
        or (status < 500 and _QUOTA.search(said) and not _OF_TIME.search(said))
    ):
        return Verdict(
            ModelFault.QUOTA,
            f"{name} has no credit or quota left for this account.",
            "Add credit or raise the limit with the provider, then try again.",
            ASK,
        )
    if status in {400, 403, 404} and _PRIVACY.search(said):
        return Verdict(
            ModelFault.REJECTED,
            f"{name} has no provider that the account's privacy settings allow for this model.",
            "Change these settings with the provider, or choose another model.",
            ASK,
        )
    if status == 401 or (status in {400, 403} and (codes & _KEY_CODES or _KEY.search(said))):
        return Verdict(
            ModelFault.NOT_AUTHORISED,
            f"{name} rejected the API key.",
            f"Update it {_SERVERS}.",
            ASK,
        )
    if status in {400, 403, 422} and (codes & _MODEL_CODES or _NO_MODEL.search(said)):
        status = 404
    return _of_status(status, said, name, wait)


def _of_status(status: int, said: str, name: str, wait: str) -> Verdict:
    if status == 403:
        advice = f"See the details, and check what its key may do {_SERVERS}."
        return Verdict(ModelFault.NOT_AUTHORISED, f"{name} does not allow this.", advice, ASK)
    if status in {404, 405}:
        advice = f"Choose another model, or check the address {_SERVERS}."
        return Verdict(
            ModelFault.NOT_FOUND, f"{name} does not have this model.", advice, "Choose another model."
        )
    if status == 429:
        return Verdict(
            ModelFault.RATE_LIMITED,
            f"{name} is limiting requests.",
            wait or "Wait a minute, then try again.",
        )
    if 300 <= status < 400:
        advice = f"Check the address {_SERVERS}."
        return Verdict(ModelFault.REJECTED, f"{name} has moved to another address.", advice, ASK)
    if _WANTS_HTTPS.search(said):
        advice = f"Change http:// to https:// {_SERVERS}."
        return Verdict(ModelFault.REJECTED, f"{name} expects HTTPS at this address.", advice, ASK)
    if status < 500:
        advice = "See the details, or try another model."
        return Verdict(ModelFault.REJECTED, f"{name} refused the request.", advice)
    return Verdict(
        ModelFault.SERVER_ERROR,
        f"{name} returned an error.",
        wait or "Try again, or check its log.",
        wait or "Try again, or choose another model.",
    )


def wait_told(headers: Mapping[str, str], said: str) -> str:
    """Return when to come back, as a sentence; empty when the server does not tell."""
    seconds = _seconds(headers.get("retry-after", ""))
    if seconds is None and (found := _WAIT.search(said)):
        seconds = sum(float(number) * _SECONDS[unit.lower()] for number, unit in _AMOUNT.findall(found[1]))
    if seconds is None or not 0 <= seconds < 10_000_000:
        return ""
    whole = max(1, round(seconds))
    if whole <= _SOON_SECONDS:
        return f"Try again in {whole} second{'' if whole == 1 else 's'}."
    minutes = -(-whole // 60)
    if minutes <= _SOON_MINUTES:
        return f"Try again in {minutes} minutes."
    return f"Try again in {-(-minutes // 60):,} hours."


def _seconds(raw: str) -> float | None:
    """Read a Retry-After: seconds, or a date."""
    try:
        return float(raw)
    except ValueError:
        pass
    try:
        at = parsedate_to_datetime(raw)
    except ValueError:
        return None
    return (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
