"""What OpenAI's clients ask, as far as we look at it: the rest is the model server's."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import UUID

from gantry.domain.errors import Invalid
from gantry.domain.json_values import list_in, object_in, objects_in
from gantry.domain.knowledge import MAX_CHOSEN, DocumentScope, ScopeKind

MAX_MODEL_CHARACTERS = 300
MAX_PROGRAM_BODY_BYTES = 20_000_000  # pictures come inside
MAX_PROGRAM_MARKS = (
    600_000  # commas and opening brackets in it: as many values may be in the JSON, and no more
)
MAX_PROGRAM_MESSAGES = 5_000
MAX_PROGRAM_PARTS = 1_000  # of one message
MAX_OPEN_REQUESTS = 100  # of one account in one process
MAX_EMBEDDING_INPUTS = 2048
MAX_EMBEDDING_CHARACTERS = 2_000_000
MAX_EMBEDDING_TOKENS = 500_000  # where token numbers are sent in place of texts
EMBEDDINGS = "gantry/embeddings"
OURS = ("gantry", "store")  # fields of a request that are not the model server's


@dataclass(frozen=True, slots=True)
class Extras:
    """What Gantry is to do beside passing the question on.

    ``scope`` are the documents to read, None where nothing is said of them; with ``conversation_id`` the exchange continues that conversation, with
    ``store`` alone it becomes one.
    """

    scope: DocumentScope | None = None
    memory: bool = False
    conversation_id: UUID | None = None
    after: UUID | None = None  # the answer it goes on from, wherever that stands in its conversation
    store: bool = False

    @property
    def wanted(self) -> bool:
        """Whether there is anything to do."""
        return self != Extras()

    @property
    def continues(self) -> bool:
        """Whether there is a conversation to go on with."""
        return self.conversation_id is not None or self.after is not None

    @property
    def kept(self) -> bool:
        """Whether the exchange is stored."""
        return self.store or self.continues

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> Self:
        """Read them from a request; Invalid, with the field at fault, where they cannot be read."""
        store, given = body.get("store"), body.get("gantry")
        if store is not None and not isinstance(store, bool):
            raise Invalid("store is true or false.", field="store")
        if given is None:
            return cls(store=bool(store))
        told = object_in(given)
        if told is None:
            raise Invalid("gantry is an object.", field="gantry")
        unknown = told.keys() - {"collections", "documents", "memory", "conversation_id"}
        if unknown:
            raise Invalid(f"gantry has no option {min(map(str, unknown))[:50]!r}.", field="gantry")
        memory = told.get("memory", False)
        if not isinstance(memory, bool):
            raise Invalid("gantry.memory is true or false.", field="gantry.memory")
        thread = told.get("conversation_id")
        return cls(
            scope=_scope(told.get("collections"), told.get("documents")),
            memory=memory,
            conversation_id=None if thread is None else _id(thread, "gantry.conversation_id"),
            store=bool(store),
        )


@dataclass(frozen=True, slots=True)
class Question:
    """A chat request: the model, the turns as they came, and what else is for Gantry."""

    model: str
    messages: tuple[Mapping[str, Any], ...]
    streams: bool
    extras: Extras
    passed: Mapping[str, Any] = field(repr=False)  # the whole request without what is ours
    persona: UUID | None = None  # by whose name it is asked
    answer_id: UUID | None = None  # of the message that the answer becomes, if it is stored
    resumable: bool = False  # an answer that calls a function is kept until its output comes
    origin: str = ""  # where Gantry was asked: citations lead there

    @classmethod
    def parse(cls, raw: Any) -> Self:
        """Read a request; Invalid, with the field at fault, where that cannot be done."""
        body = object_in(raw)
        if body is None:
            raise Invalid("Send a JSON object.")
        require_few(body.get("messages"), "messages")
        messages = objects_in(body.get("messages"))
        if not messages:
            raise Invalid("messages is a list of at least one message.", field="messages")
        if body.get("n") not in (None, 1) or body.get("n") is True:  # any JSON: no set holds all of it
            raise Invalid("n is 1: one answer for each request.", field="n")
        streams = body.get("stream")
        if streams is not None and not isinstance(streams, bool):
            raise Invalid("stream is true or false.", field="stream")
        return cls(
            model_named(body),
            tuple(messages),
            bool(streams),
            Extras.parse(body),
            {name: value for name, value in body.items() if name not in OURS},
        )

    @property
    def text(self) -> str:
        """What the last message of the person says."""
        last = next((m for m in reversed(self.messages) if m.get("role") == "user"), None)
        return text_of(last.get("content")) if last else ""


def require_few(raw: Any, name: str) -> None:
    """Raise Invalid where the field *name* holds more messages, or a message more parts, than are taken."""
    messages = list_in(raw) or []
    if len(messages) > MAX_PROGRAM_MESSAGES:
        raise Invalid(f"{name} holds at most {MAX_PROGRAM_MESSAGES:,} messages.", field=name)
    for each in map(object_in, messages):
        parts = [] if each is None else [list_in(each.get(part)) or [] for part in ("content", "output")]
        if any(len(some) > MAX_PROGRAM_PARTS for some in parts):
            raise Invalid(f"A message holds at most {MAX_PROGRAM_PARTS:,} parts.", field=name)


def model_named(body: Mapping[str, Any]) -> str:
    """Return the model that a request names."""
    model = body.get("model")
    if not isinstance(model, str) or not model.strip() or len(model) > MAX_MODEL_CHARACTERS:
        raise Invalid("model names the model to ask.", field="model")
    return model.strip()


def text_of(content: Any) -> str:
    """Return the words of a message's content, which is text or a list of parts."""
    if isinstance(content, str):
        return content
    found = map(object_in, list_in(content) or [])
    parts = (part.get("text") for part in found if part is not None)
    return "\n".join(text for text in parts if isinstance(text, str))


def preceded(content: Any, block: str) -> Any:
    """Return a message's content with *block* before its words; pictures and the like stay."""
    if (parts := list_in(content)) is not None:
        return [{"type": "text", "text": block}, *parts]
    return f"{block}{text_of(content)}"


def _scope(collections: Any, documents: Any) -> DocumentScope | None:
    if collections is None and documents is None:
        return None
    if collections == "all":
        return DocumentScope(ScopeKind.ALL)
    chosen = _ids(collections, "gantry.collections"), _ids(documents, "gantry.documents")
    return DocumentScope(ScopeKind.SOME, *chosen) if any(chosen) else DocumentScope(ScopeKind.NONE)


def _ids(raw: Any, name: str) -> tuple[UUID, ...]:
    if raw is None:
        return ()
    chosen = list_in(raw)
    if chosen is None or len(chosen) > MAX_CHOSEN:
        raise Invalid(f'{name} is a list of at most {MAX_CHOSEN} ids, or "all".', field=name)
    return tuple(_id(each, name) for each in chosen)


def _id(raw: Any, name: str) -> UUID:
    try:
        return UUID(str(raw))
    except ValueError:
        raise Invalid(f"{name} holds something that is no id.", field=name) from None
