"""A person's own settings, and how browsers are named."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from gantry.domain.accounts import Actor, Session
from gantry.services.catalog import ModelChoice
from gantry.state.settings import SettingsState
from gantry.state.views.settings import agent_in_words
from tests.unit.state.stage import NOON, FakeAccounts, tab

SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Safari/604.1"
)
EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0"


def session(number: int, agent: str) -> Session:
    """Return one of Ada's sessions."""
    return Session(
        id=UUID(int=number),
        created_at=NOON,
        last_seen_at=NOON - timedelta(minutes=number),
        expires_at=NOON + timedelta(days=1),
        agent=agent,
        address="192.0.2.7",
    )


@dataclass
class Accounts(FakeAccounts):
    """Ada on a phone and on this computer."""

    sessions: list[Session] = field(default_factory=lambda: [session(9, EDGE), session(8, SAFARI)])

    async def list_sessions(self, who: Actor) -> list[Session]:
        return self.sessions

    async def revoke_session(self, who: Actor, session: UUID) -> None:
        self.sessions = [each for each in self.sessions if each.id != session]

    async def revoke_other_sessions(self, who: Actor) -> int:
        before = len(self.sessions)
        self.sessions = [each for each in self.sessions if each.id == who.session_id]
        return before - len(self.sessions)


class Catalog:
    """One model whose server is away."""

    async def models(self, who: Actor) -> list[ModelChoice]:
        return [ModelChoice("box/llama", "llama", "box", "Box", None, available=False)]


def opened(accounts: Accounts) -> Any:
    """Open a tab with these accounts."""
    return tab(accounts=accounts, catalog=Catalog())


async def test_the_page_shows_where_a_person_is_signed_in() -> None:
    """Sessions are shown in words, and the one in use is marked."""
    async with opened(Accounts()) as page:
        state = await page.of(SettingsState)
        await state.load()
        assert [(each.agent, each.current) for each in state.sessions] == [
            ("Edge on Windows", True),
            ("Safari on iPhone", False),
        ]
        assert state.models[0].label == "llama · Box (offline)"
        assert state.loaded


async def test_one_other_session_is_ended() -> None:
    """Ending a session takes it off the list."""
    async with opened(Accounts()) as page:
        state = await page.of(SettingsState)
        await state.load()
        await state.revoke(state.sessions[1].id)
        assert len(state.sessions) == 1


async def test_all_other_sessions_are_ended() -> None:
    """Ending all others leaves this one and says how many ended."""
    async with opened(Accounts()) as page:
        state = await page.of(SettingsState)
        await state.revoke_others()
        assert [each.current for each in state.sessions] == [True]
        assert (await page.notices())[0].text == "Signed out on 1 other device."


async def test_a_default_model_is_kept_and_let_go() -> None:
    """An empty choice is passed on as such: it leaves the choice to us."""
    accounts = Accounts()
    async with opened(accounts) as page:
        state = await page.of(SettingsState)
        await state.choose_model("box/llama")
        await state.choose_model("")
        assert accounts.calls == [
            ("update_profile", {"default_model": "box/llama"}),
            ("update_profile", {"default_model": ""}),
        ]


@pytest.mark.parametrize("form", [{}, {"name": 7}, "name"])
async def test_a_malformed_form_changes_nothing(form: object) -> None:
    """A form without the right fields is refused with a notice."""
    accounts = Accounts()
    async with opened(accounts) as page:
        await (await page.of(SettingsState)).save_profile(form)
        assert accounts.calls == []
        assert len(await page.notices()) == 1


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (SAFARI, "Safari on iPhone"),
        (EDGE, "Edge on Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/140.0 Mobile", "Chrome on Android"),
        ("Mozilla/5.0 (Windows NT 10.0)", "A browser on Windows"),
        ("python-httpx/0.28.1", "python-httpx"),
        ("", "Unknown device"),
    ],
)
def test_agents_in_words(agent: str, words: str) -> None:
    """A User-Agent header is told as a person would tell it."""
    assert agent_in_words(agent) == words
