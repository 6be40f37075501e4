"""The vault: a person's documents."""

import reflex as rx

from gantry.state.vault import VaultState
from gantry.state.views.vault import ChunkView, CollectionView, DocumentView
from gantry.ui.ahead import Ahead
from gantry.ui.browser import leave_row, once
from gantry.ui.components.local import Dropping
from gantry.ui.components.page import page
from gantry.ui.components.placeholders import skeleton
from gantry.ui.dialogs import confirmation, dialog, dialog_actions, submit_button
from gantry.ui.forms import field, search_field
from gantry.ui.menus import actions
from gantry.ui.text import Text, _
from gantry.ui.uploads import DROPPING, UPLOADS, FileField, UploadView, add_chosen, remove_file, retry_file


class _Formatted(rx.NoSSRComponent):
    """Markdown, as in answers; loaded with the first text that needs it."""

    library = "$/islands/markdown.jsx"
    tag = "Markdown"

    text: rx.Var[str]


_PLACE = "documents"
_SHOWN = Ahead("collection", VaultState.collection_id)  # files go into the collection that was pressed last


def vault_page() -> rx.Component:
    """Lay out collections, documents and the dialogs above them."""
    return rx.el.div(
        page(
            _("Documents"),
            rx.cond(VaultState.loaded, _vault(), skeleton(4)),
            _dialogs(),
            actions=_upload_button(),
        ),
        Dropping.create(place=_PLACE, fields={"collection_id": _SHOWN.value}),
        rx.cond(DROPPING, rx.el.div(_("Drop to upload"), class_name="drop-target", aria_hidden="true")),
        class_name="wide-page",
        data_page="vault",
        on_mount=VaultState.arrive,
    )


def _upload_button() -> rx.Component:
    fields = {"collection_id": _SHOWN.value}
    return rx.el.label(
        rx.icon("upload", size=17, aria_hidden="true"),
        _("Upload files"),
        FileField.create(
            type="file",
            multiple=True,
            class_name="sr-only",
            data_testid="upload",
            on_change=add_chosen.partial(_PLACE, fields),
        ),
        class_name="button primary",
    )


def _vault() -> rx.Component:
    return rx.fragment(
        rx.el.div(
            rx.el.p(
                _(
                    "Answers can cite these files. No other account can see them; excerpts go to the model you use."
                ),
                class_name="section-note",
            ),
            rx.cond(
                VaultState.index_note != "",
                rx.el.p(VaultState.index_note, class_name="callout warning small", data_testid="index-note"),
            ),
            rx.el.ul(
                rx.foreach(UPLOADS, lambda view: rx.cond(view.place == _PLACE, _upload(view))),
                class_name="uploads",
                aria_label=_("Uploads"),
            ),
            class_name="stack",
        ),
        rx.el.div(
            rx.el.nav(
                _collection_tab("", _("All")),
                rx.foreach(VaultState.collections, _collection),
                rx.el.button(
                    rx.icon("plus", size=15, aria_hidden="true"),
                    _("New collection"),
                    type="button",
                    on_click=VaultState.choose_collection("new-collection"),
                    class_name="collection",
                    data_testid="new-collection",
                ),
                class_name="collections",
                aria_label=_("Collections"),
            ),
            rx.el.div(
                search_field(
                    _("Search documents by name"), _("Search by name"), VaultState.search, VaultState.find
                ),
                _collection_tools(),
                class_name="tools",
            ),
            rx.cond(
                VaultState.documents,
                rx.el.ul(rx.foreach(VaultState.documents, _document), class_name="cards documents"),
                rx.cond(VaultState.search != "", _not_found(), _empty()),
            ),
            rx.cond(
                VaultState.has_more,
                rx.el.button(_("Show older"), type="button", on_click=VaultState.more, class_name="button"),
            ),
            class_name="stack",
        ),
    )


def _upload(view: UploadView) -> rx.Component:
    return rx.el.li(
        rx.el.span(
            rx.cond(view.note != "", view.note, view.name),
            rx.cond(view.fault != "", rx.el.span(view.fault, role="alert", class_name="upload-fault")),
            class_name="anywhere grow",
        ),
        rx.cond(
            (view.fault == "") & (view.note == ""),
            rx.el.progress(
                custom_attrs={"value": view.progress},
                max="1",
                aria_label=_("Uploading {name}", name=view.name),
            ),
        ),
        rx.cond(
            view.fault != "",
            rx.el.button(
                _("Retry"),
                type="button",
                aria_label=_("Retry {name}", name=view.name),
                on_click=retry_file.partial(view.key),
                class_name="button tiny",
            ),
        ),
        rx.el.button(
            rx.icon("x", size=16, aria_hidden="true"),
            type="button",
            aria_label=_("Remove {name} from this list", name=view.name),
            on_click=[leave_row(), remove_file.partial(view.key)],
            custom_attrs=once(),
            class_name="icon-button",
        ),
        key=view.key,
        data_testid="uploading",
    )


def _collection(view: CollectionView) -> rx.Component:
    return _collection_tab(view.id, f"{view.name} ({view.documents})")


def _collection_tab(collection: str | rx.Var[str], label: Text) -> rx.Component:
    return rx.el.button(
        label,
        type="button",
        on_click=_SHOWN.chosen(collection, VaultState.open_collection(collection)),
        aria_pressed=rx.cond(_SHOWN.value == collection, "true", "false"),
        class_name="collection",
        dir="auto",
        data_testid="collection",
    )


def _collection_tools() -> rx.Component:
    return rx.cond(
        _SHOWN.value != "",
        rx.el.div(
            rx.el.button(
                _("Rename collection"),
                type="button",
                on_click=VaultState.choose_collection("rename-collection"),
                class_name="button tiny",
            ),
            rx.foreach(VaultState.collections, _collection_deletion),
            class_name="row",
        ),
    )


def _collection_deletion(view: CollectionView) -> rx.Component:
    """Offer to delete the collection that is shown; the default one stays."""
    return rx.cond(
        (view.id == _SHOWN.value) & ~view.is_default,
        rx.el.button(
            _("Delete collection"),
            type="button",
            on_click=VaultState.choose_collection("delete-collection"),
            class_name="button tiny",
        ),
    )


def _empty() -> rx.Component:
    return rx.el.div(
        rx.el.p(_("No documents here yet"), class_name="strong"),
        rx.el.p(
            _(
                "Upload files so that answers can cite them. Supported: PDF, Word (.docx), PowerPoint (.pptx), Excel (.xlsx, .xls),"
                " OpenDocument, EPUB, RTF, e-mail (.eml), HTML, text, Markdown, CSV, JSON, source code, images of text."
            ),
            class_name="soft",
        ),
        class_name="vault-empty",
        data_testid="vault-empty",
    )


def _not_found() -> rx.Component:
    return rx.el.p(
        _("No documents match “{search}”.", search=VaultState.search),
        class_name="vault-empty soft anywhere",
        role="status",
        data_testid="vault-none-found",
    )


def _document(view: DocumentView) -> rx.Component:
    return rx.el.li(
        rx.match(
            view.icon,
            ("table", rx.icon("table-2", size=20, aria_hidden="true")),
            ("image", rx.icon("image", size=20, aria_hidden="true")),
            ("mail", rx.icon("mail", size=20, aria_hidden="true")),
            rx.icon("file-text", size=20, aria_hidden="true"),
        ),
        rx.el.div(
            rx.cond(
                view.state == "failed",
                rx.el.p(view.name, class_name="strong anywhere", dir="auto"),
                rx.el.button(
                    view.name,
                    type="button",
                    on_click=VaultState.show(view.id),
                    class_name="name anywhere",
                    dir="auto",
                    data_testid="document-name",
                ),
            ),
            rx.el.p(
                rx.el.span(view.kind),
                rx.el.span(view.size),
                rx.cond(view.pages != "", rx.el.span(view.pages)),
                class_name="meta-line",
            ),
            rx.cond(
                view.state != "ready",
                rx.el.p(view.progress, " ", view.advice, class_name="progress-note", role="status"),
            ),
            rx.cond(
                view.busy,
                rx.el.progress(value=view.percent, max="100", aria_label=view.progress),
            ),
            class_name="grow",
        ),
        actions(
            view.id,
            _("Actions for {name}", name=view.name),
            view.actions,
            lambda key: VaultState.choose(view.id, key),
            download=f"/api/v1/documents/{view.id}/content",
        ),
        key=view.id,
        data_testid="document",
        custom_attrs={"data-state": view.state},
    )


def _dialogs() -> rx.Component:
    return rx.fragment(
        _naming("new-collection", _("New collection"), "", _("Create")),
        _naming("rename-collection", _("Rename collection"), "", _("Rename")),
        _naming("rename", _("Rename document"), VaultState.chosen_name, _("Rename")),
        _deleting(
            "delete-collection",
            VaultState.collection_id,
            _("Delete the collection “{name}”?", name=VaultState.collection_name),
            _("Its documents and their quoted passages will be deleted too."),
        ),
        _deleting(
            "delete",
            VaultState.chosen_id,
            _("Delete “{name}”?", name=VaultState.chosen_name),
            _("The file, its text and quoted passages will be deleted. This cannot be undone."),
        ),
        _moving(),
        _preview(),
    )


def _naming(kind: str, title: Text, value: str | rx.Var[str], label: Text) -> rx.Component:
    id_ = f"vault-{kind}"
    return dialog(
        rx.el.form(
            field(
                _("Name"),
                rx.el.input(
                    id=id_,
                    name="name",
                    default_value=value,
                    required=True,
                    max_length=255,
                    auto_complete="off",
                    class_name="input",
                ),
                id_=id_,
            ),
            dialog_actions(submit_button(label), on_cancel=VaultState.close),
            on_submit=VaultState.name_it,
            key=VaultState.chosen_id,
            class_name="stack",
        ),
        open_=VaultState.dialog == kind,
        title=title,
        testid=f"dialog-{kind}",
        on_close=VaultState.close,
    )


def _deleting(kind: str, item: str, title: Text, text: Text) -> rx.Component:
    return confirmation(
        text,
        action=_("Delete"),
        on_confirm=[
            _SHOWN.forgets(),
            VaultState.confirm_delete(item),
        ],  # a collection that is gone is not shown
        open_=VaultState.dialog == kind,
        title=title,
        testid=f"dialog-{kind}",
        on_close=VaultState.close,
    )


def _moving() -> rx.Component:
    return dialog(
        rx.cond(
            VaultState.other_collections,
            rx.el.div(
                rx.foreach(
                    VaultState.other_collections,
                    lambda view: rx.el.button(
                        rx.icon("folder", size=17, aria_hidden="true"),
                        view.name,
                        type="button",
                        on_click=VaultState.move_to(view.id),
                        class_name="target",
                    ),
                ),
                class_name="targets",
            ),
            rx.el.p(_("There is no other collection. Create one with “New collection”.")),
        ),
        dialog_actions(on_cancel=VaultState.close),
        open_=VaultState.dialog == "move",
        title=_("Move to"),
        testid="dialog-move",
        on_close=VaultState.close,
    )


def _preview() -> rx.Component:
    return dialog(
        rx.el.ol(rx.foreach(VaultState.chunks, _chunk), class_name="chunks"),
        rx.cond(
            VaultState.chunks, rx.fragment(), rx.el.p(_("No text has been read yet."), class_name="soft")
        ),
        rx.cond(
            VaultState.has_more_chunks,
            rx.el.button(_("Show more"), type="button", on_click=VaultState.more_chunks, class_name="button"),
        ),
        open_=VaultState.dialog == "preview",
        title=VaultState.chosen_name,
        testid="dialog-preview",
        on_close=VaultState.close,
        class_name="wide",
    )


def _chunk(view: ChunkView) -> rx.Component:
    return rx.el.li(
        rx.cond(view.place != "", rx.el.p(view.place, class_name="meta-line")),
        rx.cond(
            VaultState.formatted,
            _Formatted.create(text=view.text),
            rx.el.p(view.text, class_name="chunk-text"),
        ),
        key=view.id,
    )
