"""What a person takes out of Gantry, on both databases."""

import io
import json
import zipfile
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from gantry.bootstrap import exports
from gantry.domain.accounts import Actor
from gantry.domain.chat import MessageStatus
from gantry.domain.clock import utc_now
from gantry.domain.errors import Conflict, Invalid, NotFound, Unavailable
from gantry.domain.exported_text import Reading
from gantry.domain.exporting import ExportForm
from gantry.models import Conversation, Folder, Message
from gantry.repositories.database import Database
from gantry.services.exporting import MAX_AT_ONCE, Export, ExportService
from tests.factories import actor_of, make_account
from tests.parts.pdfs import text_of
from tests.parts.rich import MARKDOWN, Rich, add_rich
from tests.parts.stack import test_settings

# The sentences of docs/export-format.md, as keys.
MESSAGE_KEYS = {
    *("id", "parent", "role", "created_at", "finished_at", "status", "model", "content", "reasoning"),
    *("usage", "timings", "left_out", "truncated", "ending", "error", "retrieval", "feedback"),
    *("files", "citations"),
}


@pytest.fixture
async def ann(database: Database) -> Actor:
    async with database.begin() as tx:
        account = await make_account(tx, "ann@example.org")
    return actor_of(account)


async def stored(database: Database, who: Actor, **values: Any) -> Rich:
    async with database.begin() as tx:
        return await add_rich(tx, who.id, **values)


@pytest.fixture
def service(database: Database, tmp_path: Path) -> ExportService:
    return exports(test_settings("sqlite:///unused.db", data_dir=tmp_path), database)


async def taken(export: Export) -> bytes:
    return b"".join([piece async for piece in export.content])


async def as_json(service: ExportService, who: Actor, conversation: UUID) -> dict[str, Any]:
    return json.loads(await taken(await service.one(who, conversation, ExportForm.JSON)))


class Broken:
    """A typesetter whose process dies with every text."""

    @asynccontextmanager
    async def open(self):
        yield self

    async def fragment(self, markdown: str) -> str:
        raise Unavailable("It died.")

    async def pdf(self, reading: Reading) -> bytes:
        raise Unavailable("It died.")


def opened(content: bytes) -> zipfile.ZipFile:
    packed = zipfile.ZipFile(io.BytesIO(content))
    assert packed.testzip() is None
    return packed


async def test_json_holds_everything_of_a_conversation(
    database: Database, service: ExportService, ann: Actor
) -> None:
    """All branches with reasoning, usage, timings, errors, sources with passages, judgements and files."""
    async with database.begin() as tx:
        outer = Folder(account_id=ann.id, name="Work", created_at=utc_now())
        inner = Folder(account_id=ann.id, name="Fish", parent_id=outer.id, created_at=utc_now())
        for folder in (outer, inner):
            tx.session.add(folder)
            await tx.session.flush()
        rich = await add_rich(tx, ann.id, folder_id=inner.id, tags=["sea", "Größe"], archived=True)
    document = await as_json(service, ann, rich.conversation)
    assert (document["format"], document["version"]) == ("gantry", 1)
    (conversation,) = document["conversations"]
    assert (conversation["title"], conversation["pinned"], conversation["title_by_hand"]) == (
        "Fish & <chips>",
        True,
        True,
    )
    assert (conversation["folder"], conversation["tags"], conversation["archived"]) == (
        ["Work", "Fish"],
        ["sea", "Größe"],
        True,
    )
    assert conversation["created_at"] == "2026-03-01T09:30:00.123456Z"
    assert conversation["active_leaf"] == str(rich.failed)
    question, first, second, again, failed = conversation["messages"]
    assert [each["parent"] for each in conversation["messages"]] == [
        None,
        question["id"],
        question["id"],
        second["id"],
        again["id"],
    ]
    assert all(set(each) == MESSAGE_KEYS for each in conversation["messages"])
    assert (first["content"], second["content"], second["reasoning"]) == (
        "Fifteen.",
        MARKDOWN,
        "Cod and herring.",
    )
    assert second["usage"] == {"prompt_tokens": 120, "completion_tokens": 80, "estimated": True}
    assert second["timings"] == {"first_token_ms": 310, "reasoning_ms": 900, "total_ms": 4200}
    assert second["feedback"] == {"rating": "up", "at": "2026-03-01T09:35:00.123456Z"}
    assert [(each["number"], each["cited"], each["passage"]) for each in second["citations"]] == [
        (1, True, "12 kg of cod"),
        (2, False, ""),
    ]
    assert second["citations"][0]["document"] == str(rich.document)
    assert failed["error"]["title"] == "The model stopped."
    assert question["files"] == [
        {"id": str(rich.document), "name": "catch.txt", "media_type": "text/plain", "size_bytes": 9}
    ]
    (file,) = document["files"]
    assert (file["id"], file["sha256"], file["path"]) == (str(rich.document), "5" * 64, None)


async def test_an_answer_that_is_being_written_is_exported_as_stopped(
    database: Database, service: ExportService, ann: Actor
) -> None:
    """What there is of it is taken out; a file can say nothing of an answer that goes on."""
    rich = await stored(database, ann)
    async with database.begin() as tx:
        message = await tx.session.get(Message, rich.first_answer)
        assert message is not None
        message.status = MessageStatus.STREAMING
    document = await as_json(service, ann, rich.conversation)
    assert document["conversations"][0]["messages"][1]["status"] == "stopped"


async def test_only_its_owner_takes_a_conversation_out(
    database: Database, service: ExportService, ann: Actor
) -> None:
    """Another person's conversation does not exist, nor does a deleted one."""
    rich = await stored(database, ann)
    async with database.begin() as tx:
        ben = actor_of(await make_account(tx, "ben@example.org"))
    with pytest.raises(NotFound):
        await service.one(ben, rich.conversation, ExportForm.JSON)
    async with database.begin() as tx:
        row = await tx.session.get(Conversation, rich.conversation)
        assert row is not None
        row.deleted_at = row.updated_at
    with pytest.raises(NotFound):
        await service.one(ann, rich.conversation, ExportForm.JSON)


async def test_a_long_conversation_comes_in_order(
    database: Database, service: ExportService, ann: Actor
) -> None:
    """Parents stand before their children, whatever clocks said, and nothing is missing between two batches."""
    async with database.begin() as tx:
        rich = await add_rich(tx, ann.id)
        parent = await tx.session.get(Message, rich.first_answer)
        assert parent is not None
        for number in range(120):
            parent = Message(
                conversation_id=rich.conversation,
                account_id=ann.id,
                parent_id=parent.id,
                depth=parent.depth + 1,
                role=parent.role,
                content=f"turn {number}",
                created_at=parent.created_at,
            )
            await tx.chat.add_messages([parent])
    messages = (await as_json(service, ann, rich.conversation))["conversations"][0]["messages"]
    assert [each["content"] for each in messages if each["content"].startswith("turn")] == [
        f"turn {number}" for number in range(120)
    ]
    seen = {None}
    for each in messages:
        assert each["parent"] in seen
        seen.add(each["id"])


async def test_everything_comes_as_a_zip_that_names_itself(
    database: Database, service: ExportService, ann: Actor, tmp_path: Path
) -> None:
    """Each conversation is a member, names are safe and differ, files are there once with their bytes."""
    titles = [
        'a/b:*?"<>|',
        "🐟 Fish",
        "🐟 fish",
        "..",
        "CON",
        "x" * 120,
        "",
        "日本語のタイトル",
        "tab\tand nul",
    ]
    made = [await stored(database, ann, title=title) for title in titles]
    hidden = await stored(database, ann, title="hidden", temporary=True)
    file = tmp_path / "documents" / ann.id.hex / made[0].document.hex
    file.parent.mkdir(parents=True)
    file.write_bytes(b"12 kg cod")
    export = await service.several(ann, ExportForm.JSON)
    packed = opened(await taken(export))
    names = packed.namelist()
    assert len({name.casefold() for name in names}) == len(names) == len(titles) + 2
    assert names[-1] == "export.json"
    for name in names:
        assert not set(name.partition("/")[2]) & set('\\:*?"<>|'), name
        assert ".." not in name
    assert {"conversations/a b.json", "conversations/🐟 fish (2).json", "conversations/CON_.json"} <= set(
        names
    )
    told = json.loads(packed.read("export.json"))
    assert (told["format"], told["version"], told["contents"]) == (
        "gantry",
        1,
        {"conversations": len(titles), "messages": 5 * len(titles), "files": 1},
    )
    first = json.loads(packed.read("conversations/a b.json"))
    (entry,) = first["files"]
    assert packed.read(entry["path"]) == b"12 kg cod"
    documents = [json.loads(packed.read(name)) for name in names if name.startswith("conversations/")]
    assert {each["conversations"][0]["title"] for each in documents} == set(titles)
    assert str(hidden.conversation) not in json.dumps(documents)


async def test_chosen_conversations_come_alone(
    database: Database, service: ExportService, ann: Actor
) -> None:
    """Those that are named, and an error where one of them is somebody else's."""
    wanted, _other = await stored(database, ann), await stored(database, ann)
    packed = opened(await taken(await service.several(ann, ExportForm.MARKDOWN, [wanted.conversation] * 2)))
    assert packed.namelist() == ["conversations/Fish & chips.md", "export.json"]
    async with database.begin() as tx:
        ben = actor_of(await make_account(tx, "ben@example.org"))
    with pytest.raises(NotFound):
        await service.several(ben, ExportForm.JSON, [wanted.conversation])
    with pytest.raises(Invalid):
        await service.several(ann, ExportForm.JSON, [])


async def test_markdown_and_html_hold_the_branch_that_is_shown(
    database: Database, service: ExportService, ann: Actor
) -> None:
    """The other branch is not there; nothing that was written is read as HTML, and nothing is fetched."""
    rich = await stored(database, ann)
    markdown = (await taken(await service.one(ann, rich.conversation, ExportForm.MARKDOWN))).decode()
    assert markdown.startswith("# Fish & \\<chips\\>\n")
    assert MARKDOWN.strip() in markdown
    assert "Fifteen." not in markdown
    assert "- Failed: The model stopped." in markdown
    assert "- \\[1\\] catch.txt, page 1" in markdown
    page = (await taken(await service.one(ann, rich.conversation, ExportForm.HTML))).decode()
    assert "<title>Fish &amp; &lt;chips&gt;</title>" in page
    assert "Fifteen." not in page
    for wanted in (
        "<table>",
        "<math ",
        "<mfrac>",
        'class="k">def',
        "&lt;b&gt;tags&lt;/b&gt;",
        "<details>",
        "日本語",
    ):
        assert wanted in page, wanted
    for never in ("<script", "<img", "<link", "src=", "url(", "http://", "<b>tags"):
        assert never not in page.replace("http://www.w3.org/1998/Math/MathML", ""), never


@pytest.mark.parametrize(
    ("language", "accepted", "said", "head"),
    [
        (
            "de",
            "",
            (
                "## Sie",
                "## Assistent",
                " Nachrichten. Am ",
                "- Fehlgeschlagen: ",
                "1. März 2026",
                ", Seite 1",
            ),
            '<html lang="de" dir="ltr">',
        ),
        (
            "ar",
            "de",
            ("## أنت", "## المساعد", "صُدّرت من Gantry", "- فشلت: ", "1 مارس 2026", "، صفحة 1"),
            '<html lang="ar" dir="rtl">',
        ),
        ("", "de-AT,en;q=0.5", ("## Sie", "# Ohne Titel"), '<html lang="de" dir="ltr">'),
        ("", "", ("## You", "# Untitled", "1 March 2026"), '<html lang="en" dir="ltr">'),
    ],
)
async def test_labels_are_in_the_language_of_the_reader(
    database: Database, service: ExportService, language: str, accepted: str, said: tuple[str, ...], head: str
) -> None:
    """The account's, else the browser's, in every form for reading; JSON has no labels, and is the same for all."""
    async with database.begin() as tx:
        who = actor_of(await make_account(tx, "ann@example.org", language=language))
    rich = await stored(database, who, title="")
    markdown = await taken(await service.one(who, rich.conversation, ExportForm.MARKDOWN, accepted=accepted))
    for each in said:
        assert each in markdown.decode()
    page = await taken(await service.one(who, rich.conversation, ExportForm.HTML, accepted=accepted))
    assert head in page.decode()
    assert said[0].removeprefix("## ") in page.decode()
    pdf = text_of(await taken(await service.one(who, rich.conversation, ExportForm.PDF, accepted=accepted)))
    if language != "ar":  # whose letters are drawn joined
        assert said[0].removeprefix("## ") in pdf[0]
    document = json.loads(
        await taken(await service.one(who, rich.conversation, ExportForm.JSON, accepted=accepted))
    )
    assert document["conversations"][0]["title"] == ""
    assert [each["role"] for each in document["conversations"][0]["messages"]][:2] == ["user", "assistant"]


async def test_pdf_has_text_numbered_pages_and_every_script(
    database: Database, service: ExportService, ann: Actor
) -> None:
    """Code, tables and other scripts are text that can be found and copied; pages are numbered."""
    async with database.begin() as tx:
        rich = await add_rich(tx, ann.id)
        question = await tx.session.get(Message, rich.second_answer)
        assert question is not None
        question.content = MARKDOWN + "\n\n".join(f"Paragraph {number}." for number in range(120))
    export = await service.one(ann, rich.conversation, ExportForm.PDF)
    assert (export.name, export.media_type) == ("Fish & chips.pdf", "application/pdf")
    pages = text_of(await taken(export))
    assert len(pages) > 2
    for number, page in enumerate(pages, 1):
        assert f"{number} / {len(pages)}" in page
    text = "\n".join(pages)
    for wanted in (
        "Fish & <chips>",
        "def area(radius: float)",
        "herring",
        "日本語のテキスト",
        "Paragraph 119.",
    ):
        assert wanted in text, wanted
    assert "Fifteen." not in text


async def test_what_cannot_be_laid_out_is_there_all_the_same(
    database: Database, ann: Actor, tmp_path: Path
) -> None:
    """A typesetter that dies costs a page its layout and a ZIP its PDF, never the text; the ZIP says so."""
    service = replace(
        exports(test_settings("sqlite:///unused.db", data_dir=tmp_path), database), typesetter=Broken()
    )
    rich = await stored(database, ann)
    page = await taken(await service.one(ann, rich.conversation, ExportForm.HTML))
    assert b"Here is **all of it**" in page
    with pytest.raises(Unavailable):
        await taken(await service.one(ann, rich.conversation, ExportForm.PDF))
    packed = opened(await taken(await service.several(ann, ExportForm.PDF)))
    assert packed.namelist() == ["conversations/Fish & chips.md", "export.json"]
    assert json.loads(packed.read("export.json"))["instead"] == ["Fish & chips.md"]


async def test_two_exports_of_a_person_run_at_once(
    database: Database, service: ExportService, ann: Actor
) -> None:
    """A third is refused until one of them has ended, or is not wanted any more."""
    await stored(database, ann)
    begun: list[Any] = []
    for _each in range(MAX_AT_ONCE):
        export = await service.several(ann, ExportForm.JSON)
        await anext(export.content)
        begun.append(export.content)
    with pytest.raises(Conflict):
        await taken(await service.several(ann, ExportForm.JSON))
    await begun[0].aclose()
    assert opened(await taken(await service.several(ann, ExportForm.JSON))).namelist()
    await begun[1].aclose()
    assert not service.running
