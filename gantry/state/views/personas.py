"""What the pages may see of personas and prompts, and what is read from their forms."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NotRequired
from uuid import UUID

from typing_extensions import TypedDict

from gantry.domain.errors import Invalid
from gantry.domain.knowledge import DocumentScope, ScopeKind
from gantry.domain.messages import _
from gantry.domain.personas import PersonaDraft, StoredPersona
from gantry.domain.prompts import StoredPrompt, variables_in
from gantry.state.language import said
from gantry.state.views.admin import ActionView
from gantry.state.views.models import model_label
from gantry.state.views.parameters import (
    ParameterFields,
    ParametersView,
    parameters_of,
    parameters_view,
)

KEEP = ""  # documents: those of the chat
_SHOWN_CHARACTERS = 160


class PersonaFields(ParameterFields):
    """The fields of the form; *documents* is a kind of scope, or empty. Which collections are chosen is told apart."""

    id: str  # empty: a new one
    name: str
    description: NotRequired[str]
    model: NotRequired[str]
    documents: NotRequired[str]
    questions: NotRequired[str]  # one a line


@dataclass(frozen=True, slots=True)
class PersonaView:
    """One line of a list."""

    id: str
    name: str
    description: str
    facts: str  # what it sets besides its instructions, in short
    is_default: bool
    actions: list[ActionView]


@dataclass(frozen=True, slots=True)
class PersonaFormView:
    """The form, filled in."""

    id: str = ""
    name: str = ""
    description: str = ""
    model: str = ""
    documents: str = KEEP
    collections: list[str] = field(default_factory=list[str])
    singly: int = 0  # documents that were chosen one by one, which the form keeps
    questions: str = ""
    parameters: ParametersView = field(default_factory=ParametersView)


class PromptFields(TypedDict):
    """The fields of the form for a prompt."""

    id: str  # empty: a new one
    name: str
    content: str


@dataclass(frozen=True, slots=True)
class PromptView:
    """One line of a list: how its text begins, and what is asked for when it is used."""

    id: str
    name: str
    beginning: str
    variables: list[str]
    actions: list[ActionView]


def persona_view(persona: StoredPersona) -> PersonaView:
    """Make the view of *persona*."""
    shown = persona.description or persona.parameters.system_prompt
    default = (
        ActionView("undefault", said(_("Don’t use for new chats")))
        if persona.is_default
        else ActionView("default", said(_("Use for new chats")))
    )
    return PersonaView(
        str(persona.id),
        persona.name,
        _short(shown),
        _facts(persona),
        persona.is_default,
        [
            ActionView("edit", said(_("Edit"))),
            default,
            ActionView("duplicate", said(_("Duplicate"))),
            ActionView("download", said(_("Export"))),
            ActionView("delete", said(_("Delete")), danger=True),
        ],
    )


def _facts(persona: StoredPersona) -> str:
    facts = [model_label(persona.model)] if persona.model else []
    scope = {
        ScopeKind.NONE: _("no documents"),
        ScopeKind.ALL: _("all documents"),
        ScopeKind.SOME: _("some documents"),
    }
    if persona.scope:
        facts.append(said(scope[persona.scope.kind]))
    if persona.parameters.temperature is not None:
        facts.append(said(_("temperature {value}", value=persona.parameters.temperature)))
    return " · ".join(facts)


def form_view(persona: StoredPersona) -> PersonaFormView:
    """Fill in the form."""
    scope = persona.scope
    return PersonaFormView(
        str(persona.id),
        persona.name,
        persona.description,
        persona.model or "",
        scope.kind.value if scope else KEEP,
        [str(each) for each in scope.collections] if scope else [],
        len(scope.documents) if scope else 0,
        "\n".join(persona.questions),
        parameters_view(persona.parameters),
    )


def draft_of(fields: PersonaFields, collections: Sequence[str], before: StoredPersona | None) -> PersonaDraft:
    """Read the form.

    Args:
        collections: The ids of those that are chosen in it.
        before: What it was filled with; documents that were chosen one by one stay.

    Raises:
        Invalid: Something in it cannot be stored; ``field`` names it.
    """
    singly = before.scope.documents if before and before.scope else ()
    return PersonaDraft(
        fields["name"],
        fields.get("description", ""),
        parameters_of(fields),
        fields.get("model") or None,
        _scope(fields.get("documents", KEEP), collections, singly),
        tuple(fields.get("questions", "").splitlines()),
    ).checked()


def _scope(documents: str, collections: Sequence[str], singly: tuple[UUID, ...]) -> DocumentScope | None:
    if documents == KEEP:
        return None
    if documents in {ScopeKind.ALL.value, ScopeKind.NONE.value}:
        return DocumentScope(ScopeKind(documents))
    try:
        chosen = tuple(UUID(each) for each in collections)
    except ValueError:
        chosen = ()
    if documents != ScopeKind.SOME or not (chosen or singly):
        raise Invalid(_("Choose at least one collection."), field="documents")
    return DocumentScope(ScopeKind.SOME, chosen, singly)


def prompt_view(prompt: StoredPrompt) -> PromptView:
    """Make the view of *prompt*."""
    return PromptView(
        str(prompt.id),
        prompt.name,
        _short(prompt.content),
        list(variables_in(prompt.content)),
        [ActionView("edit", said(_("Edit"))), ActionView("delete", said(_("Delete")), danger=True)],
    )


def prompt_views(prompts: Sequence[StoredPrompt]) -> list[PromptView]:
    """Make the views of a list."""
    return [prompt_view(each) for each in prompts]


def value_fields(given: dict[str, Any], names: Sequence[str]) -> dict[str, str]:
    """Return what a form gives for the variables *names*; its fields are called by their place."""
    return {name: str(given.get(f"value-{at}", "")) for at, name in enumerate(names)}


def _short(text: str) -> str:
    text = " ".join(text[: 2 * _SHOWN_CHARACTERS].split())
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[: _SHOWN_CHARACTERS - 1].rstrip()}…"
