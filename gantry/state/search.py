"""The search over everything: what is typed, what is found, and where a hit leads."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import reflex as rx
from pydantic import StringConstraints

from gantry.domain.accounts import Actor
from gantry.domain.chat import MessageRole
from gantry.domain.finding import MAX_QUERY_CHARACTERS, Filters
from gantry.domain.order import MAX_TAG_CHARACTERS, Listing
from gantry.runtime import services
from gantry.state.session import acting, guarded, uuid_of
from gantry.state.views.search import (
    ChoiceView,
    HitView,
    RecentView,
    hit_views,
    model_choices,
    named_choices,
    recent_views,
)

RECENT = 8
_PINNED_OR_NOT = Listing(pinned=None)
NOTHING = "(?!)"  # a regular expression that matches nothing
Days = Literal["", "1", "7", "30", "365"]


class SearchState(rx.State):
    """What is shown of a search; it begins anew whenever it is opened."""

    query: str = ""
    hits: list[HitView] = []
    recent: list[RecentView] = []
    models: list[ChoiceView] = []
    folders: list[ChoiceView] = []
    personas: list[ChoiceView] = []
    tags: list[ChoiceView] = []
    role: str = ""
    days: str = ""
    model: str = ""
    folder: str = ""
    persona: str = ""
    tag: str = ""
    turn: int = 0  # counts what has come, so that the page makes the first of it active

    @rx.event
    @guarded
    async def begin(self):
        """Offer what was used last."""
        who = await acting(self)
        self.query = self.role = self.days = self.model = ""
        self.folder = self.persona = self.tag = ""
        self.hits = []
        listed = await services().conversations.list_conversations(who, limit=RECENT, listing=_PINNED_OR_NOT)
        self.recent = recent_views(listed)
        self.models = model_choices(await services().search.models(who))
        self.folders = named_choices(await services().folders.list_folders(who))
        self.personas = named_choices(await services().personas.list_personas(who))
        self.tags = [ChoiceView(tag, f"#{tag}") for tag in await services().order.tags(who)]
        self.turn += 1

    @rx.event
    @guarded
    async def look(self, query: Annotated[str, StringConstraints(max_length=10_000)]):
        """Show what holds the words of *query*."""
        self.query = query[:MAX_QUERY_CHARACTERS]
        await self._find()

    @rx.event
    @guarded
    async def choose_role(self, role: Literal["", "user", "assistant"]):
        """Look among questions or answers alone, or again among both."""
        self.role = role
        await self._find()

    @rx.event
    @guarded
    async def choose_days(self, days: Days):
        """Look among what was said in so many days, or again ever."""
        self.days = days
        await self._find()

    @rx.event
    @guarded
    async def choose_model(self, model: Annotated[str, StringConstraints(max_length=255)]):
        """Look among what was said to one model, or (empty) again to all."""
        self.model = model
        await self._find()

    @rx.event
    @guarded
    async def choose_folder(self, folder: Annotated[str, StringConstraints(max_length=64)]):
        """Look in one folder, or (empty) again everywhere."""
        self.folder = folder
        await self._find()

    @rx.event
    @guarded
    async def choose_persona(self, persona: Annotated[str, StringConstraints(max_length=64)]):
        """Look among what was said to one persona, or (empty) again to all."""
        self.persona = persona
        await self._find()

    @rx.event
    @guarded
    async def choose_tag(self, tag: Annotated[str, StringConstraints(max_length=MAX_TAG_CHARACTERS)]):
        """Look among conversations with one tag, or (empty) again among all."""
        self.tag = tag
        await self._find()

    async def _find(self) -> None:
        who = await acting(self)
        found = await services().search.find(who, self.query, filters=self._filters()) if self.query else ()
        self.hits = hit_views(found)
        self.turn += 1

    def _filters(self) -> Filters:
        return Filters(
            role=MessageRole(self.role) if self.role else None,
            after=datetime.now(UTC) - timedelta(days=int(self.days)) if self.days else None,
            model=self.model or None,
            folder=uuid_of(self.folder, "folder") if self.folder else None,
            persona=uuid_of(self.persona, "persona") if self.persona else None,
            tag=self.tag or None,
        )


class FoundState(rx.State):
    """The message that the page was led to, and what is marked in it."""

    message: str = ""
    pattern: str = ""  # a regular expression of JavaScript
    turn: int = 0  # counts the times, so that one may be led to the same message again
    _again: bool = False

    @rx.event
    @guarded
    async def seek(self):
        """Note that a hit was chosen: it is gone to although its message may be the one on screen."""
        self._again = True

    def wanted(self, *, fresh: bool) -> str:
        """Return which message the address asks for; empty where the page (not opened *fresh*) was led to it before."""
        message = self.router.url.query_parameters.get("m", "")
        known = message == self.message and not (fresh or self._again)
        self._again = False
        if not message:
            self.message = self.pattern = ""
        return "" if known else message

    async def take(self, who: Actor, message: str) -> None:
        """Lead the page to *message*, with what is searched marked in it."""
        query = (await self.get_state(SearchState)).query
        pattern = await services().search.pattern(who, query, uuid_of(message)) if query else ""
        self.pattern = pattern or NOTHING
        self.message = message
        self.turn += 1
