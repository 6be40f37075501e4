"""Accounts, sessions, models and connections, as programs see them. No secret has a field here on its way out."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StrictBool, StrictFloat

from gantry.api.described import example
from gantry.domain.accounts import (
    MAX_NAME_CHARACTERS,
    MAX_PASSWORD_CHARACTERS,
    MIN_PASSWORD_CHARACTERS,
    Actor,
    Person,
    Role,
    Session,
    SignedIn,
    Theme,
)
from gantry.domain.catalog import ConnectionKind, ConnectionOrigin, Listing, ServerState
from gantry.domain.clock import MAX_ZONE_CHARACTERS
from gantry.domain.connections import (
    MAX_BASE_URL_CHARACTERS,
    MAX_CONNECTION_NAME_CHARACTERS,
    MAX_MODELS_BY_HAND,
    MAX_WAIT_SECONDS,
)
from gantry.domain.messages import LANGUAGES
from gantry.domain.preferences import Density, TextSize
from gantry.services.catalog import ConnectionDraft, ConnectionStatus, ModelChoice

_MAX_EMAIL_CHARACTERS = 254
_MAX_SECRET_CHARACTERS = 1024  # rules for passwords and keys are the services': this only bounds the work


# The services check these, and say what is wrong in words.
_Email = Annotated[
    str,
    Field(max_length=_MAX_EMAIL_CHARACTERS, json_schema_extra={"pattern": r"^[^@\s]{1,64}@[^@\s]{1,189}$"}),
]
_Language = Annotated[str, Field(json_schema_extra={"enum": ["", *LANGUAGES]})]
_PASSWORD: dict[str, Any] = {"minLength": MIN_PASSWORD_CHARACTERS, "maxLength": MAX_PASSWORD_CHARACTERS}


class _FromObject(BaseModel):
    model_config = ConfigDict(from_attributes=True, extra="ignore")


# accounts


class Credentials(BaseModel):
    """Who signs in."""

    email: _Email
    password: SecretStr = Field(max_length=_MAX_SECRET_CHARACTERS)


class SignInRequest(Credentials):
    """Who signs in, and how they want to hold the session."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {"email": "ada@example.org", "password": "correct horse battery", "token": True}
        )
    )

    token: StrictBool = Field(
        default=False, description="Return the session's token in the body, and set no cookie: for programs."
    )


class NewAdministrator(Credentials):
    """The first administrator; a blank name becomes the part of the address before the @."""

    name: str = Field(default="", max_length=MAX_NAME_CHARACTERS)
    code: str = Field(
        default="",
        max_length=_MAX_SECRET_CHARACTERS,
        description="Asked for from another machine; it is in the log.",
    )


class SetupState(BaseModel):
    """Whether the first administrator is still to be made."""

    needed: bool


class PersonOut(_FromObject):
    """Who is signed in."""

    id: UUID
    email: str
    name: str
    role: Role


class SignedInOut(BaseModel):
    """Whose session it is; its token is in the cookie."""

    account: PersonOut

    @classmethod
    def of(cls, who: Actor) -> Self:
        """Make one for *who*."""
        return cls(account=PersonOut.model_validate(who))


class SessionOpenedOut(SignedInOut):
    """The same, with what a browser needs to know before it draws the first page."""

    theme: str
    look: str = Field(description="Words that our styles know the person's preferences by.")
    language: str

    @classmethod
    def for_(cls, session: SignedIn) -> Self:
        """Make one for a new session."""
        account = PersonOut.model_validate(session.actor)
        return cls(account=account, theme=session.theme, look=session.look, language=session.language)


class SessionTold(SessionOpenedOut):
    """The same for a program that asked for the token: it is told this once."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "account": {
                    "id": "0199d5c4-8a3e-7c1b-9f52-3b1d6e0a4c70",
                    "email": "ada@example.org",
                    "name": "Ada",
                    "role": "admin",
                },
                "theme": "system",
                "look": "",
                "language": "",
                "token": "1pQ0…",
                "expires_at": "2026-12-27T09:30:00Z",
            }
        )
    )

    token: str | None = None
    expires_at: datetime | None = Field(
        default=None, description="When the session ends if it is not used before."
    )

    @classmethod
    def telling(cls, session: SignedIn) -> Self:
        """Make one for a new session, with its token."""
        return cls(
            **SessionOpenedOut.for_(session).model_dump(), token=session.token, expires_at=session.expires_at
        )


class AccountOut(PersonOut):
    """An account."""

    active: bool
    theme: str
    language: str
    default_model: str | None
    time_zone: str | None
    zone_chosen: bool = Field(description="Whether the time zone was chosen; else the browser's is followed.")
    density: Density
    text_size: TextSize
    show_model: bool
    show_time: bool
    show_usage: bool
    created_at: datetime

    @classmethod
    def of(cls, person: Person) -> Self:
        """Make one from what the services know."""
        return cls.model_validate(person)


class AccountList(BaseModel):
    """People by name."""

    users: list[AccountOut]


class ProfileChange(BaseModel):
    """What to change about oneself; what is left out stays, an empty ``default_model`` forgets it."""

    name: str | None = Field(default=None, max_length=MAX_NAME_CHARACTERS)
    theme: Theme | None = None
    language: _Language | None = Field(default=None, description="Empty: the browser's.")
    default_model: str | None = Field(default=None, max_length=255)
    time_zone: str | None = Field(
        default=None,
        max_length=MAX_ZONE_CHARACTERS,
        examples=["Europe/Oslo"],
        description="A name of the IANA database; empty: as in the browser.",
    )
    density: Density | None = None
    text_size: TextSize | None = None
    show_model: StrictBool | None = Field(default=None, description="With answers: who wrote them.")
    show_time: StrictBool | None = Field(default=None, description="With messages: when.")
    show_usage: StrictBool | None = Field(default=None, description="With answers: tokens and speed.")


class PasswordChange(BaseModel):
    """Changing one's own password ends one's other sessions."""

    current: SecretStr = Field(max_length=_MAX_SECRET_CHARACTERS)
    new: SecretStr = Field(max_length=_MAX_SECRET_CHARACTERS, json_schema_extra=_PASSWORD)


class Proof(BaseModel):
    """That it is really the person who asks."""

    password: SecretStr = Field(max_length=_MAX_SECRET_CHARACTERS)


class EmailChange(Proof):
    """The address to sign in with from now on."""

    email: _Email


class ReceiptOut(BaseModel):
    """What went with an account: rows by table, bytes of files."""

    account: str
    deleted_at: datetime
    rows: dict[str, int]
    file_bytes: int


class SessionOut(_FromObject):
    """One signed-in browser or program; ``current`` is the one that asks."""

    id: UUID
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    agent: str
    address: str
    current: bool = False

    @classmethod
    def of(cls, session: Session, who: Actor) -> Self:
        """Make one from what the services know, for *who*."""
        return cls.model_validate(session).model_copy(update={"current": session.id == who.session_id})


class SessionList(BaseModel):
    """Last seen first."""

    sessions: list[SessionOut]


class Ended(BaseModel):
    """How many sessions were ended."""

    ended: int


class NewAccount(BaseModel):
    """A person to add; without a password one is made, and told once."""

    email: _Email
    name: str = Field(default="", max_length=MAX_NAME_CHARACTERS)
    role: Role = Role.USER
    password: SecretStr | None = Field(default=None, max_length=_MAX_SECRET_CHARACTERS)


class AddedAccount(BaseModel):
    """The new account, with the password to hand over: it is told this once."""

    user: AccountOut
    password: str


class AccountChange(BaseModel):
    """What to change about somebody; what is left out stays."""

    active: StrictBool | None = None
    role: Role | None = None


class NewPassword(BaseModel):
    """A password to hand over: it is told this once."""

    password: str


# catalog


class ModelOut(_FromObject):
    """One model; ``id`` is what conversations and requests name it by."""

    id: str
    name: str
    connection: str
    connection_name: str
    context_tokens: int | None
    available: bool


class ModelList(BaseModel):
    """Every model, the built-in answerer last, and the one that new conversations get."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "models": [
                    {
                        "id": "gantry/extractive",
                        "name": "Built-in answers",
                        "connection": "gantry",
                        "connection_name": "Gantry",
                        "context_tokens": 32768,
                        "available": True,
                    }
                ],
                "default": "gantry/extractive",
            }
        )
    )

    models: list[ModelOut]
    default: str

    @classmethod
    def of(cls, choices: list[ModelChoice], default: str) -> Self:
        """Make one from what the catalog offers."""
        return cls(models=[ModelOut.model_validate(choice) for choice in choices], default=default)


class ConnectionIn(BaseModel):
    """A model server; ``api_key``: null keeps the stored one, an empty one removes it."""

    name: str = Field(min_length=1, max_length=MAX_CONNECTION_NAME_CHARACTERS)
    base_url: str = Field(min_length=1, max_length=MAX_BASE_URL_CHARACTERS)
    kind: ConnectionKind = ConnectionKind.OPENAI
    api_key: SecretStr | None = Field(default=None, max_length=_MAX_SECRET_CHARACTERS)
    models: list[str] = Field(
        default=[],
        max_length=MAX_MODELS_BY_HAND,
        description="Models to offer also where the server does not list them.",
    )
    first_word_seconds: StrictFloat | None = Field(
        default=None,
        ge=1,
        le=MAX_WAIT_SECONDS,
        description="How long to wait for the first word of an answer; null: 600.",
    )
    between_words_seconds: StrictFloat | None = Field(
        default=None, ge=1, le=MAX_WAIT_SECONDS, description="How long to wait between two words; null: 120."
    )

    def draft(self) -> ConnectionDraft:
        """Return it as the service takes it."""
        key = None if self.api_key is None else self.api_key.get_secret_value()
        return ConnectionDraft(
            self.name,
            self.base_url,
            self.kind,
            key,
            self.models,
            self.first_word_seconds,
            self.between_words_seconds,
        )


class ConnectionTest(ConnectionIn):
    """A model server to try; with ``connection_id`` and no key, that connection's stored key is used."""

    connection_id: UUID | None = None


class ListedModelOut(_FromObject):
    """A model as its server lists it."""

    name: str
    context_tokens: int | None


class ListingOut(BaseModel):
    """What a server said about itself."""

    kind: ConnectionKind
    models: list[ListedModelOut]

    @classmethod
    def of(cls, listing: Listing) -> Self:
        """Make one from what a server said."""
        return cls(
            kind=listing.kind, models=[ListedModelOut.model_validate(model) for model in listing.models]
        )


class ConnectionOut(BaseModel):
    """A connection and how its server was when last asked; those without an ``id`` cannot be changed here."""

    id: UUID | None
    slug: str
    name: str
    kind: ConnectionKind
    base_url: str
    origin: ConnectionOrigin
    has_key: bool
    models_by_hand: list[str]
    first_word_seconds: float | None
    between_words_seconds: float | None
    state: ServerState
    problem: str
    advice: str
    models: int
    checked_at: datetime | None

    @classmethod
    def of(cls, status: ConnectionStatus) -> Self:
        """Make one from what the catalog knows."""
        return cls(
            id=status.id,
            slug=status.spec.slug,
            name=status.spec.name,
            kind=status.spec.kind,
            base_url=status.spec.base_url,
            origin=status.origin,
            has_key=status.has_key,
            models_by_hand=list(status.spec.models),
            first_word_seconds=status.spec.waits.first_word if status.spec.waits else None,
            between_words_seconds=status.spec.waits.between_words if status.spec.waits else None,
            state=status.state,
            problem=status.problem,
            advice=status.advice,
            models=status.models,
            checked_at=status.checked_at,
        )


class ConnectionList(BaseModel):
    """Fixed ones first, then stored ones in order of making."""

    connections: list[ConnectionOut]


class AddedConnection(BaseModel):
    """The new connection's id."""

    id: UUID
