"""What is set for the chat on the page: it goes with the first message, and follows the page to other chats."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from gantry.domain.accounts import Actor
from gantry.domain.errors import NotFound
from gantry.domain.knowledge import DocumentScope, ScopeKind
from gantry.domain.parameters import Parameters
from gantry.domain.personas import StoredPersona
from gantry.state.asking import AskingState
from gantry.state.chat import ChatState
from gantry.state.chat_settings import ChatSettingsState
from tests.unit.state.stage import ADA, NOON, FakePersonas, Tab, tab
from tests.unit.state.test_chat import ONE, TWO, FakeCatalog, FakeVault, Threads

PIRATE = StoredPersona(
    UUID(int=301),
    "Pirate",
    "",
    Parameters(system_prompt="Answer as a pirate would. " * 20),
    "box/parrot",
    DocumentScope(ScopeKind.NONE),
    ("Where is the treasure?",),
    is_default=False,
    created_at=NOON,
    updated_at=NOON,
)


class Listing(FakeCatalog):
    """A catalog in which every model is listed."""

    def lists(self, model: str) -> bool:
        return True


@dataclass
class Settable(Threads):
    """Conversations of which parameters can be set; the second one is somebody else's."""

    async def set_parameters(self, who: Actor, conversation: UUID, parameters: Parameters) -> None:
        if conversation not in self.rows:
            raise NotFound("This conversation no longer exists.")
        self.rows[conversation] = replace(self.rows[conversation], parameters=parameters.stored())


@asynccontextmanager
async def at(path: str, chat: Threads, *personas: StoredPersona) -> AsyncIterator[tuple[Any, Any, Tab]]:
    """Open a tab, and the conversation in its address."""
    places: dict[str, Any] = {
        "catalog": Listing(),
        "vault": FakeVault(),
        "personas": FakePersonas([*personas]),
    }
    async with tab(chat=chat, url=f"http://localhost{path}", **places) as page:
        shown = await page.of(ChatState)
        await shown.open()
        yield shown, await page.of(ChatSettingsState), page


async def test_what_is_set_goes_with_the_first_message() -> None:
    """Parameters, and the persona with its model and documents."""
    chat = Settable()
    async with at("/", chat, PIRATE) as (shown, settings, page):
        await settings.save({"conversation": "", "temperature": "0.5"})
        await settings.choose_persona(str(PIRATE.id), "")
        await shown.take_persona("")
        assert (settings.own, settings.persona_name, settings.questions) == (
            True,
            "Pirate",
            list(PIRATE.questions),
        )
        assert (shown.model, shown.scope) == ("box/parrot", "none")
        assert shown.uncounted > 100
        await (await page.of(AskingState)).send("hello", "key", "")
    beginning = chat.beginnings[0]
    assert beginning.parameters == Parameters(temperature=0.5)
    assert beginning.persona == PIRATE.id
    assert beginning.scope == DocumentScope(ScopeKind.NONE)


async def test_a_new_chat_begins_with_the_default_persona() -> None:
    """Once: what is chosen instead stays when the tab reconnects."""
    async with at("/", Settable(), replace(PIRATE, is_default=True)) as (shown, settings, _page):
        assert (settings.persona_name, shown.model) == ("Pirate", "box/parrot")
        await settings.choose_persona("", "")
        await shown.open()
        assert settings.persona_name == ""


async def test_nobody_elses_chat_or_persona_can_be_named() -> None:
    """The page says that it does not exist, and shows what it showed."""
    chat = Settable.of(ONE)
    async with at(f"/c/{ONE}", chat) as (_shown, settings, page):
        await settings.save({"conversation": str(UUID(int=999)), "temperature": "0.5"})
        await settings.choose_persona(str(PIRATE.id), str(ONE))
        assert len(await page.notices()) == 2
        assert (settings.own, settings.persona) == (False, "")
        await settings.save({"conversation": str(ONE), "temperature": "9"})
        assert "between 0 and 2" in settings.fault
        assert chat.rows[ONE].parameters is None


async def test_what_is_said_of_a_new_conversation_is_meant_for_what_it_has_become() -> None:
    """Until the page opens another: what is chosen before it has heard of the first message is kept."""
    chat = Settable.of(ONE, TWO)
    async with at("/", chat, PIRATE) as (shown, settings, page):
        await shown.open()
        assert await shown.meant("") == ""
        await shown._show(ADA, str(ONE))
        settings.note_begun()
        assert await shown.meant("") == str(ONE)
        await settings.ask("")
        assert (settings.about, settings.asking) == (str(ONE), True)
        await shown._show(ADA, str(TWO))
        assert await shown.meant("") == ""
        assert not settings.asking
        assert await page.notices() == []
