"""What an HTTP error of a model server means, by its status, codes and words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from gantry.adapters.http.server_words import Words
from gantry.domain.errors import ModelFault
from gantry.domain.messages import _, plural

ASK = _("Choose another model, or ask an administrator.")
_REPHRASE = _("Rephrase the question, or choose another model.")
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
    r"|(?:budget|spend(?:ing)? (?:cap|limit)) (?:has been |was |is )?(?:reached|hit|used)|spend(?:ing)? cap|quota exceeded for (?:this|the) (?:month|billing)"
    r"|\bmonthly quota|(?:free )?trial (?:has |period )?(?:has )?(?:ended|expired|is over)|subscription (?:has |is )?(?:expired|ended|inactive|been cancel)"
    r"|please upgrade\b|spent (?:your|its|the) quota|overdue|top up|余额不足|欠费",
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
    r"content (?:management|policy)|\bblocked (?:due to|for|because of) (?:\w+ )?(?:safety|polic|content)|prohibited.content|filtered due to|"
    r"content.?filter|\bflagged\b|requires moderation|data.?inspection"
    r"|safety (?:system|check|filter)|safety_check|inappropriate content|content exists risk|considered high risk|usage polic"
    r"|blocked by (?:an? |the |our )?(?:\w+ )?(?:guardrail|safety|polic|moderation)|violat\w+ [\w ]{0,40}(?:guideline|polic|terms)|不安全|敏感内容|内容安全|审核",
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
    r"\bmodel\b.{0,80}?(?:\bnot found|not exist|n't exist|decommissioned|has been (?:removed|retired|shut down|deprecated))"
    r"|not a valid model|invalid model(?: name| id|:|$)|(?:unknown|no such|no) model (?:named|called|with)\b|(?:unknown|no such) model\b|模型不存在",
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
    if status == 451 or codes & _FILTER_CODES or (status in {400, 403, 422, 451} and _FILTER.search(said)):
        return Verdict(
            ModelFault.FILTERED,
            _("The model server {name} refused the question: its content filter rejected it.", name=name),
            _REPHRASE,
        )
    if (
        status == 402
        or codes & _QUOTA_CODES
        or (status < 500 and _QUOTA.search(said) and not _OF_TIME.search(said))
    ):
        return Verdict(
            ModelFault.QUOTA,
            _("The model server {name} has no credit or quota left for this account.", name=name),
            _("Add credit or raise the limit with the provider, then try again."),
            ASK,
        )
    if status in {400, 403, 404} and _PRIVACY.search(said):
        return Verdict(
            ModelFault.REJECTED,
            _(
                "The model server {name} has no provider that the account's privacy settings allow for this model.",
                name=name,
            ),
            _("Change these settings with the provider, or choose another model."),
            ASK,
        )
    if status == 401 or (status in {400, 403} and (codes & _KEY_CODES or _KEY.search(said))):
        return Verdict(
            ModelFault.NOT_AUTHORISED,
            _("The model server {name} rejected the API key.", name=name),
            _("Update it under Administration → Model servers."),
            ASK,
        )
    if status in {400, 403, 422} and (codes & _MODEL_CODES or _NO_MODEL.search(said)):
        status = 404
    return _of_status(status, said, name, wait)


def _of_status(status: int, said: str, name: str, wait: str) -> Verdict:
    if status == 403:
        advice = _("See the details, and check what its key may do under Administration → Model servers.")
        sentence = _("The model server {name} does not allow this.", name=name)
        return Verdict(ModelFault.NOT_AUTHORISED, sentence, advice, ASK)
    if status in {404, 405}:
        advice = _("Choose another model, or check the address under Administration → Model servers.")
        sentence = _("The model server {name} does not have this model.", name=name)
        return Verdict(ModelFault.NOT_FOUND, sentence, advice, _("Choose another model."))
    if status == 429:
        return Verdict(
            ModelFault.RATE_LIMITED,
            _("The model server {name} is limiting requests.", name=name),
            wait or _("Wait a minute, then try again."),
        )
    if 300 <= status < 400:
        advice = _("Check the address under Administration → Model servers.")
        sentence = _("The model server {name} has moved to another address.", name=name)
        return Verdict(ModelFault.REJECTED, sentence, advice, ASK)
    if _WANTS_HTTPS.search(said):
        advice = _("Change http:// to https:// under Administration → Model servers.")
        sentence = _("The model server {name} expects HTTPS at this address.", name=name)
        return Verdict(ModelFault.REJECTED, sentence, advice, ASK)
    if status < 500:
        advice = _("See the details, or try another model.")
        return Verdict(
            ModelFault.REJECTED, _("The model server {name} refused the request.", name=name), advice
        )
    return Verdict(
        ModelFault.SERVER_ERROR,
        _("The model server {name} returned an error.", name=name),
        wait or _("Try again, or check its log."),
        wait or _("Try again, or choose another model."),
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
        return plural("Try again in {count} second.", "Try again in {count} seconds.", count=whole)
    minutes = -(-whole // 60)
    if minutes <= _SOON_MINUTES:
        return plural("Try again in {count} minute.", "Try again in {count} minutes.", count=minutes)
    return plural("Try again in {count} hour.", "Try again in {count} hours.", count=-(-minutes // 60))


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
