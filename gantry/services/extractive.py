"""The built-in answerer: with no model connected it quotes the person's documents and earlier conversations."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from gantry.domain.accounts import Role
from gantry.domain.catalog import EXTRACTIVE, ChatRequest, Delta, TextDelta, WithoutPictures
from gantry.domain.chat import CitationKind
from gantry.domain.clock import zone_named
from gantry.domain.context import Source
from gantry.domain.passages import best_passage
from gantry.domain.words import Asked, asked
from gantry.repositories.database import Database
from gantry.repositories.search import FoundMessage

_CANDIDATES = 40
_QUOTES = 4
_QUOTE_CHARACTERS = 420
_READ_CHARACTERS = 20_000  # of each candidate
_HEAD = "**No model is connected.** Gantry can only quote your documents and chats. "
_ABOUT_TALKS = {
    True: "Your earlier conversations say:",
    False: "Nothing in your earlier conversations matches this question.",
}
_ASK = "\n\nAsk an administrator to connect a model server."
_HOW = """

**To connect a model**, do one of these:

- Start a model server on this machine, such as Ollama, LM Studio, llama.cpp, TabbyAPI or vLLM. \
Gantry detects it on its usual port within a minute.
- Add any OpenAI-compatible server under [Administration → Model servers](/admin/models).
- Set `OPENAI_BASE_URL` (with `OPENAI_API_KEY` if it needs a key) and restart Gantry.
"""


@dataclass(frozen=True, slots=True)
class ExtractiveAnswerer:
    """Answers by quoting; a ``domain.catalog.ChatModel`` that needs no server."""

    database: Database

    @property
    def continues_prefix(self) -> bool:
        """It always starts over, which costs nothing."""
        return False

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta]:
        """Yield quotes that hold the question's words, each with its conversation, then how to connect a model (or whom to ask)."""
        question = request.question or next(
            (t.content for t in reversed(request.turns) if t.role == "user"), ""
        )
        words = asked(question)
        documents = await asyncio.to_thread(_from_documents, request.sources, words)
        async with self.database.read() as tx:
            account = await tx.accounts.find_account(request.owner)
            found = await tx.search.messages(
                words, owner=request.owner, apart=request.conversation, unlike=EXTRACTIVE, limit=_CANDIDATES
            )
        zone = zone_named(account.time_zone if account else None)
        quotes = await asyncio.to_thread(_quotes, found, words, question, zone)
        if any(turn.pictures for turn in request.turns):
            yield WithoutPictures()
        yield TextDelta(_HEAD)
        if documents:
            yield TextDelta("Your documents say:")
            for quote in documents:
                yield TextDelta(quote)
            if quotes:
                yield TextDelta(f"\n\n{_ABOUT_TALKS[True]}")
        elif request.retrieval and request.retrieval.documents:
            yield TextDelta(f"{request.retrieval.not_found} ")
        if not documents:
            yield TextDelta(_ABOUT_TALKS[bool(quotes)])
        for quote in quotes:
            yield TextDelta(quote)
        yield TextDelta(_HOW if account and account.role is Role.ADMIN else _ASK)


def _from_documents(sources: Sequence[Source], words: Sequence[Asked]) -> list[str]:
    """Return the best passages of the sources as quotations with their numbers, in the order they were found."""
    quotes: list[str] = []
    for source in sources:
        if source.kind is not CitationKind.DOCUMENT:
            continue
        passage, score = best_passage(source.text, words, max_characters=_QUOTE_CHARACTERS)
        if not score:
            passage, _ = best_passage(source.text, asked(source.text), max_characters=_QUOTE_CHARACTERS)
        quoted = " ".join(passage.split())
        if quoted:
            quotes.append(f"\n\n> {quoted} [{source.number}]\n\n{source.place}")
        if len(quotes) == _QUOTES:
            break
    return quotes


def _quotes(found: list[FoundMessage], words: Sequence[Asked], question: str, zone: tzinfo) -> list[str]:
    """Return the best passages as quotations, those with most of the words first; questions say nothing."""
    said = question.strip().lower()
    scored: list[tuple[int, float, str]] = []
    seen: set[str] = set()
    for message in found:
        passage, score = best_passage(message.content[:_READ_CHARACTERS], words)
        if (
            not score
            or passage.endswith(("?", "？", "؟"))
            or passage.lower() in seen
            or passage.lower() == said
        ):
            continue
        seen.add(passage.lower())
        title = (message.title or "Conversation").replace("[", "(").replace("]", ")")
        day = f"{message.created_at.astimezone(zone):%d %B %Y}".lstrip("0")
        who = "You wrote" if message.role == "user" else "An answer said"
        quoted = passage.replace("\n", " ")
        text = f"\n\n{who} in [{title}](/c/{message.conversation_id}) on {day}:\n\n> {quoted}"
        scored.append((score, message.score, text))
    scored.sort(key=lambda item: (-item[0], -item[1]))
    return [text for _, _, text in scored[:_QUOTES]]
