"""What is set for the conversation on the page, or for a new one: the dialog, and what the page shows of it.

As in ``state.chat``, what a handler acts on comes in its arguments; ``ChatState`` tells which conversation is on the page.
"""

from typing import Any

import reflex as rx

from gantry.domain.accounts import Actor
from gantry.domain.errors import Invalid
from gantry.domain.parameters import Parameters
from gantry.domain.tokens import estimate_tokens
from gantry.runtime import services
from gantry.services.chat import Window
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
    """Parameters of one conversation."""

    own: bool = False  # the conversation has parameters of its own
    asking: bool = False  # the dialog is open
    form: ParametersView = ParametersView()
    fault: str = ""
    _of: str = ""  # the conversation on the page; empty: a new one
    _set: dict[str, Any] = {}
    _answered: str = ""  # the newest answer, of which the tokens are known,
    _counted: int = 0  # and how many of them are instructions

    @rx.event
    @guarded
    async def ask(self, conversation: str):
        """Open the dialog."""
        who = await acting(self)
        self.form = parameters_view(await self._parameters_of(who, conversation))
        self.fault, self.asking = "", True

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
            self.fault = error.public
            return
        self.asking = False

    @rx.event
    @guarded
    async def clear(self, conversation: str):
        """Leave everything to the model server again."""
        await self._keep(await acting(self), conversation, Parameters())
        self.asking = False

    async def _keep(self, who: Actor, conversation: str, parameters: Parameters) -> None:
        if conversation:
            await services().conversations.set_parameters(who, uuid_of(conversation), parameters)
        if conversation == self._of:
            self._show(parameters)

    async def _parameters_of(self, who: Actor, conversation: str) -> Parameters:
        if conversation == self._of:
            return self.parameters
        window = await services().chat.window(who, uuid_of(conversation), limit=1)
        return Parameters.parse(window.conversation.parameters)

    @property
    def parameters(self) -> Parameters:
        """What is set for the conversation on the page."""
        return Parameters.parse(self._set)

    @property
    def uncounted(self) -> int:
        """How many tokens the next message has more (or less) than the newest answer's count says."""
        return estimate_tokens(self.parameters.system_prompt) - self._counted

    def take(self, window: Window) -> int:
        """Show what is stored for the conversation on the page; returns ``uncounted``."""
        self._of = str(window.conversation.id)
        self._show(Parameters.parse(window.conversation.parameters))
        answered = next((str(b.message.id) for b in window.bubbles[::-1] if b.message.prompt_tokens), "")
        if answered != self._answered:  # a change since the answer that is not ours shows with the next one
            self._answered, self._counted = answered, 0
            self._counted = self.uncounted if answered else 0
        return self.uncounted

    def leave(self) -> int:
        """Show a new conversation, unless it is on the page already; returns ``uncounted``."""
        if self._of:
            self._of, self._answered, self._counted = "", "", 0
            self._show(Parameters())
        return self.uncounted

    def _show(self, parameters: Parameters) -> None:
        stored = parameters.stored()
        if stored != self._set:
            self._set, self.own = stored, bool(stored)
