"""One module a page; here they get their addresses, their titles, and what runs when they open."""

import reflex as rx

from gantry.state.admin import PeopleState
from gantry.state.chat import ChatState
from gantry.state.memory import MemoryState
from gantry.state.servers import ServersState
from gantry.state.session import SessionState
from gantry.state.settings import SettingsState
from gantry.state.sidebar import SidebarState
from gantry.state.vault import VaultState
from gantry.ui.pages.admin import admin_page
from gantry.ui.pages.chat import chat_page
from gantry.ui.pages.login import login_page
from gantry.ui.pages.memory import memory_page
from gantry.ui.pages.missing import missing_page
from gantry.ui.pages.settings import settings_page
from gantry.ui.pages.setup import setup_page
from gantry.ui.pages.vault import vault_page
from gantry.ui.theme import STYLESHEETS, head


def add_pages(app: rx.App) -> None:
    """Register every page with *app*, and what all of them need in their head."""
    app.stylesheets = [*app.stylesheets, *STYLESHEETS]
    app.head_components = [*app.head_components, *head()]
    inside = [SessionState.load, SidebarState.load]
    chat = [*inside, ChatState.open]
    administration = [*inside, PeopleState.load, ServersState.load]
    app.add_page(chat_page, route="/", title="Gantry", on_load=chat)
    app.add_page(chat_page, route="/c/[id]", title="Gantry", on_load=chat)
    app.add_page(
        settings_page, route="/settings", title="Settings · Gantry", on_load=[*inside, SettingsState.load]
    )
    app.add_page(
        memory_page, route="/settings/memory", title="Memory · Gantry", on_load=[*inside, MemoryState.load]
    )
    app.add_page(vault_page, route="/vault", title="Documents · Gantry", on_load=[*inside, VaultState.load])
    app.add_page(admin_page, route="/admin/[tab]", title="Administration · Gantry", on_load=administration)
    app.add_page(login_page, route="/login", title="Sign in · Gantry", on_load=SessionState.enter)
    app.add_page(setup_page, route="/setup", title="Welcome · Gantry", on_load=SessionState.begin)
    app.add_page(missing_page, route="/404", title="Not found · Gantry")
