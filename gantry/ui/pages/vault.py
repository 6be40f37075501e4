"""The vault: a person's documents."""

import reflex as rx

from gantry.state.vault import VaultState
from gantry.state.views.vault import ChunkView, DocumentView, ShelfView
from gantry.ui.components.local import Actions, Dialog, Local, no_args_event_spec
from gantry.ui.components.placeholders import skeleton
from gantry.ui.components.shell import page, shell


class Uploader(Local):
    """A button and the whole page as a place to drop files on; each file with its progress."""

    library = "$/public/uploader.jsx"
    tag = "Uploader"

    shelf_id: rx.Var[str]
    on_done: rx.EventHandler[no_args_event_spec]


class DocumentActions(Actions):
    """A row's menu; downloads need no round trip."""

    library = "$/public/document-actions.jsx"
    tag = "DocumentActions"

    document_id: rx.Var[str]


def vault_page() -> rx.Component:
    """Lay out collections, documents and the dialogs above them."""
    return shell(
        rx.el.div(
            page(
                "Documents",
                rx.cond(VaultState.loaded, _vault(), skeleton(4)),
                _dialogs(),
            ),
            class_name="wide-page",
            data_page="vault",
            on_mount=VaultState.arrive,
        ),
        on_documents=VaultState.refresh,
    )


def _vault() -> rx.Component:
    return rx.fragment(
        rx.el.p(
            "Answers cite what stands here. No other account sees your files; passages of them are sent to the model that answers.",
            class_name="section-note",
        ),
        rx.cond(
            VaultState.index_note != "",
            rx.el.p(VaultState.index_note, class_name="vault-note", data_testid="index-note"),
        ),
        rx.el.nav(
            _shelf_tab("", "All", VaultState.shelf_id == ""),
            rx.foreach(VaultState.shelves, _shelf),
            rx.el.button(
                "New collection",
                type="button",
                on_click=VaultState.choose_shelf("new-shelf"),
                class_name="button tiny",
                data_testid="new-collection",
            ),
            class_name="tabs vault-shelves",
            aria_label="Collections",
        ),
        _shelf_tools(),
        Uploader.create(shelf_id=VaultState.shelf_id, on_done=VaultState.refresh),
        rx.el.input(
            type="search",
            placeholder="Search by name",
            aria_label="Search documents by name",
            default_value=VaultState.search,
            on_change=VaultState.find.debounce(250),
            class_name="input search",
        ),
        rx.cond(
            VaultState.documents,
            rx.el.ul(rx.foreach(VaultState.documents, _document), class_name="vault-list"),
            rx.cond(VaultState.search != "", _not_found(), _empty()),
        ),
        rx.cond(
            VaultState.has_more,
            rx.el.button("Show older", type="button", on_click=VaultState.more, class_name="button"),
        ),
    )


def _shelf(view: ShelfView) -> rx.Component:
    return _shelf_tab(view.id, f"{view.name} ({view.documents})", VaultState.shelf_id == view.id)


def _shelf_tab(
    shelf: str | rx.Var[str], label: str | rx.Var[str], current: bool | rx.Var[bool]
) -> rx.Component:
    return rx.el.button(
        label,
        type="button",
        on_click=VaultState.open_shelf(shelf),
        aria_pressed=rx.cond(current, "true", "false"),
        class_name="shelf",
        data_testid="collection",
    )


def _shelf_tools() -> rx.Component:
    return rx.cond(
        VaultState.shelf_id != "",
        rx.el.div(
            rx.el.button(
                "Rename collection",
                type="button",
                on_click=VaultState.choose_shelf("rename-shelf"),
                class_name="button tiny",
            ),
            rx.foreach(VaultState.shelves, _shelf_deletion),
            class_name="row",
        ),
    )


def _shelf_deletion(view: ShelfView) -> rx.Component:
    """Offer to delete the collection that is shown; the default one stays."""
    return rx.cond(
        (view.id == VaultState.shelf_id) & ~view.is_default,
        rx.el.button(
            "Delete collection",
            type="button",
            on_click=VaultState.choose_shelf("delete-shelf"),
            class_name="button tiny",
        ),
    )


def _empty() -> rx.Component:
    return rx.el.div(
        rx.el.p("No documents here yet", class_name="strong"),
        rx.el.p(
            "Upload some, and answers will cite them. PDF, Word, text, Markdown, CSV, HTML, JSON and source code are read.",
            class_name="soft",
        ),
        class_name="vault-empty",
        data_testid="vault-empty",
    )


def _not_found() -> rx.Component:
    return rx.el.p(
        f"No document here has “{VaultState.search}” in its name.",
        class_name="vault-empty soft anywhere",
        role="status",
        data_testid="vault-none-found",
    )


def _document(view: DocumentView) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.p(view.name, class_name="strong anywhere"),
            rx.el.p(
                rx.el.span(view.kind),
                rx.el.span(view.size),
                rx.cond(view.pages != "", rx.el.span(view.pages)),
                class_name="vault-facts",
            ),
            rx.cond(
                view.state != "ready",
                rx.el.p(view.progress, " ", view.advice, class_name="vault-progress", role="status"),
            ),
            rx.cond(
                view.busy,
                rx.el.progress(value=view.percent, max="100", aria_label=view.progress),
            ),
            class_name="vault-document",
        ),
        DocumentActions.create(
            document_id=view.id,
            label=f"Actions for {view.name}",
            items=view.actions,
            on_select=lambda key: VaultState.choose(view.id, key),
        ),
        key=view.id,
        data_testid="document",
        custom_attrs={"data-state": view.state},
    )


def _dialogs() -> rx.Component:
    return rx.fragment(
        _naming("new-shelf", "New collection", "", "Create"),
        _naming("rename-shelf", "Rename the collection", "", "Rename"),
        _naming("rename", "Rename the document", VaultState.chosen_name, "Rename"),
        _deleting(
            "delete-shelf",
            "Delete this collection?",
            "Its documents are deleted with it, and their passages in answers.",
        ),
        _deleting(
            "delete",
            f"Delete “{VaultState.chosen_name}”?",
            "Its file, its text and its passages in answers are deleted. This cannot be undone.",
        ),
        _moving(),
        _preview(),
    )


def _naming(kind: str, title: str, value: str | rx.Var[str], label: str) -> rx.Component:
    return Dialog.create(
        rx.el.form(
            rx.el.div(
                rx.el.label("Name", html_for=f"vault-{kind}"),
                rx.el.input(
                    id=f"vault-{kind}",
                    name="name",
                    default_value=value,
                    required=True,
                    max_length=255,
                    auto_complete="off",
                    class_name="input",
                ),
                class_name="field",
            ),
            rx.el.div(rx.el.button(label, type="submit", class_name="button primary"), class_name="row"),
            on_submit=VaultState.name_it,
            class_name="stack",
        ),
        open=VaultState.dialog == kind,
        title=title,
        testid=f"dialog-{kind}",
        on_close=VaultState.close,
    )


def _deleting(kind: str, title: str | rx.Var[str], text: str) -> rx.Component:
    return Dialog.create(
        rx.el.p(text),
        rx.el.div(
            rx.el.button(
                "Delete", type="button", on_click=VaultState.confirm_delete, class_name="button danger"
            ),
            rx.el.button("Keep", type="button", on_click=VaultState.close, class_name="button"),
            class_name="row",
        ),
        open=VaultState.dialog == kind,
        title=title,
        testid=f"dialog-{kind}",
        on_close=VaultState.close,
    )


def _moving() -> rx.Component:
    return Dialog.create(
        rx.cond(
            VaultState.other_shelves,
            rx.el.div(
                rx.foreach(
                    VaultState.other_shelves,
                    lambda view: rx.el.button(
                        view.name, type="button", on_click=VaultState.move_to(view.id), class_name="button"
                    ),
                ),
                class_name="stack",
            ),
            rx.el.p("There is no other collection yet. Make one with “New collection”."),
        ),
        open=VaultState.dialog == "move",
        title="Move to",
        testid="dialog-move",
        on_close=VaultState.close,
    )


def _preview() -> rx.Component:
    return Dialog.create(
        rx.el.ol(rx.foreach(VaultState.chunks, _chunk), class_name="vault-chunks"),
        rx.cond(
            VaultState.has_more_chunks,
            rx.el.button("Show more", type="button", on_click=VaultState.more_chunks, class_name="button"),
        ),
        open=VaultState.dialog == "preview",
        title=VaultState.chosen_name,
        testid="dialog-preview",
        on_close=VaultState.close,
    )


def _chunk(view: ChunkView) -> rx.Component:
    return rx.el.li(
        rx.cond(view.place != "", rx.el.p(view.place, class_name="vault-facts")),
        rx.el.p(view.text, class_name="vault-text"),
        key=view.id,
    )
