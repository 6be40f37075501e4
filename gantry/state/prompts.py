"""The prompts a person keeps: their list, and putting one into a message."""

from typing import Annotated, Any
from uuid import UUID

import reflex as rx
from pydantic import StringConstraints

from gantry.domain.accounts import Actor
from gantry.domain.prompts import filled, variables_in
from gantry.runtime import services
from gantry.state.keeping import KeepingState
from gantry.state.session import acting, guarded, uuid_of
from gantry.state.views.personas import PromptFields, PromptView, prompt_views, value_fields


class PromptsState(KeepingState, rx.State):
    """What the page of prompts shows, and what the composer offers after a slash."""

    prompts: list[PromptView] = []
    form_id: str = ""
    form_name: str = ""
    form_content: str = ""
    turn: int = 0  # counts the times it was opened: each has fields of its own
    came: bool = False  # the list, just now, to a page that may be written in already
    place: str = ""  # the conversation that the prompt goes into; empty: a new one
    using_id: str = ""  # the prompt whose variables are asked for
    using_name: str = ""
    variables: list[str] = []
    text: str = ""  # what goes into the composer,
    times: int = 0  # and how many there were

    @rx.event
    @guarded
    async def offer(self):
        """Have them ready in the chat; what changes later is told."""
        if not self.loaded:
            await self._show()
            self.came = bool(self.prompts)

    @rx.event
    @guarded
    async def offered(self):
        """Who typed a slash before the list was there sees it now."""
        self.came = False

    @rx.event
    @guarded
    async def open_form(self, prompt: str):
        """Open the form for a prompt, or for a new one when *prompt* is empty."""
        who = await acting(self)
        self.form_id = self.form_name = self.form_content = ""
        if prompt:
            stored = await services().prompts.get(who, uuid_of(prompt, "prompt"))
            self.form_id, self.form_name, self.form_content = str(stored.id), stored.name, stored.content
        self.turn += 1
        self._edit()

    @rx.event
    @guarded
    async def save(self, fields: PromptFields):
        """Keep what is in the form; what is wrong is said there."""
        who = await acting(self)
        await self._keep(lambda: self._save(who, fields))

    @rx.event
    @guarded
    async def choose(self, prompt: str, action: str):
        """Do what the menu of a prompt says."""
        who, chosen = await acting(self), uuid_of(prompt, "prompt")
        if action == "edit":
            return PromptsState.open_form(prompt)
        if action == "delete":
            self._ask_to_remove(prompt, (await services().prompts.get(who, chosen)).name)
        return None

    @rx.event
    @guarded
    async def use(self, prompt: str, conversation: Annotated[str, StringConstraints(max_length=36)]):
        """Put a prompt into the message that is written in *conversation*; ask first for its variables, if it has any."""
        stored = await services().prompts.get(await acting(self), uuid_of(prompt, "prompt"))
        self.variables, self.place = list(variables_in(stored.content)), conversation[:36]
        if self.variables:
            self.using_id, self.using_name = str(stored.id), stored.name
        else:
            self._put(stored.content)

    @rx.event
    @guarded
    async def fill(self, fields: dict[str, Any]):
        """Put the prompt that was asked about into the composer, with what was given."""
        prompt = uuid_of(str(fields.get("id", "")), "prompt")
        self.place = str(fields.get("place", ""))[:36]
        stored = await services().prompts.get(await acting(self), prompt)
        text = filled(stored.content, value_fields(fields, variables_in(stored.content)))
        self._close()
        self._put(text)

    @rx.event
    @guarded
    async def taken(self):
        """The text is in the composer."""
        self.text = ""

    def _put(self, text: str) -> None:
        self.text, self.times = text, self.times + 1

    def _close(self) -> None:
        super()._close()
        self.using_id = ""

    async def _save(self, who: Actor, fields: PromptFields) -> None:
        name, content = fields["name"], fields["content"]
        if fields["id"]:
            await services().prompts.change(who, uuid_of(fields["id"], "prompt"), name, content)
        else:
            await services().prompts.create(who, name, content)

    async def _show(self) -> None:
        views = prompt_views(await services().prompts.list_prompts(await acting(self)))
        if views != self.prompts:
            self.prompts = views
        self.loaded = True

    async def _delete(self, chosen: UUID) -> None:
        await services().prompts.delete(await acting(self), chosen)
