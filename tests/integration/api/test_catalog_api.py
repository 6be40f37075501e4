"""Models and connections as programs see them."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from gantry.api import accounts as accounts_api
from gantry.api import catalog as catalog_api
from gantry.api import problems
from gantry.domain.accounts import SYSTEM, Role
from gantry.repositories.database import Database
from gantry.runtime import installed
from tests.integration.api.test_accounts_api import only, problem_of
from tests.parts.accounts import PASSWORD, Accounts
from tests.parts.catalog import Catalogs, connections_of
from tests.parts.llm_server import ScriptedServer
from tests.parts.ports import free_port

KEY = "sk-very-secret-key-0123456789"


@pytest.fixture
async def clients(database: Database) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
    """Yield a client of an administrator and one of a person."""
    app = FastAPI()
    app.include_router(accounts_api.router)
    app.include_router(catalog_api.router)
    problems.install(app)
    accounts, catalogs = Accounts(database), Catalogs(database)
    catalog = catalogs.start()
    clients: dict[str, httpx.AsyncClient] = {}
    with installed(only(accounts=accounts.service, catalog=catalog, connections=connections_of(catalog))):
        for name, role in (("admin", Role.ADMIN), ("ann", Role.USER)):
            email = f"{name}@example.org"
            await accounts.people.create_account(SYSTEM, email, name, role, PASSWORD)
            clients[name] = httpx.AsyncClient(
                transport=httpx.ASGITransport(app), base_url="http://gantry.test"
            )
            await clients[name].post("/api/v1/session", json={"email": email, "password": PASSWORD})
        yield clients
        for client in clients.values():
            await client.aclose()
        await catalogs.aclose()


async def test_models_and_the_default_are_told(clients: dict[str, httpx.AsyncClient]) -> None:
    """Everybody signed in sees the models; without a server that is the built-in answerer alone."""
    answer = (await clients["ann"].get("/api/v1/models")).json()
    assert answer["default"] == "gantry/extractive"
    assert answer["models"] == [
        {
            "id": "gantry/extractive",
            "name": "Built-in answerer",
            "connection": "gantry",
            "connection_name": "Built-in answerer",
            "context_tokens": None,
            "available": True,
        }
    ]


async def test_connection_is_tried_added_changed_and_removed(clients: dict[str, httpx.AsyncClient]) -> None:
    """An administrator adds a server in the browser and everybody has its models; no answer tells the key."""
    admin, told = clients["admin"], []
    async with ScriptedServer(models=["alpha"], api_key=KEY) as server:
        draft = {"name": "Rig", "base_url": server.origin, "api_key": KEY}
        tried = await admin.post("/api/v1/connections/test", json=draft)
        assert tried.json() == {"kind": "openai", "models": [{"name": "alpha", "context_tokens": None}]}
        added = await admin.post("/api/v1/connections", json=draft)
        assert added.status_code == 201
        path = f"/api/v1/connections/{added.json()['id']}"
        models = await clients["ann"].get("/api/v1/models")
        assert [model["id"] for model in models.json()["models"]] == ["rig/alpha", "gantry/extractive"]
        assert models.json()["default"] == "rig/alpha"

        again = {"name": "Rig two", "base_url": server.url, "connection_id": added.json()["id"]}
        assert (await admin.post("/api/v1/connections/test", json=again)).status_code == 200
        assert (await admin.put(path, json={"name": "Rig two", "base_url": server.url})).status_code == 204
        listed = await admin.get("/api/v1/connections")
        (connection,) = listed.json()["connections"]
        assert (connection["name"], connection["state"], connection["has_key"]) == ("Rig two", "ok", True)
        told += [tried, added, models, listed]
    assert (await admin.delete(path)).status_code == 204
    assert (await admin.get("/api/v1/connections")).json() == {"connections": []}
    assert all(KEY not in answer.text for answer in told)


async def test_failed_trial_says_why(clients: dict[str, httpx.AsyncClient]) -> None:
    """A server that cannot be reached, and an address that is none, are told apart."""
    dead = {"name": "Dead", "base_url": f"http://127.0.0.1:{free_port()}", "api_key": KEY}
    answer = await clients["admin"].post("/api/v1/connections/test", json=dead)
    body = problem_of(answer, 503, "model-unavailable")
    assert body["fault"] == "unreachable"
    assert body["advice"]
    assert KEY not in answer.text
    wrong = await clients["admin"].post("/api/v1/connections", json=dead | {"base_url": "ftp://example.org"})
    assert problem_of(wrong, 422, "invalid")["field"] == "base_url"


async def test_key_is_entered_again_for_another_server(clients: dict[str, httpx.AsyncClient]) -> None:
    """A stored key does not follow a changed address; the other server is not even asked."""
    admin = clients["admin"]
    async with ScriptedServer(api_key=KEY) as server, ScriptedServer() as foreign:
        new = {"name": "Rig", "base_url": server.url, "api_key": KEY}
        connection = (await admin.post("/api/v1/connections", json=new)).json()["id"]
        moved = {"name": "Rig", "base_url": foreign.url}
        refused = await admin.put(f"/api/v1/connections/{connection}", json=moved)
        assert problem_of(refused, 422, "invalid")["field"] == "api_key"
        trial = await admin.post("/api/v1/connections/test", json=moved | {"connection_id": connection})
        assert problem_of(trial, 422, "invalid")["field"] == "api_key"
        assert foreign.others == []


async def test_connections_are_closed_to_everybody_else(clients: dict[str, httpx.AsyncClient]) -> None:
    """People can neither see nor change model servers, nor make ours send requests anywhere."""
    draft = {"name": "Rig", "base_url": "http://127.0.0.1:9"}
    some = "/api/v1/connections/01234567-89ab-7def-8123-456789abcdef"
    for method, path, body in (
        ("GET", "/api/v1/connections", None),
        ("POST", "/api/v1/connections", draft),
        ("POST", "/api/v1/connections/test", draft),
        ("PUT", some, draft),
        ("DELETE", some, None),
    ):
        problem_of(await clients["ann"].request(method, path, json=body), 403, "not-allowed")
    problem_of(await clients["admin"].delete(some), 404, "not-found")
