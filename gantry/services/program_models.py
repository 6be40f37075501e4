"""Which models programs may ask: those of the servers, the built-in answerer, and a person's personas."""

from dataclasses import dataclass
from datetime import UTC, datetime

from gantry.domain.accounts import Actor
from gantry.domain.catalog import BUILT_IN
from gantry.domain.errors import Invalid, NotFound
from gantry.domain.messages import _
from gantry.domain.persona_models import dressed, may_be_persona, model_ids, persona_named, reads_nothing
from gantry.domain.personas import StoredPersona
from gantry.domain.programs import Question
from gantry.services.catalog import CatalogService, ResolvedModel
from gantry.services.personas import PersonaService

_EPOCH = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class ProgramModel:
    """A model as programs see it."""

    id: str
    name: str
    owner: str
    created_at: datetime = _EPOCH
    context_tokens: int | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class ProgramModels:
    """Models by the names that programs use."""

    catalog: CatalogService
    personas: PersonaService

    async def list_models(self, who: Actor) -> list[ProgramModel]:
        """Return what can be asked now: models of servers, the built-in answerer, personas."""
        offered = [
            ProgramModel(each.id, each.name, each.connection, context_tokens=each.context_tokens)
            for each in await self.catalog.models(who)
            if each.available
        ]
        own = model_ids(await self.personas.list_personas(who))
        return [*offered, *(_model_of(name, each) for name, each in own.items())]

    async def get(self, who: Actor, model: str) -> ProgramModel:
        """Return one of them; NotFound when there is none of that name."""
        for each in await self.list_models(who):
            if each.id == model:
                return each
        raise NotFound(_("There is no such model."))

    async def asked(
        self, who: Actor, question: Question
    ) -> tuple[Question, ResolvedModel, StoredPersona | None]:
        """Return the question as its model has it asked, the model itself, and the persona if it is one.

        Raises:
            Invalid: field="model"; there is no such model, or it is ambiguous.
            ModelUnavailable: The key of its connection cannot be read any more.
        """
        persona = await self.persona(who, question.model)
        if persona is None:
            return reads_nothing(question), await self.catalog.resolve(who, question.model), None
        usual = self.model_of(persona) or await self.catalog.default_model(who, patient=True)
        model = await self.catalog.resolve(who, usual)
        return reads_nothing(dressed(question, persona)), model, persona

    async def persona(self, who: Actor, model: str) -> StoredPersona | None:
        """Return the persona that *model* names; None where it names a model of a server, or the built-in answerer.

        Raises:
            Invalid: field="model"; it can only name a persona, and there is none of that name.
        """
        if not may_be_persona(model):
            return None
        known = await self.personas.list_personas(who)
        persona = persona_named(model, known)
        if persona is None:
            raise _unknown(model, list(model_ids(known)))
        return persona

    def model_of(self, persona: StoredPersona) -> str | None:
        """Return the model that answers for *persona*, as long as it is there."""
        return persona.model if persona.model and self.catalog.lists(persona.model) else None


def _model_of(name: str, persona: StoredPersona) -> ProgramModel:
    return ProgramModel(
        name, persona.name, BUILT_IN, created_at=persona.created_at, description=persona.description
    )


def _unknown(model: str, known: list[str]) -> Invalid:
    advice = f"Personas: {', '.join(known[:5])}." if known else "There are no personas yet."
    return Invalid(_("There is no model “{what}”.", what=model[:100]), advice=advice, field="model")
