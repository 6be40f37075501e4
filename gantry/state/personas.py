"""The personas a person has: the list, which the chat offers too, and the dialogs above it."""

from uuid import UUID

import reflex as rx

from gantry.domain.accounts import Actor
from gantry.domain.errors import Invalid
from gantry.domain.knowledge import MAX_CHOSEN
from gantry.domain.messages import _
from gantry.runtime import services
from gantry.state.keeping import KeepingState
from gantry.state.session import acting, guarded, notify, uuid_of
from gantry.state.views.personas import (
    PersonaFields,
    PersonaFormView,
    PersonaView,
    draft_of,
    form_view,
    persona_view,
)
from gantry.state.views.settings import ModelView, model
from gantry.state.views.vault import CollectionView, collection_views


class PersonasState(KeepingState, rx.State):
    """What the page of personas shows, and the chat offers."""

    personas: list[PersonaView] = []
    form: PersonaFormView = PersonaFormView()
    turn: int = 0  # counts the times it was opened: each has fields of its own
    models: list[ModelView] = []
    collections: list[CollectionView] = []
    chosen: list[str] = []  # the ids of collections that are ticked in the form

    @rx.event
    @guarded
    async def open_form(self, persona: str):
        """Open the form for a persona, or for a new one when *persona* is empty."""
        who = await acting(self)
        form = PersonaFormView()
        if persona:
            form = form_view(await services().personas.get(who, uuid_of(persona, "persona")))
        self.models = [model(each) for each in await services().catalog.models(who)]
        self.collections = collection_views(await services().collections.list_collections(who))
        self.chosen = list(form.collections)
        self.form, self.turn = form, self.turn + 1
        self._edit()

    @rx.event
    @guarded
    async def choose_collection(self, collection: str, chosen: bool):
        """Tick a collection in the form, or not."""
        others = [each for each in self.chosen if each != collection][: MAX_CHOSEN - 1]
        self.chosen = [*others, str(uuid_of(collection, "collection"))] if chosen else others

    @rx.event
    @guarded
    async def save(self, fields: PersonaFields):
        """Keep what is in the form; what is wrong is said there."""
        who = await acting(self)
        await self._keep(lambda: self._save(who, fields))

    @rx.event
    @guarded
    async def choose(self, persona: str, action: str):
        """Do what the menu of a persona says."""
        who, personas, chosen = await acting(self), services().personas, uuid_of(persona, "persona")
        match action:
            case "edit":
                return PersonasState.open_form(persona)
            case "default" | "undefault":
                await personas.set_default(who, chosen, action == "default")
            case "duplicate":
                copy = await personas.duplicate(who, chosen)
                await notify(self, _("Added {name}.", name=copy.name), kind="success")
            case "delete":
                self._ask_to_remove(persona, (await personas.get(who, chosen)).name)
            case _:
                raise Invalid(_("This cannot be done with a persona."))
        await self._show()
        return None

    async def _save(self, who: Actor, fields: PersonaFields) -> None:
        personas = services().personas
        if fields["id"]:
            persona = uuid_of(fields["id"], "persona")
            before = await personas.get(who, persona)
            await personas.change(who, persona, draft_of(fields, self.chosen, before))
        else:
            await personas.create(who, draft_of(fields, self.chosen, None))

    async def _show(self) -> None:
        found = await services().personas.list_personas(await acting(self))
        views = [persona_view(each) for each in found]
        if views != self.personas:
            self.personas = views
        self.loaded = True

    async def _delete(self, chosen: UUID) -> None:
        await services().personas.delete(await acting(self), chosen)
