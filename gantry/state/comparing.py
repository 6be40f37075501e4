"""Comparing: which models the next message goes to, and which of their answers is kept."""

from collections.abc import Sequence

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
    _is_chosen: bool = False  # the person has said which, and this state has not been lost since

    @rx.var  # pyright: ignore[reportUnknownMemberType]
    def ids(self) -> list[str]:
        """The ids of the models."""
        return [each.id for each in self.models]

    @rx.event
    @guarded
    async def choose(self, model: Model, first: Model, conversation: Id, asked: bool):
        """Have *model* answer the next message beside the *first*, or (*asked* False) not any more."""
        resolved = await services().catalog.resolve(await acting(self), model)
        conversation = await (await self.get_state(ChatState)).meant(conversation)
        chosen = ComparedModelView(str(resolved.ref), resolved.ref.name)
        before = self.models if conversation == self.conversation else []
        if not asked:
            before = [each for each in before if each != chosen]
        elif chosen not in before and chosen.id != first:
            if len(before) + 1 >= MAX_COMPARED:
                raise Invalid(
                    _("Up to {most} models can be compared.", most=MAX_COMPARED),
                    advice=_("Remove one first."),
                )
            before = [*before, chosen]
        self.models, self.conversation, self._is_chosen = before, conversation, True

    def asked(self, conversation: str, shown: Sequence[str], chat: ChatState) -> Sequence[str]:
        """Return the models that answer the next message in *conversation* side by side; none where one does.

        Args:
            shown: What the page shows of it, which a press just before may have changed. It counts when this state is lost.
            chat: What the page shows of the conversation.
        """
        if not self._is_chosen:
            return shown
        if conversation != self.conversation or not self.models:
            return ()
        first = chat.model if conversation == chat.conversation_id else ""
        return [each for each in (first or next(iter(shown), ""), *(each.id for each in self.models)) if each]

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
