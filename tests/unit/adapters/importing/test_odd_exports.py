"""What nobody expects in an export, in whole kinds: other codes, files that follow each other, damaged archives, values of other kinds."""

import io
import json
import warnings
import zipfile
from pathlib import Path
from typing import Any

import pytest

from gantry.adapters.importing import ExportFiles
from gantry.domain.chat import MessageRole
from gantry.domain.errors import Invalid
from gantry.domain.importing import ForeignConversation, Skipped
from tests.parts.exports import Read, read


def node(key: str, parent: str | None, role: str | None, content: Any) -> dict[str, Any]:
    author = None if role is None else {"role": role}
    return {"id": key, "parent": parent, "message": {"author": author, "content": content}}


def chat(key: str = "one", *nodes: dict[str, Any]) -> dict[str, Any]:
    nodes = nodes or (
        node("q", None, "user", {"content_type": "text", "parts": ["Why is the sea salt?"]}),
        node("a", "q", "assistant", {"content_type": "text", "parts": ["Rivers bring it, für immer."]}),
    )
    return {"id": key, "title": f"Salt {key}", "mapping": {each["id"]: each for each in nodes}}


def whole(*keys: str) -> str:
    return json.dumps([chat(key) for key in keys], ensure_ascii=False)


def titles(found: Read) -> list[str]:
    return [each.title for each in found.conversations]


# Codes, and several files in one


@pytest.mark.parametrize(
    "code", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]
)
@pytest.mark.parametrize("content", [whole("one"), json.dumps(chat(), ensure_ascii=False)])
def test_every_unicode_with_and_without_its_mark(code: str, content: str) -> None:
    found = read(content.encode(code))
    assert found.spoken() == [("U", "Why is the sea salt?"), ("A", "Rivers bring it, für immer.")]


@pytest.mark.parametrize(
    "content",
    [
        whole("one") + whole("two"),
        whole("one") + "\n\n" + whole("two") + "\n",
        json.dumps(chat("one")) + json.dumps(chat("two")),
        json.dumps(chat("one"), indent=2) + "\n" + json.dumps(chat("two"), indent=2),
        json.dumps(chat("one"), indent=2) + ",\r\n" + json.dumps(chat("two"), indent=2),
    ],
)
def test_files_that_were_put_one_after_the_other_are_all_read(content: str) -> None:
    assert titles(read(content)) == ["Salt one", "Salt two"]


def test_signs_between_two_conversations_cost_neither() -> None:
    found = read(whole("one", "two").replace('}, {"id": "two"', '} oops {"id": "two"'))
    assert titles(found) == ["Salt one", "Salt two"]
    assert "not JSON" in found.told


def test_an_object_that_breaks_off_gives_what_was_whole_in_it() -> None:
    reply = {"response_id": "1", "message": "Why is the sea salt?", "sender": "human"}
    one = {"conversation": {"conversation_id": "g", "title": "Salt"}, "responses": [{"response": reply}]}
    found = read(json.dumps({"conversations": [one, one]})[:-40])
    assert titles(found) == ["Salt"]
    assert "breaks off" in found.told


# Archives


def packed(*members: tuple[str, str]) -> bytearray:
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")  # of two members with one name
        for name, content in members:
            archive.writestr(name, content)
    return bytearray(buffer.getvalue())


def altered(archive: bytearray, name: str, offsets: tuple[int, int], value: bytes) -> bytearray:
    """Overwrite a field of a member, at these places of its own head and of its line in the list."""
    for sign, place, name_at, length_at in (
        (b"PK\x03\x04", offsets[0], 30, 26),
        (b"PK\x01\x02", offsets[1], 46, 28),
    ):
        at = archive.find(sign)
        while at >= 0:
            length = int.from_bytes(archive[at + length_at : at + length_at + 2], "little")
            if archive[at + name_at : at + name_at + length] == name.encode():
                archive[at + place : at + place + len(value)] = value
            at = archive.find(sign, at + 4)
    return archive


def opened(archive: bytearray, folder: Path) -> tuple[list[str], str]:
    """Return the titles that are in an archive, and what is told of the rest."""
    path = folder / "export.zip"
    path.write_bytes(archive)
    items = [each.item for each in ExportFiles(4_000_000_000).open(str(path), path.name).found()]
    lost = [f"{each.what}: {each.why}" for each in items if isinstance(each, Skipped)]
    return [each.title for each in items if isinstance(each, ForeignConversation)], "\n".join(lost)


def test_two_members_with_one_name_are_both_read(tmp_path: Path) -> None:
    archive = packed(("conversations.json", whole("one")), ("conversations.json", whole("two")))
    assert opened(archive, tmp_path) == (["Salt one", "Salt two"], "")


LOCKED, DEFLATE64, ZSTD = ((6, 8), b"\x01\x00"), ((8, 10), b"\x09\x00"), ((8, 10), b"\x5d\x00")
TWO_GB = ((22, 24), (2**31).to_bytes(4, "little"))


@pytest.mark.parametrize(
    ("field", "why"),
    [(LOCKED, "password"), (DEFLATE64, "pack it anew"), (ZSTD, "pack it anew"), (TWO_GB, "far more")],
)
def test_a_member_that_cannot_be_read_costs_itself(
    tmp_path: Path, field: tuple[tuple[int, int], bytes], why: str
) -> None:
    archive = packed(("bad.json", whole("one")), ("good.json", whole("two")))
    found, lost = opened(altered(archive, "bad.json", *field), tmp_path)
    assert found == ["Salt two"]
    assert lost.startswith("bad.json: ")
    assert why in lost


def test_an_archive_that_is_locked_as_a_whole_says_so(tmp_path: Path) -> None:
    archive = altered(packed(("bad.json", whole("one"))), "bad.json", *LOCKED)
    with pytest.raises(Invalid, match="password"):
        opened(archive, tmp_path)


# Values of other kinds


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        ("Rivers.", "Rivers."),
        (["Rivers.", "And rain."], "Rivers.\n\nAnd rain."),
        ({"content_type": "text", "parts": "Rivers."}, "Rivers."),
        (
            {"content_type": "new_widget", "cards": [{"a": 1}]},
            '**New widget**\n\n```json\n{"cards": [{"a": 1}]}\n```',
        ),
    ],
)
def test_a_message_of_chatgpt_is_never_silently_lost(content: Any, shown: str) -> None:
    question = node("q", None, "user", "Why is the sea salt?")
    assert read([chat("one", question, node("a", "q", "assistant", content))]).spoken()[-1] == ("A", shown)


def test_who_spoke_may_be_unknown() -> None:
    """A message without an author is an answer; one of a system is not shown."""
    nodes = (
        node("q", None, "user", "Why?"),
        node("a", "q", None, "Rivers."),
        node("s", "a", "system", "Be brief."),
    )
    assert read([chat("one", *nodes)]).spoken() == [("U", "Why?"), ("A", "Rivers.")]


def test_a_screenshot_of_a_tool_is_a_file() -> None:
    shot = {"content_type": "computer_output", "screenshot": {"asset_pointer": "sediment://file_1"}}
    nodes = node("q", None, "user", "Look"), node("a", "q", "tool", shot)
    assert [each.name for each in read([chat("one", *nodes)]).files] == ["file_1"]


def test_the_nodes_may_be_a_list() -> None:
    listed = chat()
    listed["mapping"] = list(listed["mapping"].values())
    assert len(read([listed]).one.messages) == 2


def test_messages_with_one_id_are_all_there_where_they_differ() -> None:
    said = [("human", "Why?"), ("assistant", "Rivers."), ("human", "And rain?"), ("human", "And rain?")]
    messages = [{"uuid": "same", "sender": sender, "text": text} for sender, text in said]
    found = read([{"uuid": "c", "name": "Salt", "chat_messages": messages}])
    assert found.spoken() == [("U", "Why?"), ("A", "Rivers."), ("U", "And rain?")]


def test_forty_thousand_messages_with_one_id_cost_linear_time() -> None:
    messages = [{"uuid": "same", "sender": "human", "text": str(at)} for at in range(40_000)]
    assert len(read([{"uuid": "c", "name": "Salt", "chat_messages": messages}]).tree.messages) == 40_000


def test_an_older_message_beside_newer_ones_of_deepseek_is_of_deepseek() -> None:
    """And its marks of sources are links."""
    pages = {"type": "SEARCH", "results": [{"url": "https://example.org/salt", "title": "Salt"}]}
    answer = {"type": "RESPONSE", "content": "Rivers [citation:1], rain[citation:9]."}
    mapping = {
        "1": {"id": "1", "message": {"fragments": [{"type": "REQUEST", "content": "Why?"}]}},
        "2": {"id": "2", "parent": "1", "message": {"fragments": [pages, answer]}},
        "3": {"id": "3", "parent": "2", "message": {"role": "USER", "content": "Thanks"}},
    }
    found = read(
        [{"id": "d", "title": "Salt", "inserted_at": "2025-01-01T00:00:00+08:00", "mapping": mapping}]
    )
    assert found.formats == {"deepseek"}
    assert found.spoken()[1][1].startswith("Rivers ([1](<https://example.org/salt>)), rain.")
    assert len(found.spoken()) == 3


def test_what_grok_draws_itself_leaves_no_marks() -> None:
    mark = '<grok:render card_id="x" type="render_inline_citation"><argument name="citation_id">1</argument></grok:render>'
    replies = [{"response_id": "1", "message": "Why?", "sender": "human"}]
    replies.append(
        {
            "response_id": "2",
            "parent_response_id": "1",
            "message": f"Rivers. {mark} Rain.",
            "sender": "assistant",
        }
    )
    told = {"conversation": {"conversation_id": "g"}, "responses": [{"response": each} for each in replies]}
    assert read({"conversations": [told]}).spoken()[-1] == ("A", "Rivers. Rain.")


def test_our_own_export_with_values_of_other_kinds_is_taken_as_far_as_it_can_be_shown() -> None:
    answer = {"id": "a", "parent": None, "role": "assistant", "content": "Rivers.", "status": "failed"}
    answer |= {
        "error": {"title": 5, "x": {"deep": [1]}},
        "retrieval": {"left_out": 7, "passages": "many", "nothing": ["a"], "huge": 10**40},
        "citations": [{"number": 1, "title": "Sea"}, {"number": 1, "title": "Sea again"}, "none"],
    }
    told = {"id": "c", "title": "Salt", "title_by_hand": True, "active_leaf": "a", "messages": [answer]}
    (message,) = read({"format": "gantry", "version": 1, "conversations": [told]}).one.messages
    assert message.role is MessageRole.ASSISTANT
    assert message.own["error"] is None
    assert message.own["retrieval"] == {"left_out": [], "passages": 0, "nothing": None}
    assert [each["title"] for each in message.own["citations"]] == ["Sea"]
