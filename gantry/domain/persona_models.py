"""Personas as models: the names by which programs ask them, and what asking one adds to a request."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from gantry.domain.catalog import BUILT_IN, EXTRACTIVE, ModelRef
from gantry.domain.knowledge import ScopeKind
from gantry.domain.parameters import Parameters
from gantry.domain.personas import StoredPersona
from gantry.domain.programs import EMBEDDINGS, Question, preceded

_GAPS = re.compile(r"[\W_]+")
_LIMITS = ("max_tokens", "max_completion_tokens")  # two names of one thing
_NOT_PERSONAS = frozenset({EXTRACTIVE, EMBEDDINGS})


def may_be_persona(model: str) -> bool:
    """Whether *model* can only name a persona."""
    return ModelRef.parse(model).connection == BUILT_IN and model not in _NOT_PERSONAS


def model_ids(personas: Sequence[StoredPersona]) -> dict[str, StoredPersona]:
    """Return personas by the names they are listed with: ``gantry/`` and the name; of several with one name the oldest has it."""
    owners: dict[str, StoredPersona] = {}
    for each in sorted(personas, key=lambda one: (one.created_at, one.id)):
        name = _plain_id(each)
        owners[_certain_id(each) if name in owners or name in _NOT_PERSONAS else name] = each
    found = {each.id: name for name, each in owners.items()}
    return {found[each.id]: each for each in personas}


def persona_named(model: str, personas: Sequence[StoredPersona]) -> StoredPersona | None:
    """Return the persona that *model* names: as it is listed, by its name as it is written, by its id, or by both."""
    wanted = model.casefold()
    listed = {name.casefold(): each for name, each in model_ids(personas).items()}
    for each in personas:
        listed.setdefault(_certain_id(each).casefold(), each)
        listed.setdefault(f"{BUILT_IN}/{each.id}", each)
        listed.setdefault(f"{BUILT_IN}/{each.name}".casefold(), each)
    return listed.get(wanted)


def dressed(asked: Question, persona: StoredPersona) -> Question:
    """Return the question as the persona has it asked: what a request says itself goes before what the persona says."""
    extras = asked.extras
    if extras.scope is None:
        extras = replace(extras, scope=persona.scope)
    messages = _instructed(asked.messages, persona.parameters.system_prompt)
    passed = {**asked.passed, "messages": list(messages)}
    return replace(asked, messages=messages, extras=extras, passed=passed, persona=persona.id)


def wishes(parameters: Parameters, passed: Mapping[str, Any]) -> dict[str, Any]:
    """Return what *parameters* set and a request does not, as a model server reads it."""
    told = {
        "temperature": parameters.temperature,
        "top_p": parameters.top_p,
        "seed": parameters.seed,
        "max_tokens": parameters.max_tokens,
        "reasoning_effort": parameters.reasoning_effort and parameters.reasoning_effort.value,
        "stop": list(parameters.stop) or None,
    }
    own = {name for name, value in passed.items() if value is not None}
    if own.intersection(_LIMITS):
        own.update(_LIMITS)
    return {name: value for name, value in told.items() if value is not None and name not in own}


def reads_nothing(asked: Question) -> Question:
    """Return the question without a choice of no documents at all: nothing is to be searched then."""
    scope = asked.extras.scope
    if scope is None or scope.kind is not ScopeKind.NONE:
        return asked
    return replace(asked, extras=replace(asked.extras, scope=None))


def _instructed(messages: Sequence[Mapping[str, Any]], prompt: str) -> tuple[Mapping[str, Any], ...]:
    """Put *prompt* before the request's own instructions, in one turn: many chat templates take no second one."""
    if not prompt:
        return tuple(messages)
    first = messages[0]
    if first.get("role") in ("system", "developer"):
        own = {**first, "content": preceded(first.get("content"), f"{prompt}\n\n")}
        return (own, *messages[1:])
    return ({"role": "system", "content": prompt}, *messages)


def _plain_id(persona: StoredPersona) -> str:
    return f"{BUILT_IN}/{_GAPS.sub('-', persona.name.casefold()).strip('-') or 'persona'}"


def _certain_id(persona: StoredPersona) -> str:
    return f"{_plain_id(persona)}-{persona.id.hex[-8:]}"
