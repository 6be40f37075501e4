"""A person's personas.

What a persona tells the model (its parameters) is read with each question, so that a change applies from the next one on; its model
and its documents are taken over when it is chosen, and from then on are the chat's, which shows them and can change them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from gantry.domain.accounts import Actor
from gantry.domain.clock import utc_now
from gantry.domain.errors import Invalid
from gantry.domain.live import Notice, NoticeKind, Notices
from gantry.domain.messages import _
from gantry.domain.parameters import Parameters
from gantry.domain.personas import (
    MAX_NAME_CHARACTERS,
    MAX_PERSONAS,
    PersonaDraft,
    StoredPersona,
    drafts_in,
    file_of,
    scope_of,
)
from gantry.models import Conversation, Persona
from gantry.repositories.database import Database
from gantry.repositories.unit import UnitOfWork
from gantry.repositories.values import value_of
from gantry.services.catalog import CatalogService


@dataclass(frozen=True, slots=True)
class PersonaService:
    """Personas. All methods raise NotFound for what is not *who*'s own."""

    database: Database
    catalog: CatalogService
    notices: Notices
    now: Callable[[], datetime] = utc_now

    async def list_personas(self, who: Actor) -> list[StoredPersona]:
        """Return all of them by name, the default one first."""
        async with self.database.read() as tx:
            return [persona_of(row) for row in await tx.personas.list_personas(who.id)]

    async def get(self, who: Actor, persona: UUID) -> StoredPersona:
        """Return one."""
        async with self.database.read() as tx:
            return persona_of(await tx.personas.get(persona, owner=who.id))

    async def default(self, who: Actor) -> StoredPersona | None:
        """Return the one that new chats begin with, if there is one."""
        async with self.database.read() as tx:
            row = await tx.personas.find_default(who.id)
            return persona_of(row) if row else None

    async def create(self, who: Actor, draft: PersonaDraft) -> StoredPersona:
        """Make one.

        Raises:
            Invalid: It cannot be stored as it is, or there are too many.
            NotFound: Its scope names what is not *who*'s.
        """
        draft = await self._checked(who, draft)
        async with self.database.begin() as tx:
            await _require_room(tx, who, 1)
            row = await self._add(tx, who, draft)
        self._tell(who)
        return persona_of(row)

    async def change(self, who: Actor, persona: UUID, draft: PersonaDraft) -> StoredPersona:
        """Make one what *draft* says; chats that have it follow with their next question."""
        draft = await self._checked(who, draft)
        async with self.database.begin() as tx:
            row = await tx.personas.get(persona, owner=who.id)
            if draft.scope:
                await tx.attachments.require_scope(draft.scope, owner=who.id)
            _write(row, draft, self.now())
        self._tell(who)
        return persona_of(row)

    async def duplicate(self, who: Actor, persona: UUID) -> StoredPersona:
        """Make another like it, under a name that says so."""
        before = (await self.get(who, persona)).draft
        copy = replace(before, name=f"{before.name[: MAX_NAME_CHARACTERS - 7]} (copy)")
        async with self.database.begin() as tx:
            await _require_room(tx, who, 1)
            row = await self._add(tx, who, copy)
        self._tell(who)
        return persona_of(row)

    async def set_default(self, who: Actor, persona: UUID, on: bool) -> None:
        """Have new chats begin with it, or no longer."""
        async with self.database.begin() as tx:
            row = await tx.personas.get(persona, owner=who.id)
            await tx.personas.clear_default(who.id)
            await tx.session.flush()
            row.is_default = on
        self._tell(who)

    async def delete(self, who: Actor, persona: UUID) -> None:
        """Delete it; chats that have it keep what it told the model."""
        async with self.database.begin() as tx:
            await tx.personas.remove(await tx.personas.get(persona, owner=who.id))
        self._tell(who)

    async def export(self, who: Actor, personas: list[UUID] | None = None) -> bytes:
        """Return some of them, or all, as a file."""
        async with self.database.read() as tx:
            collections = {each.id: each.name for each in await tx.vault.collections(who.id)}
        found = await self.list_personas(who)
        if personas is None:
            return file_of(found, collections)
        return file_of([await self.get(who, each) for each in personas], collections)

    async def take_file(self, who: Actor, file: bytes) -> tuple[int, int]:
        """Add what a file holds, with collections of the same names; returns how many were added, and how many were there already as they are.

        Raises:
            Invalid: It is no such file, or something in it cannot be taken: then nothing is.
        """
        async with self.database.begin() as tx:
            there = {each.name: each.id for each in await tx.vault.collections(who.id)}
            drafts = drafts_in(file, there)
            known = [persona_of(row).draft for row in await tx.personas.list_personas(who.id)]
            fresh = [each for at, each in enumerate(drafts) if each not in known and each not in drafts[:at]]
            await _require_room(tx, who, len(fresh))
            for draft in fresh:
                await self._add(tx, who, draft)
        self._tell(who)
        return len(fresh), len(drafts) - len(fresh)

    async def _checked(self, who: Actor, draft: PersonaDraft) -> PersonaDraft:
        draft = draft.checked()
        if draft.model and not self.catalog.lists(draft.model):
            draft = replace(draft, model=str((await self.catalog.resolve(who, draft.model)).ref))
        return draft

    async def _add(self, tx: UnitOfWork, who: Actor, draft: PersonaDraft) -> Persona:
        if draft.scope:
            await tx.attachments.require_scope(draft.scope, owner=who.id)
        at = self.now()
        row = Persona(account_id=who.id, name=draft.name, created_at=at, updated_at=at)
        _write(row, draft, at)
        await tx.personas.add(row)
        return row

    def _tell(self, who: Actor) -> None:
        self.notices.publish(who.id, Notice(NoticeKind.PERSONAS, origin=who.page))


async def _require_room(tx: UnitOfWork, who: Actor, more: int) -> None:
    if await tx.personas.count(who.id) + more > MAX_PERSONAS:
        raise Invalid(
            _("There can be at most {most} personas.", most=MAX_PERSONAS), advice=_("Delete some first.")
        )


def _write(row: Persona, draft: PersonaDraft, at: datetime) -> None:
    row.name, row.description, row.model, row.updated_at = draft.name, draft.description, draft.model, at
    row.parameters = draft.parameters.stored()
    row.scope = draft.scope.stored() if draft.scope else {}
    row.questions = list(draft.questions)


def persona_of(row: Persona) -> StoredPersona:
    """Return the value of a row."""
    return value_of(
        StoredPersona,
        row,
        parameters=Parameters.parse(row.parameters),
        scope=scope_of(row.scope),
        questions=tuple(row.questions),
    )


async def in_force(tx: UnitOfWork, thread: Conversation) -> Parameters:
    """Return what a conversation's next question is asked with: its own parameters, and its persona's where it has none."""
    own = Parameters.parse(thread.parameters)
    persona = await persona_in(tx, thread)
    return own.over(persona.parameters) if persona else own


async def persona_in(tx: UnitOfWork, thread: Conversation) -> StoredPersona | None:
    """Return a conversation's persona; without one the database is not asked."""
    if thread.persona_id is None:
        return None
    row = await tx.personas.find(thread.persona_id, owner=thread.account_id)
    return persona_of(row) if row else None
