"""What a person sees of their own account."""

import re
from dataclasses import dataclass
from uuid import UUID

from gantry.domain.accounts import Session
from gantry.domain.messages import _
from gantry.services.catalog import ModelChoice
from gantry.state.language import said

# Order matters: most browsers also name the ones they descend from.
_BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chromium/", "Chromium"),
    ("HeadlessChrome/", "Chromium"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
_PROGRAM = re.compile(r"^([\w.-]{1,40})/")


@dataclass(frozen=True, slots=True)
class SessionView:
    """One signed-in browser; ``seen`` is in seconds since the epoch."""

    id: str
    agent: str
    address: str
    seen: int
    current: bool


@dataclass(frozen=True, slots=True)
class ModelView:
    """One model that may be the default."""

    id: str
    label: str


def session(one: Session, current: UUID | None) -> SessionView:
    """Return *one* as a line of the list; *current* is the session of whoever asks."""
    return SessionView(
        id=str(one.id),
        agent=agent_in_words(one.agent),
        address=one.address,
        seen=int(one.last_seen_at.timestamp()),
        current=one.id == current,
    )


def model(choice: ModelChoice) -> ModelView:
    """Return *choice* as a line of the select."""
    label = said(choice.name)
    if choice.connection_name != choice.name:
        label += f" · {said(choice.connection_name)}"
    return ModelView(choice.id, label if choice.available else said(_("{name} (offline)", name=label)))


def agent_in_words(agent: str) -> str:
    """Return a User-Agent header as a person would say it, for example ``Firefox on Windows``."""
    browser = next((name for sign, name in _BROWSERS if sign in agent), "")
    system = next((name for sign, name in _SYSTEMS if sign in agent), "")
    if browser and system:
        return said(_("{browser} on {system}", browser=browser, system=system))
    if browser or system:
        return browser or said(_("A browser on {system}", system=system))
    program = _PROGRAM.match(agent)
    return program[1] if program else said(_("Unknown device"))
