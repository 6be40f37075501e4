"""Every exception Gantry raises on purpose.

GantryError                    500  something went wrong on our side
├── NotFound                   404  does not exist, or is not yours to see
├── NotSignedIn                401  no session, or it has ended
│   └── InvalidToken                a program's token that is none, has expired or was revoked
├── NotAllowed                 403
│   └── MissingScope                a program's token that is not for this
├── Invalid                    422  the caller can fix the input
├── TooManyAttempts            429  wait, then try again
├── Conflict                   409  somebody else got there first
│   └── AlreadyAnswering            one answer at a time per conversation
└── Unavailable                503  a dependency failed; retrying may help
    ├── WrongSchema                 the database is older or newer than this version
    ├── DatabaseAway                it does not answer; it may again in a moment
    │   └── DatabaseFull            it answers and takes nothing: a full disk, or one that cannot be written
    └── ModelUnavailable            a model server refused, timed out or answered nonsense
        └── ContextTooLong          the prompt did not fit; carries the length when the server told it

LeaseLost stands outside the tree: it steers writers and is never shown.
"""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from gantry.domain.messages import _
from gantry.domain.text import counted


class GantryError(Exception):
    """Base of all; ``public`` is a sentence safe to show to anybody, ``advice`` the next step.

    Where the next step is a setting, ``person_advice`` is that of people who cannot change it; empty: all have the same.
    ``status`` is the HTTP status, ``kind`` the stable name that programs may match on.
    """

    status: ClassVar[int] = 500
    kind: ClassVar[str] = "internal"

    def __init__(self, public: str, *, advice: str = "", person_advice: str = "") -> None:
        super().__init__(public)
        self.public = public
        self.advice = advice
        self.person_advice = person_advice

    def advice_for(self, *, administrator: bool) -> str:
        """Return the next step that fits the reader."""
        return self.advice if administrator else self.person_advice or self.advice


class NotFound(GantryError):
    """It does not exist, or it is not the caller's to see: the two look alike on purpose."""

    status = 404
    kind = "not-found"


class NotSignedIn(GantryError):
    """There is no session, or it has ended."""

    status = 401
    kind = "not-signed-in"

    def __init__(
        self, public: str = _("Your session has ended."), *, advice: str = _("Sign in again.")
    ) -> None:
        super().__init__(public, advice=advice)


class InvalidToken(NotSignedIn):
    """A program's token is unknown, has expired or was revoked, or its account is not active: all look alike."""

    kind = "invalid-token"

    def __init__(self) -> None:
        super().__init__(
            _("This token is not valid. It may have expired or been revoked."),
            advice=_("Make another under Settings → API tokens."),
        )


class NotAllowed(GantryError):
    """The account may not do this."""

    status = 403
    kind = "not-allowed"


class MissingScope(NotAllowed):
    """A program's token may not be used for this; ``scopes`` are those of which one would do."""

    kind = "insufficient-scope"

    def __init__(self, *scopes: str) -> None:
        super().__init__(
            _("This token lacks the scope {what}.", what=" or ".join(scopes)),
            advice=_("Make a token with that scope under Settings → API tokens."),
        )
        self.scopes = scopes


class Invalid(GantryError):
    """The caller can fix the input; ``field`` names the part at fault when there is one."""

    status = 422
    kind = "invalid"

    def __init__(self, public: str, *, advice: str = "", person_advice: str = "", field: str = "") -> None:
        super().__init__(public, advice=advice, person_advice=person_advice)
        self.field = field


class TooManyAttempts(GantryError):
    """A limit was reached; ``retry_after_seconds`` says how long to wait, ``until`` when that is."""

    status = 429
    kind = "too-many-attempts"

    def __init__(self, public: str, *, retry_after_seconds: int, until: datetime) -> None:
        super().__init__(
            public,
            advice=_(
                "Try again in {what}, at {until} UTC.",
                what=_in_words(retry_after_seconds),
                until=until.strftime("%H:%M"),
            ),
        )
        self.retry_after_seconds = retry_after_seconds
        self.until = until


def _in_words(seconds: int) -> str:
    if seconds < 120:
        return counted(seconds, "second")
    return counted(-(-seconds // 60), "minute")


class Conflict(GantryError):
    """Somebody else got there first."""

    status = 409
    kind = "conflict"


class AlreadyAnswering(Conflict):
    """The conversation's previous answer is still being written."""

    kind = "already-answering"

    def __init__(self) -> None:
        super().__init__(
            _("An answer is still being written in this conversation."),
            advice=_("Wait for it to end, or stop it."),
        )


class Unavailable(GantryError):
    """A dependency failed; trying again may help."""

    status = 503
    kind = "unavailable"


class WrongSchema(Unavailable):
    """The database schema is older or newer than this version of Gantry."""

    kind = "wrong-schema"


class DatabaseAway(Unavailable):
    """The database does not answer, or takes nothing new; what has time waits for it."""


class DatabaseFull(DatabaseAway):
    """It answers and takes nothing new: the disk is full, or it cannot be written."""


class ModelFault(StrEnum):
    """What went wrong at a model server."""

    UNREACHABLE = "unreachable"
    NOT_AUTHORISED = "not-authorised"
    RATE_LIMITED = "rate-limited"
    QUOTA = "quota-spent"
    FILTERED = "content-filter"
    NOT_FOUND = "model-not-found"
    REJECTED = "rejected"
    SERVER_ERROR = "server-error"
    CUT_OFF = "cut-off"
    STALLED = "stalled"
    BROKEN = "broken-answer"
    TOO_LONG = "context-too-long"


class ModelUnavailable(Unavailable):
    """A model server refused, timed out, or answered nonsense.

    Pieces already yielded stay valid. ``details`` is the server's own message, cut to 2,000 characters,
    never a key.
    """

    kind = "model-unavailable"

    def __init__(
        self, public: str, *, fault: ModelFault, advice: str = "", person_advice: str = "", details: str = ""
    ) -> None:
        super().__init__(public, advice=advice, person_advice=person_advice)
        self.fault = fault
        self.details = details[:2000]


class ContextTooLong(ModelUnavailable):
    """The prompt did not fit; ``context_tokens`` is the length the server told, or None."""

    kind = "context-too-long"

    def __init__(self, *, context_tokens: int | None, details: str = "") -> None:
        super().__init__(
            _("This conversation is too long for this model."),
            fault=ModelFault.TOO_LONG,
            advice=_("Start a new chat, or choose a model with a longer context."),
            details=details,
        )
        self.context_tokens = context_tokens


class LeaseLost(Exception):
    """Another process has taken this answer over; stop writing, say nothing."""
