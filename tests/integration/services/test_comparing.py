"""Answers of several models side by side: each written like any other, one of them kept."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import pytest

from gantry.domain.chat import MessageStatus
from gantry.domain.errors import AlreadyAnswering, Conflict, GantryError, NotFound
from gantry.repositories import migrations
from gantry.services.chat import Sent, Window
from tests.factories import actor_of, make_account
from tests.parts.doomed import DoomedWriter
from tests.parts.live import eventually
from tests.parts.llm_server import Script, markdown_answer
from tests.parts.stack import PATIENCE, Reader, Stack, all_messages

LONG = "".join(markdown_answer(400))
BEFORE = "20261128_0300"  # the revision that knows one answer at a time
NAMES = ("scripted", "second", "third", "fourth", "fifth")
MODELS = tuple(f"openai/{name}" for name in NAMES)
SLOW = Script(text=LONG, tokens_per_second=50)
QUICK = Script(text="Short and done.")


@pytest.fixture(autouse=True)
async def models(stack: Stack) -> None:
    """Have five models to choose from."""
    stack.llm.models = NAMES
    await stack.services.catalog.refresh()


async def ask(stack: Stack, count: int = 2, conversation: UUID | None = None, **values: Any) -> Sent:
    return await stack.ask("Which soil?", conversation, model=MODELS[:count], **values)


def each(sent: Sent) -> Sequence[Sent]:
    return (sent, *sent.beside)


async def read_all(stack: Stack, sent: Sent) -> list[Reader]:
    return [await stack.read(one) for one in each(sent)]


async def one_ended(stack: Stack) -> tuple[Sent, Sent, Sent]:
    """Ask two models of which one is slow; returns what was asked, the answer that has ended, and the one that goes on."""
    stack.llm.enqueue(QUICK, SLOW)
    sent = await ask(stack)

    async def ended() -> list[Sent]:
        return [
            one
            for one in each(sent)
            if (await stack.message(one.message_id)).status is not MessageStatus.STREAMING
        ]

    await eventually(ended)
    (done,) = await ended()
    (live,) = (one for one in each(sent) if one is not done)
    return sent, done, live


async def window_of(stack: Stack, sent: Sent) -> Window:
    return await stack.services.chat.window(stack.who, sent.conversation_id)


def ids(window: Window) -> list[UUID]:
    return [bubble.message.id for bubble in window.compared]


async def test_several_models_answer_one_question(stack: Stack) -> None:
    """One question is stored, each model's answer beside the others, in the order asked; the first is gone on with."""
    stack.llm.default = QUICK
    sent = await ask(stack, 4)
    assert [reader.status for reader in await read_all(stack, sent)] == ["complete"] * 4
    window = await window_of(stack, sent)
    assert ids(window) == [one.message_id for one in each(sent)]
    assert [bubble.message.model for bubble in window.compared] == list(MODELS[:4])
    assert [bubble.message.id for bubble in window.bubbles][1:] == [sent.message_id]
    assert window.bubbles[-1].siblings == tuple(ids(window))
    assert (window.conversation.model, window.conversation.title) == (MODELS[0], "Which soil?")
    _, messages = await all_messages(stack.services, stack.who, sent.conversation_id)
    assert len(messages) == 5


async def test_a_kill_in_the_middle_loses_none_of_them(stack: Stack) -> None:
    """Each answer has a lease of its own: another process finishes all, and they stand as they stood."""
    stack.llm.default = SLOW
    writer = await DoomedWriter.start(stack.settings, stack.who, model=MODELS[:3])
    sent = writer.sent
    for one in each(sent):
        await eventually(lambda one=one: _has_text(stack, one, 100))
    await writer.kill()
    stack.llm.default = Script(text=LONG, tokens_per_second=2000)
    taken = 0
    async with asyncio.timeout(PATIENCE):
        while taken < 3:
            taken += await stack.main.writers.sweep()
            await asyncio.sleep(0.05)
    assert [(reader.text, reader.status) for reader in await read_all(stack, sent)] == [
        (LONG, "complete")
    ] * 3
    assert [(await stack.message(one.message_id)).content for one in each(sent)] == [LONG] * 3
    assert ids(await window_of(stack, sent)) == [one.message_id for one in each(sent)]


async def _has_text(stack: Stack, sent: Sent, characters: int) -> bool:
    return len((await stack.message(sent.message_id)).content) > characters


async def test_two_tabs_that_ask_at_once_have_one_question_answered(stack: Stack) -> None:
    """Of comparisons and single questions sent at the same moment exactly one is accepted."""
    stack.llm.default = QUICK
    first = await stack.ask()
    await stack.read(first)
    stack.llm.default = SLOW
    asks: list[Callable[[], Any]] = [
        lambda: ask(stack, 3, first.conversation_id),
        lambda: stack.ask("single", first.conversation_id),
    ]
    outcomes = await asyncio.gather(*(each() for each in asks * 3), return_exceptions=True)
    assert sum(isinstance(outcome, AlreadyAnswering) for outcome in outcomes) == 5


async def test_nothing_else_is_asked_while_one_of_them_is_written(stack: Stack) -> None:
    """Also when the one that the conversation goes on with has ended: a question, a retry elsewhere, another branch wait."""
    sent, done, _ = await one_ended(stack)
    with pytest.raises(AlreadyAnswering):
        await stack.ask("next", sent.conversation_id, parent=done.message_id)
    with pytest.raises(AlreadyAnswering):
        await ask(stack, 2, sent.conversation_id, parent=done.message_id)
    with pytest.raises(AlreadyAnswering):
        await stack.services.chat.select(stack.who, done.message_id)
    _, messages = await all_messages(stack.services, stack.who, sent.conversation_id)
    assert len(messages) == 3


async def test_a_double_click_compares_once(stack: Stack) -> None:
    """Presses of Send that carry one key start one comparison, and each is told of all its answers."""
    sent = await asyncio.gather(*(ask(stack, 3, client_key="key-1") for _ in range(3)))
    again = await ask(stack, 3, client_key="key-1")
    assert {one.generation_id for one in each(again)} == {one.generation_id for one in each(sent[0])}
    assert all(each(one) == each(again) for one in sent)


@pytest.mark.parametrize("chosen", [MODELS[:1], MODELS, (MODELS[0], MODELS[0]), (MODELS[0], "openai/absent")])
async def test_what_cannot_be_compared_is_refused(stack: Stack, chosen: tuple[str, ...]) -> None:
    """Two to four different models that there are; nothing is stored of the rest."""
    with pytest.raises(GantryError):
        await stack.ask(model=chosen)
    assert await stack.services.conversations.list_conversations(stack.who) == []


async def test_each_answer_counts(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """A comparison that would go beyond the answers a person may have in progress is refused as a whole."""
    monkeypatch.setattr("gantry.services.chat.MAX_LIVE_ANSWERS", 3)
    stack.llm.default = SLOW
    with pytest.raises(Conflict, match="3 answers"):
        await ask(stack, 4)
    assert await stack.services.conversations.list_conversations(stack.who) == []
    await ask(stack, 3)


async def test_one_is_kept_and_the_others_stay_beside_it(stack: Stack) -> None:
    """The conversation goes on with the kept answer and its model; the other is reached as any alternative."""
    stack.llm.default = QUICK
    sent = await ask(stack, 3)
    await read_all(stack, sent)
    kept = sent.beside[0]
    assert await stack.services.comparisons.keep(stack.who, kept.message_id) == sent.conversation_id
    await stack.services.comparisons.keep(stack.who, kept.message_id)  # in another tab, or pressed twice
    window = await window_of(stack, sent)
    assert (window.compared, window.conversation.compared) == ((), None)
    assert (window.bubbles[-1].message.id, window.conversation.model) == (kept.message_id, MODELS[1])
    with pytest.raises(Conflict):
        await stack.services.comparisons.keep(stack.who, sent.message_id)
    await stack.services.chat.select(stack.who, sent.message_id)
    assert (await window_of(stack, sent)).bubbles[-1].siblings == tuple(one.message_id for one in each(sent))


async def test_keeping_one_stops_the_others(stack: Stack) -> None:
    """What is still written beside the kept answer ends, with its text so far, and the next question is taken."""
    sent, done, live = await one_ended(stack)
    await stack.services.comparisons.keep(stack.who, done.message_id)
    assert (await stack.read(live)).status == "stopped"
    again = await stack.ask("next", sent.conversation_id, model=None)
    assert (await stack.message(again.message_id)).model == done.model
    await stack.read(again)


async def test_an_answer_is_kept_while_it_is_written(stack: Stack) -> None:
    """Who has read enough need not wait: the kept one goes on to its end."""
    stack.llm.default = Script(text=LONG, tokens_per_second=400)
    sent = await ask(stack)
    await stack.services.comparisons.keep(stack.who, sent.beside[0].message_id)
    stopped, kept = await read_all(stack, sent)
    assert (stopped.status, kept.status, kept.text) == ("stopped", "complete", LONG)


async def test_the_next_question_keeps_the_one_on_screen(stack: Stack) -> None:
    """Who decides nothing goes on with the first, or with the one named; the comparison is over."""
    stack.llm.default = QUICK
    for parent in (0, 1):
        sent = await ask(stack)
        await read_all(stack, sent)
        above = each(sent)[parent].message_id
        again = await stack.ask("next", sent.conversation_id, parent=above if parent else None)
        await stack.read(again)
        window = await window_of(stack, sent)
        assert (window.bubbles[1].message.id, window.compared) == (above, ())
        assert len(window.bubbles[1].siblings) == 2


async def test_a_failed_answer_is_tried_again_in_its_place(stack: Stack) -> None:
    """While the others go on, by the same model; the comparison stays, and each place is tried once at a time."""
    stack.llm.enqueue(Script(status=500, body={"error": {"message": "out of memory"}}), SLOW)
    sent = await ask(stack)

    async def failed() -> list[int]:
        rows = [await stack.message(one.message_id) for one in each(sent)]
        return [at for at, row in enumerate(rows) if row.status is MessageStatus.FAILED]

    await eventually(failed)
    (place,) = await failed()
    stack.llm.default = SLOW
    tries = await asyncio.gather(
        *(stack.services.chat.regenerate(stack.who, each(sent)[place].message_id) for _ in range(3)),
        return_exceptions=True,
    )
    (again,) = (one for one in tries if isinstance(one, Sent))
    assert again.model == MODELS[place]
    wanted = [one.message_id for one in each(sent)]
    wanted[place] = again.message_id
    assert ids(await window_of(stack, sent)) == wanted
    await stack.services.answers.stop(stack.who, again.generation_id)
    assert (await stack.read(again)).status == "stopped"
    resumed = await stack.services.chat.resume(stack.who, again.message_id)
    assert ids(await window_of(stack, sent)) == wanted
    await stack.services.answers.stop(stack.who, resumed.generation_id, beside=True)
    (other,) = (one for at, one in enumerate(each(sent)) if at != place)
    assert (await stack.read(other)).status == "stopped"


async def test_deleting_the_conversation_stops_all(stack: Stack) -> None:
    """No writer goes on in a conversation that is gone."""
    stack.llm.default = SLOW
    sent = await ask(stack, 3)
    await stack.services.conversations.delete(stack.who, sent.conversation_id)
    await stack.services.conversations.undelete(stack.who, sent.conversation_id)
    assert {reader.status for reader in await read_all(stack, sent)} == {"stopped"}


async def test_strangers_reach_none_of_them(stack: Stack) -> None:
    """Another account's answers do not exist."""
    stack.llm.default = QUICK
    sent = await ask(stack)
    async with stack.database.begin() as tx:
        eve = actor_of(await make_account(tx, "eve@example.org"))
    with pytest.raises(NotFound):
        await stack.services.comparisons.keep(eve, sent.beside[0].message_id)
    with pytest.raises(NotFound):
        await stack.services.chat.send(eve, sent.conversation_id, "mine?", model=MODELS[:2])
    question = (await window_of(stack, sent)).bubbles[0].message.id
    with pytest.raises(Conflict):
        await stack.services.comparisons.keep(stack.who, question)


async def test_memory_reads_the_kept_answer_alone(stack: Stack) -> None:
    """A question is learned once, and of its answers the one that was chosen."""
    learner = stack.main.knowledge.learner
    stack.llm.enqueue(Script(text="Clay holds it."), Script(text="Sand loses it."))
    sent = await ask(stack)
    await read_all(stack, sent)
    assert await learner.learn() == 1  # the question
    await stack.services.comparisons.keep(stack.who, sent.beside[0].message_id)
    assert await learner.learn() == 1
    async with stack.database.read() as tx:
        answers = [sent.message_id, sent.beside[0].message_id]
        assert set(await tx.memory.turns_of(answers)) == {sent.beside[0].message_id}


async def test_what_is_not_decided_is_read_with_the_next_question(stack: Stack) -> None:
    """The answer gone on with is learned when that is clear."""
    stack.llm.default = QUICK
    sent = await ask(stack)
    await read_all(stack, sent)
    await stack.main.knowledge.learner.learn()
    await stack.read(await stack.ask("And sand?", sent.conversation_id))
    assert await stack.main.knowledge.learner.learn() == 3
    async with stack.database.read() as tx:
        assert set(await tx.memory.turns_of([sent.message_id, sent.beside[0].message_id])) == {
            sent.message_id
        }


async def test_an_earlier_version_has_one_answer_at_a_time(stack: Stack) -> None:
    """Downgraded in the middle of a comparison, its further answers end as they are; up again, all is there."""
    stack.llm.default = SLOW
    writer = await DoomedWriter.start(stack.settings, stack.who, model=MODELS[:2])
    for one in each(writer.sent):
        await eventually(lambda one=one: _has_text(stack, one, 20))
    await writer.kill()
    url = stack.settings.database_url
    await asyncio.to_thread(migrations.downgrade, url, BEFORE)
    await asyncio.to_thread(migrations.upgrade, url)
    statuses = [(await stack.message(one.message_id)).status for one in each(writer.sent)]
    assert statuses == [MessageStatus.STREAMING, MessageStatus.STOPPED]
