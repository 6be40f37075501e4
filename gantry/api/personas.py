"""Personas and prompts over REST."""

from datetime import UTC, datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from gantry.api.access import AsksOrReads, Reads, Writes
from gantry.api.chat_schemas import ParametersBody, ScopeIn
from gantry.api.described import file_answer, file_body
from gantry.api.refusals import BODY, CHANGE, NAMED, SIGNED_IN
from gantry.api.uploads import Upload
from gantry.domain.errors import Invalid
from gantry.domain.messages import _
from gantry.domain.personas import (
    MAX_DESCRIPTION_CHARACTERS,
    MAX_FILE_BYTES,
    MAX_MODEL_CHARACTERS,
    MAX_NAME_CHARACTERS,
    MAX_PERSONAS,
    MAX_QUESTION_CHARACTERS,
    MAX_QUESTIONS,
    PersonaDraft,
    StoredPersona,
)
from gantry.domain.prompts import MAX_CONTENT_CHARACTERS
from gantry.runtime import services

router = APIRouter(prefix="/api/v1", tags=["personas"], responses=SIGNED_IN)


class PersonaIn(BaseModel):
    """How a model is to answer; without ``model`` or ``scope`` a chat keeps the ones it has."""

    name: str = Field(min_length=1, max_length=MAX_NAME_CHARACTERS)
    description: str = Field(default="", max_length=MAX_DESCRIPTION_CHARACTERS)
    parameters: ParametersBody = Field(default_factory=ParametersBody)
    model: str | None = Field(default=None, max_length=MAX_MODEL_CHARACTERS)
    scope: ScopeIn | None = None
    questions: list[Annotated[str, Field(min_length=1, max_length=MAX_QUESTION_CHARACTERS)]] = Field(
        default_factory=list, max_length=MAX_QUESTIONS
    )

    def draft(self) -> PersonaDraft:
        """Return it as the service takes it."""
        return PersonaDraft(
            self.name,
            self.description,
            self.parameters.parameters(),
            self.model,
            self.scope.scope() if self.scope else None,
            tuple(self.questions),
        )


class PersonaOut(BaseModel):
    """One persona."""

    id: UUID
    name: str
    description: str
    parameters: ParametersBody
    model: str | None
    scope: ScopeIn | None
    questions: list[str]
    default: bool
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, persona: StoredPersona) -> Self:
        """Make one from what the services know."""
        return cls(
            id=persona.id,
            name=persona.name,
            description=persona.description,
            parameters=ParametersBody.model_validate(persona.parameters),
            model=persona.model,
            scope=ScopeIn.model_validate(persona.scope.stored()) if persona.scope else None,
            questions=list(persona.questions),
            default=persona.is_default,
            created_at=persona.created_at,
            updated_at=persona.updated_at,
        )


class PersonaList(BaseModel):
    """By name, the default one first."""

    personas: list[PersonaOut]


class DefaultChoice(BaseModel):
    """Whether new chats on the page begin with it."""

    default: StrictBool


class TakenOut(BaseModel):
    """How many personas were added, and how many were there already as they are."""

    added: int
    known: int


class PromptBody(BaseModel):
    """A prompt; ``{{name}}`` stands for what is asked for when it is used."""

    name: str = Field(min_length=1, max_length=MAX_NAME_CHARACTERS)
    content: str = Field(min_length=1, max_length=MAX_CONTENT_CHARACTERS)


class PromptOut(BaseModel):
    """One prompt."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    content: str
    created_at: datetime
    updated_at: datetime


class PromptList(BaseModel):
    """By name."""

    prompts: list[PromptOut]


@router.get("/personas", operation_id="list_personas")
async def list_personas(who: AsksOrReads) -> PersonaList:
    """List your personas."""
    return PersonaList(
        personas=[PersonaOut.of(each) for each in await services().personas.list_personas(who)]
    )


@router.post("/personas", status_code=201, operation_id="add_persona", responses=NAMED | BODY | CHANGE)
async def add_persona(who: Writes, new: PersonaIn) -> PersonaOut:
    """Make a persona."""
    return PersonaOut.of(await services().personas.create(who, new.draft()))


@router.get(
    "/personas/export",
    operation_id="export_personas",
    responses=NAMED | file_answer("The personas.", "application/json"),
    response_class=Response,
)
async def export_personas(
    who: Reads, chosen: Annotated[list[UUID] | None, Query(alias="id", max_length=MAX_PERSONAS)] = None
) -> Response:
    """Download personas as a file: those named, or all. It holds no documents: those are the account's own."""
    name = f"personas-{datetime.now(UTC):%Y-%m-%d}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    file = await services().personas.export(who, chosen)
    return Response(file, media_type="application/json", headers=headers)


@router.post(
    "/personas/import",
    status_code=201,
    operation_id="import_personas",
    responses=BODY | CHANGE | {200: {"model": TakenOut, "description": "All of it was there already."}},
    openapi_extra=file_body(),
)
async def import_personas(who: Writes, request: Request, response: Response) -> TakenOut:
    """Add what an exported file holds: all of it, or nothing. What is there already is not added again (200)."""
    upload, file = Upload(request), b""
    async for piece in upload.body():
        file += piece
        if len(file) > MAX_FILE_BYTES:
            raise Invalid(
                _("This file is larger than {most} MB.", most=MAX_FILE_BYTES // 1024**2), field="file"
            )
    await upload.finish()
    added, known = await services().personas.take_file(who, file)
    if not added:
        response.status_code = 200
    return TakenOut(added=added, known=known)


@router.get("/personas/{persona_id:uuid}", operation_id="get_persona", responses=NAMED)
async def get_persona(who: Reads, persona_id: UUID) -> PersonaOut:
    """Return a persona."""
    return PersonaOut.of(await services().personas.get(who, persona_id))


@router.put("/personas/{persona_id:uuid}", operation_id="change_persona", responses=NAMED | BODY | CHANGE)
async def change_persona(who: Writes, persona_id: UUID, new: PersonaIn) -> PersonaOut:
    """Change a persona; chats that have it follow with their next question."""
    return PersonaOut.of(await services().personas.change(who, persona_id, new.draft()))


@router.post(
    "/personas/{persona_id}/duplicate",
    status_code=201,
    operation_id="duplicate_persona",
    responses=NAMED | CHANGE,
)
async def duplicate_persona(who: Writes, persona_id: UUID) -> PersonaOut:
    """Make another like it."""
    return PersonaOut.of(await services().personas.duplicate(who, persona_id))


@router.put(
    "/personas/{persona_id}/default",
    status_code=204,
    operation_id="set_default_persona",
    responses=NAMED | BODY | CHANGE,
)
async def set_default_persona(who: Writes, persona_id: UUID, choice: DefaultChoice) -> None:
    """Have new chats on the page begin with it, or no longer."""
    await services().personas.set_default(who, persona_id, choice.default)


@router.delete(
    "/personas/{persona_id:uuid}", status_code=204, operation_id="delete_persona", responses=NAMED | CHANGE
)
async def delete_persona(who: Writes, persona_id: UUID) -> None:
    """Delete a persona; chats that have it keep what it told the model."""
    await services().personas.delete(who, persona_id)


@router.get("/prompts", operation_id="list_prompts")
async def list_prompts(who: Reads) -> PromptList:
    """List your prompts."""
    return PromptList(
        prompts=[PromptOut.model_validate(each) for each in await services().prompts.list_prompts(who)]
    )


@router.post("/prompts", status_code=201, operation_id="add_prompt", responses=BODY | CHANGE)
async def add_prompt(who: Writes, new: PromptBody) -> PromptOut:
    """Make a prompt."""
    return PromptOut.model_validate(await services().prompts.create(who, new.name, new.content))


@router.put("/prompts/{prompt_id}", operation_id="change_prompt", responses=NAMED | BODY | CHANGE)
async def change_prompt(who: Writes, prompt_id: UUID, new: PromptBody) -> PromptOut:
    """Change a prompt."""
    return PromptOut.model_validate(await services().prompts.change(who, prompt_id, new.name, new.content))


@router.delete(
    "/prompts/{prompt_id}", status_code=204, operation_id="delete_prompt", responses=NAMED | CHANGE
)
async def delete_prompt(who: Writes, prompt_id: UUID) -> None:
    """Delete a prompt."""
    await services().prompts.delete(who, prompt_id)
