"""What is beside every page."""

import reflex as rx

from gantry.state.session import SessionState
from gantry.state.sidebar import SidebarState
from gantry.ui.components.local import AccountMenu, ConversationList, link


def sidebar() -> rx.Component:
    """Lay out the way to a new conversation, the conversations, and the person's own menu."""
    return rx.fragment(
        rx.el.div(
            link("Gantry", to="/", class_name="brand"),
            link(
                rx.el.span(rx.icon("plus", size=16, aria_hidden="true"), class_name="disc"),
                "New chat",
                to="/",
                class_name="new-chat",
                data_testid="new-chat",
            ),
            link(
                rx.icon("library", size=16, aria_hidden="true"),
                "Documents",
                to="/vault",
                class_name="sidebar-link",
                data_testid="vault-link",
            ),
            class_name="sidebar-top",
        ),
        ConversationList.create(
            loaded=SidebarState.loaded,
            pinned=SidebarState.pinned,
            recent=SidebarState.recent,
            older=SidebarState.older,
            has_more=SidebarState.has_more,
            on_more=SidebarState.more,
            on_rename=SidebarState.rename,
            on_pin=SidebarState.pin,
            on_delete=SidebarState.delete,
        ),
        rx.el.div(
            AccountMenu.create(
                name=SessionState.name,
                email=SessionState.email,
                admin=SessionState.is_admin,
                on_theme=SessionState.choose_theme,
            ),
            class_name="sidebar-foot",
        ),
    )
