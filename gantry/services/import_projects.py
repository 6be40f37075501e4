"""Projects of other products: their instructions become a persona, their documents a collection that it reads."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from gantry.domain.accounts import Actor
from gantry.domain.errors import GantryError, Invalid
from gantry.domain.importing import ForeignFile, ForeignProject, Skipped
from gantry.domain.imports import Brought, Receipt
from gantry.domain.knowledge import DocumentScope, ScopeKind
from gantry.domain.messages import _
from gantry.domain.names import on_one_line
from gantry.domain.parameters import Parameters
from gantry.domain.personas import MAX_DESCRIPTION_CHARACTERS, MAX_NAME_CHARACTERS, MAX_PERSONAS, PersonaDraft
from gantry.domain.vault import MAX_COLLECTION_NAME_CHARACTERS, cleaned_name
from gantry.models import Persona
from gantry.repositories.database import Database
from gantry.repositories.unit import UnitOfWork
from gantry.services.cleaning import Cleaner
from gantry.services.import_files import ImportFiles, has_bytes

_UNNAMED = "Project"


@dataclass(slots=True)
class ImportProjects:
    """Takes projects in for *who*; what comes and what does not goes to ``receipt``."""

    database: Database
    files: ImportFiles
    who: Actor
    receipt: Receipt
    now: Callable[[], datetime]
    dry_run: bool
    seen: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])

    async def take(self, project: ForeignProject) -> None:
        """Take one in, unless it is here already."""
        name = on_one_line(project.name)[:MAX_NAME_CHARACTERS].strip() or _UNNAMED
        held = [each for each in project.documents if has_bytes(each)]
        for each in project.documents:
            if not has_bytes(each):
                self._lose(name, each.name, _("its text is not in the export"))
        if not project.prompt.strip() and not held:
            self.receipt.skip(
                Skipped(_("project “{name}”", name=name), _("it has no instructions and no documents"))
            )
            return
        if project.links_lost:
            self.receipt.skip(
                Skipped(
                    _("which chats belong to project “{name}”", name=name),
                    _("the export does not say; the chats come without their project"),
                )
            )
        try:
            await self._take(name, project, held)
        except GantryError as error:
            self.receipt.skip(Skipped(_("project “{name}”", name=name), error.public))

    async def _take(self, name: str, project: ForeignProject, documents: Sequence[ForeignFile]) -> None:
        asked = Parameters(system_prompt=project.prompt.strip())
        about = on_one_line(project.description)[:MAX_DESCRIPTION_CHARACTERS]
        draft = PersonaDraft(name, about, asked).checked()
        mark = (draft.name, draft.parameters.system_prompt)
        if mark in self.seen or await self._is_here(mark):
            self.receipt.already_personas += 1
            return
        self.seen.add(mark)
        if self.dry_run:
            self.receipt.personas += 1
            self.receipt.files += len(documents)
            return
        collection, is_new, kept = await self._documents(name, documents)
        scope = DocumentScope(ScopeKind.SOME, (collection,)) if collection else None
        persona = await self._persona(draft, scope)
        self.receipt.personas += 1
        self.receipt.files += len(kept)
        self.receipt.brought.append(Brought(persona, collection, tuple(kept), is_new))

    async def _is_here(self, mark: tuple[str, str]) -> bool:
        async with self.database.read() as tx:
            rows = await tx.personas.list_personas(self.who.id)
        return any((row.name, Parameters.parse(row.parameters).system_prompt) == mark for row in rows)

    async def _documents(
        self, name: str, documents: Sequence[ForeignFile]
    ) -> tuple[UUID | None, bool, list[UUID]]:
        """Keep documents in a collection of that name; returns it (none: there are none), whether it is new, and what is new in it."""
        if not documents:
            return None, False, []
        collection, is_new = await self._collection(name)
        kept: list[UUID] = []
        for each in documents:
            accepted = await self.files.keep_in(collection, each)
            if isinstance(accepted, str):
                self._lose(name, each.name, accepted)
            elif not accepted.known:  # what was there before is not for this import to remove again
                kept.append(accepted.document.id)
        return collection, is_new, kept

    async def _collection(self, name: str) -> tuple[UUID, bool]:
        wanted = cleaned_name(name)[:MAX_COLLECTION_NAME_CHARACTERS].strip() or _UNNAMED
        async with self.database.read() as tx:
            there = await tx.vault.collections(self.who.id)
        found = next((each.id for each in there if each.name.casefold() == wanted.casefold()), None)
        if found is not None:
            return found, False
        return (await self.files.uploads.collections.create(self.who, wanted)).id, True

    async def _persona(self, draft: PersonaDraft, scope: DocumentScope | None) -> UUID:
        at = self.now()
        async with self.database.begin() as tx:
            if await tx.personas.count(self.who.id) >= MAX_PERSONAS:
                raise Invalid(_("there can be at most {most} personas", most=MAX_PERSONAS))
            row = Persona(
                account_id=self.who.id,
                name=draft.name,
                description=draft.description,
                parameters=draft.parameters.stored(),
                scope=scope.stored() if scope else {},
                created_at=at,
                updated_at=at,
            )
            await tx.personas.add(row)
        return row.id

    def _lose(self, project: str, document: str, why: str) -> None:
        what = _("document “{name}” of project “{project}”", name=document[:80], project=project)
        self.receipt.skip(Skipped(what, why))


async def undo_projects(
    database: Database, cleaner: Cleaner, who: Actor, brought: Sequence[Brought]
) -> list[str]:
    """Remove what came of projects; returns the names of personas that stay, because they were changed or are used."""
    left: list[str] = []
    for each in brought:
        async with database.begin() as tx:
            persona = await tx.personas.find(each.persona, owner=who.id)
            if persona is not None and await _is_used(tx, persona):
                left.append(persona.name)
                continue
            if persona is not None:
                await tx.personas.remove(persona)
            gone = await _emptied(tx, who, each)
        await cleaner.forget(who.id, gone)
    return left


async def _is_used(tx: UnitOfWork, persona: Persona) -> bool:
    is_changed = persona.updated_at != persona.created_at or persona.is_default
    return is_changed or await tx.personas.is_used(persona)


async def _emptied(tx: UnitOfWork, who: Actor, brought: Brought) -> list[UUID]:
    """Take the documents out of their collection again; one that was made for them goes with the last of them."""
    if brought.collection is None:
        return []
    row = await tx.vault.find_collection(brought.collection, owner=who.id)
    if row is None:
        return []
    there = set(await tx.vault.of_collection(row.id))
    gone = [each for each in brought.documents if each in there]
    await tx.vault.remove(gone)
    if brought.is_collection_new and not row.is_default and there <= set(gone):
        await tx.vault.remove_collection(row)
    return gone
