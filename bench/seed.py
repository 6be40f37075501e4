"""Long conversations and long lists of them, stored through the product's own repositories."""

import asyncio
import random
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bench.app import EMAIL, database_url
from gantry.domain.chat import MessageRole
from gantry.domain.clock import utc_now
from gantry.models import Account, Conversation, Message, new_id
from gantry.repositories.database import Database
from gantry.repositories.unit import UnitOfWork

COLLECTOR = "collector@example.org"  # who has thousands of conversations; everybody's password is the same
CROWD = tuple(f"person{number:02d}@example.org" for number in range(50))
# What people talk about again and again, the commonest first, and behind it what they mention now and then: as with all that is said,
# few words are in very many messages, and most are in few.
_TOPICS = [
    "water",
    "garden",
    "soil",
    "bed",
    "tomato",
    "summer",
    "mulch",
    "compost",
    "seed",
    "leaf",
    "root",
    "winter",
    "rain",
    "slug",
    "basil",
    "apple",
    "frost",
    "bean",
    "spade",
    "hedge",
    "lawn",
    "pear",
    "weed",
    "bulb",
    "onion",
    "fence",
    "greenhouse",
    "clay",
    "sand",
    "moss",
    "thyme",
    "carrot",
    "kale",
    "plum",
    "wasp",
    "bee",
    "trellis",
    "barrow",
    "gutter",
    "pond",
    "rose",
    "ivy",
    "lettuce",
    "radish",
]
_RARE = tuple(
    f"{first}{middle}{last}"
    for first in "bdfgklmnprst"
    for middle in ("a", "elo", "iru", "o")
    for last in ("dan", "mer", "nil", "lup", "zet")
)
_SHARES = [1 / (rank + 2) for rank in range(len(_TOPICS) + len(_RARE))]


@dataclass(frozen=True, slots=True)
class Seeded:
    """Ids of what is stored: conversations to open, by how many messages they have, and one to answer in."""

    histories: dict[int, str]
    answered: str
    conversations: int


def last_words(messages: int) -> str:
    """Return what the last message of a stored conversation ends with."""
    return f"The end of {messages} messages."


def seed(data: Path, histories: tuple[int, ...], conversations: int) -> Seeded:
    """Store one conversation of each length in *histories*, and for another account a long list of them.

    The first length is stored twice: a conversation that was answered in does not end as it did. That one alone is remembered.
    """
    return asyncio.run(_seed(data, histories, conversations))


def seed_people(url: str) -> None:
    """Store the accounts of the crowd and nothing else."""
    asyncio.run(_seed_people(url))


async def _seed_people(url: str) -> None:
    async with Database(url) as database, database.begin() as tx:
        owner = await tx.accounts.find_by_email(EMAIL)
        assert owner is not None
        tx.session.add_all(_account(email, owner) for email in CROWD)


async def _seed(data: Path, histories: tuple[int, ...], conversations: int) -> Seeded:
    async with Database(database_url(data)) as database, database.begin() as tx:
        owner = await tx.accounts.find_by_email(EMAIL)
        assert owner is not None
        answered = await _history(tx, owner, histories[0], remembered=True)
        ids = {count: await _history(tx, owner, count, remembered=False) for count in histories}
        collector = _account(COLLECTOR, owner)
        tx.session.add_all([collector, *(_account(email, owner) for email in CROWD)])
        await tx.session.flush()
        for number in range(conversations):
            thread = _conversation(collector, f"Talk {number:05d} about the garden", minutes_ago=number * 7)
            await tx.chat.add_conversation(thread)
    return Seeded(ids, answered, conversations)


def _account(email: str, like: Account) -> Account:
    return Account(
        email=email,
        name=email.partition("@")[0],
        password_hash=like.password_hash,
        created_at=like.created_at,
        password_changed_at=like.password_changed_at,
    )


def _conversation(owner: Account, title: str, minutes_ago: float = 0) -> Conversation:
    at = utc_now() - timedelta(minutes=minutes_ago)
    return Conversation(
        account_id=owner.id,
        title=title,
        model="openai/scripted",
        created_at=at,
        updated_at=at,
        answered_at=at,
        seen_at=at,
    )


async def _history(tx: UnitOfWork, owner: Account, count: int, *, remembered: bool) -> str:
    thread = _conversation(owner, f"A talk of {count} messages")
    thread.remembered = remembered
    thread.pinned = True  # in the list, however many conversations come after it
    await tx.chat.add_conversation(thread)
    above: Message | None = None
    began = utc_now() - timedelta(minutes=count)
    for depth in range(count):
        asked = depth % 2 == 0
        at = began + timedelta(minutes=depth)
        text = _said(depth, asked=asked)
        message = Message(
            id=new_id(),
            conversation_id=thread.id,
            account_id=owner.id,
            parent_id=above.id if above else None,
            depth=depth,
            role=MessageRole.USER if asked else MessageRole.ASSISTANT,
            content=f"{text}\n{last_words(count)}" if depth == count - 1 else text,
            model=None if asked else "openai/scripted",
            created_at=at,
            finished_at=None if asked else at,
        )
        tx.session.add(message)
        above = message
        if depth % 500 == 499:
            await tx.session.flush()
    assert above is not None
    thread.active_leaf_id = above.id
    await tx.session.flush()
    return str(thread.id)


def _said(number: int, *, asked: bool) -> str:
    """Return what is asked or answered in one place of a conversation."""
    a, b, c, d, e, f = random.Random(number).choices((*_TOPICS, *_RARE), _SHARES, k=6)
    if asked:
        return f"How do I keep the {a} from the {b} when there is too much {c}?"
    return (
        f"The {a} is best looked after early, when the air is cool and the **{b}** can take it. "
        f"A {c} that is covered loses about half as much in a week; see `days_until_{d}`.\n\n"
        f"- the {e} stops the sun\n- the {f} opens the ground\n"
    )
