"""The tools: what they take, what a token must be for, and what they do, all of it in the name of who asks."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictInt, model_validator

from gantry.api.mcp import results
from gantry.api.mcp.asking import answered
from gantry.api.mcp.caller import Caller
from gantry.api.mcp.resources import address_of
from gantry.domain.accounts import Actor
from gantry.domain.api_tokens import Scope
from gantry.domain.chat import MAX_MESSAGE_CHARACTERS
from gantry.domain.errors import NotFound
from gantry.domain.finding import MAX_QUERY_CHARACTERS, Segment
from gantry.domain.json_values import object_in
from gantry.domain.knowledge import DocumentScope, Passage, ScopeKind
from gantry.domain.memory import MAX_FACT_CHARACTERS
from gantry.domain.programs import MAX_MODEL_CHARACTERS
from gantry.runtime import services
from gantry.services.chat import Bubble
from gantry.services.documents import page_with, pages_of

_SHOWN = 20_000  # characters of one message of a conversation
_MESSAGES = 50  # of a conversation in one result
_Limit = Annotated[StrictInt, Field(ge=1, le=50, description="How many results at most.")]


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _as_programs_write(cls, given: Any) -> Any:
        """Take null for what is left out, as models fill forms in, and 3.0 for 3, which JSON Schema calls an integer."""
        arguments = object_in(given)
        if arguments is None:
            return given
        return {name: _whole(value) for name, value in arguments.items() if value is not None}


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


class SearchDocuments(_Arguments):
    """What to look for, and where."""

    query: str = Field(min_length=1, max_length=4000, description="A question or words.")
    collection: str = Field(
        default="", max_length=200, description="Name or id of a collection; empty for all documents."
    )
    limit: _Limit = 8


class ReadPage(_Arguments):
    """Which page."""

    document: UUID = Field(description="Id of a document, from search_documents.")
    page: StrictInt = Field(default=1, ge=1, le=10**8, description="Number of the page, from 1.")


class SearchMemory(_Arguments):
    """What to look for."""

    query: str = Field(min_length=1, max_length=4000, description="A question or words.")


class AddMemory(_Arguments):
    """What to remember."""

    text: str = Field(
        min_length=1, max_length=MAX_FACT_CHARACTERS, description="One sentence about the person."
    )


class ListConversations(_Arguments):
    """Which conversations."""

    query: str = Field(
        default="",
        max_length=MAX_QUERY_CHARACTERS,
        description="Words in titles and messages; empty for the newest.",
    )
    limit: _Limit = 20


class ReadConversation(_Arguments):
    """Which conversation."""

    id: UUID = Field(description="Id of a conversation, from list_conversations.")
    before: UUID | None = Field(default=None, description="Id of a message: read those before it.")


class Ask(_Arguments):
    """What to ask."""

    question: str = Field(min_length=1, max_length=MAX_MESSAGE_CHARACTERS)
    conversation: UUID | None = Field(
        default=None, description="Id of a conversation to go on with; without it a new one begins."
    )
    model: str | None = Field(
        default=None,
        max_length=MAX_MODEL_CHARACTERS,
        description="A model, as connection/name, or a persona, as gantry/name; without it the usual model.",
    )


@dataclass(frozen=True, slots=True)
class Tool:
    """What can be called."""

    name: str
    title: str
    description: str
    scope: Scope
    arguments: type[BaseModel]
    result: type[BaseModel]
    run: Callable[[Caller, Any], Awaitable[dict[str, Any]]]
    changes: bool = False


async def _search_documents(caller: Caller, asked: SearchDocuments) -> dict[str, Any]:
    scope = await _scope(caller.who, asked.collection)
    found = await services().retriever.documents(caller.who, asked.query, scope=scope, limit=asked.limit)
    return {
        "passages": [_passage(each) for each in found.passages],
        "searched": found.searched,
        "left_out": list(found.left_out),
    }


async def _scope(who: Actor, collection: str) -> DocumentScope:
    wanted = collection.strip().casefold()
    if not wanted:
        return DocumentScope()
    for each in await services().collections.list_collections(who):
        if wanted in {each.name.casefold(), str(each.id)}:
            return DocumentScope(ScopeKind.SOME, (each.id,))
    raise NotFound("There is no such collection.")


def _passage(found: Passage) -> dict[str, Any]:
    return {
        "document": found.source_id,
        "title": found.title,
        "page": page_with(found.page, found.start),
        "heading": found.heading,
        "text": found.text,
        "score": round(found.score, 4),
        "resource": address_of(found.source_id),
    }


async def _read_page(caller: Caller, asked: ReadPage) -> dict[str, Any]:
    found = await services().documents.page(caller.who, asked.document, asked.page)
    return {
        "document": found.document.id,
        "title": found.document.name,
        "page": asked.page,
        "pages": pages_of(found.document),
        "text": found.text,
    }


async def _search_memory(caller: Caller, asked: SearchMemory) -> dict[str, Any]:
    found = await services().memory.recall(caller.who, asked.query, conversation=None)
    turns = [
        {
            "conversation": each.source_id,
            "title": each.title,
            "speaker": each.speaker,
            "said_at": each.said_at,
            "text": each.text,
        }
        for each in found.turns.passages
    ]
    return {"facts": [each.text for each in found.facts], "said": turns}


async def _add_memory(caller: Caller, asked: AddMemory) -> dict[str, Any]:
    fact = await services().memory.add_fact(caller.who, asked.text)
    return {"id": fact.id, "text": fact.content}


async def _list_conversations(caller: Caller, asked: ListConversations) -> dict[str, Any]:
    if asked.query.strip():
        hits = await services().search.find(caller.who, asked.query, limit=asked.limit)
        return {
            "conversations": [
                {
                    "id": hit.conversation_id,
                    "title": _plain(hit.title),
                    "message": hit.message_id,
                    "snippet": _plain(hit.snippet),
                    "at": hit.created_at,
                }
                for hit in hits
            ]
        }
    rows = [
        *await services().conversations.list_pinned(caller.who),
        *await services().conversations.list_conversations(caller.who, limit=asked.limit),
    ]
    kept = {row.conversation.id: row.conversation for row in rows}  # pinned ones stand in both
    newest = sorted(kept.values(), key=lambda each: each.updated_at, reverse=True)[: asked.limit]
    return {"conversations": [{"id": each.id, "title": each.title, "at": each.updated_at} for each in newest]}


def _plain(segments: tuple[Segment, ...]) -> str:
    return "".join(each.text for each in segments)


async def _read_conversation(caller: Caller, asked: ReadConversation) -> dict[str, Any]:
    window = await services().chat.window(caller.who, asked.id, before=asked.before, limit=_MESSAGES)
    return {
        "id": window.conversation.id,
        "title": window.conversation.title,
        "messages": [_message(each) for each in window.bubbles],
        "earlier": window.has_earlier,
    }


def _message(bubble: Bubble) -> dict[str, Any]:
    message = bubble.message
    told: dict[str, Any] = {
        "id": message.id,
        "role": message.role.value,
        "text": message.content[:_SHOWN],
        "at": message.created_at,
    }
    cited = [each for each in bubble.sources if each.cited]
    if cited:
        told["citations"] = [
            {"number": each.number, "title": each.title, "document": each.document_id, "page": each.page}
            for each in cited
        ]
    return told


async def _ask(caller: Caller, asked: Ask) -> dict[str, Any]:
    return await answered(caller, asked.question, conversation=asked.conversation, model=asked.model)


_ALL = (
    Tool(
        "search_documents",
        "Search documents",
        "Find passages of the person's documents by words and by meaning, best first.",
        Scope.READ,
        SearchDocuments,
        results.FoundPassages,
        _search_documents,
    ),
    Tool(
        "read_page",
        "Read a page",
        "Return the text of one page of a document; a document without pages is divided into parts.",
        Scope.READ,
        ReadPage,
        results.PageText,
        _read_page,
    ),
    Tool(
        "search_memory",
        "Search memory",
        "Find what is remembered about the person, and what was said in past conversations.",
        Scope.READ,
        SearchMemory,
        results.Remembered,
        _search_memory,
    ),
    Tool(
        "add_memory",
        "Remember",
        "Remember a sentence about the person for later conversations.",
        Scope.WRITE,
        AddMemory,
        results.NewFact,
        _add_memory,
        changes=True,
    ),
    Tool(
        "list_conversations",
        "List conversations",
        "List the newest conversations, or those that hold the words of a query.",
        Scope.READ,
        ListConversations,
        results.Conversations,
        _list_conversations,
    ),
    Tool(
        "read_conversation",
        "Read a conversation",
        f"Return the last {_MESSAGES} messages of a conversation, oldest first.",
        Scope.READ,
        ReadConversation,
        results.ReadMessages,
        _read_conversation,
    ),
    Tool(
        "ask",
        "Ask",
        "Have a model answer a question from the person's documents and memory; returns the answer with its citations. "
        "The exchange is kept as a conversation.",
        Scope.CHAT,
        Ask,
        results.Answered,
        _ask,
        changes=True,
    ),
)
TOOLS = {each.name: each for each in _ALL}
