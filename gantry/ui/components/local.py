"""The React components of ``assets/``, as Reflex sees them.

They hold what must not wait for the server: focus, menus, drafts of names, the two sockets' health. Icons
come from the version of lucide that Reflex itself installs.
"""

import reflex as rx
from reflex.event import no_args_event_spec, passthrough_event_spec
from reflex_components_core.react_router.dom import ReactRouterLink
from reflex_components_lucide.icon import LUCIDE_LIBRARY

from gantry.state.servers import ServerFields
from gantry.state.views.admin import ActionView, OutcomeView, ServerDraftView
from gantry.state.views.notices import NoticeView
from gantry.state.views.sidebar import RowView

link = ReactRouterLink.create  # to another page of ours, without loading a document
text_event = passthrough_event_spec(str)
two_texts_event = passthrough_event_spec(str, str)
three_texts_event = passthrough_event_spec(str, str, str)
message_event = passthrough_event_spec(str, str, str, list[str])
text_and_flag_event = passthrough_event_spec(str, bool)
fields_event = passthrough_event_spec(ServerFields)


class Local(rx.Component):
    """A component of ours."""

    lib_dependencies: list[str] = [LUCIDE_LIBRARY]


class Shell(Local):
    """The frame of a page: the first child goes into the sidebar, the others into ``main``."""

    library = "$/public/shell.jsx"
    tag = "Shell"


class Feed(Local):
    """The account's feed, and the banner that says when the server is away."""

    library = "$/public/feed.jsx"
    tag = "Feed"

    on_conversation: rx.EventHandler[text_event]
    on_conversations: rx.EventHandler[no_args_event_spec]
    on_catalog: rx.EventHandler[no_args_event_spec]
    on_documents: rx.EventHandler[no_args_event_spec]
    on_memory: rx.EventHandler[no_args_event_spec]


class Notices(Local):
    """What the server wants said in passing."""

    library = "$/public/notices.jsx"
    tag = "Notices"

    notices: rx.Var[list[NoticeView]]
    on_dismiss: rx.EventHandler[text_event]
    on_action: rx.EventHandler[two_texts_event]


class AccountMenu(Local):
    """The person's own menu."""

    library = "$/public/account-menu.jsx"
    tag = "AccountMenu"

    name: rx.Var[str]
    email: rx.Var[str]
    admin: rx.Var[bool]
    on_theme: rx.EventHandler[text_event]


class ThemeSync(Local):
    """Shows the theme of the account, wherever it was chosen."""

    library = "$/public/account-menu.jsx"
    tag = "ThemeSync"

    theme: rx.Var[str]


class ConversationList(Local):
    """The conversations, grouped by day."""

    library = "$/public/sidebar.jsx"
    tag = "ConversationList"

    loaded: rx.Var[bool]
    pinned: rx.Var[list[RowView]]
    recent: rx.Var[list[RowView]]
    older: rx.Var[list[RowView]]
    has_more: rx.Var[bool]
    on_more: rx.EventHandler[no_args_event_spec]
    on_rename: rx.EventHandler[two_texts_event]
    on_pin: rx.EventHandler[text_and_flag_event]
    on_delete: rx.EventHandler[text_event]


class ApiForm(Local):
    """A form that posts JSON to our REST interface; see ``assets/api-form.jsx``."""

    library = "$/public/api-form.jsx"
    tag = "ApiForm"

    action: rx.Var[str]
    method: rx.Var[str]
    fields: rx.Var[list[dict[str, str | int | bool]]]
    submit: rx.Var[str]
    testid: rx.Var[str]
    leads: rx.Var[bool]
    done: rx.Var[str]
    on_done: rx.EventHandler[no_args_event_spec]


class Dialog(Local):
    """A modal dialog; ``open`` decides, ``on_close`` tells that the person wants it closed."""

    library = "$/public/dialog.jsx"
    tag = "Dialog"

    open: rx.Var[bool]
    title: rx.Var[str]
    testid: rx.Var[str]
    on_close: rx.EventHandler[no_args_event_spec]


class CopyField(Local):
    """A text to be copied."""

    library = "$/public/dialog.jsx"
    tag = "CopyField"

    value: rx.Var[str]
    label: rx.Var[str]


class Moment(Local):
    """A moment in the reader's own words and zone."""

    library = "$/public/moment.jsx"
    tag = "Moment"

    at: rx.Var[int]


class Actions(Local):
    """What can be done with one row, behind one button."""

    library = "$/public/actions.jsx"
    tag = "Actions"

    label: rx.Var[str]
    items: rx.Var[list[ActionView]]
    on_select: rx.EventHandler[text_event]


class ServerForm(Local):
    """How to reach a model server."""

    library = "$/public/server-form.jsx"
    tag = "ServerForm"

    value: rx.Var[ServerDraftView]
    kinds: rx.Var[list[dict[str, str]]]
    busy: rx.Var[bool]
    outcome: rx.Var[OutcomeView]
    on_test: rx.EventHandler[fields_event]
    on_save: rx.EventHandler[fields_event]
