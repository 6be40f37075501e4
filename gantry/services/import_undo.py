"""Undoing an import: what it added goes, what its owner has changed or continued since stays."""

import time
from collections.abc import Collection, Sequence
from uuid import UUID

from gantry.domain.accounts import Actor
from gantry.domain.imports import Brought, Undone
from gantry.models import Conversation, ImportedConversation
from gantry.repositories.database import Database
from gantry.repositories.importing import Line, key_of
from gantry.repositories.unit import UnitOfWork
from gantry.services.cleaning import Cleaner
from gantry.services.conversations import ConversationService, Purged
from gantry.services.import_projects import undo_projects
from gantry.services.import_rows import state_of

_AT_ONCE = 20  # conversations of one transaction, at most
_SECONDS = 0.06  # that it may take: on SQLite, whoever chats waits for it
_MAX_TITLES = 100


async def undo(
    database: Database, conversations: ConversationService, cleaner: Cleaner, who: Actor, run: UUID
) -> Undone:
    """Remove what *run* added, in small transactions; returns what went and what stays."""
    removed = messages = 0
    at_once = 5
    left: dict[UUID, str] = {}
    while True:
        purged: list[Purged] = []
        async with database.begin() as tx:
            began = time.monotonic()
            found = await tx.importing.noted(run, limit=at_once)
            for imported, conversation in found:
                every, of_run = await tx.importing.counts(conversation.id, run)
                if _is_changed(imported, conversation) or every != of_run:
                    await tx.importing.leave(imported.id)
                    left[conversation.id] = conversation.title
                    continue
                await tx.attachments.hand_over([conversation.id])
                files = await tx.attachments.held(conversation.id)
                purged.append(Purged(who.id, conversation.id, tuple(files)))
                messages += every
            await conversations.remove(tx, [each.conversation for each in purged])
        fitting = round(at_once * _SECONDS / max(time.monotonic() - began, 0.001))
        at_once = min(max(1, fitting), 2 * at_once, _AT_ONCE)
        removed += len(purged)
        await cleaner.forget_conversations(purged)
        if not found:
            break
    messages += await _undo_additions(database, who, run, left)
    async with database.read() as tx:
        receipt = (await tx.importing.get_run(run, owner=who.id)).receipt
    brought = [Brought.parse(each) for each in receipt.get("brought", ())]
    personas = await undo_projects(database, cleaner, who, brought)
    async with database.begin() as tx:
        await tx.importing.remove_run(run)
    return Undone(removed, messages, (*left.values(), *personas)[:_MAX_TITLES])


def _is_changed(imported: ImportedConversation, conversation: Conversation) -> bool:
    now = (conversation.title, conversation.updated_at)
    is_ordered = imported.state not in {None, state_of(conversation)}
    return now != (imported.title, imported.updated_at) or is_ordered


async def _undo_additions(database: Database, who: Actor, run: UUID, left: Collection[UUID]) -> int:
    """Remove messages that were added to conversations of earlier imports, unless somebody has gone on from them."""
    removed = 0
    async with database.read() as tx:
        places = await tx.importing.added_to(run, owner=who.id)
    for place in places:
        async with database.begin() as tx:
            conversation = await tx.importing.hold(place, owner=who.id)
            if conversation is None or place in left:
                continue
            removed += await _shortened(tx, conversation, await tx.importing.lines(place), run)
    return removed


async def _shortened(tx: UnitOfWork, conversation: Conversation, lines: Sequence[Line], run: UUID) -> int:
    prefix = key_of(run)
    kept: set[UUID] = set()
    gone: list[UUID] = []
    for line in reversed(lines):
        if line.id in kept or not (line.client_key or "").startswith(prefix):
            kept.add(line.id)
            if line.parent_id is not None:
                kept.add(line.parent_id)
        else:
            gone.append(line.id)
    parents = {line.id: line.parent_id for line in lines}
    leaf, away = conversation.active_leaf_id, set(gone)
    while leaf is not None and leaf in away:
        leaf = parents.get(leaf)
    await tx.chat.change_conversation(conversation.id, active_leaf_id=leaf)
    await tx.importing.remove_messages(gone)
    return len(gone)
