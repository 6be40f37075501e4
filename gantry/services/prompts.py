"""The prompts a person keeps."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gantry.domain.accounts import Actor
from gantry.domain.clock import utc_now
from gantry.domain.errors import Conflict, Invalid
from gantry.domain.live import Notice, NoticeKind, Notices
from gantry.domain.messages import _
from gantry.domain.prompts import MAX_PROMPTS, StoredPrompt, checked_prompt
from gantry.models import Prompt
from gantry.repositories.database import Database
from gantry.repositories.values import value_of, values_of


@dataclass(frozen=True, slots=True)
class PromptService:
    """Prompts. All methods raise NotFound for what is not *who*'s own."""

    database: Database
    notices: Notices
    now: Callable[[], datetime] = utc_now

    async def list_prompts(self, who: Actor) -> list[StoredPrompt]:
        """Return all of them by name."""
        async with self.database.read() as tx:
            return values_of(StoredPrompt, await tx.prompts.list_prompts(who.id))

    async def get(self, who: Actor, prompt: UUID) -> StoredPrompt:
        """Return one."""
        async with self.database.read() as tx:
            return value_of(StoredPrompt, await tx.prompts.get(prompt, owner=who.id))

    async def create(self, who: Actor, name: str, content: str) -> StoredPrompt:
        """Make one; Conflict when there is one of that name."""
        name, content = checked_prompt(name, content)
        at = self.now()
        row = Prompt(account_id=who.id, name=name, content=content, created_at=at, updated_at=at)
        try:
            async with self.database.begin() as tx:
                if await tx.prompts.count(who.id) >= MAX_PROMPTS:
                    raise Invalid(
                        _("There can be at most {most} prompts.", most=MAX_PROMPTS),
                        advice=_("Delete some first."),
                    )
                await tx.prompts.add(row)
        except Conflict:
            raise _taken(name) from None
        self._tell(who)
        return value_of(StoredPrompt, row)

    async def change(self, who: Actor, prompt: UUID, name: str, content: str) -> StoredPrompt:
        """Give one another name and text; Conflict when there is another of that name."""
        name, content = checked_prompt(name, content)
        try:
            async with self.database.begin() as tx:
                row = await tx.prompts.get(prompt, owner=who.id)
                row.name, row.content, row.updated_at = name, content, self.now()
        except Conflict:
            raise _taken(name) from None
        self._tell(who)
        return value_of(StoredPrompt, row)

    async def delete(self, who: Actor, prompt: UUID) -> None:
        """Delete one."""
        async with self.database.begin() as tx:
            await tx.prompts.remove(await tx.prompts.get(prompt, owner=who.id))
        self._tell(who)

    def _tell(self, who: Actor) -> None:
        self.notices.publish(who.id, Notice(NoticeKind.PERSONAS, origin=who.page))


def _taken(name: str) -> Conflict:
    return Conflict(_("A prompt named “{name}” already exists.", name=name), advice=_("Choose another name."))
