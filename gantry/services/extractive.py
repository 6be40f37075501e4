"""The built-in answerer: with no model connected it quotes the person's documents and earlier conversations."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from gantry.domain.accounts import Role
from gantry.domain.catalog import EXTRACTIVE, ChatRequest, Delta, TextDelta, WithoutPictures
from gantry.domain.chat import UNTITLED, CitationKind
from gantry.domain.clock import zone_named
from gantry.domain.context import Source
from gantry.domain.messages import _
from gantry.domain.passages import best_passage
from gantry.domain.retrieval import MAX_SOUGHT_CHARACTERS
from gantry.domain.words import Asked, asked
from gantry.domain.written_in import written_in
from gantry.languages import chosen, day, translated
from gantry.repositories.database import Database
from gantry.repositories.search import FoundMessage

_CANDIDATES = 40
_QUOTES = 4
_QUOTE_CHARACTERS = 420
_READ_CHARACTERS = 20_000  # of each candidate
_HEAD = _("**No model is connected.** Gantry can only quote your documents and chats.")
_DOCUMENTS_SAY = _("Your documents say:")
_ABOUT_TALKS = {
    True: _("Your earlier conversations say:"),
    False: _("Nothing in your earlier conversations matches this question."),
}
_ASK = _("Ask an administrator to connect a model server.")
_HOW = (
    _("**To connect a model**, do one of these:"),
    _(
        "- Start a model server on this machine, such as Ollama, LM Studio, llama.cpp, TabbyAPI or vLLM. Gantry detects it on its usual port within a minute."
    ),
    _("- Add any OpenAI-compatible server under [Administration → Model servers](/admin/models)."),
    _("- Set `OPENAI_BASE_URL` (with `OPENAI_API_KEY` if it needs a key) and restart Gantry."),
)


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
        question = question[:MAX_SOUGHT_CHARACTERS]
        words = asked(question)
        documents = await asyncio.to_thread(_from_documents, request.sources, words)
        async with self.database.read() as tx:
            account = await tx.accounts.find_account(request.owner)
            found = await tx.search.messages(
                words, owner=request.owner, apart=request.conversation, unlike=EXTRACTIVE, limit=_CANDIDATES
            )
        zone = zone_named(account.time_zone if account else None)
        # As other models do: in the language of the question.
        language = chosen(written_in(question) or (account.language if account else ""), "")
        quotes = await asyncio.to_thread(_quotes, found, words, question, zone, language)
        if any(turn.pictures for turn in request.turns):
            yield WithoutPictures()
        yield TextDelta(f"{translated(_HEAD, language)} ")
        if documents:
            yield TextDelta(translated(_DOCUMENTS_SAY, language))
            for quote in documents:
                yield TextDelta(quote)
            if quotes:
                yield TextDelta(f"\n\n{translated(_ABOUT_TALKS[True], language)}")
        elif request.retrieval and request.retrieval.documents:
            yield TextDelta(f"{translated(request.retrieval.not_found, language)} ")
        if not documents:
            yield TextDelta(translated(_ABOUT_TALKS[bool(quotes)], language))
        for quote in quotes:
            yield TextDelta(quote)
        yield TextDelta(_next_step(language, administrator=bool(account and account.role is Role.ADMIN)))


def _from_documents(sources: Sequence[Source], words: Sequence[Asked]) -> list[str]:
    """Return the best passages of the sources as quotations with their numbers, in the order they were found."""
    quotes: list[str] = []
    for source in sources:
        if source.kind is not CitationKind.DOCUMENT:
            continue
        passage, score = best_passage(source.text, words, max_characters=_QUOTE_CHARACTERS)
        if not score:
            passage = best_passage(source.text, asked(source.text), max_characters=_QUOTE_CHARACTERS)[0]
        quoted = " ".join(passage.split())
        if quoted:
            quotes.append(f"\n\n> {quoted} [{source.number}]\n\n{source.place}")
        if len(quotes) == _QUOTES:
            break
    return quotes


def _next_step(language: str, *, administrator: bool) -> str:
    """Say how a model comes, or whom to ask for one."""
    if not administrator:
        return f"\n\n{translated(_ASK, language)}"
    head, *ways = (translated(each, language) for each in _HOW)
    return f"\n\n{head}\n\n" + "\n".join(ways) + "\n"


def _quotes(
    found: list[FoundMessage], words: Sequence[Asked], question: str, zone: tzinfo, language: str
) -> list[str]:
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
        quoted = passage.replace("\n", " ")
        scored.append((score, message.score, f"\n\n{_where(message, zone, language)}\n\n> {quoted}"))
    scored.sort(key=lambda item: (-item[0], -item[1]))
    return [text for _score, _of_words, text in scored[:_QUOTES]]


def _where(message: FoundMessage, zone: tzinfo, language: str) -> str:
    title = (message.title or translated(UNTITLED, language)).replace("[", "(").replace("]", ")")
    link = f"[{title}](/c/{message.conversation_id})"
    on = day(message.created_at.astimezone(zone), language)
    if message.role == "user":
        return translated(_("You wrote in {conversation} on {day}:", conversation=link, day=on), language)
    return translated(_("An answer said in {conversation} on {day}:", conversation=link, day=on), language)
