"""Mistakes that other importers were reported for: none of them may be ours. Inputs are in our own words."""

import io
import json
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from gantry.adapters.importing import ExportFiles
from gantry.domain.errors import Invalid
from gantry.domain.importing import ForeignConversation, Skipped
from gantry.domain.importing_tree import planted
from tests.parts.exports import Read, read

NO_PARENT = "00000000-0000-4000-8000-000000000000"


def node(
    key: str, parent: str | None, role: str = "", said: Any = "", *, children: bool = True, **message: Any
) -> dict[str, Any]:
    """A node of ChatGPT's mapping; without a role it has no message."""
    if not role:
        return {"id": key, "message": None, "parent": parent} | ({"children": []} if children else {})
    content = said if isinstance(said, dict) else {"content_type": "text", "parts": [said]}
    told = {"id": key, "author": {"role": role}, "content": content} | message
    return {"id": key, "message": told, "parent": parent} | ({"children": []} if children else {})


def chat(*nodes: dict[str, Any], **values: Any) -> dict[str, Any]:
    """A conversation of ChatGPT."""
    return {"title": "Tides", "mapping": {each["id"]: each for each in nodes}} | values


SMALL = (
    node("r", None),
    node("q", "r", "user", "Why are there tides?"),
    node("a", "q", "assistant", "The moon."),
)


def said(
    uuid: str, sender: str, text: str = "", at: str = "2026-02-01T09:00:00Z", **more: Any
) -> dict[str, Any]:
    """A message of Claude."""
    return {"uuid": uuid, "sender": sender, "text": text, "created_at": at} | more


def claude(*messages: dict[str, Any], **values: Any) -> dict[str, Any]:
    """A conversation of Claude."""
    return {"uuid": "c-1", "name": "Kites", "chat_messages": list(messages)} | values


def zipped(members: dict[str, Any], path: Path) -> Read:
    """Read a ZIP with these members."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content if isinstance(content, (bytes, str)) else json.dumps(content))
    return opened(path)


def opened(path: Path) -> Read:
    """Read a file of the disk."""
    export = ExportFiles(1_000_000_000).open(str(path), path.name)
    told = Read()
    for found in export.found():
        if found.format:
            told.formats.add(found.format)
        if isinstance(found.item, Skipped):
            told.skipped.append(found.item)
        elif isinstance(found.item, ForeignConversation):
            told.conversations.append(found.item)
    export.close()
    return told


def test_bug_01_messages_without_metadata_take_the_model_of_the_conversation() -> None:
    told = read(
        [
            chat(*SMALL, default_model_slug="gpt-9"),
            {"title": "Bad", "mapping": {"x": 3}},
            chat(*SMALL, id="z"),
        ]
    )
    assert [each.model for each in planted(told.conversations[0]).messages] == ["", "gpt-9"]
    assert len(told.conversations) == 3


def test_bug_02_shards_without_conversations_json(tmp_path: Path) -> None:
    told = zipped(
        {
            "conversations-000.json": [chat(*SMALL, id="one")],
            "conversations-001.json": [chat(*SMALL, id="two")],
            "export_manifest.json": {"files": 2},
        },
        tmp_path / "export.zip",
    )
    assert [each.key for each in told.conversations] == ["one", "two"]


def test_bug_03_a_shell_before_the_first_conversation() -> None:
    told = read([{"id": "f", "title": "A project"}, chat(*SMALL)])
    assert told.formats == {"chatgpt"}
    assert len(told.conversations) == 1
    assert "A project" in told.told


def test_bug_04_slim_export_without_children() -> None:
    nodes = (
        node("r", None, children=False),
        node("q", "r", "user", "Why?", children=False, create_time=1767261600.123456),
        node("a", "q", "assistant", "Because.", children=False, create_time=1767261601),
    )
    told = read([chat(*nodes)])
    assert told.spoken() == [("U", "Why?"), ("A", "Because.")]


def test_bug_05_a_hidden_node_in_the_middle_keeps_the_thread_whole() -> None:
    hidden = node("h", "a", "system", "", metadata={"is_visually_hidden_from_conversation": True})
    told = read(
        [
            chat(
                *SMALL,
                hidden,
                node("q2", "h", "user", "And neap tides?"),
                node("a2", "q2", "assistant", "Also."),
            )
        ]
    )
    assert [who for who, _ in told.spoken()] == ["U", "A", "U", "A"]
    assert sum(1 for each in told.tree.messages if each.parent is None) == 1


def test_bug_06_parts_are_text_or_objects_in_any_order() -> None:
    image = {"content_type": "image_asset_pointer", "asset_pointer": "file-service://file-Ab1"}
    told = read(
        [chat(node("q", None, "user", {"content_type": "multimodal_text", "parts": [image, "What is it?"]}))]
    )
    assert told.spoken() == [("U", "What is it?")]
    assert [each.url for each in told.files] == ["file-service://file-Ab1"]


def test_bug_07_a_chat_with_an_attachment_is_there_with_its_file_named() -> None:
    about = {"attachments": [{"id": "file-9", "name": "plan.pdf", "mimeType": "application/pdf"}]}
    told = read([chat(node("q", None, "user", "Read it.", metadata=about))])
    assert [(each.name, each.media_type) for each in told.files] == [("plan.pdf", "application/pdf")]


def test_bug_08_branches_dates_and_models_are_kept() -> None:
    other = node(
        "b", "q", "assistant", "The sun.", create_time=1767261700.5, metadata={"model_slug": "gpt-8"}
    )
    told = read([chat(*SMALL, other, current_node="a")])
    assert told.tree.branches == 1
    assert told.spoken()[-1] == ("A", "The moon.")
    assert any(each.model == "gpt-8" and each.created_at is not None for each in told.tree.messages)


@pytest.mark.parametrize("time_of", [{}, {"create_time": None}, {"create_time": "never"}])
def test_bug_09_a_conversation_without_a_time(time_of: dict[str, Any]) -> None:
    told = read([chat(*SMALL, **time_of)])
    assert len(told.tree.messages) == 2


def test_bug_10_files_are_found_by_the_index(tmp_path: Path) -> None:
    about = {"attachments": [{"id": "file-7Xy", "name": ""}]}
    told = zipped(
        {
            "conversations.json": [chat(node("q", None, "user", "Look.", metadata=about))],
            "file-7Xy.dat": b"\x89PNG\r\n\x1a\n",
            "conversation_asset_file_names.json": {"file-7Xy.dat": "Screenshot.png", "file-gone.dat": "x"},
        },
        tmp_path / "export.zip",
    )
    assert [each.member for each in told.files] == ["file-7Xy.dat"]


def test_bug_11_voice_chats_have_their_words() -> None:
    parts = [
        {"content_type": "audio_transcription", "text": "Good morning."},
        {"content_type": "audio_asset_pointer", "asset_pointer": "sediment://file_01", "format": "wav"},
    ]
    told = read([chat(node("q", None, "user", {"content_type": "multimodal_text", "parts": parts}))])
    assert told.spoken() == [("U", "Good morning.")]
    assert [each.media_type for each in told.files] == ["audio/wav"]


@pytest.mark.parametrize(
    "said",
    ["[" * 400_000, "[](sandbox:" * 20_000, "<antArtifact " * 20_000, f"<antArtifact {'a' * 1999}>" * 100],
)
def test_signs_that_begin_and_never_end_cost_linear_time(said: str) -> None:
    """A text of them alone must not hold the process up, whichever product it comes from."""
    claude = {
        "uuid": "c",
        "name": "Tides",
        "chat_messages": [{"uuid": "a", "sender": "assistant", "text": said}],
    }
    began = time.process_time()
    for export in (chat(node("a", None, "assistant", said)), claude):
        assert read([export]).one.messages
    assert time.process_time() - began < 5


def test_bug_12_forty_thousand_messages_listed_deepest_first_in_linear_time() -> None:
    count = 40_000
    nodes = [
        node(f"n{at}", f"n{at - 1}" if at else None, "assistant" if at % 2 else "user", "x", children=False)
        for at in reversed(range(count))
    ]
    conversation = read([chat(*nodes)]).one
    began = time.process_time()
    tree = planted(conversation)
    assert time.process_time() - began < 5
    assert (len(tree.messages), tree.leaf) == (count, f"n{count - 1}")


def test_bug_13_a_file_beyond_the_limit_says_so(tmp_path: Path) -> None:
    path = tmp_path / "big.json"
    path.write_text(json.dumps([chat(*SMALL, id=str(at)) for at in range(2000)]))
    export = ExportFiles(100_000).open(str(path), path.name)
    with pytest.raises(Invalid, match="larger than is read"):
        list(export.found())


def test_bug_14_the_format_is_told_by_content() -> None:
    assert read([claude(said("m", "human", "Hello"))], "conversations.json").formats == {"claude"}
    fragments = {
        "fragments": [{"type": "REQUEST", "content": "Hello"}],
        "inserted_at": "2026-01-01T08:00:00+08:00",
    }
    mapping = {"root": {"id": "root", "parent": None, "children": ["1"], "message": None},
               "1": {"id": "1", "parent": "root", "children": [], "message": fragments}}  # fmt: skip
    deepseek = {"id": "d", "title": "Hi", "inserted_at": "2026-01-01T08:00:00+08:00", "mapping": mapping}
    assert read([deepseek], "conversations.json").formats == {"deepseek"}


def test_bug_15_claudes_conversations_alone_in_a_zip_and_its_list_of_links(tmp_path: Path) -> None:
    told = zipped({"conversations.json": [claude(said("m", "human", "Hello"))]}, tmp_path / "c.zip")
    assert told.formats == {"claude"}
    assert len(told.conversations) == 1
    links = {
        "data_files": [
            {"category": "conversations", "filename": "c.zip", "export_url": "https://x.invalid/c"}
        ]
    }
    told = read(links)
    assert not told.conversations
    assert "download" in told.told


def test_bug_16_equal_times_never_change_the_order() -> None:
    at = "2026-02-01T09:00:00Z"
    told = read(
        [
            claude(
                said("z", "human", "One", at),
                said("a", "assistant", "Two", at),
                said("m", "human", "Three", at),
            )
        ]
    )
    assert told.spoken() == [("U", "One"), ("A", "Two"), ("U", "Three")]


def test_bug_17_a_long_paste_is_not_lost() -> None:
    paste = {"file_name": "paste.txt", "file_type": "txt", "extracted_content": "All of the log."}
    told = read([claude(said("m", "human", "", attachments=[paste], files=[{"file_name": "paste.txt"}]))])
    assert [each.text for each in told.files] == ["All of the log."]


def test_bug_18_a_turn_of_tools_alone_is_kept() -> None:
    blocks = [
        {"type": "tool_use", "name": "weather", "input": {"city": "Oslo"}},
        {"type": "tool_result", "content": [{"type": "text", "text": "Snow"}]},
    ]
    told = read([claude(said("q", "human", "Weather?"), said("a", "assistant", content=blocks))])
    assert "Oslo" in told.spoken()[1][1]
    assert "Snow" in told.spoken()[1][1]


def test_bug_19_artifacts_with_any_field_missing() -> None:
    made = {"command": "create", "id": "x", "content": "print(1)", "language": None}
    blocks = [
        {"type": "tool_use", "name": "artifacts", "input": made},
        {
            "type": "tool_use",
            "name": "artifacts",
            "input": {"command": "update", "old_str": "1", "new_str": "2"},
        },
        {"type": "tool_use", "name": "artifacts", "input": {}},
    ]
    ((_, words),) = read([claude(said("a", "assistant", content=blocks))]).spoken()
    assert "print(1)" in words
    assert "- 1\n+ 2" in words


def openwebui(messages: dict[str, Any], current: str | None, **values: Any) -> list[dict[str, Any]]:
    """An export of Open WebUI."""
    history = {"messages": messages, "currentId": current}
    return [{"id": "o", "title": "Bread", "chat": {"title": "Bread", "history": history}} | values]


BREAD = {
    "q": {"id": "q", "parentId": None, "role": "user", "content": "How long?"},
    "a": {"id": "a", "parentId": "q", "role": "assistant", "content": "An hour."},
}


def test_bug_20_an_orphan_as_current_message() -> None:
    told = read(openwebui({**BREAD, "x": {"content": "half"}}, "x"))
    assert told.spoken()[:2] == [("U", "How long?"), ("A", "An hour.")]


def test_bug_21_a_folder_of_another_server() -> None:
    told = read(openwebui(BREAD, "a", folder_id="of-another-server"))
    assert told.one.folder == ""
    assert len(told.tree.messages) == 2


def test_bug_22_reasoning_once_and_the_sibling_that_is_current() -> None:
    thought = '<details type="reasoning" done="true" duration="2"><summary>Thought</summary>\n&gt; Flour.\n</details>\nAn hour.'
    output = [
        {"type": "reasoning", "content": [{"type": "output_text", "text": "Flour."}]},
        {"type": "message", "content": [{"type": "output_text", "text": "An hour."}]},
    ]
    others = {key: {"id": key, "parentId": "q", "role": "assistant", "content": key} for key in ("b", "c")}
    told = read(
        openwebui(
            {
                "q": BREAD["q"],
                "b": others["b"],
                "a": BREAD["a"] | {"content": thought, "output": output},
                "c": others["c"],
            },
            "a",
        )
    )
    answer = told.path()[-1]
    assert (answer.content.strip(), answer.reasoning.strip()) == ("An hour.", "Flour.")
    assert told.tree.branches == 1


def librechat(messages: list[dict[str, Any]], *, recursive: bool) -> dict[str, Any]:
    """An export of LibreChat, without endpoint and options."""
    return {"conversationId": "l", "title": "Stars", "recursive": recursive, "messages": messages}


QUESTION = {
    "messageId": "q",
    "parentMessageId": None,
    "text": "How far?",
    "isCreatedByUser": True,
    "sender": "User",
}
ANSWER = {"messageId": "a", "parentMessageId": "q", "text": "Far.", "isCreatedByUser": False, "sender": "Bot"}


def test_bug_23_both_layouts_without_options() -> None:
    flat = read(librechat([QUESTION, ANSWER], recursive=False))
    nested = read(librechat([QUESTION | {"children": [ANSWER | {"children": []}]}], recursive=True))
    assert flat.spoken() == nested.spoken() == [("U", "How far?"), ("A", "Far.")]


def test_bug_24_a_child_before_its_parent() -> None:
    assert read(librechat([ANSWER, QUESTION], recursive=False)).spoken() == [("U", "How far?"), ("A", "Far.")]


def test_bug_25_roots_of_every_kind() -> None:
    told = read([chat(node("q", "nowhere", "user", "One"), node("a", "q", "assistant", "Two"))])
    assert told.spoken() == [("U", "One"), ("A", "Two")]


def test_bug_28_search_results_are_folded_or_dropped_never_blank() -> None:
    found = node("t", "q", "tool", {"content_type": "tether_browsing_display", "result": "Page of tides"})
    quote = node(
        "u",
        "t",
        "tool",
        {
            "content_type": "tether_quote",
            "url": "https://tides.example",
            "title": "Tides",
            "text": "High water",
        },
    )
    told = read([chat(SMALL[0], SMALL[1], found, quote, node("a", "u", "assistant", "The moon."))])
    (_, answer) = told.spoken()[-1]
    assert len(told.tree.messages) == 2
    assert all(words in answer for words in ("Page of tides", "High water", "The moon."))


def test_bug_29_titles_and_names_of_members_are_text(tmp_path: Path) -> None:
    title = 'a/b\\c: *"<|>?'
    told = zipped({"../../conv ü: 1.json": [chat(*SMALL, title=title)]}, tmp_path / "odd.zip")
    assert told.one.title == title


# What FORMAT says beside the bugs: cycles, two roots, steps, damage


def test_a_cycle_is_cut_and_told() -> None:
    told = read(
        [chat(node("a", "c", "user", "1"), node("b", "a", "assistant", "2"), node("c", "b", "user", "3"))]
    )
    assert [who for who, _ in told.spoken()] == ["U", "A", "U"]
    assert told.tree.skipped


def test_two_roots_stay_two_branches() -> None:
    told = read([chat(node("q1", None, "user", "One"), node("q2", None, "user", "Two"), current_node="q1")])
    assert told.tree.branches == 1
    assert told.spoken() == [("U", "One")]


def test_steps_open_the_answer_after_them_or_stand_alone() -> None:
    thoughts = {"content_type": "thoughts", "thoughts": [{"summary": "Plan", "content": "Count."}]}
    code = {"content_type": "code", "language": "python", "text": "1 + 1"}
    nodes = (
        SMALL[1] | {"parent": None},
        node("t", "q", "assistant", thoughts),
        node("c", "t", "assistant", code, recipient="python"),
    )
    told = read([chat(*nodes, node("a", "c", "assistant", "Two."))])
    question, answer = told.path()
    assert (question.content, answer.reasoning) == ("Why are there tides?", "**Plan**\n\nCount.")
    assert answer.content == "**Call of python**\n\n```python\n1 + 1\n```\n\nTwo."
    (_, alone) = read([chat(*nodes, current_node="c")]).spoken()
    assert "1 + 1" in alone[1]


def test_custom_instructions_are_never_shown() -> None:
    about = {"content_type": "user_editable_context", "user_profile": "secret", "user_instructions": "secret"}
    told = read([chat(node("i", None, "user", about), node("q", "i", "user", "Hi"))])
    assert told.spoken() == [("U", "Hi")]


def test_a_file_that_breaks_off_keeps_what_came_before() -> None:
    whole = json.dumps([chat(*SMALL, id="one"), chat(*SMALL, id="two")])
    told = read(whole[: len(whole) - 60])
    assert [each.key for each in told.conversations] == ["one"]
    assert "breaks off" in told.told


def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("conversations.json", "w") as file,
    ):
        for _ in range(120):
            file.write(b" " * 1_000_000)
    with pytest.raises(Invalid, match="unpacks"):
        ExportFiles(4_000_000_000).open(str(path), "bomb.zip")


def test_a_damaged_zip_says_so(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("conversations.json", json.dumps([chat(*SMALL)]))
    path = tmp_path / "cut.zip"
    path.write_bytes(buffer.getvalue()[:-30])
    with pytest.raises(Invalid, match="damaged"):
        ExportFiles(1_000_000).open(str(path), "cut.zip")


def test_a_wrapper_that_nobody_knows_is_looked_into() -> None:
    told = read({"exported": "today", "conversations": [chat(*SMALL)]})
    assert isinstance(told.one, ForeignConversation)
