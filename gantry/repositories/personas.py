"""Personas and prompts. Every query takes the owner."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from gantry.domain.errors import NotFound
from gantry.domain.messages import _
from gantry.domain.parameters import Parameters
from gantry.models import Conversation, Persona, Prompt


class PersonaRepository:
    """A person's personas."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def list_personas(self, owner: UUID) -> Sequence[Persona]:
        """Return personas by name, the default one first."""
        query = (
            select(Persona)
            .where(col(Persona.account_id) == owner)
            .order_by(col(Persona.is_default).desc(), func.lower(col(Persona.name)), col(Persona.created_at))
        )
        return (await self._session.execute(query)).scalars().all()

    async def find(self, persona: UUID, *, owner: UUID) -> Persona | None:
        """Return a persona of *owner*."""
        row = await self._session.get(Persona, persona)
        return row if row is not None and row.account_id == owner else None

    async def get(self, persona: UUID, *, owner: UUID) -> Persona:
        """Return a persona of *owner*; NotFound when there is none."""
        row = await self.find(persona, owner=owner)
        if row is None:
            raise NotFound(_("This persona no longer exists."))
        return row

    async def find_default(self, owner: UUID) -> Persona | None:
        """Return the persona that new chats begin with."""
        query = select(Persona).where(col(Persona.account_id) == owner, col(Persona.is_default).is_(True))
        return (await self._session.execute(query)).scalar_one_or_none()

    async def count(self, owner: UUID) -> int:
        """Return how many there are."""
        query = select(func.count()).select_from(Persona).where(col(Persona.account_id) == owner)
        return (await self._session.execute(query)).scalar_one()

    async def add(self, persona: Persona) -> None:
        """Store a new one."""
        self._session.add(persona)
        await self._session.flush()

    async def clear_default(self, owner: UUID) -> None:
        """Have none be the default: the database allows one, at every moment."""
        query = update(Persona).where(col(Persona.account_id) == owner, col(Persona.is_default).is_(True))
        await self._session.execute(query.values(is_default=False))

    async def is_used(self, persona: Persona) -> bool:
        """Whether a conversation has it."""
        query = select(col(Conversation.id)).where(
            col(Conversation.account_id) == persona.account_id, col(Conversation.persona_id) == persona.id
        )
        return (await self._session.execute(query.limit(1))).first() is not None

    async def remove(self, persona: Persona) -> None:
        """Remove one; conversations that have it keep what it set, as their own."""
        having = (col(Conversation.account_id) == persona.account_id) & (
            col(Conversation.persona_id) == persona.id
        )
        left = Parameters.parse(persona.parameters)
        mixed = select(col(Conversation.id), col(Conversation.parameters)).where(
            having, col(Conversation.parameters).is_not(None)
        )
        rows = [
            {"id": conversation, "parameters": Parameters.parse(own).over(left).stored()}
            for conversation, own in (await self._session.execute(mixed)).all()
        ]
        plain = update(Conversation).where(having, col(Conversation.parameters).is_(None))
        await self._session.execute(
            plain.values(parameters=left.stored() or None).execution_options(synchronize_session=False)
        )
        if rows:
            await self._session.execute(update(Conversation), rows)
        await self._session.execute(
            update(Conversation)
            .where(having)
            .values(persona_id=None)
            .execution_options(synchronize_session=False)
        )
        await self._session.execute(delete(Persona).where(col(Persona.id) == persona.id))


class PromptRepository:
    """A person's prompts."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def list_prompts(self, owner: UUID) -> Sequence[Prompt]:
        """Return prompts by name."""
        query = select(Prompt).where(col(Prompt.account_id) == owner).order_by(func.lower(col(Prompt.name)))
        return (await self._session.execute(query)).scalars().all()

    async def get(self, prompt: UUID, *, owner: UUID) -> Prompt:
        """Return a prompt of *owner*; NotFound when there is none."""
        row = await self._session.get(Prompt, prompt)
        if row is None or row.account_id != owner:
            raise NotFound(_("This prompt no longer exists."))
        return row

    async def count(self, owner: UUID) -> int:
        """Return how many there are."""
        query = select(func.count()).select_from(Prompt).where(col(Prompt.account_id) == owner)
        return (await self._session.execute(query)).scalar_one()

    async def add(self, prompt: Prompt) -> None:
        """Store a new one; Conflict when there is one of that name."""
        self._session.add(prompt)
        await self._session.flush()

    async def remove(self, prompt: Prompt) -> None:
        """Remove one."""
        await self._session.delete(prompt)
