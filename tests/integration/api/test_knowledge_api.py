"""Documents, search and memory over REST, on a real port."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from gantry.domain.accounts import SYSTEM
from tests.parts import documents
from tests.parts.api_server import api_of, sign_in
from tests.parts.knowledge import background, learned, until
from tests.parts.llm_server import Script
from tests.parts.pictures import picture
from tests.parts.stack import Stack

PDF = documents.pdf(["The harbour bridge was painted blue.", "The lighthouse keeper was called Amalia."])


@pytest.fixture
async def client(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client signed in as Ben, of a deployment that reads."""
    async with background(stack.main), api_of(stack) as client:
        await sign_in(stack, client, "ben@example.org")
        yield client


async def send(client: httpx.AsyncClient, name: str, content: bytes, **fields: str) -> httpx.Response:
    """Upload a file as a form does."""
    return await client.post("/api/v1/documents", files={"file": (name, content)}, data=fields)


async def ready(client: httpx.AsyncClient, document: str) -> dict[str, Any]:
    """Wait until a document has been read, or could not be."""

    async def done() -> dict[str, Any] | None:
        found = (await client.get(f"/api/v1/documents/{document}")).json()
        return found if found["state"] in {"ready", "failed"} else None

    found = await until(done)
    assert found is not None
    return found


async def test_a_document_from_upload_to_deletion(client: httpx.AsyncClient) -> None:
    """Uploaded, read, listed, searched, shown, downloaded, renamed, moved, deleted."""
    made = await send(client, "harbour.pdf", PDF)
    assert made.status_code == 201, made.text
    assert (await send(client, "again.pdf", PDF)).status_code == 200
    row = await ready(client, made.json()["id"])
    assert (row["state"], row["pages"]) == ("ready", 2)
    found = (await client.post("/api/v1/search", json={"query": "Who kept the lighthouse?"})).json()
    best = found["passages"][0]
    assert (best["title"], best["page"], found["searched"], found["left_out"]) == ("harbour.pdf", 2, 1, [])
    url = f"/api/v1/documents/{row['id']}"
    place = {"start": best["start"], "end": best["end"]}
    page = (await client.get(f"{url}/text", params=place)).json()
    assert page["text"][page["mark_start"] : page["mark_end"]] == best["text"]
    chunks = (await client.get(f"{url}/chunks")).json()["chunks"]
    assert [chunk["page"] for chunk in chunks] == [1, 2]
    original = await client.get(f"{url}/content")
    assert original.content == PDF
    assert original.headers["content-disposition"].startswith("attachment")
    assert original.headers["content-type"] == "application/octet-stream"
    kind = (await client.post("/api/v1/collections", json={"name": "Work"})).json()
    changed = await client.patch(url, json={"name": "Port.pdf", "collection_id": kind["id"]})
    assert (changed.json()["name"], changed.json()["collection_id"]) == ("Port.pdf", kind["id"])
    listed = (await client.get("/api/v1/documents", params={"collection_id": kind["id"]})).json()["documents"]
    assert [each["name"] for each in listed] == ["Port.pdf"]
    assert (await client.delete(url)).status_code == 204
    assert (await client.get(url)).status_code == 404
    gone = (await client.post("/api/v1/search", json={"query": "lighthouse"})).json()
    assert (gone["passages"], gone["searched"]) == ([], 0)


async def test_a_download_goes_on_from_where_it_was(client: httpx.AsyncClient) -> None:
    """One part is sent as it is asked for; several, or what is no part, as the whole; one beyond the end is refused."""
    made = await send(client, "ten.txt", b"0123456789")
    url = f"/api/v1/documents/{made.json()['id']}/content"
    whole = await client.get(url)
    for asked, part, place in (
        ("bytes=4-", b"456789", "4-9"),
        ("bytes=2-3", b"23", "2-3"),
        ("bytes=-3", b"789", "7-9"),
        ("bytes=5-99", b"56789", "5-9"),
    ):
        got = await client.get(url, headers={"Range": asked, "If-Range": whole.headers["etag"]})
        told = got.headers["content-range"]
        assert (got.status_code, got.content, told) == (206, part, f"bytes {place}/10"), asked
    for asked in ("bytes=0-1,5-6", "bytes=7-3", "bytes=", "bytes=a-b", "lines=1-2", "bytes 1-2", "x"):
        got = await client.get(url, headers={"Range": asked})
        assert (got.status_code, got.content) == (200, b"0123456789"), asked
    for asked in ("bytes=10-", "bytes=-0"):
        got = await client.get(url, headers={"Range": asked})
        assert (got.status_code, got.json()["type"]) == (416, "/problems/range-not-satisfiable"), asked
        assert got.headers["content-range"] == "bytes */10"
    other = await client.get(url, headers={"Range": "bytes=10-", "If-Range": '"another"'})
    assert (other.status_code, other.content) == (200, b"0123456789")


async def test_a_picture_is_shown_and_nothing_else_is(client: httpx.AsyncClient) -> None:
    """As what it is, never as a page; a file of another kind is not there."""
    sent = await client.post(
        "/api/v1/documents", files={"file": ("red.png", picture(), "text/html")}, data={"attach": "true"}
    )
    assert sent.json()["media_type"] == "image/png"
    shown = await client.get(f"/api/v1/documents/{sent.json()['id']}/image")
    assert shown.content.startswith(b"\x89PNG")
    assert shown.headers["content-type"] == "image/png"
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in shown.headers["content-security-policy"]
    other = await send(client, "harbour.pdf", PDF)
    assert (await client.get(f"/api/v1/documents/{other.json()['id']}/image")).status_code == 404
    broken = {"file": ("red.png", picture()[:40], "image/png")}
    refused = await client.post("/api/v1/documents", files=broken, data={"attach": "true"})
    assert (refused.status_code, refused.json()["detail"]) == (
        422,
        "This file is damaged and cannot be read.",
    )


OWNED = [
    ("GET", "/api/v1/documents/{document}", None),
    ("GET", "/api/v1/documents/{document}/content", None),
    ("GET", "/api/v1/documents/{document}/image", None),
    ("GET", "/api/v1/documents/{document}/text", None),
    ("GET", "/api/v1/documents/{document}/chunks", None),
    ("PATCH", "/api/v1/documents/{document}", {"name": "mine.pdf"}),
    ("POST", "/api/v1/documents/{document}/retry", None),
    ("POST", "/api/v1/documents/{document}/cancel", None),
    ("DELETE", "/api/v1/documents/{document}", None),
    ("PATCH", "/api/v1/collections/{collection}", {"name": "mine"}),
    ("DELETE", "/api/v1/collections/{collection}", None),
    ("PATCH", "/api/v1/memory/{fact}", {"content": "mine"}),
    ("DELETE", "/api/v1/memory/{fact}", None),
]


async def test_what_is_somebody_elses_is_not_found(stack: Stack, client: httpx.AsyncClient) -> None:
    """With their ids, and as if there were no such thing; nothing at all without a session."""
    row = await ready(client, (await send(client, "harbour.pdf", PDF)).json()["id"])
    fact = (await client.post("/api/v1/memory", json={"content": "Likes tea."})).json()
    ids = {"document": row["id"], "collection": row["collection_id"], "fact": fact["id"]}
    requests = [(method, path.format(**ids), body) for method, path, body in OWNED]
    async with httpx.AsyncClient(base_url=client.base_url) as eve:
        for method, url, body in requests:
            assert (await eve.request(method, url, json=body)).status_code == 401, (method, url)
        await sign_in(stack, eve, "eve@example.org")
        for method, url, body in requests:
            refused = await eve.request(method, url, json=body)
            assert refused.status_code == 404, (method, url, refused.text)
        assert (await eve.get("/api/v1/documents")).json()["documents"] == []
        assert (await eve.get("/api/v1/memory")).json()["facts"] == []
    assert (await client.get("/api/v1/memory")).json()["facts"][0]["content"] == "Likes tea."
    assert (await client.get(f"/api/v1/documents/{row['id']}")).json()["name"] == "harbour.pdf"


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"", {"content-type": "application/json"}, 415),
        (b"--x\r\nnonsense", {"content-type": "multipart/form-data; boundary=x"}, 422),
        (
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhalf of it',
            {"content-type": "multipart/form-data; boundary=x"},
            422,
        ),
        (
            b'--x\r\nContent-Disposition: form-data; name="other"\r\n\r\nvalue\r\n--x--\r\n',
            {"content-type": "multipart/form-data; boundary=x"},
            422,
        ),
    ],
    ids=["no form", "no multipart", "half a file", "no file"],
)
async def test_a_broken_upload_is_refused_and_leaves_nothing(
    stack: Stack, client: httpx.AsyncClient, content: bytes, headers: dict[str, str], status: int
) -> None:
    """In words, with nothing on the disk."""
    refused = await client.post("/api/v1/documents", content=content, headers=headers)
    assert refused.status_code == status, refused.text
    assert refused.json()["detail"]
    assert not [
        each for each in stack.settings.data_dir.rglob("*") if each.is_file() and "documents" in each.parts
    ]


async def test_an_upload_that_is_given_up_leaves_nothing(stack: Stack, client: httpx.AsyncClient) -> None:
    """The connection ends in the middle of the file."""
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
    address = client.base_url
    _reader, writer = await asyncio.open_connection(address.host, address.port)
    cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    lines = [
        "POST /api/v1/documents HTTP/1.1",
        f"Host: {address.host}:{address.port}",
        f"Cookie: {cookie}",
        "Content-Type: multipart/form-data; boundary=x",
        "Content-Length: 1000000",
    ]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode() + head + b"words " * 5000)
    await writer.drain()

    def kept() -> list[str]:
        return [
            each.name
            for each in stack.settings.data_dir.rglob("*")
            if each.is_file() and "documents" in str(each)
        ]

    async def begun() -> bool:
        return bool(kept())

    async def gone() -> bool:
        return not kept()

    await until(begun)
    writer.close()
    await until(gone)
    assert (await client.get("/api/v1/documents")).json()["documents"] == []


async def test_memory_is_listed_changed_and_forgotten(stack: Stack, client: httpx.AsyncClient) -> None:
    """Facts, their graph, the settings; a fact tells where it came from."""
    stack.llm.default = Script(text="Noted.")
    thread = (await client.post("/api/v1/conversations", json={"title": "T"})).json()["id"]
    body = {"content": "My sister is called Beatrix.", "model": "openai/scripted"}
    await client.post(f"/api/v1/conversations/{thread}/messages", json=body)
    await learned(stack)
    (fact,) = (await client.get("/api/v1/memory")).json()["facts"]
    assert (fact["content"], fact["conversation_id"]) == ("Has a sister called Beatrix.", thread)
    graph = (await client.get("/api/v1/memory/graph")).json()
    assert "Beatrix" in {node["name"] for node in graph["nodes"]}
    found = (await client.post("/api/v1/search", json={"query": "sister", "memory": True})).json()
    assert found["passages"][0]["conversation_id"] == thread
    await client.patch(f"/api/v1/memory/{fact['id']}", json={"content": "Has two sisters.", "pinned": True})
    (fact,) = (await client.get("/api/v1/memory", params={"q": "two"})).json()["facts"]
    assert (fact["pinned"], fact["by_hand"]) == (True, True)
    same = await client.post("/api/v1/memory", json={"content": "has two sisters"})
    assert same.status_code == 409
    settings = (await client.patch("/api/v1/memory/settings", json={"by_model": True})).json()
    assert (settings["enabled"], settings["by_model"]) == (True, True)
    assert (await client.delete("/api/v1/memory")).status_code == 204
    assert (await client.get("/api/v1/memory")).json()["facts"] == []


@pytest.mark.parametrize("number", [2**31, 2**63, 2**64, 10**30])
async def test_numbers_beyond_what_is_stored_are_refused(client: httpx.AsyncClient, number: int) -> None:
    """A place in a text that no database column could hold is the caller's mistake."""
    url = f"/api/v1/documents/{uuid4()}"
    for path in (f"{url}/text?start={number}", f"{url}/text?end={number}", f"{url}/chunks?first={number}"):
        assert (await client.get(path)).status_code == 422, path


@pytest.mark.parametrize(
    "moment",
    [
        "9999-12-31T23:59:59-23:59",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59Z",
        "1969-12-31T23:59:59Z",
    ],
)
async def test_dates_beyond_the_calendar_are_refused(client: httpx.AsyncClient, moment: str) -> None:
    """A date that has no place in UTC, or that no database holds, is the caller's mistake."""
    assert (await client.get("/api/v1/conversations", params={"before": moment})).status_code == 422


@pytest.mark.parametrize(
    ("boundary", "body"),
    [
        ("b" * 300, b""),
        ("b", b"--b\r\nX: " + b"x" * 20_000 + b"\r\n\r\n"),
        ("b", b"--b\r\n" + b"".join(b"X%d: 1\r\n" % n for n in range(50)) + b"\r\n"),
        ("b", b"--b\r\n\x00: 1\r\n\r\n"),
        ("b", b"no boundary at all"),
    ],
    ids=["long boundary", "long header", "many headers", "no header", "no boundary"],
)
async def test_odd_forms_are_refused(client: httpx.AsyncClient, boundary: str, body: bytes) -> None:
    """An upload that is no proper form is the caller's mistake."""
    kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    answer = await client.post("/api/v1/documents", content=body, headers=kind)
    assert answer.status_code == 422, answer.text


async def test_long_searches_find_nothing(stack: Stack, client: httpx.AsyncClient) -> None:
    """A pattern that a database would refuse is cut, or refused with the field's name."""
    long = "x" * 60_000
    for path in ("/api/v1/documents?q=", "/api/v1/memory?q=", "/api/v1/users?search="):
        assert (await client.get(path + long)).status_code == 422
    assert (await client.post("/api/v1/search", json={"query": long})).status_code == 422
    services = stack.main.services
    who = await services.accounts.authenticate(client.cookies["gantry_session"])
    assert await services.documents.list_documents(who, words=long) == []
    assert await services.memory.facts(who, words=long) == []
    assert await services.people.list_accounts(SYSTEM, search=long) == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/conversations", {"temporary": 1}),
        ("/api/v1/conversations", {"remembered": "yes"}),
        ("/api/v1/search", {"query": "x", "memory": 0}),
    ],
)
async def test_numbers_are_no_booleans(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> None:
    """True and false are written as such."""
    assert (await client.post(path, json=body)).status_code == 422
