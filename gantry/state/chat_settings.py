"""What is set for the conversation on the page, or for a new one: its persona, and parameters of its own.

As in ``state.chat``, what a handler acts on comes in its arguments; ``ChatState`` tells which conversation is on the page.
"""

from dataclasses import replace
from typing import Any
from uuid import UUID

import reflex as rx

from gantry.domain.accounts import Actor
from gantry.domain.errors import Invalid
from gantry.domain.knowledge import DocumentScope
from gantry.domain.parameters import Parameters
from gantry.domain.personas import StoredPersona, scope_of
from gantry.domain.tokens import estimate_tokens
from gantry.runtime import services
from gantry.services.chat import Beginning, Window
from gantry.state.language import told
from gantry.state.session import acting, guarded, uuid_of
from gantry.state.views.parameters import (
    ParameterFields,
    ParametersView,
    parameters_of,
    parameters_view,
)


class SettingsFields(ParameterFields):
    """The fields of the dialog; an empty ``conversation`` is a new one."""

    conversation: str


class ChatSettingsState(rx.State):
    """Persona and parameters of one conversation."""

    own: bool = False  # the conversation has parameters of its own
    persona: str = ""
    persona_name: str = ""
    persona_about: str = ""
    questions: list[str] = []  # ways to begin with the persona
    asking: bool = False  # the dialog is open,
    about: str = ""  # for this conversation; empty: a new one
    form: ParametersView = ParametersView()
    fault: str = ""
    _of: str | None = None  # the conversation on the page; empty: a new one,
    _begun: bool = False  # which the one on the page was when its last message was sent
    _set: dict[str, Any] = {}
    _model: str = ""  # of the persona
    _scope: dict[str, Any] = {}
    _instructions: int = 0  # tokens of the persona's
    _answered: str = ""  # the newest answer, of which the tokens are known,
    _counted: int = 0  # and how many of them are instructions

    @rx.event
    @guarded
    async def ask(self, conversation: str):
        """Open the dialog."""
        who = await acting(self)
        about = conversation or self.begun
        self.form = parameters_view(await self._parameters_of(who, about))
        self.about, self.fault, self.asking = about, "", True

    @rx.event
    @guarded
    async def close(self):
        """Close the dialog and change nothing."""
        self.asking = False

    @rx.event
    @guarded
    async def save(self, fields: SettingsFields):
        """Keep what is in the dialog; what is wrong is said there."""
        who, conversation = await acting(self), fields["conversation"]
        try:
            await self._keep(who, conversation, parameters_of(fields))
        except Invalid as error:
            self.fault = told(error)
            return
        self.asking = False

    @rx.event
    @guarded
    async def clear(self, conversation: str):
        """Leave everything to the persona, or else to the model server, again."""
        await self._keep(await acting(self), conversation, Parameters())
        self.asking = False

    @rx.event
    @guarded
    async def choose_persona(self, persona: str, conversation: str):
        """Give *conversation*, or (empty) a new one, a persona from the next message on, or (*persona* empty) none."""
        who, chosen = await acting(self), uuid_of(persona, "persona") if persona else None
        conversation = conversation or self.begun
        found = await services().personas.get(who, chosen) if chosen else None
        if conversation:
            await services().conversations.set_persona(who, uuid_of(conversation), chosen)
        if conversation == (self._of or ""):
            self._take_persona(found)

    @property
    def begun(self) -> str:
        """The id of the conversation on the page, if that was a new one when its last message was sent; else nothing.

        What the page says of a new conversation until it has heard that it is stored is meant for this one.
        """
        return (self._of or "") if self._begun else ""

    def note_begun(self) -> None:
        """Note that the conversation on the page was a new one until now."""
        self._begun = True

    async def _keep(self, who: Actor, conversation: str, parameters: Parameters) -> None:
        conversation = conversation or self.begun
        if conversation:
            await services().conversations.set_parameters(who, uuid_of(conversation), parameters)
        if conversation == (self._of or ""):
            self._take_parameters(parameters)

    async def _parameters_of(self, who: Actor, conversation: str) -> Parameters:
        if conversation == (self._of or ""):
            return Parameters.parse(self._set)
        window = await services().chat.window(who, uuid_of(conversation), limit=1)
        return Parameters.parse(window.conversation.parameters)

    def dressed(self, beginning: Beginning) -> Beginning:
        """Return *beginning* with what is set for a new conversation."""
        persona = uuid_of(self.persona) if self.persona else None
        return replace(beginning, parameters=Parameters.parse(self._set), persona=persona)

    @property
    def wishes(self) -> tuple[str, DocumentScope | None]:
        """The model and the documents of the persona, where it has any."""
        return self._model, scope_of(self._scope)

    @property
    def uncounted(self) -> int:
        """How many tokens the next message has more (or less) than the newest answer's count says."""
        own = estimate_tokens(Parameters.parse(self._set).system_prompt)
        return (own or self._instructions) - self._counted

    def take(self, window: Window) -> int:
        """Show what is stored for the conversation on the page; returns ``uncounted``."""
        self._is_of(str(window.conversation.id))
        self._take_parameters(Parameters.parse(window.conversation.parameters))
        self._take_persona(window.persona)
        answered = next((str(b.message.id) for b in window.bubbles[::-1] if b.message.prompt_tokens), "")
        if (
            answered != self._answered
        ):  # what was changed between that answer and this moment shows with the next one
            self._answered, self._counted = answered, 0
            self._counted = self.uncounted if answered else 0
        return self.uncounted

    async def begin(self, who: Actor) -> bool:
        """Show a new conversation, with the person's default persona; False when one is on the page already."""
        if self._of == "":
            return False
        self._is_of("")
        self._answered, self._counted = "", 0
        self._take_parameters(Parameters())
        self._take_persona(await services().personas.default(who))
        return True

    async def begin_with(self, who: Actor, persona: UUID | None) -> None:
        """Show a new conversation with *persona*, or (None) with the default one, whatever is on the page."""
        self._of = None
        await self.begin(who)
        if persona is not None:
            self._take_persona(await services().personas.get(who, persona))

    def _is_of(self, conversation: str) -> None:
        """Note that *conversation* is on the page: a dialog about the one before is over."""
        if conversation != self._of:
            self._of, self._begun = conversation, False
            self.asking = False

    def _take_parameters(self, parameters: Parameters) -> None:
        stored = parameters.stored()
        if stored != self._set:
            self._set, self.own = stored, bool(stored)

    def _take_persona(self, persona: StoredPersona | None) -> None:
        scope = persona.scope if persona else None
        values: dict[str, Any] = {
            "persona": str(persona.id) if persona else "",
            "persona_name": persona.name if persona else "",
            "persona_about": persona.description if persona else "",
            "questions": list(persona.questions) if persona else [],
            "_model": (persona.model or "") if persona else "",
            "_scope": scope.stored() if scope else {},
            "_instructions": estimate_tokens(persona.parameters.system_prompt) if persona else 0,
        }
        for name, value in values.items():
            if getattr(self, name) != value:  # what is set is sent
                setattr(self, name, value)
