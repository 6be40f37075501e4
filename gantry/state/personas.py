"""The personas a person has: the list, which the chat offers too, and the dialogs above it."""

import reflex as rx

from gantry.domain.errors import GantryError, Invalid
from gantry.domain.knowledge import MAX_CHOSEN
from gantry.domain.messages import _
from gantry.runtime import services
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


class PersonasState(rx.State):
    """What the page of personas shows, and the chat offers."""

    loaded: bool = False
    personas: list[PersonaView] = []
    editing: bool = False
    form: PersonaFormView = PersonaFormView()
    models: list[ModelView] = []
    collections: list[CollectionView] = []
    chosen: list[str] = []  # the ids of collections that are ticked in the form
    fault: str = ""
    removing_id: str = ""
    removing_name: str = ""

    @rx.event
    @guarded
    async def load(self):
        """Show the personas there are. Also runs whenever the tab reconnects, and when one has changed elsewhere."""
        await self._show()

    @rx.event
    @guarded
    async def offer(self):
        """Have them ready in the chat; what changes later is told."""
        if not self.loaded:
            await self._show()

    @rx.event
    @guarded
    async def arrive(self):
        """Show no dialog of an earlier visit."""
        self._close()

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
        self.form, self.fault, self.editing = form, "", True

    @rx.event
    @guarded
    async def choose_collection(self, collection: str, chosen: bool):
        """Tick a collection in the form, or not."""
        others = [each for each in self.chosen if each != collection][: MAX_CHOSEN - 1]
        self.chosen = [*others, str(uuid_of(collection, "collection"))] if chosen else others

    @rx.event
    @guarded
    async def close(self):
        """Close whichever dialog is open."""
        self._close()

    @rx.event
    @guarded
    async def save(self, fields: PersonaFields):
        """Keep what is in the form; what is wrong is said there."""
        who, personas = await acting(self), services().personas
        try:
            if fields["id"]:
                persona = uuid_of(fields["id"], "persona")
                before = await personas.get(who, persona)
                await personas.change(who, persona, draft_of(fields, self.chosen, before))
            else:
                await personas.create(who, draft_of(fields, self.chosen, None))
        except GantryError as error:
            self.fault = f"{error.public} {error.advice}".strip()
            return
        self._close()
        await self._show()

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
                self.removing_name = (await personas.get(who, chosen)).name
                self.removing_id = persona
            case _:
                raise Invalid(_("This cannot be done with a persona."))
        await self._show()
        return None

    @rx.event
    @guarded
    async def remove(self):
        """Delete the persona that was asked about."""
        if not self.removing_id:
            return
        await services().personas.delete(await acting(self), uuid_of(self.removing_id, "persona"))
        name = self.removing_name
        self._close()
        await self._show()
        await notify(self, _("Deleted {name}.", name=name), kind="success")

    def _close(self) -> None:
        self.editing = False
        self.removing_id = self.removing_name = self.fault = ""

    async def _show(self) -> None:
        found = await services().personas.list_personas(await acting(self))
        views = [persona_view(each) for each in found]
        if views != self.personas:
            self.personas = views
        self.loaded = True
