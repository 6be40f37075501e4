"""Asking: what starts, stops and repeats answers in the open conversation.

What a handler acts on comes in its arguments, as in ``state.chat``; that state then shows what was started.
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Annotated
from uuid import NAMESPACE_OID, uuid4, uuid5

import reflex as rx
from annotated_types import Len
from pydantic import StringConstraints

from gantry.domain.chat import MAX_MESSAGE_CHARACTERS
from gantry.runtime import services
from gantry.services.chat import Beginning
from gantry.state.chat import ChatState, Model
from gantry.state.chat_settings import ChatSettingsState
from gantry.state.comparing import ComparingState
from gantry.state.session import acting, guarded, uuid_of

Ids = Annotated[list[Annotated[str, StringConstraints(max_length=64)]], Len(max_length=100)]
Models = Annotated[list[Model], Len(max_length=20)]
Key = Annotated[str, StringConstraints(min_length=1, max_length=64)]
# The service says in its own words what is too long; far beyond that, somebody else than our page is speaking.
Text = Annotated[str, StringConstraints(max_length=2 * MAX_MESSAGE_CHARACTERS)]


def _wanted(models: Sequence[str]) -> str | Sequence[str]:
    """Return the models that were chosen to answer side by side, each once, or the one that is left; else nothing."""
    chosen = list(dict.fromkeys(models))
    return chosen[0] if len(chosen) == 1 else chosen


class AskingState(rx.State):
    """What became of the texts that the page has sent."""

    accepted: str = ""  # the key of the last text stored,
    refused: str = ""  # and of the last one that was not, a space, and what tells two refusals of it apart

    @rx.event
    @guarded
    async def send(
        self,
        text: Text,
        key: Key,
        conversation: str,
        files: Ids | None = None,
        models: Models | None = None,
    ):
        """Store a message and start its answer; an empty *conversation* is a new one.

        Args:
            key: The page's name for this text; sent again, the text is shown and not stored twice.
            files: Attached files; pages from before there were any send none.
            models: Those that answer side by side, where several do, as the page shows them.
        """
        comparing = await self.get_state(ComparingState)
        with self._refusing(key):
            who, chat = await acting(self), await self.get_state(ChatState)
            asked = comparing.asked(conversation, models or [], chat)
            thread = uuid_of(conversation) if conversation else None
            sent = await services().chat.send(
                who,
                thread,
                text,
                model=_wanted(asked) or chat.model_for(conversation),
                client_key=key,
                files=[uuid_of(each) for each in files or []],
                beginning=chat.beginning() if conversation else await self._beginning(chat),
            )
        await services().chat.until_asked(sent)
        self.accepted = key
        if asked:
            comparing.models = []
        await chat.follow(who, sent, begins=not conversation)

    @rx.event
    @guarded
    async def stop(self, generation: str):
        """Stop an answer being written, and those side by side with it; their ends arrive over their event streams."""
        await services().answers.stop(await acting(self), uuid_of(generation), beside=True)

    @rx.event
    @guarded
    async def regenerate(self, message: str, model: Model):
        """Have a question answered again, by the same model or (*model* not empty) by another."""
        who, chat = await acting(self), await self.get_state(ChatState)
        if not chat.offers(message):
            return
        sent = await services().chat.regenerate(who, uuid_of(message), model=model or None)
        await chat.follow(who, sent)

    @rx.event
    @guarded
    async def edit(self, message: str, text: Text):
        """Ask in other words: the new question becomes a branch beside the old one.

        The same words to the same model are the same edit, so that an impatient person stores it once.
        """
        who, chat = await acting(self), await self.get_state(ChatState)
        model = chat.model_for_message(message)
        key = uuid5(NAMESPACE_OID, f"{message}\n{model or ''}\n{text}").hex
        sent = await services().chat.edit(who, uuid_of(message), text, model=model, client_key=key)
        await chat.follow(who, sent)

    @rx.event
    @guarded
    async def resume(self, message: str):
        """Have a stopped, failed or truncated answer continued."""
        who, chat = await acting(self), await self.get_state(ChatState)
        if not chat.offers(message):
            return
        sent = await services().chat.resume(who, uuid_of(message))
        await chat.follow(who, sent)

    async def _beginning(self, chat: ChatState) -> Beginning:
        settings = await self.get_state(ChatSettingsState)
        return settings.dressed(chat.beginning())

    @contextmanager
    def _refusing(self, key: str) -> Generator[None]:
        """Let the page know when the text named *key* was not stored."""
        try:
            yield
        except Exception:
            self.refused = f"{key} {uuid4().hex}"
            raise
