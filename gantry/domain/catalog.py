"""Model servers and their models: values and the protocol every server is spoken to through."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol, Self
from uuid import UUID

from gantry.domain.context import Retrieval, Source
from gantry.domain.live import Stage
from gantry.domain.parameters import Effort
from gantry.domain.pictures import Picture

BUILT_IN = "gantry"
EXTRACTIVE = "gantry/extractive"
SAFE_CONTEXT_TOKENS = 8192  # assumed when a server does not tell


#: How a server was when it was last asked.
ServerState = Literal["ok", "failed", "unknown"]


class ConnectionKind(StrEnum):
    """Dialects of the OpenAI protocol we know more about than the protocol says."""

    OPENAI = "openai"  # anything OpenAI-compatible
    OLLAMA = "ollama"
    TABBY = "tabby"
    VLLM = "vllm"
    LLAMACPP = "llamacpp"
    LMSTUDIO = "lmstudio"


class ConnectionOrigin(StrEnum):
    """Where a connection came from; only stored ones can be changed in the browser."""

    ENVIRONMENT = "environment"
    PROBED = "probed"
    STORED = "stored"
    BUILT_IN = "built-in"


@dataclass(frozen=True, slots=True)
class ModelRef:
    """``connection/name``, as written in the API and in the database."""

    connection: str
    name: str

    @classmethod
    def parse(cls, raw: str) -> Self:
        """Split at the first slash: model names may hold more of them."""
        connection, _, name = raw.partition("/")
        return cls(connection, name)

    def __str__(self) -> str:
        return f"{self.connection}/{self.name}"


@dataclass(frozen=True, slots=True)
class Waits:
    """How long a model server may take, in seconds: to connect, until the first word, and between two words.

    A slow machine reads a long prompt for minutes before it says anything.
    """

    connect: float = 10.0  # a busy machine takes its time
    first_word: float = 600.0
    between_words: float = 120.0

    @classmethod
    def of(cls, first_word: float | None, between_words: float | None) -> Self | None:
        """Return waits with what is given; None when nothing is."""
        if first_word is None and between_words is None:
            return None
        usual = cls()
        return cls(
            first_word=usual.first_word if first_word is None else first_word,
            between_words=usual.between_words if between_words is None else between_words,
        )


@dataclass(frozen=True, slots=True)
class ConnectionSpec:
    """How to reach one model server. ``base_url`` ends in ``/v1`` and has no trailing slash.

    ``slug`` is the first part of its models' ids: ``[a-z0-9-]``, unique. ``waits`` is None for the usual ones.
    """

    slug: str
    name: str
    kind: ConnectionKind
    base_url: str
    origin: ConnectionOrigin
    api_key: str | None = None
    id: UUID | None = None
    waits: Waits | None = None
    models: tuple[str, ...] = ()  # named by hand: offered also where the server does not list them

    def __repr__(self) -> str:  # the key stays out of logs and tracebacks
        return f"ConnectionSpec({self.slug!r}, {self.base_url!r}, {self.origin.value})"


@dataclass(frozen=True, slots=True)
class ListedModel:
    """One model as its server lists it; ``context_tokens`` is None when the server does not tell."""

    name: str
    context_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """What a server said about itself."""

    kind: ConnectionKind
    models: tuple[ListedModel, ...]


@dataclass(frozen=True, slots=True)
class ChatTurn:
    """One turn of a prompt."""

    role: Literal["system", "user", "assistant"]
    content: str
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One question to a model, already cut to fit its context.

    Turns are oldest first; at most one system turn, and it is the first. With ``continue_last`` the last turn
    is an unfinished assistant turn, and the answer is only what comes after it. What is None, or empty, is the server's to decide. ``question``, ``sources`` and ``retrieval``
    say again what the turns say already, for an answerer that does not read prose.
    """

    model: str
    turns: tuple[ChatTurn, ...]
    owner: UUID
    conversation: UUID
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    max_tokens: int | None = None
    reasoning_effort: Effort | None = None
    stop: tuple[str, ...] = ()
    continue_last: bool = False
    question: str = ""
    sources: tuple[Source, ...] = ()
    retrieval: Retrieval | None = None


@dataclass(frozen=True, slots=True)
class TextDelta:
    """The next piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """The next piece of what the model thinks before it answers."""

    text: str


@dataclass(frozen=True, slots=True)
class UsageReport:
    """Token counts as the server reports them, at the end of its stream."""

    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class Progress:
    """What the server does before the first word: ``QUEUED``, ``LOADING``, or ``THINKING``, which begins with reading the prompt.

    *percent* is how far it is, where it tells.
    """

    stage: Stage
    percent: int | None = None


@dataclass(frozen=True, slots=True)
class Truncated:
    """The server ended the answer at its length limit (``finish_reason: length``)."""


@dataclass(frozen=True, slots=True)
class Filtered:
    """The server's content filter ended the answer."""


@dataclass(frozen=True, slots=True)
class Recast:
    """What came so far was told apart wrongly: *text* and *reasoning* stand in place of all pieces before it."""

    text: str
    reasoning: str


@dataclass(frozen=True, slots=True)
class WithoutPictures:
    """The server takes no pictures: it was asked without those of the prompt. Comes first."""


Delta = TextDelta | ReasoningDelta | UsageReport | Progress | Truncated | Filtered | Recast | WithoutPictures


class ChatModel(Protocol):
    """A server that answers chat turns; also the built-in answerer."""

    @property
    def continues_prefix(self) -> bool:
        """Whether the server can go on from an unfinished assistant turn (``ChatRequest.continue_last``)."""
        ...

    def stream(self, request: ChatRequest) -> AsyncGenerator[Delta]:
        """Yield the answer piece by piece. Closing the iterator, or cancelling, closes the upstream connection.

        Raises:
            ModelUnavailable: Pieces already yielded stay valid.
            ContextTooLong: The prompt did not fit.
        """
        ...


class ModelServers(Protocol):
    """Opens model servers by their connection; one HTTP client for the life of the process."""

    def open(self, connection: ConnectionSpec) -> ChatModel:
        """Return the server behind *connection*; does no I/O."""
        ...

    async def list_models(self, connection: ConnectionSpec) -> Listing:
        """Ask a server which models it has, within a few seconds.

        Raises:
            ModelUnavailable: With the server's own message where it gave one.
        """
        ...

    async def probe(self) -> list[ConnectionSpec]:
        """Return the model servers that answer on well-known local ports, within a second."""
        ...
