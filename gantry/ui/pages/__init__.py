"""One module a page; here they get their addresses, their titles, and what runs when they open."""

from functools import partial

import reflex as rx

from gantry.state.addresses import CHAT
from gantry.state.admin import PeopleState
from gantry.state.api_tokens import ApiTokensState
from gantry.state.archived import ArchivedState
from gantry.state.chat import ChatState
from gantry.state.first_steps import FirstStepsState
from gantry.state.importing import ImportingState
from gantry.state.installation import InstallationState
from gantry.state.memory import MemoryState
from gantry.state.personas import PersonasState
from gantry.state.preferences import PreferencesState
from gantry.state.prompts import PromptsState
from gantry.state.servers import ServersState
from gantry.state.session import SessionState
from gantry.state.settings import SettingsState
from gantry.state.sharing import SharingState
from gantry.state.sidebar import SidebarState
from gantry.state.vault import VaultState
from gantry.ui.pages.admin import admin_page
from gantry.ui.pages.archived import archived_page
from gantry.ui.pages.chat import chat_page
from gantry.ui.pages.login import login_page
from gantry.ui.pages.memory import memory_page
from gantry.ui.pages.missing import missing_page
from gantry.ui.pages.personas import personas_page, prompts_page
from gantry.ui.pages.settings import settings_page
from gantry.ui.pages.setup import setup_page
from gantry.ui.pages.shared import shared_page
from gantry.ui.pages.vault import vault_page
from gantry.ui.text import _
from gantry.ui.theme import PICTURE, STYLESHEETS, head

_CHAT_TITLE = rx.cond(ChatState.title != "", _("{title} · Gantry", title=ChatState.title), "Gantry")


def add_pages(app: rx.App) -> None:
    """Register every page with *app*, and what all of them need in their head."""
    app.stylesheets = [*app.stylesheets, *STYLESHEETS]
    app.head_components = [*app.head_components, *head()]
    add_page = partial(app.add_page, image=PICTURE)
    inside = [SessionState.load, SidebarState.load]
    offers = [PersonasState.offer, PromptsState.offer]
    chat = [*inside, ChatState.open, *offers, FirstStepsState.load]
    administration = [
        *inside,
        PeopleState.load,
        ServersState.load,
        InstallationState.load,
        FirstStepsState.load,
    ]
    add_page(chat_page, route=f"/{CHAT}", title=_CHAT_TITLE, on_load=chat)
    add_page(
        settings_page,
        route="/settings",
        title=_("Settings · Gantry"),
        on_load=[
            *inside,
            PreferencesState.load,
            SettingsState.load,
            ImportingState.load,
            SharingState.load,
            ApiTokensState.load,
        ],
    )
    add_page(
        memory_page, route="/settings/memory", title=_("Memory · Gantry"), on_load=[*inside, MemoryState.load]
    )
    add_page(
        personas_page, route="/personas", title=_("Personas · Gantry"), on_load=[*inside, PersonasState.load]
    )
    add_page(
        prompts_page,
        route="/personas/prompts",
        title=_("Prompts · Gantry"),
        on_load=[*inside, PromptsState.load],
    )
    add_page(
        archived_page, route="/archived", title=_("Archived · Gantry"), on_load=[*inside, ArchivedState.load]
    )
    add_page(vault_page, route="/vault", title=_("Documents · Gantry"), on_load=[*inside, VaultState.load])
    add_page(admin_page, route="/admin/[tab]", title=_("Administration · Gantry"), on_load=administration)
    add_page(login_page, route="/login", title=_("Sign in · Gantry"), on_load=SessionState.enter)
    add_page(setup_page, route="/setup", title=_("Welcome · Gantry"), on_load=SessionState.begin)
    not_listed = [{"name": "robots", "content": "noindex, nofollow, noarchive"}]
    add_page(shared_page, route="/s/[token]", title=_("Shared conversation · Gantry"), meta=not_listed)
    add_page(missing_page, route="/404", title=_("Not found · Gantry"))
