"""The panel beside a conversation, and what it may read (assets/sources-panel.jsx, assets/scope-picker.jsx)."""

import reflex as rx
from reflex.event import passthrough_event_spec

from gantry.state.views.chat import CollectionView
from gantry.ui.components.local import Local

_scope_event = passthrough_event_spec(str, list[str], list[str])
_flag_event = passthrough_event_spec(bool)


class SourcesPanel(Local):
    """Sources of an answer with their passages, or all that was sent for it; opened by the chips in answers."""

    library = "$/public/sources-panel.jsx"
    tag = "SourcesPanel"


class ScopePicker(Local):
    """Which documents the conversation reads, and whether memory takes part."""

    library = "$/public/scope-picker.jsx"
    tag = "ScopePicker"

    kind: rx.Var[str]
    chosen: rx.Var[list[str]]
    documents: rx.Var[list[str]]
    collections: rx.Var[list[CollectionView]]
    remembered: rx.Var[bool]
    temporary: rx.Var[bool]
    is_new: rx.Var[bool]

    on_scope: rx.EventHandler[_scope_event]
    """With ``all``, ``none`` or ``some``, and the ids of collections and of single documents."""
    on_remembered: rx.EventHandler[_flag_event]
    on_temporary: rx.EventHandler[_flag_event]


sources_panel = SourcesPanel.create
scope_picker = ScopePicker.create
