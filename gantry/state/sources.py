"""The panel beside a conversation: what an answer was given to read, or all that was sent for it."""

import reflex as rx

from gantry.domain.errors import GantryError
from gantry.runtime import services
from gantry.state.language import told
from gantry.state.session import acting, guarded, uuid_of
from gantry.state.views.sources import (
    PageView,
    PassageView,
    PromptView,
    page_view,
    passage_views,
    prompt_view,
)


class SourcesState(rx.State):
    """What the panel has been filled with; the browser decides what it is open for."""

    message_id: str = ""  # whose sources and prompt these are
    sources: list[PassageView] = []
    prompt: PromptView = PromptView()
    page: PageView = PageView()
    fault: str = ""

    @rx.event
    @guarded
    async def load_sources(self, message: str):
        """Read the passages that an answer was given, anew each time: it may have cited more since, or one is gone."""
        self._empty()
        try:
            found = await services().answers.sources(await acting(self), uuid_of(message))
        except GantryError as error:
            self.fault = told(error)
            return
        self.sources, self.message_id = passage_views(found), message

    @rx.event
    @guarded
    async def load_prompt(self, message: str):
        """Read all that was sent to the model for an answer."""
        self._empty()
        try:
            read = await services().answers.context(await acting(self), uuid_of(message))
        except GantryError as error:
            self.fault = told(error)
            return
        self.prompt, self.message_id = prompt_view(read), message

    @rx.event
    @guarded
    async def show_page(self, number: int):
        """Show a passage where it stands in its document."""
        source = next((each for each in self.sources if each.number == number), None)
        if source is None:
            return
        who, document = await acting(self), uuid_of(source.document_id)
        try:
            text = await services().documents.page_text(who, document, start=source.start, end=source.end)
        except GantryError as error:
            self.page = PageView(number=number, fault=told(error))
            return
        self.page = page_view(number, text)

    @rx.event
    @guarded
    async def show_passage(self):
        """Show the passage alone again."""
        self.page = PageView()

    def _empty(self) -> None:
        self.message_id, self.sources, self.prompt, self.page, self.fault = (
            "",
            [],
            PromptView(),
            PageView(),
            "",
        )
