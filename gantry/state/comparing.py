"""Comparing: which models the next message goes to, and which of their answers is kept."""

import reflex as rx

from gantry.domain.chat import MAX_COMPARED
from gantry.domain.errors import Invalid
from gantry.domain.messages import _
from gantry.runtime import services
from gantry.state.chat import ChatState, Model
from gantry.state.order import Id
from gantry.state.session import acting, guarded, uuid_of
from gantry.state.views.chat import ComparedModelView


class ComparingState(rx.State):
    """The further models that were chosen, for the conversation they were chosen in; an empty one is a new one."""

    models: list[ComparedModelView] = []
    conversation: str = ""

    @rx.var  # pyright: ignore[reportUnknownMemberType]
    def ids(self) -> list[str]:
        """The ids of the models."""
        return [each.id for each in self.models]

    @rx.event
    @guarded
    async def toggle(self, model: Model, first: Model, conversation: Id):
        """Have *model* answer the next message beside the *first*, or not any more."""
        resolved = await services().catalog.resolve(await acting(self), model)
        chosen = ComparedModelView(str(resolved.ref), resolved.ref.name)
        before = self.models if conversation == self.conversation else []
        if chosen in before:
            before = [each for each in before if each != chosen]
        elif len(before) + 1 >= MAX_COMPARED:
            raise Invalid(
                _("Up to {most} models can be compared.", most=MAX_COMPARED), advice=_("Remove one first.")
            )
        elif chosen.id != first:
            before = [*before, chosen]
        self.models, self.conversation = before, conversation

    @rx.event
    @guarded
    async def end(self):
        """Compare no longer: the next message goes to one model."""
        self.models = []

    @rx.event
    @guarded
    async def keep(self, message: str):
        """Go on with one of the answers side by side."""
        conversation = await services().comparisons.keep(await acting(self), uuid_of(message))
        return ChatState.refresh(str(conversation))

    @rx.event
    @guarded
    async def stop(self, generation: str):
        """Stop one of the answers side by side; the others go on."""
        await services().answers.stop(await acting(self), uuid_of(generation))
