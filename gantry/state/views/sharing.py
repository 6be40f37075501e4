"""What pages may see of read-only links, and what the page of a link shows."""

from dataclasses import dataclass, field

from gantry.domain.messages import _
from gantry.domain.sharing import StoredShare
from gantry.state.language import said


@dataclass(frozen=True, slots=True)
class ShareView:
    """One link; moments are in seconds since the epoch, 0: it does not end."""

    id: str
    title: str
    shows: str  # what it shows beside the texts
    created: int
    ends: int


@dataclass(frozen=True, slots=True)
class SharedSourceView:
    """A passage that an answer cites, as the REST interface gives it."""

    number: int = 0
    title: str = ""
    page: int | None = None
    passage: str = ""
    kind: str = ""
    cited: bool = True


@dataclass(frozen=True, slots=True)
class SharedFileView:
    """A file, as the REST interface gives it."""

    id: str = ""
    name: str = ""
    media_type: str = ""
    is_image: bool = False


@dataclass(frozen=True, slots=True)
class SharedMessageView:
    """A message, as the REST interface gives it."""

    role: str = ""
    text: str = ""
    sources: list[SharedSourceView] = field(default_factory=list[SharedSourceView])
    files: list[SharedFileView] = field(default_factory=list[SharedFileView])


@dataclass(frozen=True, slots=True)
class SharedView:
    """What a link shows, as the REST interface gives it; ``status`` is that of its answer, 0 until there is one."""

    status: int = 0
    title: str = ""
    created_at: str = ""
    messages: list[SharedMessageView] = field(default_factory=list[SharedMessageView])


_SHOWS = {
    (False, False): _("texts only"),
    (True, False): _("with files"),
    (False, True): _("with sources"),
    (True, True): _("with files and sources"),
}


def share_view(share: StoredShare) -> ShareView:
    """Make the view of a link."""
    return ShareView(
        str(share.id),
        share.title or said(_("Untitled")),
        said(_SHOWS[share.with_files, share.with_sources]),
        int(share.created_at.timestamp()),
        int(share.expires_at.timestamp()) if share.expires_at else 0,
    )
