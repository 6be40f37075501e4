"""API tokens on the settings page."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from gantry.domain.accounts import Actor
from gantry.domain.api_tokens import ApiToken, NewApiToken, Scope, checked_scopes, in_order
from gantry.state.api_tokens import ApiTokensState
from gantry.state.language import speak
from tests.unit.state.stage import NOON, tab

OLD = ApiToken(UUID(int=5), "Old", (Scope.READ,), "AbCd", NOON, NOON + timedelta(days=1), None, "")


@dataclass
class Tokens:
    """Tokens in a list."""

    rows: list[ApiToken] = field(default_factory=lambda: [OLD])

    async def list_tokens(self, who: Actor) -> list[ApiToken]:
        return self.rows

    async def create(self, who: Actor, name: str, scopes: Any, expires_at: datetime | None) -> NewApiToken:
        made = replace(
            OLD, id=UUID(int=6), name=name, scopes=in_order(checked_scopes(scopes)), expires_at=expires_at
        )
        self.rows = [made, *self.rows]
        return NewApiToken("gantry_secret", made)

    async def revoke(self, who: Actor, token: UUID) -> None:
        self.rows = [row for row in self.rows if row.id != token]


async def test_a_new_token_is_shown_until_its_dialog_closes() -> None:
    """It lives as long as was chosen; closing forgets it, and the list tells its scopes."""
    tokens = Tokens()
    async with tab(api_tokens=tokens) as page:
        state = await page.of(ApiTokensState)
        await state.load()
        assert (state.tokens[0].expired, state.tokens[0].hint) == (True, "gantry_…AbCd")
        await state.open_form()
        await state.make({"name": "New", "days": "30", "chat": "on", "read": "on"})
        assert (state.secret, state.secret_name, state.editing) == ("gantry_secret", "New", False)
        until = tokens.rows[0].expires_at
        assert until
        assert timedelta(days=29) < until - datetime.now(UTC) <= timedelta(days=30)
        await state.close()
        assert state.secret == ""
        assert state.tokens[0].scopes == ["chat", "read"]


async def test_without_a_scope_the_form_says_so() -> None:
    """The dialog stays open, and there is no token."""
    async with tab(api_tokens=Tokens()) as page:
        state = await page.of(ApiTokensState)
        await state.open_form()
        await state.make({"name": "None", "days": "0"})
        assert state.editing
        assert "scope" in state.fault
        assert state.secret == ""


async def test_a_token_is_revoked_once_it_was_asked_about() -> None:
    """Nothing is revoked without the question."""
    tokens = Tokens()
    async with tab(api_tokens=tokens) as page:
        state = await page.of(ApiTokensState)
        await state.load()
        await state.remove(str(OLD.id))
        assert tokens.rows == [OLD]
        await state.ask(str(OLD.id))
        assert state.removing_name == "Old"
        await state.remove(str(OLD.id))
        assert (tokens.rows, state.tokens, state.removing_id) == ([], [], "")


async def test_what_is_wrong_is_said_in_the_readers_language() -> None:
    """So it is in every form: the error itself is English until a page shows it."""
    async with tab(api_tokens=Tokens()) as page:
        state = await page.of(ApiTokensState)
        speak("de", "")
        await state.open_form()
        await state.make({"name": "None", "days": "0"})
        assert state.fault == "Wählen Sie mindestens einen Bereich."
