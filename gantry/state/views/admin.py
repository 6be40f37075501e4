"""What an administrator sees of people and model servers."""

from dataclasses import dataclass

from gantry.domain.accounts import Person, Role
from gantry.domain.catalog import ConnectionKind, ConnectionOrigin
from gantry.domain.messages import _
from gantry.domain.text import counted
from gantry.services.catalog import ConnectionStatus
from gantry.state.language import said

KINDS = {
    ConnectionKind.OPENAI: _("OpenAI-compatible"),
    ConnectionKind.OLLAMA: "Ollama",
    ConnectionKind.TABBY: "TabbyAPI",
    ConnectionKind.VLLM: "vLLM",
    ConnectionKind.LLAMACPP: "llama.cpp",
    ConnectionKind.LMSTUDIO: "LM Studio",
}
ORIGINS = {
    ConnectionOrigin.ENVIRONMENT: _("From the environment"),
    ConnectionOrigin.PROBED: _("Found on this machine"),
    ConnectionOrigin.STORED: _("Added here"),
    ConnectionOrigin.BUILT_IN: _("Built in"),
}


@dataclass(frozen=True, slots=True)
class ActionView:
    """One line of a row's menu."""

    key: str
    label: str
    danger: bool = False


@dataclass(frozen=True, slots=True)
class PersonView:
    """One row of the table of people; ``created`` is in seconds since the epoch."""

    id: str
    name: str
    email: str
    admin: bool
    active: bool
    created: int
    you: bool
    actions: list[ActionView]


@dataclass(frozen=True, slots=True)
class ServerView:
    """One connection; ``checked`` is in seconds since the epoch, 0 when it never was."""

    id: str
    slug: str
    name: str
    kind: str
    base_url: str
    origin: str
    has_key: bool
    state: str
    summary: str
    problem: str
    advice: str
    checked: int
    editable: bool


@dataclass(frozen=True, slots=True)
class ServerDraftView:
    """What the form for a connection opens with; ``id`` is empty for a new one."""

    id: str = ""
    name: str = ""
    kind: str = ConnectionKind.OPENAI.value
    base_url: str = ""
    has_key: bool = False
    models: str = ""  # named by hand, one a line
    first_word_seconds: str = ""
    between_words_seconds: str = ""


@dataclass(frozen=True, slots=True)
class OutcomeView:
    """What testing or saving came to; nothing to show while ``text`` is empty."""

    ok: bool = False
    text: str = ""
    advice: str = ""


def person(account: Person, *, you: bool) -> PersonView:
    """Return *account* as a row."""
    admin = account.role is Role.ADMIN
    return PersonView(
        id=str(account.id),
        name=account.name,
        email=account.email,
        admin=admin,
        active=account.active,
        created=int(account.created_at.timestamp()),
        you=you,
        actions=[
            ActionView("reset", said(_("Reset password"))),
            ActionView("demote", said(_("Remove administrator role")))
            if admin
            else ActionView("promote", said(_("Make administrator"))),
            ActionView("deactivate", said(_("Deactivate")), danger=True)
            if account.active
            else ActionView("activate", said(_("Activate"))),
        ],
    )


def server(status: ConnectionStatus) -> ServerView:
    """Return *status* as a card."""
    return ServerView(
        id=str(status.id or ""),
        slug=status.spec.slug,
        name=status.spec.name,
        kind=said(KINDS[status.spec.kind]),
        base_url=status.spec.base_url,
        origin=said(ORIGINS[status.origin]),
        has_key=status.has_key,
        state=status.state,
        summary=_summary(status),
        problem=said(status.problem),
        advice=said(status.advice),
        checked=int(status.checked_at.timestamp()) if status.checked_at else 0,
        editable=status.origin is ConnectionOrigin.STORED and status.id is not None,
    )


def draft(status: ConnectionStatus) -> ServerDraftView:
    """Return what the form opens with for a stored connection."""
    spec = status.spec
    waits = spec.waits
    return ServerDraftView(
        str(status.id or ""),
        spec.name,
        spec.kind.value,
        spec.base_url,
        status.has_key,
        "\n".join(spec.models),
        f"{waits.first_word:g}" if waits else "",
        f"{waits.between_words:g}" if waits else "",
    )


def _summary(status: ConnectionStatus) -> str:
    match status.state:
        case "ok":
            return said(counted(status.models, "model"))
        case "failed":
            return said(_("Offline"))
        case _:
            return said(_("Not checked yet"))
