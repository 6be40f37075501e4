"""Search over what a person has said and was answered, on both databases."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from gantry.domain.accounts import Actor
from gantry.domain.chat import MessageRole
from gantry.domain.errors import Invalid, NotFound
from gantry.domain.finding import Filters, Segment
from gantry.models import Conversation, Message
from gantry.services.chat import Sent
from gantry.services.search import Hit
from tests.factories import actor_of, make_account
from tests.integration.services.test_languages import KEPT
from tests.parts.llm_server import Script
from tests.parts.stack import Stack

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)


async def kept(
    stack: Stack,
    *texts: str,
    who: Actor | None = None,
    title: str = "Notes",
    at: datetime = NOON,
    **values: Any,
) -> list[UUID]:
    """Store a conversation with *texts*, question and answer in turn, a minute apart; return the messages' ids."""
    owner = (who or stack.who).id
    async with stack.database.begin() as tx:
        thread = Conversation(account_id=owner, title=title, created_at=at, updated_at=at, **values)
        await tx.chat.add_conversation(thread)
        rows: list[Message] = []
        for n, text in enumerate(texts):
            row = Message(
                conversation_id=thread.id,
                account_id=owner,
                parent_id=rows[-1].id if rows else None,
                depth=n,
                role=MessageRole.ASSISTANT if n % 2 else MessageRole.USER,
                model="openai/scripted" if n % 2 else None,
                content=text,
                created_at=at + timedelta(minutes=n),
            )
            await tx.chat.add_messages([row])
            rows.append(row)
        thread.active_leaf_id = rows[-1].id if rows else None
    return [row.id for row in rows]


async def find(stack: Stack, query: str, **options: Any) -> Sequence[Hit]:
    return await stack.services.search.find(options.pop("who", stack.who), query, **options)


async def ids(stack: Stack, query: str, **options: Any) -> list[UUID | None]:
    return [hit.message_id for hit in await find(stack, query, **options)]


def said(pieces: Sequence[Segment]) -> str:
    """Return what is shown, with what is marked in brackets."""
    return "".join(f"[{piece.text}]" if piece.marked else piece.text for piece in pieces)


async def test_every_word_is_asked_for_and_the_last_as_it_is_typed(stack: Stack) -> None:
    """Endings do not matter, nor does where the last word ends; what is found says where."""
    answer = "## There\n\n- In the **blue** box, with the `batteries`\n- 2 * 3 of snake_case"
    passport, _ = await kept(stack, "Where did I put the passports?", answer)
    await kept(stack, "The blue whale sings.")
    for query in ("passp", "passport", "put passp", "put passpor", "Passports "):
        assert await ids(stack, query) == [passport], query
    [hit] = await find(stack, "box bat")
    assert said(hit.snippet) == "There In the blue [box], with the [batteries] 2 * 3 of snake_case"
    assert hit.role is MessageRole.ASSISTANT
    assert hit.model == "openai/scripted"
    assert len(await find(stack, "blu")) == 2
    assert await ids(stack, "whale b") == await ids(stack, "blue whale")
    assert await find(stack, "zebra") == ()


@pytest.mark.parametrize("length", range(3, 14))
async def test_a_word_is_found_however_far_it_is_typed(stack: Stack, length: int) -> None:
    """Also where its stem ends before what is typed, and in a language whose endings are others."""
    [english] = await kept(stack, "We compared the installations of three neighbours.")
    [german] = await kept(stack, "Der Versicherungsvertrag liegt oben und die Wohnungen sind leer.")
    assert await ids(stack, "installations"[:length]) == [english]
    assert await ids(stack, "versicherungsvertrag"[:length]) == [german]
    assert await ids(stack, "wohnungen"[:length]) == [german]


async def test_all_languages(stack: Stack) -> None:
    """A piece of a text finds it, in scripts without spaces too, and is marked."""
    names = {name: (await kept(stack, text))[0] for name, (text, _questions) in KEPT.items()}
    queries = {
        "zh-1": "蓝色盒子",
        "zh-3": "無線網路",
        "ja-1": "自転車の鍵",
        "ja-2": "プリンター",
        "ko-1": "파란 상자",
        "ko-2": "신청서",
        "th-1": "หนังสือเดินทาง",
        "ru-1": "страховые полис",
        "de-2": "muller schlussel",
        "fr-1": "chaudiere",
        "es-2": "tuberia",
        "tr-1": "pasaportla",
        "ar-2": "موعد الطبيب",
        "he": "חוזה",
        "hi": "पासपोर्ट",
        "el": "κλειδια",
        "mixed": "田中",
    }
    for name, query in queries.items():
        hits = await find(stack, query)
        assert hits[0].message_id == names[name], (name, query)
        assert any(piece.marked for piece in hits[0].snippet), (name, query)


async def test_the_best_comes_first_and_of_equals_the_newest(stack: Stack) -> None:
    """A message that is all about it before one that mentions it; else the one said last."""
    aside = " ".join(["We talked about many other things on that long day."] * 20)
    [mention] = await kept(stack, f"{aside} Also of the lighthouse. {aside}", at=NOON + timedelta(days=3))
    [older] = await kept(stack, "The lighthouse keeper waits.", at=NOON)
    [newer] = await kept(stack, "The lighthouse keeper sleeps.", at=NOON + timedelta(days=1))
    assert await ids(stack, "lighthouse") == [newer, older, mention]
    assert await ids(stack, "lighthouse", limit=1) == [newer]


async def test_some_of_the_words_are_better_than_nothing(stack: Stack) -> None:
    """Where no message holds all of them; the one with most comes first."""
    [two] = await kept(stack, "The ferry to the island leaves at nine.")
    [one] = await kept(stack, "The island is small.", at=NOON + timedelta(days=1))
    assert await ids(stack, "ferry island zeppelin") == [two, one]


async def test_titles_are_found_as_they_are_now(stack: Stack) -> None:
    """A title without its messages, marked; after a change by the new one alone; of a hit's conversation it is marked too."""
    await kept(stack, "Where do we stay?", title="Trip to Bergen")
    [hit] = await find(stack, "berg")
    assert hit.message_id is None
    assert said(hit.title) == "Trip to [Bergen]"
    assert await stack.services.conversations.rename(stack.who, hit.conversation_id, "Trip to Oslo")
    assert await find(stack, "bergen") == ()
    [hit] = await find(stack, "oslo")
    assert hit.conversation_id
    [message] = await find(stack, "stay")
    assert said(message.title) == "Trip to Oslo"
    assert not await find(stack, "oslo", filters=Filters(role=MessageRole.USER))
    sent = await stack.ask("Plan a week on Senja please")
    await stack.read(sent)
    assert sent.conversation_id in {each.conversation_id for each in await find(stack, "senja")}


async def test_filters(stack: Stack) -> None:
    """By who said it, when, and which model answered; before the best are chosen."""
    early = await kept(stack, "kayak one", "kayak two")
    late = await kept(stack, "kayak three", "kayak four", at=NOON + timedelta(days=9), model="openai/other")
    await kept(stack, *[f"kayak {n}" for n in range(120)], at=NOON + timedelta(days=30))
    soon = NOON + timedelta(days=20)
    assert set(await ids(stack, "kayak", filters=Filters(before=soon))) == {*early, *late}
    assert await ids(stack, "kayak", filters=Filters(MessageRole.ASSISTANT, before=soon)) == [
        late[1],
        early[1],
    ]
    middle = NOON + timedelta(days=5)
    assert set(await ids(stack, "kayak", filters=Filters(after=middle, before=soon))) == set(late)
    assert set(await ids(stack, "kayak", filters=Filters(model="openai/other"))) == {late[0]}
    assert early[1] in await ids(stack, "kayak", filters=Filters(model="openai/scripted", before=middle))
    assert await stack.services.search.models(stack.who) == ["openai/other"]
    folders, order = stack.services.folders, stack.services.order
    outer = await folders.create(stack.who, "Boats")
    inner = await folders.create(stack.who, "Kayaks", parent=outer.id)
    [hit] = await find(stack, "kayak", filters=Filters(model="openai/other"))
    await order.move(stack.who, [hit.conversation_id], inner.id)
    for folder in (outer.id, inner.id):
        assert set(await ids(stack, "kayak", filters=Filters(folder=folder))) == set(late)
    assert not await find(stack, "kayak", filters=Filters(persona=outer.id))
    await order.set_tags(stack.who, hit.conversation_id, ["sea", 'It\'s "odd"'])
    for tag in ("sea", 'It\'s "odd"'):
        assert set(await ids(stack, "kayak", filters=Filters(tag=tag))) == set(late)
        assert {each.conversation_id for each in await find(stack, "kayak", filters=Filters(tag=tag))} == {
            hit.conversation_id
        }
    assert not await find(stack, "kayak", filters=Filters(tag="Sea"))


async def test_only_what_is_ones_own_and_there(stack: Stack) -> None:
    """Nobody else's, nothing deleted (until that is undone), nothing temporary."""
    async with stack.database.begin() as tx:
        ben = actor_of(await make_account(tx, "ben@example.org"))
    [own] = await kept(stack, "Heliotrope is mine.", title="Heliotrope")
    [bens] = await kept(stack, "Heliotrope is Ben's.", title="Heliotrope", who=ben)
    await kept(stack, "Heliotrope in passing.", title="Heliotrope", temporary=True)
    [hit] = await find(stack, "heliotrope")
    assert hit.message_id == own
    assert await ids(stack, "heliotrope", who=ben) == [bens]
    with pytest.raises(NotFound):
        await stack.services.search.pattern(ben, "heliotrope", own)
    await stack.services.conversations.delete(stack.who, hit.conversation_id)
    assert await find(stack, "heliotrope") == ()
    assert await find(stack, "helio") == ()
    assert await stack.services.search.models(ben) == []
    await stack.services.conversations.undelete(stack.who, hit.conversation_id)
    assert await ids(stack, "helio") == [own]


async def test_anything_may_be_typed(stack: Stack) -> None:
    """Signs of query languages, marks alone, nothing; what is too long is refused."""
    await kept(stack, "It's 50% off: \"kayak\" (green) AND NOT 'red' * -blue")
    for query in (
        "",
        "  ",
        "\"'",
        "' | '",
        "NOT (",
        "a:*",
        "*",
        "\u0301",
        "kayak\0",
        "50%",
        "x" * 200,
        "🛶",
        "AND OR NOT",
    ):
        await find(stack, query)
    for query in ("kayak (", '"kayak', "kayak\0", "KAYAK *", "50% kay"):
        assert len(await find(stack, query)) == 1, query
    with pytest.raises(Invalid):
        await find(stack, "x" * 201)
    assert len(await find(stack, "kayak", limit=10_000)) == 1


async def test_what_is_marked_on_the_page(stack: Stack) -> None:
    """The words as they are written there, whole; of scripts without spaces the characters."""
    [english] = await kept(stack, "Running **runs**, ran, pruned. RUN!")
    [chinese] = await kept(stack, "护照放在书房的蓝色盒子里。")
    word = r"[\p{L}\p{N}\p{M}]"
    assert await stack.services.search.pattern(stack.who, "run", english) == (
        rf"(?<!{word})(?:Running|runs|RUN)(?!{word})"
    )
    assert await stack.services.search.pattern(stack.who, "蓝色盒子", chinese) == "蓝色盒子"
    assert await stack.services.search.pattern(stack.who, "zebra", english) == ""


async def test_the_part_of_a_conversation_around_a_message(stack: Stack) -> None:
    """Far up on the active path; at its ends; of a stranger nothing."""
    ids = await kept(stack, *[f"Message {n}" for n in range(200)])
    chat = stack.services.chat

    async def shown(message: UUID) -> list[UUID]:
        return [bubble.message.id for bubble in (await chat.around(stack.who, message)).bubbles]

    assert await shown(ids[100]) == ids[85:116]
    assert await shown(ids[3]) == ids[:19]
    assert await shown(ids[199]) == ids[184:]
    assert (await chat.around(stack.who, ids[100])).has_earlier
    assert not (await chat.around(stack.who, ids[3])).has_earlier
    async with stack.database.begin() as tx:
        ben = actor_of(await make_account(tx, "ben@example.org"))
    with pytest.raises(NotFound):
        await chat.around(ben, ids[100])


async def test_another_branch_comes_on_screen_unless_an_answer_is_written(stack: Stack) -> None:
    """Then the way to the message is shown, and what is on screen stays active."""
    first = await stack.ask("Which bird?")
    await stack.read(first)
    again = await stack.services.chat.regenerate(stack.who, first.message_id, model="openai/scripted")
    await stack.read(Sent(again.conversation_id, again.message_id, again.generation_id))
    window = await stack.services.chat.around(stack.who, first.message_id)
    assert [bubble.message.id for bubble in window.bubbles][-1] == first.message_id
    assert window.conversation.active_leaf_id == first.message_id
    stack.llm.default = Script(text="word " * 200, tokens_per_second=50)
    more = await stack.ask("More?", first.conversation_id)
    window = await stack.services.chat.around(stack.who, again.message_id)
    assert [bubble.message.id for bubble in window.bubbles][-1] == again.message_id
    assert window.conversation.active_leaf_id == more.message_id
