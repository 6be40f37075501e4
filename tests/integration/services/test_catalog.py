"""Model servers and their models, on both databases, with servers on real ports."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest

from gantry.adapters.openai.chat import OpenAIChatModel
from gantry.domain.accounts import SYSTEM, Actor, Role
from gantry.domain.catalog import (
    EXTRACTIVE,
    ConnectionKind,
    ConnectionOrigin,
    ConnectionSpec,
    Listing,
    ModelRef,
    Waits,
)
from gantry.domain.errors import Invalid, ModelFault, ModelUnavailable, NotAllowed, NotFound, Unavailable
from gantry.models import new_id
from gantry.repositories.database import Database
from gantry.services.catalog import CatalogService, ConnectionDraft, ConnectionStatus
from gantry.services.extractive import ExtractiveAnswerer
from tests.factories import actor_of, make_account
from tests.parts.catalog import Catalogs, connections_of, fixed, names
from tests.parts.llm_server import SILENCE, ScriptedServer
from tests.parts.ports import free_port

KEY = "sk-very-secret-key-0123456789"
ADMIN = Actor(new_id(), "admin@example.org", "Admin", Role.ADMIN)
USER = replace(ADMIN, id=new_id(), role=Role.USER)


@pytest.fixture
async def catalogs(database: Database) -> AsyncIterator[Catalogs]:
    catalogs = Catalogs(database)
    yield catalogs
    await catalogs.aclose()


@pytest.fixture
async def admin(database: Database) -> Actor:
    async with database.begin() as tx:
        return actor_of(await make_account(tx, "admin@example.org", role=Role.ADMIN))


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer(models=["beta", {"id": "alpha", "context_length": 32768}]) as server:
        yield server


def asked(server: ScriptedServer) -> int:
    return sum(request.path == "/v1/models" for request in server.others)


async def status_of(catalog: CatalogService, slug: str) -> ConnectionStatus:
    return next(
        status for status in await connections_of(catalog).connections(ADMIN) if status.spec.slug == slug
    )


# listing


async def test_nothing_configured_leaves_the_built_in_answerer(catalogs: Catalogs) -> None:
    """Without any server a page still opens with one thing to talk to, and that is the default."""
    catalog = catalogs.start()
    (only,) = await catalog.models(USER)
    assert (only.id, only.connection_name) == (EXTRACTIVE, "Built-in answerer")
    assert await catalog.default_model(USER) == EXTRACTIVE


async def test_first_page_already_has_the_models(catalogs: Catalogs, server: ScriptedServer) -> None:
    """The very first page waits the moment a healthy server takes; its models come by name, ours last."""
    catalog = catalogs.start(fixed("rig", server.url))
    choices = await catalog.models(USER)
    assert names(choices) == ["rig/alpha", "rig/beta", EXTRACTIVE]
    assert (choices[0].name, choices[0].connection_name, choices[0].context_tokens) == ("alpha", "Rig", 32768)


async def test_silent_server_does_not_hold_a_page(catalogs: Catalogs, server: ScriptedServer) -> None:
    """A server that accepts and never answers costs the first page 0.3 s and later ones nothing."""
    async with ScriptedServer(routes={"GET /v1/models": SILENCE}) as silent:
        catalog = catalogs.start(fixed("silent", silent.url))
        begun = time.monotonic()
        assert names(await catalog.models(USER)) == [EXTRACTIVE]
        assert time.monotonic() - begun < 1.5
        begun = time.monotonic()
        await catalog.models(USER)
        await catalog.default_model(USER)
        assert time.monotonic() - begun < 0.75
        await catalogs.aclose()


async def test_dead_server_does_not_hide_the_others(catalogs: Catalogs, server: ScriptedServer) -> None:
    """One server that is away is said to be away; the models of the others are there."""
    dead = fixed("dead", f"http://127.0.0.1:{free_port()}/v1")
    catalog = catalogs.start(dead, fixed("rig", server.url))
    await catalog.refresh()
    assert names(await catalog.models(USER)) == ["rig/alpha", "rig/beta", EXTRACTIVE]
    assert await catalog.default_model(USER) == "rig/alpha"
    status = await status_of(catalog, "dead")
    assert (status.state, status.models, status.checked_at) == ("failed", 0, catalogs.clock())
    assert status.problem
    assert status.advice
    assert (await status_of(catalog, "rig")).state == "ok"


@pytest.mark.parametrize("host", ["gpu..lan", "a" * 70 + ".lan", "xn--"])
async def test_a_server_at_an_impossible_address_does_not_hide_the_others(
    catalogs: Catalogs, server: ScriptedServer, host: str
) -> None:
    """A name with two dots by mistake is that server's fault alone, and said so."""
    catalog = catalogs.start(fixed("typo", f"http://{host}:8000/v1"), fixed("rig", server.url))
    await catalog.refresh()
    assert names(await catalog.models(USER)) == ["rig/alpha", "rig/beta", EXTRACTIVE]
    status = await status_of(catalog, "typo")
    assert status.state == "failed"
    assert status.problem


async def test_last_known_models_survive_a_restart(catalogs: Catalogs) -> None:
    """After a restart a page opens with the models at once, even when their server is slow or gone."""
    async with ScriptedServer(models=["alpha"]) as server:
        await catalogs.start(fixed("rig", server.url)).refresh()
        server.routes["GET /v1/models"] = SILENCE
        restarted = catalogs.start(fixed("rig", server.url), listing_seconds=0.2)
        begun = time.monotonic()
        assert names(await restarted.models(USER)) == ["rig/alpha", EXTRACTIVE]
        assert time.monotonic() - begun < 0.25
        await restarted.refresh()
        assert names(await restarted.models(USER)) == ["(rig/alpha)", EXTRACTIVE]
        assert await restarted.default_model(USER) == EXTRACTIVE
        del server.routes["GET /v1/models"]
        await restarted.refresh()
        assert names(await restarted.models(USER)) == ["rig/alpha", EXTRACTIVE]


async def test_list_is_refreshed_after_a_minute(catalogs: Catalogs, server: ScriptedServer) -> None:
    """Pages within a minute share one list; the first one after it gets that list and starts a new round."""
    catalog = catalogs.start(fixed("rig", server.url))
    await catalog.refresh()
    server.models = ["gamma"]
    catalogs.clock.forward(seconds=59)
    await asyncio.gather(*(catalog.models(USER) for _ in range(5)))
    assert asked(server) == 1
    catalogs.clock.forward(seconds=2)
    assert names(await catalog.models(USER)) == ["rig/alpha", "rig/beta", EXTRACTIVE]
    await catalog.refresh()  # joins the round that is on its way
    assert asked(server) == 2
    assert names(await catalog.models(USER)) == ["rig/gamma", EXTRACTIVE]


async def test_concurrent_refreshes_share_one_round(catalogs: Catalogs, server: ScriptedServer) -> None:
    """However many ask for a refresh at once, each server is asked once."""
    catalog = catalogs.start(fixed("rig", server.url))
    await asyncio.gather(*(catalog.refresh() for _ in range(10)))
    assert asked(server) == 1


async def test_refresh_never_raises(catalogs: Catalogs, server: ScriptedServer, caplog) -> None:
    """Neither a database that is away nor a bug in an adapter reaches whoever asked for a refresh."""

    class Gone(Database):
        def read(self, *, brief: bool = False):
            raise Unavailable("The database does not answer.")

    catalog = catalogs.start(fixed("rig", server.url))
    catalog.cache._database = Gone("sqlite:///nowhere.db")
    await catalog.refresh()
    catalog.cache._database = catalogs.database
    await catalog.refresh()

    async def broken(_spec: object):
        raise ZeroDivisionError

    catalog.cache._servers.list_models = broken  # pyright: ignore[reportAttributeAccessIssue]
    with caplog.at_level(logging.ERROR):
        await catalog.refresh()
    assert "catalog.server_crashed" in caplog.text
    assert names(await catalog.models(USER)) == [
        "(rig/alpha)",
        "(rig/beta)",
        EXTRACTIVE,
    ]  # as of one that is away


async def test_unchanged_list_is_not_written_again(catalogs: Catalogs, server: ScriptedServer) -> None:
    """A round that learns nothing new writes nothing."""
    catalog = catalogs.start(fixed("rig", server.url))
    await catalog.refresh()
    begun = catalogs.clock()
    await catalog.learn_context(ModelRef("rig", "beta"), 2048)
    for _ in range(2):
        catalogs.clock.forward(minutes=2)
        await catalog.refresh()
    async with catalogs.database.read() as tx:
        entries = await tx.catalog.list_entries()
    assert [(entry.name, entry.seen_at) for entry in entries] == [("alpha", begun), ("beta", begun)]


async def test_local_servers_are_found_only_when_nothing_is_configured(
    catalogs: Catalogs, server: ScriptedServer
) -> None:
    """With no connection at all, what answers on well-known ports is offered; it stays listed when it is away."""
    async with ScriptedServer(models=["llama"]) as local:
        ports = {ConnectionKind.OLLAMA: local.port}
        catalog = catalogs.start(ports=ports)
        await catalog.refresh()
        assert names(await catalog.models(USER)) == ["ollama/llama", EXTRACTIVE]
        assert (await status_of(catalog, "ollama")).origin is ConnectionOrigin.PROBED
        configured = catalogs.start(fixed("rig", server.url), ports=ports)
        await configured.refresh()
        assert names(await configured.models(USER)) == ["rig/alpha", "rig/beta", EXTRACTIVE]
    await catalog.refresh()
    assert names(await catalog.models(USER)) == ["(ollama/llama)", EXTRACTIVE]


async def test_closing_stops_asking(catalogs: Catalogs) -> None:
    """A round that waits for a silent server ends with the process, at once."""
    async with ScriptedServer(routes={"GET /v1/models": SILENCE}) as silent:
        catalog = catalogs.start(fixed("silent", silent.url))
        await catalog.models(USER)
        async with asyncio.timeout(1):
            await catalog.aclose()
        await catalogs.aclose()


# resolving


async def test_names_resolve_exactly_or_where_unambiguous(catalogs: Catalogs, server: ScriptedServer) -> None:
    """A full id and a name only one server has find the model, ready to be asked."""
    async with ScriptedServer(models=["beta", "org/delta"]) as other:
        catalog = catalogs.start(fixed("rig", server.url), fixed("other", other.url))
        await catalog.refresh()
        for typed, found in {
            "rig/alpha": "rig/alpha",
            "alpha": "rig/alpha",
            "other/beta": "other/beta",
            "org/delta": "other/org/delta",
        }.items():
            assert str((await catalog.resolve(USER, typed)).ref) == found
        alpha = await catalog.resolve(USER, "alpha")
        assert (alpha.context_tokens, alpha.connection_name) == (32768, "Rig")
        with pytest.raises(Invalid) as refused:
            await catalog.resolve(USER, "beta")
        assert refused.value.field == "model"
        assert "rig/beta or other/beta" in refused.value.advice
    await catalog.refresh()  # the other one is away now: the bare name is unambiguous
    assert str((await catalog.resolve(USER, "beta")).ref) == "rig/beta"


@pytest.mark.parametrize("typed", [EXTRACTIVE, "extractive"])
async def test_built_in_answerer_always_resolves(catalogs: Catalogs, typed: str) -> None:
    """The built-in answerer needs no server."""
    resolved = await catalogs.start().resolve(USER, typed)
    assert isinstance(resolved.chat, ExtractiveAnswerer)
    assert str(resolved.ref) == EXTRACTIVE


@pytest.mark.parametrize("typed", ["", "alfa", "rig/", "rig/unlisted", "nowhere/alpha", "/alpha", "x" * 5000])
async def test_unknown_names_are_refused_with_those_that_would_do(
    catalogs: Catalogs, server: ScriptedServer, typed: str
) -> None:
    """A name nobody lists is refused, and the answer names models there are."""
    catalog = catalogs.start(fixed("rig", server.url))
    await catalog.refresh()
    with pytest.raises(Invalid) as refused:
        await catalog.resolve(USER, typed)
    assert refused.value.field == "model"
    assert "rig/alpha" in refused.value.advice
    assert len(refused.value.public) < 200


async def test_server_that_is_away_or_lists_nothing_is_asked_all_the_same(catalogs: Catalogs) -> None:
    """Where we cannot know what a server has, the name is taken: the server will tell."""
    async with ScriptedServer(models=[]) as empty:
        dead = fixed("dead", f"http://127.0.0.1:{free_port()}/v1")
        catalog = catalogs.start(fixed("empty", empty.url), dead)
        await catalog.refresh()
        for typed in ("empty/gpt-x", "dead/org/model"):
            assert str((await catalog.resolve(USER, typed)).ref) == typed


async def test_length_told_in_an_error_beats_the_listed_one(
    catalogs: Catalogs, server: ScriptedServer
) -> None:
    """What a server told when a prompt was too long stays known, in this process and the next."""
    catalog = catalogs.start(fixed("rig", server.url))
    await catalog.refresh()
    await catalog.learn_context(ModelRef("rig", "alpha"), 4096)
    await catalog.refresh()
    assert (await catalog.resolve(USER, "alpha")).context_tokens == 4096
    assert (await catalog.models(USER))[0].context_tokens == 4096
    again = catalogs.start(fixed("rig", server.url))
    assert (await again.resolve(USER, "alpha")).context_tokens == 4096
    await again.refresh()
    assert (await again.resolve(USER, "alpha")).context_tokens == 4096


async def test_default_is_ones_own_while_it_exists(catalogs: Catalogs, server: ScriptedServer) -> None:
    """A person's default wins as long as the catalog knows it, then the first model that answers."""
    async with catalogs.database.begin() as tx:
        people = [
            actor_of(await make_account(tx, default_model=model))
            for model in ("rig/beta", "rig/gone", EXTRACTIVE, None)
        ]
    catalog = catalogs.start(fixed("rig", server.url))
    await catalog.refresh()
    defaults = [await catalog.default_model(who) for who in people]
    assert defaults == ["rig/beta", "rig/alpha", EXTRACTIVE, "rig/alpha"]


# connections

DRAFT = ConnectionDraft("Rig", "http://127.0.0.1:9")
ADMINISTRATIVE: dict[str, Callable[[CatalogService, Actor], Awaitable[object]]] = {
    "list": lambda catalog, who: connections_of(catalog).connections(who),
    "test": lambda catalog, who: connections_of(catalog).test_connection(who, DRAFT),
    "add": lambda catalog, who: connections_of(catalog).add_connection(who, DRAFT),
    "edit": lambda catalog, who: connections_of(catalog).edit_connection(who, new_id(), DRAFT),
    "remove": lambda catalog, who: connections_of(catalog).remove_connection(who, new_id()),
}


@pytest.mark.parametrize("act", ADMINISTRATIVE)
async def test_connections_are_for_administrators(catalogs: Catalogs, act: str) -> None:
    """Everybody else is refused before anything is asked or looked up."""
    with pytest.raises(NotAllowed):
        await ADMINISTRATIVE[act](catalogs.start(), USER)


@pytest.mark.parametrize("act", ["edit", "remove"])
async def test_unknown_connections_are_not_found(catalogs: Catalogs, act: str) -> None:
    """Fixed connections have no id, and a made-up one leads nowhere."""
    with pytest.raises(NotFound):
        await ADMINISTRATIVE[act](catalogs.start(), ADMIN)


async def test_added_server_is_there_at_once(
    catalogs: Catalogs, server: ScriptedServer, admin: Actor
) -> None:
    """Whoever adds a server sees how it is and what it has; the other replicas know it when it is named."""
    here, there = catalogs.start(), catalogs.start()
    await there.models(USER)
    server.api_key = KEY
    draft = ConnectionDraft("  Our  Rig ", f"{server.origin}/", ConnectionKind.VLLM, f" {KEY}\n")
    added = await connections_of(here).add_connection(admin, draft)
    assert names(await here.models(USER)) == ["our-rig/alpha", "our-rig/beta", EXTRACTIVE]
    status = await status_of(here, "our-rig")
    assert (status.id, status.spec.name, status.spec.base_url) == (added, "Our Rig", server.url)
    assert (status.state, status.models, status.has_key) == ("ok", 2, True)
    assert str((await there.resolve(USER, "our-rig/alpha")).ref) == "our-rig/alpha"


async def test_models_named_by_hand_and_waits_are_kept(
    catalogs: Catalogs, server: ScriptedServer, admin: Actor
) -> None:
    """A server without a list offers what was named, and is given the time that was asked for."""
    server.routes["GET /v1/models"] = (404, {"detail": "Not Found"})
    here, there = catalogs.start(), catalogs.start()
    draft = ConnectionDraft("Slow", server.url, models=["house-model"], first_word_seconds=1800)
    added = await connections_of(here).add_connection(admin, draft)
    for catalog in (here, there):
        resolved = await catalog.resolve(USER, "slow/house-model")
        assert isinstance(resolved.chat, OpenAIChatModel)
        assert resolved.chat.connection.waits == Waits(first_word=1800)
    assert names(await here.models(USER)) == ["slow/house-model", EXTRACTIVE]
    assert (await status_of(here, "slow")).state == "ok"
    await connections_of(here).edit_connection(
        admin, added, replace(draft, models=[], first_word_seconds=None)
    )
    status = await status_of(here, "slow")
    assert (status.spec.models, status.spec.waits, status.state) == ((), None, "failed")
    assert "name the models by hand" in status.advice


async def test_same_names_get_slugs_of_their_own(
    catalogs: Catalogs, server: ScriptedServer, admin: Actor
) -> None:
    """No two connections share the first part of their models' ids, nor take that of the built-in answerer."""
    catalog = catalogs.start(fixed("openai", server.url))
    for name in ("Gantry", "OpenAI", "openai"):
        await connections_of(catalog).add_connection(admin, ConnectionDraft(name, server.url))
    slugs = [status.spec.slug for status in await connections_of(catalog).connections(ADMIN)]
    assert slugs == ["openai", "gantry-2", "openai-2", "openai-3"]


async def test_slug_taken_by_the_environment_moves_the_stored_one(
    catalogs: Catalogs, server: ScriptedServer, admin: Actor
) -> None:
    """When the environment later names a connection like a stored one, both stay usable."""
    await connections_of(catalogs.start()).add_connection(admin, ConnectionDraft("OpenAI", server.url))
    catalog = catalogs.start(fixed("openai", server.url))
    await catalog.refresh()
    assert names(await catalog.models(USER)) == [
        "openai/alpha",
        "openai/beta",
        "openai-2/alpha",
        "openai-2/beta",
        EXTRACTIVE,
    ]


async def test_key_stays_inside(
    catalogs: Catalogs, server: ScriptedServer, admin: Actor, caplog: pytest.LogCaptureFixture
) -> None:
    """The key is in no answer, no repr, no log, and not readable in the database."""
    caplog.set_level(logging.DEBUG)
    server.api_key = KEY
    catalog = catalogs.start()
    draft = ConnectionDraft("Rig", server.url, api_key=KEY)
    await connections_of(catalog).test_connection(admin, draft)
    connection = await connections_of(catalog).add_connection(admin, draft)
    server.api_key = "another"
    with pytest.raises(ModelUnavailable) as refused:
        await connections_of(catalog).test_connection(admin, draft)
    await catalog.refresh()
    told = [
        draft,
        await connections_of(catalog).connections(ADMIN),
        await catalog.models(USER),
        catalog.cache.specs,
        refused.value,
    ]
    async with catalogs.database.read() as tx:
        row = await tx.catalog.get_connection(connection)
        told += [row, await tx.accounts.list_events(limit=9), vars(refused.value)]
    assert row.key_encrypted
    assert all(KEY not in f"{thing!r} {thing}" for thing in told)
    assert KEY not in caplog.text


async def test_stored_key_is_kept_replaced_or_removed(
    catalogs: Catalogs, server: ScriptedServer, admin: Actor
) -> None:
    """An edit without a key keeps the stored one, with a key replaces it, with an empty one removes it."""
    server.api_key = KEY
    catalog = catalogs.start()
    connection = await connections_of(catalog).add_connection(
        admin, ConnectionDraft("Rig", server.url, api_key=KEY)
    )
    for key, state, has_key in ((None, "ok", True), ("sk-wrong", "failed", True), ("", "failed", False)):
        await connections_of(catalog).edit_connection(
            admin, connection, ConnectionDraft("Renamed", server.url, api_key=key)
        )
        await catalog.refresh()
        status = await status_of(catalog, "rig")
        assert (status.spec.name, status.state, status.has_key) == ("Renamed", state, has_key)


@pytest.mark.parametrize("act", ["test", "edit"])
async def test_stored_key_is_not_sent_to_another_server(
    catalogs: Catalogs, server: ScriptedServer, admin: Actor, act: str
) -> None:
    """With the address changed to another host or port, the key has to be entered again."""
    catalog = catalogs.start()
    connection = await connections_of(catalog).add_connection(
        admin, ConnectionDraft("Rig", server.url, api_key=KEY)
    )
    async with ScriptedServer() as foreign:
        draft = ConnectionDraft("Rig", foreign.url)
        acts = {
            "test": lambda: connections_of(catalog).test_connection(admin, draft, connection),
            "edit": lambda: connections_of(catalog).edit_connection(admin, connection, draft),
        }
        with pytest.raises(Invalid) as refused:
            await acts[act]()
        assert refused.value.field == "api_key"
        await catalog.refresh()
        assert foreign.others == []
        await connections_of(catalog).edit_connection(
            admin, connection, replace(draft, api_key="")
        )  # it needs none
        await catalog.refresh()
        assert all("authorization" not in request.headers for request in foreign.others)
        assert foreign.others


async def test_stored_key_is_used_for_a_test_on_the_same_server(
    catalogs: Catalogs, server: ScriptedServer, admin: Actor
) -> None:
    """An administrator who tests a connection again need not enter its key again."""
    server.api_key = KEY
    catalog = catalogs.start()
    connection = await connections_of(catalog).add_connection(
        admin, ConnectionDraft("Rig", server.url, api_key=KEY)
    )
    draft = ConnectionDraft("Rig", server.url)
    listing = await connections_of(catalog).test_connection(admin, draft, connection)
    assert [model.name for model in listing.models] == ["alpha", "beta"]
    with pytest.raises(ModelUnavailable) as refused:
        await connections_of(catalog).test_connection(admin, draft)
    assert refused.value.fault is ModelFault.NOT_AUTHORISED


async def test_key_lost_with_its_secret_is_said(
    catalogs: Catalogs, server: ScriptedServer, admin: Actor
) -> None:
    """After SECRET_KEY has changed the connection is failed and says why; it is not asked without its key."""
    await connections_of(catalogs.start()).add_connection(
        admin, ConnectionDraft("Rig", server.url, api_key=KEY)
    )
    before = asked(server)
    catalog = catalogs.start(secret="another secret, just as long as that one")
    await catalog.refresh()
    status = await status_of(catalog, "rig")
    assert (status.state, status.has_key) == ("failed", True)
    assert "SECRET_KEY has changed" in status.advice
    assert asked(server) == before
    assert names(await catalog.models(USER)) == ["(rig/alpha)", "(rig/beta)", EXTRACTIVE]
    with pytest.raises(ModelUnavailable, match="API key") as refused:
        await catalog.resolve(USER, "rig/alpha")
    assert "ask an administrator" in refused.value.advice_for(administrator=False)


async def test_removed_server_is_gone(catalogs: Catalogs, server: ScriptedServer, admin: Actor) -> None:
    """A removed connection takes its models with it, also from what is kept for a restart."""
    catalog = catalogs.start()
    connection = await connections_of(catalog).add_connection(admin, ConnectionDraft("Rig", server.url))
    await connections_of(catalog).remove_connection(admin, connection)
    assert names(await catalog.models(USER)) == [EXTRACTIVE]
    async with catalogs.database.read() as tx:
        assert await tx.catalog.list_entries() == []
        actions = [event.action for event in await tx.accounts.list_events(limit=9)]
    assert actions == ["connection.removed", "connection.added"]


async def test_answer_of_a_server_removed_meanwhile_is_dropped(catalogs: Catalogs, admin: Actor) -> None:
    """What a server lists after it was removed is neither shown nor kept."""
    came, go = asyncio.Event(), asyncio.Event()
    catalog = catalogs.start()
    list_models = catalog.servers.list_models

    async def slowly(spec: ConnectionSpec) -> Listing:
        came.set()
        await go.wait()
        return await list_models(spec)

    catalog.servers.list_models = slowly  # pyright: ignore[reportAttributeAccessIssue]
    async with ScriptedServer(models=["alpha"]) as server:
        adding = asyncio.ensure_future(
            connections_of(catalog).add_connection(admin, ConnectionDraft("Rig", server.url))
        )
        await came.wait()
        async with catalogs.database.begin() as tx:
            (row,) = await tx.catalog.list_connections()
            await tx.catalog.remove(row, slug=row.slug)
        await catalog.cache.load()
        go.set()
        await adding
    assert names(await catalog.models(USER)) == [EXTRACTIVE]
    async with catalogs.database.read() as tx:
        assert await tx.catalog.list_entries() == []


async def test_change_is_not_lost_in_a_round_under_way(
    catalogs: Catalogs, server: ScriptedServer, admin: Actor
) -> None:
    """A connection added while servers are being asked is asked right after."""
    async with ScriptedServer(routes={"GET /v1/models": SILENCE}) as silent:
        catalog = catalogs.start(fixed("silent", silent.url), listing_seconds=0.5)
        await catalog.models(USER)
        await connections_of(catalog).add_connection(admin, ConnectionDraft("Rig", server.url))
        assert names(await catalog.models(USER)) == ["rig/alpha", "rig/beta", EXTRACTIVE]


async def test_the_system_may_ask_too(catalogs: Catalogs, server: ScriptedServer) -> None:
    """Without an account there is no default of one's own, and that is no error."""
    catalog = catalogs.start(fixed("rig", server.url))
    assert await catalog.default_model(SYSTEM) == "rig/alpha"
