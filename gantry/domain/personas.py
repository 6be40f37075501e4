"""Personas: how a model is to answer, under a name; and the file they travel in."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self, cast
from uuid import UUID

from gantry.domain.errors import Invalid
from gantry.domain.knowledge import MAX_CHOSEN, DocumentScope, ScopeKind
from gantry.domain.messages import _
from gantry.domain.names import on_one_line
from gantry.domain.parameters import NOTHING_SET, Parameters

MAX_PERSONAS = 200  # of one account
MAX_NAME_CHARACTERS = 80
MAX_DESCRIPTION_CHARACTERS = 300
MAX_QUESTIONS = 4
MAX_QUESTION_CHARACTERS = 500
MAX_MODEL_CHARACTERS = 255
MAX_FILE_BYTES = 8 * 1024 * 1024
FORMAT, VERSION = "gantry.personas", 1


@dataclass(frozen=True, slots=True)
class PersonaDraft:
    """What a person says a persona is. Without *model* or *scope* a chat keeps the ones it has."""

    name: str
    description: str = ""
    parameters: Parameters = NOTHING_SET
    model: str | None = None
    scope: DocumentScope | None = None
    questions: tuple[str, ...] = ()

    def checked(self) -> Self:
        """Return it as it can be stored.

        Raises:
            Invalid: Something is missing, too long or out of its range; ``field`` names it.
        """
        name, description = on_one_line(self.name), on_one_line(self.description)
        questions = tuple(text for each in self.questions if (text := on_one_line(each)))
        if not name:
            raise Invalid(_("A persona needs a name."), field="name")
        _no_longer(name, MAX_NAME_CHARACTERS, _("The name"), "name")
        _no_longer(description, MAX_DESCRIPTION_CHARACTERS, _("The description"), "description")
        _no_longer(self.model or "", MAX_MODEL_CHARACTERS, _("The model"), "model")
        if len(questions) > MAX_QUESTIONS:
            raise Invalid(
                _("There can be at most {most} first questions.", most=MAX_QUESTIONS), field="questions"
            )
        for each in questions:
            _no_longer(each, MAX_QUESTION_CHARACTERS, _("A first question"), "questions")
        parameters = self.parameters.checked()
        return type(self)(name, description, parameters, self.model or None, self.scope, questions)


@dataclass(frozen=True, slots=True)
class StoredPersona:
    """A persona as its owner sees it."""

    id: UUID
    name: str
    description: str
    parameters: Parameters
    model: str | None
    scope: DocumentScope | None
    questions: tuple[str, ...]
    is_default: bool
    created_at: datetime
    updated_at: datetime

    @property
    def draft(self) -> PersonaDraft:
        """What it is, apart from whose and since when."""
        return PersonaDraft(
            self.name, self.description, self.parameters, self.model, self.scope, self.questions
        )


def scope_of(raw: Mapping[str, Any] | None) -> DocumentScope | None:
    """Read what is stored of a persona's scope; nothing is no choice of documents."""
    return DocumentScope.parse(raw) if raw else None


def file_of(personas: Sequence[StoredPersona], collections: Mapping[UUID, str]) -> bytes:
    """Write personas to a file; *collections* are named in it. Documents that are chosen one by one stay behind: they are the account's own."""
    listed = [_told(each, collections) for each in personas]
    told = {"format": FORMAT, "version": VERSION, "personas": listed}
    return json.dumps(told, ensure_ascii=False, indent=1).encode() + b"\n"


def _told(persona: StoredPersona, collections: Mapping[UUID, str]) -> dict[str, Any]:
    documents = persona.scope.kind if persona.scope else None
    chosen = persona.scope.collections if persona.scope else ()
    return {
        "name": persona.name,
        "description": persona.description,
        "parameters": persona.parameters.stored(),
        "model": persona.model,
        # Elsewhere they are not there, and all others are more than was chosen.
        "documents": ScopeKind.NONE.value if documents is ScopeKind.SOME else documents,
        "collections": [collections[each] for each in chosen if each in collections],
        "questions": list(persona.questions),
    }


def drafts_in(file: bytes, collections: Mapping[str, UUID]) -> list[PersonaDraft]:
    """Read a file of personas, believing nothing; *collections* are those of whoever takes them in, by name.

    Raises:
        Invalid: It is none, is of a later version or too large, or a persona in it cannot be taken; the error says which.
    """
    if len(file) > MAX_FILE_BYTES:
        raise Invalid(_("This file is larger than {most} MB.", most=MAX_FILE_BYTES // 1024**2))
    try:
        told: Any = json.loads(file)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or cast("dict[str, Any]", told).get("format") != FORMAT:
        raise Invalid(_("This is not a file of personas."), advice=_("Choose one that Gantry has exported."))
    whole = cast("dict[str, Any]", told)
    if whole.get("version") != VERSION:
        raise Invalid(
            _(
                "This file has version {what}; this Gantry reads version {version}.",
                what=str(whole.get("version"))[:20],
                version=VERSION,
            ),
            advice=_("Update Gantry, then try again."),
        )
    listed: Any = whole.get("personas")
    if not isinstance(listed, list) or len(cast("list[Any]", listed)) > MAX_PERSONAS:
        raise Invalid(_("A file holds up to {most} personas.", most=MAX_PERSONAS))
    return [_draft(number, raw, collections) for number, raw in enumerate(cast("list[Any]", listed), 1)]


def _draft(number: int, raw: Any, collections: Mapping[str, UUID]) -> PersonaDraft:
    try:
        return _read(raw, collections).checked()
    except Invalid as error:
        raise Invalid(
            _("Persona {number} of this file cannot be taken: {what}", number=number, what=error.public)
        ) from error


def _read(raw: Any, collections: Mapping[str, UUID]) -> PersonaDraft:
    if not isinstance(raw, dict):
        raise Invalid(_("It is not written as one."))
    told = cast("dict[str, Any]", raw)
    name, description, model = (told.get(each) or "" for each in ("name", "description", "model"))
    documents, parameters, questions = (told.get(each) for each in ("documents", "parameters", "questions"))
    texts = (name, description, model, *_list(questions))
    if not all(isinstance(each, str) for each in texts) or not isinstance(parameters or {}, dict):
        raise Invalid(_("It is not written as one."))
    if documents not in (None, ScopeKind.ALL.value, ScopeKind.NONE.value):
        raise Invalid(_("Its documents can be all, none or null."))
    return PersonaDraft(
        name,
        description,
        Parameters.read(parameters or {}),
        model or None,
        _scope(documents, told.get("collections"), collections),
        tuple(_list(questions)),
    )


def _scope(documents: str | None, named: Any, collections: Mapping[str, UUID]) -> DocumentScope | None:
    """Return what is read: of collections that are named, those that are there; without any of them, nothing more than was chosen."""
    if not documents:
        return None
    if not isinstance(named, list | None):
        raise Invalid(_("Its collections are not a list."))
    names = [each for each in cast("list[Any]", named or [])[:MAX_CHOSEN] if isinstance(each, str)]
    there = tuple(dict.fromkeys(collections[name] for name in names if name in collections))
    is_some = documents == ScopeKind.NONE and there
    return DocumentScope(ScopeKind.SOME, there) if is_some else DocumentScope(ScopeKind(documents))


def _list(raw: Any) -> list[Any]:
    if not isinstance(raw, list | None):
        raise Invalid(_("Its first questions are not a list."))
    return cast("list[Any]", raw or [])


def _no_longer(text: str, most: int, what: str, field: str) -> None:
    if len(text) > most:
        raise Invalid(_("{what} is longer than {most} characters.", what=what, most=most), field=field)
