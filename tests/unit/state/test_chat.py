"""The open conversation: what a handler acts on, and what the page is told."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from reflex.istate.data import ReflexURL, SessionData

from gantry.domain.accounts import Actor
from gantry.domain.catalog import EXTRACTIVE, ModelRef
from gantry.domain.chat import MessageRole, Rating, StoredConversation, StoredMessage
from gantry.domain.errors import AlreadyAnswering, NotFound
from gantry.domain.knowledge import DocumentScope, ScopeKind
from gantry.services.catalog import ModelChoice
from gantry.services.chat import Beginning, Bubble, Listed, Sent, Window
from gantry.state.asking import AskingState
from gantry.state.chat import ChatState
from gantry.state.comparing import ComparingState
from gantry.state.guard import page_name
from gantry.state.leading import LeadingState
from gantry.state.scope import ScopeState
from gantry.state.sidebar import SidebarState
from gantry.state.views.chat import usage_label
from gantry.state.views.sidebar import flat
from tests.unit.state.stage import NOON, Tab, tab

ONE, TWO = UUID(int=101), UUID(int=102)


@dataclass
class FakeCatalog:
    """Any model there may be; ``choices`` are listed."""

    choices: list[Any] = field(default_factory=list)

    async def models(self, who: Actor) -> list[Any]:
        return self.choices

    async def default_model(self, who: Actor) -> str:
        return "box/default"

    async def resolve(self, who: Actor, model: str) -> Any:
        return SimpleNamespace(ref=ModelRef.parse(model))


@dataclass
class FakeVault:
    """No collections."""

    async def list_collections(self, who: Actor) -> list[Any]:
        return []


@dataclass
class Threads:
    """Conversations whose answers are complete at once; a key that is known stores nothing."""

    rows: dict[UUID, StoredConversation] = field(default_factory=dict)
    texts: dict[UUID, list[Bubble]] = field(default_factory=dict)
    keys: dict[str, Sent] = field(default_factory=dict)
    calls: list[tuple[Any, ...]] = field(default_factory=list)
    beginnings: list[Beginning] = field(default_factory=list)
    fault: Exception | None = None
    lists: int = 0
    pages: list[str] = field(default_factory=list)
    news: bool = False  # there is something unseen

    @classmethod
    def of(cls, *conversations: UUID) -> "Threads":
        """Return a fake with these conversations, one exchange in each."""
        fake = cls()
        for each in conversations:
            fake.add(each)
            fake.exchange(each, f"first of {each.int}")
        return fake

    async def until_asked(self, sent: Sent) -> None:
        """Wait for nothing: these answers are complete."""

    def add(self, conversation: UUID) -> None:
        self.rows[conversation] = StoredConversation(conversation, NOON, NOON, "T")
        self.texts[conversation] = []

    def exchange(self, conversation: UUID, text: str) -> Sent:
        thread = self.texts[conversation]
        for role, content in ((MessageRole.USER, text), (MessageRole.ASSISTANT, "answer")):
            above = thread[-1].message.id if thread else None
            message = StoredMessage(uuid4(), conversation, role, NOON, parent_id=above, content=content)
            thread.append(Bubble(message, uuid4() if role is MessageRole.ASSISTANT else None, (), None))
        return Sent(conversation, thread[-1].message.id, thread[-1].generation_id or uuid4())

    async def window(
        self, who: Actor, conversation: UUID, *, before: UUID | None = None, limit: int = 30
    ) -> Window:
        if conversation not in self.rows:
            raise NotFound("No such conversation.")
        return Window(self.rows[conversation], tuple(self.texts[conversation][-limit:]), has_earlier=False)

    async def send(
        self,
        who: Actor,
        conversation: UUID | None,
        text: str,
        *,
        model: str | None,
        client_key: str,
        beginning: Beginning,
        **_given: Any,
    ) -> Sent:
        self.beginnings.append(beginning)
        self.pages.append(who.page)
        self.calls.append(("send", conversation, text, model))
        if self.fault:
            raise self.fault
        if client_key not in self.keys:
            target = conversation or uuid4()
            if conversation is None:
                self.add(target)
            self.keys[client_key] = self.exchange(target, text)
        return self.keys[client_key]

    async def rate(self, who: Actor, message: UUID, rating: Rating | None) -> None:
        self.calls.append(("rate", message, rating))

    async def edit(self, who: Actor, message: UUID, text: str, *, model: str | None, client_key: str) -> Sent:
        self.calls.append(("edit", message, text, model, client_key))
        if self.fault:
            raise self.fault
        return self.exchange(ONE, text)

    async def list_conversations(self, who: Actor, **_paging: Any) -> list[Listed]:
        self.lists += 1
        return [Listed(row, answering=False, unseen=False) for row in self.rows.values()]

    async def list_pinned(self, who: Actor) -> list[Listed]:
        return []

    async def seen(self, who: Actor, conversation: UUID) -> bool:
        self.calls.append(("seen", conversation))
        return self.news

    async def set_model(self, who: Actor, conversation: UUID, model: str) -> None:
        self.calls.append(("set_model", conversation, model))

    async def set_scope(self, who: Actor, conversation: UUID, scope: DocumentScope) -> None:
        self.calls.append(("set_scope", conversation, scope))

    def questions(self, conversation: UUID) -> list[str]:
        bubbles = self.texts[conversation]
        return [each.message.content for each in bubbles if each.message.role is MessageRole.USER]


@asynccontextmanager
async def at(path: str, chat: Threads, **parts: Any) -> AsyncIterator[tuple[Tab, Any]]:
    """Open a tab at *path*; its state is as fresh as after a restart."""
    async with tab(
        chat=chat,
        url=f"http://localhost{path}",
        **({"catalog": FakeCatalog(), "vault": FakeVault()} | parts),
    ) as page:
        yield page, await page.of(ChatState)


async def test_a_fresh_state_sends_where_the_page_says() -> None:
    """A message goes to the conversation on the page even before this state knows which one that is."""
    chat = Threads.of(ONE)
    async with at(f"/c/{ONE}", chat) as (page, state):
        asking = await page.of(AskingState)
        await asking.send("second", "k", str(ONE), [])
        assert chat.questions(ONE) == ["first of 101", "second"]
        assert (state.conversation_id, asking.accepted) == (str(ONE), "k")
        assert [view.markdown for view in state.latest if view.role == "user"] == ["second"]
        assert (await page.of(LeadingState)).turn == ""


async def test_a_message_never_lands_in_what_is_shown_by_mistake() -> None:
    """Sent from one conversation while the state shows another, it goes to the first, with that one's own model."""
    chat = Threads.of(ONE, TWO)
    async with at(f"/c/{TWO}", chat) as (page, state):
        asking = await page.of(AskingState)
        await state.open()
        await state.choose_model("box/two", str(TWO))
        page.root.router = _router(page, f"/c/{ONE}")
        await asking.send("second", "k", str(ONE), [])
        assert chat.questions(ONE) == ["first of 101", "second"]
        assert chat.questions(TWO) == ["first of 102"]
        assert ("send", ONE, "second", None) in chat.calls
        assert state.conversation_id == str(ONE)


async def test_a_first_message_leads_to_its_page_and_so_does_its_repetition() -> None:
    """Sending again what was stored, its answer lost, shows the same conversation and stores nothing."""
    chat = Threads()
    async with at("/", chat) as (page, state):
        asking = await page.of(AskingState)
        await state.open()
        leading = await page.of(LeadingState)
        turns: list[str] = []
        for _ in range(2):
            await asking.send("hello", "k", "", [])
            turns.append(leading.turn)
            assert (leading.away_from, leading.to) == ("/", f"/c/{state.conversation_id}")
        assert turns[0] != turns[1]
        assert chat.questions(UUID(state.conversation_id)) == ["hello"]


@pytest.mark.parametrize("fault", [AlreadyAnswering(), RuntimeError("out of order")])
async def test_a_text_that_is_not_stored_comes_back(fault: Exception) -> None:
    """A refusal names the text's key, and is another one each time, so that the page sees every one of them."""
    chat = Threads.of(ONE)
    chat.fault = fault
    async with at(f"/c/{ONE}", chat) as (page, _):
        asking = await page.of(AskingState)
        refusals = []
        for _ in range(2):
            await asking.send("second", "k", str(ONE), [])
            refusals.append(asking.refused)
        assert all(each.startswith("k ") for each in refusals)
        assert refusals[0] != refusals[1]
        assert asking.accepted == ""
        assert [each.kind for each in await page.notices()] == ["error"]


async def test_what_a_page_does_it_shows_at_once_and_names_itself() -> None:
    """Message and list come with the event that stored the message, which is told to other pages under this one's name."""
    chat = Threads.of(ONE)
    async with at(f"/c/{ONE}", chat) as (page, _):
        asking = await page.of(AskingState)
        page.root.router = replace(page.root.router, session=SessionData(client_token="secret"))
        await asking.send("second", "k", str(ONE), [])
        assert (await page.of(LeadingState)).turn == ""
        assert [row.id for row in flat((await page.of(SidebarState)).recent)] == [str(ONE)]
        assert chat.lists == 1
        assert chat.pages == [page_name("secret")]
        assert "secret" not in page_name("secret")


async def test_the_end_of_an_answer_is_one_event() -> None:
    """Outcome, list and that it was seen; an answer of another conversation changes the list alone."""
    chat = Threads.of(ONE)
    async with at(f"/c/{ONE}", chat) as (_, state):
        await state.open()
        chat.calls.clear()
        await state.answer_ended(state.latest[-1].id, "complete", True)
        assert (chat.calls, chat.lists) == ([("seen", ONE)], 1)
        await state.answer_ended(str(uuid4()), "complete", True)
        assert (chat.calls, chat.lists) == ([("seen", ONE)], 2)


async def test_who_answers_side_by_side_is_known_here_and_else_from_the_page() -> None:
    """What the page says counts after a restart; otherwise it may be older than what was pressed last."""
    async with at(f"/c/{ONE}", Threads.of(ONE)) as (page, state):
        comparing = await page.of(ComparingState)
        shown = ["box/one", "box/two"]
        assert comparing.asked(str(ONE), shown, state) == shown
        await comparing.choose("box/two", "box/one", str(ONE), True)
        await comparing.choose("box/two", "box/one", str(ONE), True)
        assert comparing.asked(str(ONE), [], state) == ["box/two"]
        state.conversation_id, state.model = str(ONE), "box/one"
        assert comparing.asked(str(ONE), [], state) == shown
        assert comparing.asked(str(TWO), shown, state) == ()
        await comparing.choose("box/two", "box/one", str(ONE), False)
        assert comparing.asked(str(ONE), shown, state) == ()


async def test_a_button_that_is_pressed_twice_asks_once() -> None:
    """An answer that has given way to another is not tried again; after a restart every press counts."""
    chat = Threads.of(ONE)
    async with at(f"/c/{ONE}", chat) as (_, state):
        assert state.offers("anything")
        await state.open()
        assert state.offers(state.latest[-1].id)
        assert not state.offers("another")
        state.latest = [replace(view, status="streaming") for view in state.latest]
        assert not state.offers(state.latest[-1].id)


async def test_what_is_seen_changes_the_list_only_when_it_is_news() -> None:
    """Looking at what was seen before asks for nothing."""
    chat = Threads.of(ONE)
    async with at(f"/c/{ONE}", chat) as (_, state):
        await state.note_seen(str(ONE))
        assert chat.lists == 0
        chat.news = True
        await state.note_seen(str(ONE))
        assert chat.lists == 1


async def test_the_same_edit_is_stored_once() -> None:
    """The same words for the same message have the same key, others another one."""
    chat = Threads.of(ONE)
    async with at(f"/c/{ONE}", chat) as (page, state):
        asking = await page.of(AskingState)
        await state.open()
        await state.choose_model("box/one", str(ONE))
        question = state.latest[0].id if state.latest[0].role == "user" else state.earlier[-1].id
        for words in ("other", "other", "others"):
            await asking.edit(question, words)
        assert (await page.of(LeadingState)).turn == ""
        edits = [call for call in chat.calls if call[0] == "edit"]
        assert [call[1:4] for call in edits[:2]] == [(UUID(question), "other", "box/one")] * 2
        assert edits[0][4] == edits[1][4] != edits[2][4]


async def test_stop_names_the_answer() -> None:
    """Stopping works without this state knowing of the answer; those beside it are stopped with it."""
    stopped: list[tuple[UUID, bool]] = []

    async def stop(who: Actor, generation: UUID, *, beside: bool) -> None:
        stopped.append((generation, beside))

    answers = SimpleNamespace(stop=stop)
    async with at(f"/c/{ONE}", Threads.of(ONE), answers=answers) as (page, _):
        asking = await page.of(AskingState)
        await asking.stop(str(TWO))
        assert stopped == [(TWO, True)]
        await asking.stop("")
        assert len(await page.notices()) == 1


async def test_a_model_is_chosen_for_the_conversation_named() -> None:
    """The choice is stored where the page says, and shown when that is what is open."""
    chat = Threads.of(ONE)
    async with at(f"/c/{ONE}", chat) as (_, state):
        await state.choose_model("box/one", str(ONE))
        assert chat.calls == [("set_model", ONE, "box/one")]
        assert state.model == ""
        await state.choose_model("box/two", "")
        assert state.model == "box/two"


async def test_what_is_chosen_for_another_conversation_is_not_shown() -> None:
    """Documents and memory are stored where the page says, and shown when that is what is open."""
    chat = Threads.of(ONE, TWO)

    async def set_remembered(who: Actor, conversation: UUID, remembered: bool) -> None:
        chat.calls.append(("set_remembered", conversation, remembered))

    memory = SimpleNamespace(set_remembered=set_remembered)
    async with at(f"/c/{TWO}", chat, memory=memory) as (page, state):
        scope = await page.of(ScopeState)
        await state.open()
        chat.calls.clear()
        await scope.choose_scope("none", str(ONE))
        await scope.set_remembered(False, str(ONE))
        assert chat.calls == [
            ("set_scope", ONE, DocumentScope(ScopeKind.NONE)),
            ("set_remembered", ONE, False),
        ]
        assert (state.scope, state.remembered) == ("all", True)
        await scope.choose_scope("none", str(TWO))
        await scope.set_remembered(False, str(TWO))
        assert (state.scope, state.remembered) == ("none", False)


async def test_a_gauge_tells_how_much_of_the_context_is_used() -> None:
    """Of the model that is chosen, by what the newest answer took; nothing is told where nobody knows."""
    catalog = FakeCatalog([ModelChoice("box/default", "default", "box", "Box", 8192)])
    chat = Threads.of(ONE)
    async with at(f"/c/{ONE}", chat, catalog=catalog) as (_, state):
        await state.open()
        assert (state.context_told, state.context_tokens) == (0, 8192)
    answer = chat.texts[ONE][-1]
    told = replace(answer.message, prompt_tokens=1900, completion_tokens=148)
    chat.texts[ONE][-1] = replace(answer, message=told)
    async with at(f"/c/{ONE}", chat, catalog=catalog) as (_, state):
        await state.open()
        assert (state.context_told, state.context_tokens) == (2048, 8192)


@pytest.mark.parametrize("opened", [True, False])
async def test_a_fresh_state_knows_that_the_new_conversation_is_temporary(opened: bool) -> None:
    """It may have lost all it knew since that was chosen; the address has it, also before ``open``."""
    chat = Threads.of()
    async with at("/?temporary=1", chat) as (page, state):
        asking = await page.of(AskingState)
        if opened:
            await state.open()
            assert state.temporary
        await asking.send("text", "k", "", [])
        assert [each.temporary for each in chat.beginnings] == [True]


@pytest.mark.parametrize("conversation", ["not-a-uuid", "../etc"])
async def test_an_address_that_is_no_id_is_not_found(conversation: str) -> None:
    """What is no id is treated as one that is not there, by every handler that takes one."""
    chat = Threads.of(ONE)
    async with at(f"/c/{conversation}", chat) as (page, state):
        asking = await page.of(AskingState)
        await state.open()
        assert not state.found
        await asking.send("text", "k", conversation, [])
        await state.note_seen(conversation)
        await state.choose_model("box/one", conversation)
        await state.show_newest()
        assert [each.text for each in await page.notices()] == ["This item no longer exists."]
        assert chat.calls == []


async def test_what_was_seen_is_what_the_page_says() -> None:
    """A fresh state notes it too; a new conversation has nothing to note."""
    chat = Threads.of(ONE)
    async with at(f"/c/{ONE}", chat) as (_, state):
        await state.note_seen(str(ONE))
        await state.note_seen("")
        assert chat.calls == [("seen", ONE)]


async def test_a_text_far_too_long_is_refused_at_the_door() -> None:
    """Much more than a message may hold does not reach the service, which says what is a little too long."""
    chat = Threads.of(ONE)
    async with at(f"/c/{ONE}", chat) as (page, _):
        asking = await page.of(AskingState)
        await asking.send("x" * 400_001, "k", str(ONE), [])
        assert chat.calls == []
        assert len(await page.notices()) == 1


@pytest.mark.parametrize(
    ("model", "label"),
    [
        ("openai/llama3", "40 tokens · 20 tokens/s · 2.5 s"),
        (EXTRACTIVE, "40 tokens · 2.5 s"),
    ],
)
def test_the_line_below_an_answer_tells_what_it_took(model: str, label: str) -> None:
    """What quotes has no speed of writing."""
    message = StoredMessage(
        uuid4(),
        ONE,
        MessageRole.ASSISTANT,
        NOON,
        model=model,
        completion_tokens=40,
        first_token_ms=500,
        total_ms=2500,
        tokens_estimated=False,
    )
    assert usage_label(message) == label


def _router(page: Tab, path: str) -> Any:
    return replace(page.root.router, url=ReflexURL(f"http://localhost{path}"))


async def test_a_judgement_is_kept_by_the_answers_id() -> None:
    """However a page writes the id, what is kept is what ids are."""
    threads = Threads.of(ONE)
    async with tab(chat=threads, catalog=FakeCatalog(), vault=FakeVault()) as page:
        chat = await page.of(ChatState)
        await chat.rate(f"{{{str(TWO).upper()}}}", "up")
        assert chat.rated == {str(TWO): "up"}
        await chat.rate("-" * 100_000 + TWO.hex, "up")
        assert chat.rated == {str(TWO): "up"}
    assert threads.calls == [("rate", TWO, Rating.UP)]
