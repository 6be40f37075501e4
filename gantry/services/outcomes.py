"""How an answer ended: complete, or failed with the reason."""

import asyncio
import logging

from gantry.domain.chat import AnswerError, Ending, GenerationStatus
from gantry.domain.errors import ContextTooLong, GantryError, ModelUnavailable
from gantry.domain.messages import _
from gantry.services.drafts import Draft

_ABOVE = _("Its thoughts are above.")
_AGAIN = _("Try again, or choose another model.")

GIVEN_UP = AnswerError("interrupted", _("This answer was interrupted too many times."), _AGAIN)
_EMPTY = AnswerError("empty-answer", _("The model sent an empty answer."), _AGAIN)
_ONLY_THOUGHT = AnswerError(
    "only-thought", _("The model stopped while it was still thinking."), f"{_ABOVE} {_AGAIN}"
)
_THOUGHT_TOO_LONG = AnswerError(
    "only-thought",
    _("The model reached its length limit while it was still thinking."),
    f"{_ABOVE} {_AGAIN}",
)
_FILTERED = AnswerError(
    "content-filter",
    _("The model server's content filter stopped the answer."),
    _("Rephrase the question, or choose another model."),
)
_INTERNAL = AnswerError(
    "internal",
    _("Something went wrong in Gantry."),
    _("Try again. If it keeps happening, check the log."),
    person_advice=_("Try again. If it keeps happening, ask an administrator to check the log."),
)

Outcome = tuple[GenerationStatus, AnswerError | None]
_COMPLETE: Outcome = (GenerationStatus.COMPLETE, None)

log = logging.getLogger(__name__)


async def outcome_of(pump: asyncio.Task[None], draft: Draft) -> Outcome:
    """Wait for the model to end and return how; what *draft* says of its ending may be added to."""
    continued = draft.assignment.resumes_from is not None and draft.answers
    try:
        await pump
    except ContextTooLong as error:
        if continued and not draft.grew:
            return _full(draft)
        return GenerationStatus.FAILED, _of(error)
    except ModelUnavailable as error:
        return GenerationStatus.FAILED, _of(error)
    except GantryError as error:
        return GenerationStatus.FAILED, AnswerError(error.kind, error.public, error.advice)
    except Exception:
        log.exception("generation.crashed")
        return GenerationStatus.FAILED, _INTERNAL
    return _of_text(draft, continued=continued)


def _of_text(draft: Draft, *, continued: bool) -> Outcome:
    """Judge an answer whose stream ended well."""
    if draft.answers and (draft.said or not draft.grew):
        # Nothing new where an answer was continued: there is no room for more, or nothing to add.
        return _full(draft) if continued and not draft.grew and draft.truncated else _COMPLETE
    if draft.ending is Ending.FILTERED:
        return GenerationStatus.FAILED, _FILTERED
    if draft.grew:
        return GenerationStatus.FAILED, _THOUGHT_TOO_LONG if draft.truncated else _ONLY_THOUGHT
    return GenerationStatus.FAILED, _EMPTY


def _full(draft: Draft) -> Outcome:
    """An answer that fills the context stays the answer it was; that it cannot go on is said beside it."""
    draft.truncated, draft.ending = True, Ending.FULL
    return _COMPLETE


def _of(error: ModelUnavailable) -> AnswerError:
    return AnswerError(error.fault.value, error.public, error.advice, error.details, error.person_advice)
