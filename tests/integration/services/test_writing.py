"""Answers: written under a lease, followed from anywhere, ended exactly once."""

import asyncio
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta

import pytest

from gantry.bootstrap import Built
from gantry.domain.accounts import Role
from gantry.domain.chat import MessageStatus, Rating, error_for
from gantry.domain.clock import utc_now, zone_named
from gantry.domain.errors import AlreadyAnswering, Conflict, Invalid, NotFound
from gantry.domain.live import LiveKind, NoticeKind, Position
from gantry.domain.preferences import Wishes
from gantry.models import Generation
from gantry.services.chat import Sent
from gantry.services.conversations import UNDO_SECONDS
from tests.factories import actor_of, make_account
from tests.parts.doomed import DoomedWriter
from tests.parts.llm_server import Script, markdown_answer
from tests.parts.stack import PATIENCE, Reader, Stack, all_messages

LONG = "".join(markdown_answer(400))
CONVERSATION, CONVERSATIONS = NoticeKind.CONVERSATION, NoticeKind.CONVERSATIONS


def slowly(tokens_per_second: float = 200) -> Script:
    return Script(text=LONG, tokens_per_second=tokens_per_second)


def has_text(reader: Reader) -> bool:
    return len(reader.text) > 200


async def test_an_answer_is_streamed_and_stored(stack: Stack) -> None:
    """What readers get is what the model said and what is stored, with usage and timings."""
    stack.llm.default = Script(text=LONG, prompt_tokens=17, completion_tokens=400)
    sent = await stack.ask("Tell me about gardens.")
    reader = await stack.read(sent)
    assert reader.text == LONG
    assert reader.status == "complete"
    stored = await stack.message(sent.message_id)
    assert (stored.content, stored.status) == (LONG, MessageStatus.COMPLETE)
    assert (stored.prompt_tokens, stored.completion_tokens, stored.tokens_estimated) == (17, 400, False)
    assert stored.total_ms is not None
    assert stored.first_token_ms is not None
    window = await stack.services.chat.window(stack.who, sent.conversation_id)
    assert window.conversation.title == "Tell me about gardens."
    assert [bubble.message.content for bubble in window.bubbles] == ["Tell me about gardens.", LONG]


async def test_a_chat_is_named_by_its_first_question_with_words(stack: Stack) -> None:
    """Until then it has no title, which each page says in its reader's language; the next question gives it one."""
    first = await stack.ask("…?!")
    await stack.read(first)
    assert (await stack.services.chat.window(stack.who, first.conversation_id)).conversation.title == ""
    await stack.read(await stack.ask("Tell me about tides.", conversation=first.conversation_id))
    named = (await stack.services.chat.window(stack.who, first.conversation_id)).conversation
    assert named.title == "Tell me about tides."


async def test_reasoning_is_kept_apart(stack: Stack) -> None:
    """Reasoning is streamed and stored beside the text, with how long it took."""
    stack.llm.default = Script(text="42", reasoning="Let me think.")
    sent = await stack.ask()
    reader = await stack.read(sent)
    assert (reader.text, reader.reasoning) == ("42", "Let me think.")
    stored = await stack.message(sent.message_id)
    assert (stored.content, stored.reasoning) == ("42", "Let me think.")
    assert stored.reasoning_ms is not None


async def test_a_reader_goes_on_from_its_place(stack: Stack) -> None:
    """A reader that comes back with its position gets the rest, nothing twice."""
    stack.llm.default = slowly()
    sent = await stack.ask()
    reader = await Reader().follow(stack.services, stack.who, sent.generation_id, until=has_text)
    assert reader.status == ""
    await reader.follow(stack.services, stack.who, sent.generation_id)
    assert reader.text == LONG
    assert LiveKind.RESTARTED not in reader.kinds


async def test_a_finished_answer_is_followed_from_the_database(stack: Stack) -> None:
    """Another process, which never saw the answer, serves the rest of it from any position."""
    stack.llm.default = Script(text=LONG)
    sent = await stack.ask()
    await stack.read(sent)
    other = await stack.another()
    for position, text in [(Position(), LONG), (Position(1, 100), LONG[100:]), (Position(1, len(LONG)), "")]:
        reader = await Reader(position=position).follow(other.services, stack.who, sent.generation_id)
        assert (reader.text, reader.status) == (text, "complete")


async def test_a_reader_elsewhere_sees_checkpoints_when_no_log_reaches_it(stack: Stack) -> None:
    """Without a shared log a reader at another process still gets the whole text, from the database."""
    stack.llm.default = slowly()
    sent = await stack.ask()
    other = await stack.another()
    reader = await Reader().follow(other.services, stack.who, sent.generation_id)
    assert (reader.text, reader.status) == (LONG, "complete")


async def test_stop_keeps_the_text_and_frees_the_model_server(stack: Stack) -> None:
    """Stopping ends the upstream request at once and marks the partial text."""
    stack.llm.default = slowly(50)
    sent = await stack.ask()
    reader = await Reader().follow(
        stack.services, stack.who, sent.generation_id, until=lambda reader: bool(reader.text)
    )
    await stack.services.answers.stop(stack.who, sent.generation_id)
    assert await stack.llm.last.wait_disconnected(2)
    await reader.follow(stack.services, stack.who, sent.generation_id)
    assert reader.status == "stopped"
    stored = await stack.message(sent.message_id)
    assert stored.status is MessageStatus.STOPPED
    assert stored.content == reader.text
    assert LONG.startswith(stored.content)


async def test_stop_from_another_process_arrives_within_two_seconds(stack: Stack) -> None:
    """A stop that lands on another replica reaches the writer with its next heartbeat."""
    stack.llm.default = slowly(50)
    sent = await stack.ask()
    await Reader().follow(
        stack.services, stack.who, sent.generation_id, until=lambda reader: bool(reader.text)
    )
    other = await stack.another()
    await other.services.answers.stop(stack.who, sent.generation_id)
    assert await stack.llm.last.wait_disconnected(2)


async def test_a_second_message_waits_for_the_first_answer(stack: Stack) -> None:
    """One live answer a conversation: a double send is a conflict, and stores nothing."""
    stack.llm.default = slowly(50)
    first = await stack.ask()
    with pytest.raises(AlreadyAnswering):
        await stack.ask("again", first.conversation_id)
    other = await stack.another()
    with pytest.raises(AlreadyAnswering):
        await other.services.chat.send(stack.who, first.conversation_id, "again", model="openai/scripted")
    _, messages = await all_messages(stack.services, stack.who, first.conversation_id)
    assert len(messages) == 2


async def test_racing_sends_make_one_answer(stack: Stack) -> None:
    """Of five sends at the same moment exactly one is accepted; the index decides."""
    stack.llm.default = Script(text="ok")
    first = await stack.ask()
    await stack.read(first)
    stack.llm.default = slowly(50)
    outcomes = await asyncio.gather(
        *(stack.ask(f"try {n}", first.conversation_id) for n in range(5)), return_exceptions=True
    )
    assert sum(isinstance(outcome, AlreadyAnswering) for outcome in outcomes) == 4


async def test_a_double_click_starts_one_conversation(stack: Stack) -> None:
    """Presses of Send that carry one key, at once or later, start one answer; each is told of the same one."""
    sent = await asyncio.gather(*(stack.ask(client_key="key-1") for _ in range(4)))
    again = await stack.ask(client_key="key-1")
    assert {each.generation_id for each in sent} == {again.generation_id}
    assert len(await stack.services.conversations.list_conversations(stack.who)) == 1


async def test_a_silent_writer_is_taken_over_and_starts_over(stack: Stack) -> None:
    """When a process dies in mid-answer another one finishes it, once, and tells readers to start over."""
    sent = await _interrupted(stack)
    reader = await Reader().follow(stack.services, stack.who, sent.generation_id, until=has_text)
    await _until_taken_over(stack.main)
    await reader.follow(stack.services, stack.who, sent.generation_id)
    assert (reader.text, reader.status) == (LONG, "complete")
    assert LiveKind.RESTARTED in reader.kinds
    assert (await stack.message(sent.message_id)).content == LONG
    assert (await stack.services.answers.get(stack.who, sent.generation_id)).attempt == 2


async def test_a_server_that_can_continue_continues(stack: Stack) -> None:
    """Where the model server can go on from a prefix, a takeover asks only for the rest."""
    stack.llm.models = [{"id": "scripted", "owned_by": "vllm"}]
    await stack.services.catalog.refresh()
    sent = await _interrupted(stack)
    stored = (await stack.message(sent.message_id)).content
    assert stored
    await _until_taken_over(stack.main)
    reader = await Reader().follow(stack.services, stack.who, sent.generation_id)
    assert (reader.text, reader.status) == (LONG, "complete")
    assert stack.llm.last.body["messages"][-1] == {"role": "assistant", "content": stored}


async def test_only_one_process_takes_an_answer_over(stack: Stack) -> None:
    """Sweeps of several processes at the same moment claim a silent answer once."""
    sent = await _interrupted(stack)
    others = [await stack.another() for _ in range(3)]
    taken: list[int] = []
    async with asyncio.timeout(PATIENCE):
        while not sum(taken):
            taken = await asyncio.gather(*(other.writers.sweep() for other in others))
    assert sum(taken) == 1
    reader = await Reader().follow(others[0].services, stack.who, sent.generation_id)
    assert reader.text == LONG


async def test_a_writer_that_lost_its_lease_writes_no_more(stack: Stack) -> None:
    """A writer that was only slow gives up when another has taken over; the text is whole and ended once."""
    stack.llm.default = slowly(100)
    sent = await stack.ask()
    await Reader().follow(stack.services, stack.who, sent.generation_id, until=has_text)
    other = await stack.another()
    await other.writers.sweep(alone=True)
    reader = await Reader().follow(other.services, stack.who, sent.generation_id)
    assert (reader.text, reader.status) == (LONG, "complete")
    assert reader.kinds.count(LiveKind.END) == 1
    assert (await stack.message(sent.message_id)).content == LONG


async def test_draining_hands_over_at_once(stack: Stack) -> None:
    """A process that shuts down stores what it has and lets go, so nobody waits for its lease."""
    stack.llm.default = slowly(100)
    sent = await stack.ask()
    reader = await Reader().follow(stack.services, stack.who, sent.generation_id, until=has_text)
    await stack.main.writers.drain()
    assert len((await stack.message(sent.message_id)).content) >= len(reader.text)
    other = await stack.another()
    assert await other.writers.sweep() == 1
    await reader.follow(other.services, stack.who, sent.generation_id)
    assert reader.text == LONG


async def test_an_answer_that_was_stopped_while_silent_is_not_written_again(stack: Stack) -> None:
    """A stop that no writer could hear is carried out by the sweep, with the text there was."""
    sent = await _interrupted(stack)
    await stack.services.answers.stop(stack.who, sent.generation_id)
    await _until_taken_over(stack.main)
    reader = await stack.read(sent)
    assert reader.status == "stopped"
    stored = await stack.message(sent.message_id)
    assert (stored.status, stored.content) == (MessageStatus.STOPPED, reader.text)
    assert reader.text
    assert len(stack.llm.requests) == 1


async def test_a_takeover_that_fails_keeps_the_earlier_text(stack: Stack) -> None:
    """If the model server is away when an answer is taken over, the checkpoint stays on screen above the error."""
    sent = await _interrupted(stack)
    before = (await stack.message(sent.message_id)).content
    stack.llm.default = Script(status=500, body={"error": {"message": "out of memory"}})
    await _until_taken_over(stack.main)
    reader = await Reader().follow(stack.services, stack.who, sent.generation_id)
    assert reader.status == "failed"
    stored = await stack.message(sent.message_id)
    assert stored.content == before
    assert stored.error
    assert stored.error["details"] == "out of memory"


async def test_regenerating_makes_a_sibling(stack: Stack) -> None:
    """Another answer stands beside the first; both are reachable, nothing is lost."""
    stack.llm.enqueue(Script(text="first"), Script(text="second"))
    sent = await stack.ask()
    await stack.read(sent)
    again = await stack.services.chat.regenerate(stack.who, sent.message_id)
    await stack.read(again)
    window = await stack.services.chat.window(stack.who, sent.conversation_id)
    assert window.bubbles[-1].message.content == "second"
    assert window.bubbles[-1].siblings == (sent.message_id, again.message_id)
    await stack.services.chat.select(stack.who, sent.message_id)
    window = await stack.services.chat.window(stack.who, sent.conversation_id)
    assert window.bubbles[-1].message.content == "first"


async def test_editing_makes_a_branch_and_leaves_the_old_one(stack: Stack) -> None:
    """An edited question stands beside the old one, with an answer of its own; the way back leads to its leaf."""
    first = await stack.ask("one")
    await stack.read(first)
    second = await stack.ask("two", first.conversation_id)
    await stack.read(second)
    window = await stack.services.chat.window(stack.who, first.conversation_id)
    question = window.bubbles[0].message
    edited = await stack.services.chat.edit(stack.who, question.id, "uno")
    await stack.read(edited)
    window = await stack.services.chat.window(stack.who, first.conversation_id)
    assert window.bubbles[0].message.content == "uno"
    assert len(window.bubbles) == 2
    assert len(window.bubbles[0].siblings) == 2
    await stack.services.chat.select(stack.who, question.id)
    window = await stack.services.chat.window(stack.who, first.conversation_id)
    assert window.bubbles[-1].message.id == second.message_id


async def test_continuing_appends_to_the_same_message(stack: Stack) -> None:
    """Continue goes on after the text there is, in the same message."""
    stack.llm.enqueue(
        Script(text="Once upon a time", finish_reason="length"), Script(text=" there was a fox.")
    )
    sent = await stack.ask()
    await stack.read(sent)
    first = await stack.message(sent.message_id)
    assert first.truncated
    more = await stack.services.chat.resume(stack.who, sent.message_id)
    assert more.message_id == sent.message_id
    reader = await stack.read(more)
    assert reader.text == "Once upon a time there was a fox."
    stored = await stack.message(sent.message_id)
    assert stored.content == "Once upon a time there was a fox."
    assert not stored.truncated
    assert first.total_ms
    assert first.first_token_ms is not None
    assert stored.total_ms is not None
    assert stored.total_ms > first.total_ms  # of both parts, as the tokens are
    assert stored.first_token_ms is not None
    assert stored.first_token_ms >= first.first_token_ms
    with pytest.raises(Conflict):
        await stack.services.chat.resume(stack.who, sent.message_id)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", None])
async def test_the_day_is_the_persons_own(stack: Stack, zone: str | None) -> None:
    """What day it is, and when something was said, is told in the zone that the browser has told; else in UTC."""
    if zone:
        await stack.services.preferences.browser_is_in(stack.who, zone)
    before = utc_now()
    await stack.read(await stack.ask("What day is it today?"))
    days = {f"{at.astimezone(zone_named(zone)):%A, %d %B %Y}" for at in (before, utc_now())}
    system = stack.llm.requests[-1].body["messages"][0]["content"]
    assert any(day in system for day in days)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "/etc/localtime", "x" * 65])
async def test_a_zone_that_does_not_exist_is_refused(stack: Stack, zone: str) -> None:
    """Names are looked up in a folder of the system: only names of zones get there."""
    with pytest.raises(Invalid):
        await stack.services.preferences.change(stack.who, Wishes(time_zone=zone))
    before = await stack.services.accounts.profile(stack.who)
    assert await stack.services.preferences.browser_is_in(stack.who, zone) == before


@pytest.mark.parametrize(
    ("script", "kind", "partial"),
    [
        (Script(status=401, body={"error": {"message": "bad key"}}), "not-authorised", ""),
        (Script(status=429, body={"error": {"message": "slow down"}}), "rate-limited", ""),
        (Script(status=500, body={"error": {"message": "boom"}}), "server-error", ""),
        (Script(status=200, body="<html><title>Proxy</title></html>"), "broken-answer", ""),
        (Script(text=["Hel", "lo"], cut_after=2), "cut-off", "Hello"),
        (Script(text=["Hel", "lo"], broken_sse_after=2), "broken-answer", "Hello"),
        (Script(text=""), "empty-answer", ""),
    ],
)
async def test_a_fault_of_the_server_is_an_error_beside_the_text(
    stack: Stack, script: Script, kind: str, partial: str
) -> None:
    """A model server's fault ends the answer as failed, with a sentence and a next step; never as its text."""
    stack.llm.default = script
    sent = await stack.ask()
    reader = await stack.read(sent)
    assert reader.status == "failed"
    assert reader.error["kind"] == kind
    assert reader.error["title"]
    assert reader.error["advice"]
    stored = await stack.message(sent.message_id)
    assert stored.content == partial
    assert stored.error
    assert error_for(stored.error, administrator=stack.who.is_admin) == reader.error


async def test_a_context_length_told_in_an_error_is_learned(stack: Stack) -> None:
    """A server that refuses a long prompt is asked once more with a shorter one, and the message says what was left out."""
    first = await stack.ask("word " * 2000)
    await stack.read(first)
    refusal = {
        "error": {
            "message": "This model's maximum context length is 1500 tokens. However, you requested 4000."
        }
    }
    stack.llm.enqueue(Script(status=400, body=refusal), Script(text="short"))
    sent = await stack.ask("and now?", first.conversation_id)
    reader = await stack.read(sent)
    assert (reader.text, reader.status) == ("short", "complete")
    assert (await stack.message(sent.message_id)).left_out == 2
    resolved = await stack.services.catalog.resolve(stack.who, "openai/scripted")
    assert resolved.context_tokens == 1500


async def test_another_persons_ids_are_not_found(stack: Stack) -> None:
    """Every method refuses what belongs to somebody else as if it did not exist."""
    sent = await stack.ask()
    await stack.read(sent)
    async with stack.database.begin() as tx:
        eve = actor_of(await make_account(tx, "eve@example.org"))
    chat, answers = stack.services.chat, stack.services.answers
    conversations = stack.services.conversations
    window = await chat.window(stack.who, sent.conversation_id)
    question, answer = (bubble.message.id for bubble in window.bubbles)
    conversation = sent.conversation_id
    attempts = [
        chat.window(eve, conversation),
        conversations.told(eve, conversation),
        chat.send(eve, conversation, "hi", model="openai/scripted"),
        chat.edit(eve, question, "hi"),
        chat.regenerate(eve, answer),
        chat.resume(eve, answer),
        chat.select(eve, answer),
        chat.rate(eve, answer, Rating.UP),
        conversations.rename(eve, conversation, "mine"),
        conversations.pin(eve, conversation, True),
        conversations.set_model(eve, conversation, "openai/scripted"),
        conversations.seen(eve, conversation),
        conversations.delete(eve, conversation),
        conversations.undelete(eve, conversation),
        answers.get(eve, sent.generation_id),
        answers.stop(eve, sent.generation_id),
        Reader().follow(stack.services, eve, sent.generation_id),
    ]
    for attempt in attempts:
        with pytest.raises(NotFound):
            await attempt
    foreign = await conversations.create(eve)
    with pytest.raises(NotFound):
        await chat.send(eve, foreign.id, "hi", parent=answer, model="openai/scripted")
    assert (await chat.window(stack.who, conversation)).conversation.title == "Hello"


async def test_deleting_can_be_undone_and_is_final_later(stack: Stack) -> None:
    """A deleted conversation is gone at once, comes back whole, and is purged when nobody wants it back."""
    sent = await stack.ask()
    await stack.read(sent)
    chat, conversations = stack.services.chat, stack.services.conversations
    await conversations.delete(stack.who, sent.conversation_id)
    with pytest.raises(NotFound):
        await chat.window(stack.who, sent.conversation_id)
    assert await conversations.purge() == []
    await conversations.undelete(stack.who, sent.conversation_id)
    assert len((await chat.window(stack.who, sent.conversation_id)).bubbles) == 2
    await conversations.delete(stack.who, sent.conversation_id)
    later = replace(conversations, now=lambda: utc_now() + timedelta(seconds=UNDO_SECONDS + 1))
    assert [gone.conversation for gone in await later.purge()] == [sent.conversation_id]
    async with stack.database.read() as tx:
        assert await tx.session.get(Generation, sent.generation_id) is None


@pytest.mark.parametrize("text", ["", "   ", "x" * 200_001])
async def test_an_empty_or_endless_message_is_refused(stack: Stack, text: str) -> None:
    """What cannot be sent is refused before anything is stored."""
    with pytest.raises(Invalid):
        await stack.ask(text)
    assert await stack.services.conversations.list_conversations(stack.who) == []


async def test_the_built_in_answerer_quotes_earlier_conversations(stack: Stack) -> None:
    """With no model, an answer quotes what the person said before, links it, and tells administrators how to connect a model."""
    await stack.read(await stack.ask("My dog is called Rex and he likes cheese."))
    sent = await stack.services.chat.send(
        stack.who, None, "What is my dog called?", model="gantry/extractive"
    )
    reader = await stack.read(sent)
    assert "> My dog is called Rex and he likes cheese." in reader.text
    assert "(/c/" in reader.text
    assert "No model is connected" in reader.text
    async with stack.database.begin() as tx:
        eve = actor_of(await make_account(tx, "eve@example.org", role=Role.ADMIN))
    theirs = await stack.services.chat.send(eve, None, "What is my dog called?", model="gantry/extractive")
    told = (await Reader().follow(stack.services, eve, theirs.generation_id)).text
    assert "Rex" not in told
    for text, administrator in ((reader.text, False), (told, True)):
        assert ("OPENAI_BASE_URL" in text, "Ask an administrator" in text) == (
            administrator,
            not administrator,
        )


async def test_what_no_database_takes_is_not_sent_to_it(stack: Stack) -> None:
    """NUL and half an emoji cost neither the question nor the answer."""
    stack.llm.default = Script(text=["one", "\x00", "two"])
    sent = await stack.ask("a\x00b \ud83d c")
    reader = await stack.read(sent)
    assert (reader.text, reader.status) == ("onetwo", "complete")
    window = await stack.services.chat.window(stack.who, sent.conversation_id)
    assert [bubble.message.content for bubble in window.bubbles] == ["ab \ufffd c", "onetwo"]


async def test_a_continuation_that_cannot_begin_keeps_the_text(stack: Stack) -> None:
    """If the model is gone when "continue" begins, the text that was there stays."""
    stack.llm.enqueue(Script(text="Once upon a time", finish_reason="length"))
    sent = await stack.ask()
    await stack.read(sent)
    stack.llm.default = Script(status=500, body={"error": {"message": "away"}})
    reader = await stack.read(await stack.services.chat.resume(stack.who, sent.message_id))
    assert reader.status == "failed"
    assert (await stack.message(sent.message_id)).content == "Once upon a time"


async def test_an_endless_answer_ends(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model caught in a loop is stopped at a fixed length, and the message says it was cut."""
    monkeypatch.setattr("gantry.services.writing.MAX_ANSWER_CHARACTERS", 500)
    stack.llm.default = Script(text=["loop "] * 2000)
    sent = await stack.ask()
    reader = await stack.read(sent)
    assert reader.status == "complete"
    assert len(reader.text) < 600
    assert (await stack.message(sent.message_id)).truncated


async def test_one_person_cannot_take_a_model_server_for_themselves(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many answers at once, and no more, are written for one account."""
    monkeypatch.setattr("gantry.services.chat.MAX_LIVE_ANSWERS", 3)
    stack.llm.default = slowly(20)
    for _ in range(3):
        await stack.ask()
    with pytest.raises(Conflict):
        await stack.ask()


async def _interrupted(stack: Stack) -> Sent:
    """Kill a process in the middle of an answer, after its first checkpoints; the next try will be quick."""
    stack.llm.default = slowly(50)
    writer = await DoomedWriter.start(stack.settings, stack.who)
    async with asyncio.timeout(PATIENCE):
        while len((await stack.message(writer.sent.message_id)).content) < 200:
            await asyncio.sleep(0.05)
    await writer.kill()
    stack.llm.default = slowly(2000)
    return writer.sent


async def _until_taken_over(built: Built) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await built.writers.sweep():
            await asyncio.sleep(0.1)


async def test_thought_that_was_taken_for_the_answer_is_told_apart(stack: Stack) -> None:
    """When a closing mark comes that none has opened, readers start over, and only the answer is the answer."""
    thought = "They ask about the mill.\nI know it.\n"
    stack.llm.default = Script(text=[*thought, "</think>", "\n\nThe mill stands."], tokens_per_second=100)
    sent = await stack.ask()
    reader = await stack.read(sent)
    assert LiveKind.RESTARTED in reader.kinds
    assert (reader.reasoning, reader.text, reader.status) == (thought.strip(), "The mill stands.", "complete")
    stored = await stack.message(sent.message_id)
    assert (stored.reasoning, stored.content) == (thought.strip(), "The mill stands.")
    late = await Reader(position=Position(1, 12)).follow(stack.services, stack.who, sent.generation_id)
    assert (late.reasoning, late.text) == (thought.strip(), "The mill stands.")
    await stack.read(await stack.ask("and now?", sent.conversation_id))
    assert stack.llm.last.body["messages"][-2] == {"role": "assistant", "content": "The mill stands."}


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (Script(text="<think>The mill stands by the river."), "only-thought"),
        (Script(text="", reasoning="Hm."), "only-thought"),
        (Script(text="", reasoning="Hm.", finish_reason="length"), "only-thought"),
        (Script(text="", finish_reason="content_filter"), "content-filter"),
    ],
)
async def test_answer_without_text_says_why(stack: Stack, script: Script, kind: str) -> None:
    """A model that only thought, or was stopped before its first word, never leaves an empty complete answer."""
    stack.llm.default = script
    sent = await stack.ask()
    reader = await stack.read(sent)
    assert (reader.status, reader.error["kind"]) == ("failed", kind)
    assert bool((await stack.message(sent.message_id)).reasoning) is (kind == "only-thought")


async def test_filtered_answer_is_complete_with_a_note(stack: Stack) -> None:
    """An answer that the server's filter ended keeps its text and says so."""
    stack.llm.default = Script(text="The mill", finish_reason="content_filter")
    sent = await stack.ask()
    assert (await stack.read(sent)).status == "complete"
    assert (await stack.message(sent.message_id)).ending == "filtered"


@pytest.mark.parametrize(
    "script",
    [
        Script(status=400, body={"error": {"message": "the request exceeds the available context size (300 tokens)"}}),
        Script(text="", finish_reason="length"),
    ],
)  # fmt: skip
async def test_answer_that_fills_the_context_stays_what_it_was(stack: Stack, script: Script) -> None:
    """Continue on it says that it cannot go on; the answer does not become a failed one."""
    stack.llm.enqueue(Script(text="Once upon a time", finish_reason="length"))
    sent = await stack.ask()
    await stack.read(sent)
    stack.llm.default = script
    reader = await stack.read(await stack.services.chat.resume(stack.who, sent.message_id))
    stored = await stack.message(sent.message_id)
    assert (reader.status, stored.content, stored.truncated, stored.ending) == (
        "complete",
        "Once upon a time",
        True,
        "context-full",
    )


async def test_prompt_that_is_too_long_is_shortened_without_a_number(stack: Stack) -> None:
    """A server that tells no length gets a shorter prompt all the same, while there is something to leave out."""
    first = await stack.ask("word " * 2000)
    await stack.read(first)
    refusal = Script(status=400, body={"error": {"message": "the input length exceeds the context length"}})
    stack.llm.enqueue(refusal, Script(text="short"))
    reader = await stack.read(await stack.ask("and now?", first.conversation_id))
    assert (reader.text, reader.status) == ("short", "complete")


async def test_a_notice_names_the_page_that_made_the_change(stack: Stack) -> None:
    """What a page has done says so, and it alone passes over it; the end of its answer is news to every page."""
    stack.llm.default = Script(text="ok")
    page = replace(stack.who, page="first")
    async with aclosing(stack.services.feed.follow(page)) as notices:
        told = (each async for each in notices if each.kind in {CONVERSATION, CONVERSATIONS})
        sent = await stack.services.chat.send(page, None, "hello", model="openai/scripted")
        begun = await anext(told)
        await stack.read(sent)
        ended = await anext(told)
        await stack.services.conversations.rename(page, sent.conversation_id, "Title")
        renamed = await anext(told)
    assert (begun.origin, begun.id) == ("first", str(sent.conversation_id))
    assert (ended.origin, dict(ended.data)) == ("", {"ended": str(sent.message_id)})
    assert (renamed.kind, renamed.origin) == (CONVERSATIONS, "first")
