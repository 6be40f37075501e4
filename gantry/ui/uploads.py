"""Files on their way to the server, which islands/upload.js sends; the documents' page and the composer show them."""

from dataclasses import dataclass

import reflex as rx

from gantry.ui.browser import Kept, function, whole_event
from gantry.ui.text import Text


@dataclass(frozen=True, slots=True)
class FileView:
    """A file of the browser."""

    type: str


@dataclass(frozen=True, slots=True)
class UploadView:
    """A file on its way, as islands/upload.js tells.

    Attributes:
        place: What it is for: ``documents``, or a conversation; empty is a new one.
        progress: From 0 to 1.
        id: That of the document it has become, where it stays in sight.
        note: What is to be said of it instead of its progress.
    """

    key: int
    place: str
    name: str
    progress: float
    id: str
    note: Text
    fault: str
    file: FileView


class FileField(rx.el.Input):
    """A field whose change is told with the whole event."""

    on_change: rx.EventHandler[whole_event]


UPLOADS: rx.Var[list[UploadView]] = Kept("uploads", []).value.to(list[UploadView])
DROPPING = Kept("dropping", False).value  # whether files are held over the page
add_chosen = function("addChosen", "upload.js")
retry_file = function("retryFile", "upload.js")
remove_file = function("removeFile", "upload.js")
