"""Exports of LibreChat: nested, flat, as Markdown, text and table."""

import json

from tests.parts.exports import read

ROOT = "00000000-0000-0000-0000-000000000000"


def said(key, parent, own, text, **more):
    return {
        "messageId": key,
        "parentMessageId": parent,
        "isCreatedByUser": own,
        "sender": "Someone",
        "text": text,
        **more,
    }


def export(messages, **more):
    return {
        "conversationId": "conv-1",
        "title": "Bees",
        "exportAt": "09:10:11 GMT+0200",
        "branches": True,
        "messages": messages,
        **more,
    }


FLAT = [
    said("1", None, True, "Do bees sleep?", createdAt="2025-03-01T08:00:00.000Z"),
    said("2", "1", False, "They do.", createdAt="2025-03-01T08:00:00.000Z", model="hive-2"),
    said("3", "1", False, "Yes, at night.", model="hive-2"),
    said("4", "3", True, "Where?"),
    said("5", "4", False, "In the hive."),
]


def test_bug_23_nested_and_flat_files_are_the_same_tree() -> None:
    """Without options or an endpoint; each message under its own parent; the same id at every import."""
    nested = [
        {**FLAT[0], "children": [FLAT[1], {**FLAT[2], "children": [{**FLAT[3], "children": [FLAT[4]]}]}]}
    ]
    for messages, recursive in ((FLAT, False), (nested, True)):
        found = read(export(messages, recursive=recursive))
        assert found.formats == {"librechat"}
        assert found.one.key == "conv-1"
        assert {each.key: each.parent for each in found.tree.messages} == {
            "1": None,
            "2": "1",
            "3": "1",
            "4": "3",
            "5": "4",
        }
        assert [words for _, words in found.spoken()] == [
            "Do bees sleep?",
            "Yes, at night.",
            "Where?",
            "In the hive.",
        ]
        assert found.tree.branches == 1


def test_bug_24_a_child_may_stand_before_its_parent() -> None:
    """Turned around, the file is the same tree."""
    found = read(export(FLAT[::-1], recursive=False))
    assert {each.key: each.parent for each in found.tree.messages} == {
        "1": None,
        "2": "1",
        "3": "1",
        "4": "3",
        "5": "4",
    }


def test_several_roots_and_the_key_of_older_files() -> None:
    """A first question that was edited is a second root."""
    found = read(
        {
            "conversationId": "c",
            "endpoint": "x",
            "messagesTree": [said("1", ROOT, True, "First"), said("2", ROOT, True, "Edited")],
        }
    )
    assert [each.parent for each in found.tree.messages] == [None, None]
    assert found.tree.leaf == "2"


def test_the_label_is_never_the_role() -> None:
    """Only who created a message tells who spoke."""
    found = read(
        export([said("1", None, True, "Hi", sender="GPT-4"), said("2", "1", False, "Hello", sender="User")])
    )
    assert found.spoken() == [("U", "Hi"), ("A", "Hello")]


def test_parts_of_agents_and_thinking_models() -> None:
    """Thoughts, calls and pictures of a message whose text is empty."""
    parts = [
        {"type": "think", "think": "Count legs."},
        {"type": "agent_update", "agent_update": {"agentId": "x"}},
        {
            "type": "tool_call",
            "tool_call": {"id": "t", "name": "legs", "args": '{"of":"bee"}', "output": "six"},
        },
        {"type": "text", "text": {"value": "Six legs.", "annotations": []}},
        {
            "type": "image_file",
            "image_file": {"file_id": "f-1", "filepath": "/images/u/bee.png", "width": 2, "height": 2},
        },
        {"type": "error", "error": "ran out"},
    ]
    message = read(export([FLAT[0], said("2", "1", False, "", content=parts)])).path()[-1]
    assert message.reasoning == "Count legs."
    assert "**Call of legs**" in message.content
    assert "six" in message.content
    assert "Six legs." in message.content
    assert "ran out" in message.content
    assert [file.name for file in message.files] == ["bee.png"]


def test_options_make_the_system_prompt_and_the_model() -> None:
    """Where they were exported with it."""
    one = read(export(FLAT[:2], options={"model": "hive-2", "promptPrefix": "You know bees."})).one
    assert (one.system, one.model) == ("You know bees.", "hive-2")


def test_bug_12_a_chain_of_thousands_of_nested_messages_is_read() -> None:
    """However deeply the file is nested."""
    depth = 5000
    opening = "".join(
        json.dumps(said(str(at), str(at - 1), at % 2 == 0, f"Message {at}"))[:-1] + ', "children": ['
        for at in range(depth)
    )
    whole = json.dumps(export([]))[:-2] + opening + "]}" * depth + "]}"
    found = read(whole)
    assert len(found.tree.messages) == depth
    assert len(found.path()) == depth


MARKDOWN = """# Conversation
- conversationId: conv-9
- endpoint: openAI
- title: Honey: a history
- exportAt: 10:00:00 GMT+0100 (Mitteleuropäische Normalzeit)

## Options
- presetId: null
- model: hive-2
- chatGptLabel: undefined
- promptPrefix: Speak of honey.
---
# Not a heading of ours
note: keep to the point
- temperature: 1

## History
**User**
What is honey?



**Keeper**
{"type":"think","think":"Flowers."}


**Keeper**
## In short

It is *nectar*.

**User**
is a word here.


**Sweet**

stands alone.


**User**
Thanks


**Queen**
You are welcome.

*(This is an unfinished message)*


"""


def test_markdown_is_cut_at_labels_only() -> None:
    """A label inside an answer is not a message, thoughts are thoughts, and the prompt may hold anything."""
    found = read(MARKDOWN)
    assert found.formats == {"librechat"}
    one = found.one
    assert (one.key, one.title, one.model) == ("conv-9 as text", "Honey: a history", "hive-2")
    assert one.system == "Speak of honey.\n---\n# Not a heading of ours\nnote: keep to the point"
    asked, answered, thanks, last = found.path()
    assert asked.content == "What is honey?"
    assert answered.reasoning == "Flowers."
    assert answered.content.startswith("## In short")
    assert "**User**\nis a word here." in answered.content
    assert "**Sweet**\n\nstands alone." in answered.content
    assert thanks.content == "Thanks"
    assert last.content == "You are welcome.\n\n*[This answer was not finished]*"


def test_older_markdown_with_colons_windows_lines_and_a_pasted_label() -> None:
    """A question may hold a bold line; the label that is known elsewhere counts."""
    text = (
        "# Conversation\n- conversationId: c\n- title: T\n\n## History\n**User:**\nOne\n\n\n**Keeper:**\nTwo\n\n\n"
        "**User:**\nLook:\n\n\n**Note**\nbold\n\n\n**Keeper:**\nThree\n\n\n"
    ).replace("\n", "\r\n")
    assert read(text).spoken() == [
        ("U", "One"),
        ("A", "Two"),
        ("U", "Look:\n\n\n**Note**\nbold"),
        ("A", "Three"),
    ]


def test_the_export_as_text() -> None:
    """The same with other signs."""
    rule = "#" * 24
    text = (
        f"Conversation\n{rule}\nconversationId: c7\nendpoint: openAI\ntitle: Wax\n\nHistory\n{rule}\n"
        ">> User:\nWhat is wax?\n\n\n>> Keeper:\nA building material.\n\n\n"
    )
    found = read(text)
    assert (found.one.key, found.one.title) == ("c7 as text", "Wax")
    assert found.spoken() == [("U", "What is wax?"), ("A", "A building material.")]


def test_the_export_as_a_table() -> None:
    """Quoted fields may hold commas and lines."""
    table = (
        "sender,text,isCreatedByUser,error,unfinished,messageId,parentMessageId,createdAt\n"
        f'User,"One, two\nthree",true,false,false,1,{ROOT},2025-01-01T00:00:00.000Z\n'
        "Keeper,Four,false,false,false,2,1,2025-01-01T00:00:01.000Z\n"
    )
    assert read(table).spoken() == [("U", "One, two\nthree"), ("A", "Four")]


def test_an_error_beside_what_was_said_is_kept() -> None:
    """And the trailers of the export as text, with and without stars."""
    broken = said("2", "1", False, "quota", error=True, content=[{"type": "text", "text": "Half"}])
    assert read(export([FLAT[0], broken])).spoken()[-1] == ("A", "Half\n\n*[This answer failed: quota]*")
    rule = "#" * 24
    text = f"Conversation\n{rule}\nconversationId: c\n\nHistory\n{rule}\n>> User:\nQ\n\n\n>> Keeper:\nquota\n(This is an error message)\n\n\n"
    assert read(text).spoken()[-1] == ("A", "*[This answer failed: quota]*")
