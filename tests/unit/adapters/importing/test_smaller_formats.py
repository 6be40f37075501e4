"""TypingMind, Big-AGI and AnythingLLM."""

from gantry.domain.chat import Rating
from tests.parts.exports import lines, read


def test_typingmind() -> None:
    """Chats of a backup with their folder; keys and plug-ins beside them stay where they are."""
    chat = {
        "chatID": "tm1", "chatTitle": "Soup", "createdAt": "2026-01-01T00:00:00Z", "model": "ladle", "folderID": "f",
        "messages": [
            {"role": "system", "content": "You cook."},
            {"role": "user", "content": [{"type": "text", "text": "Which soup?"}, {"type": "image_url", "image_url": {"url": "https://x.example/p.png"}}]},
            {"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "fridge", "arguments": "{}"}}]},
            {"role": "tool", "name": "fridge", "content": "leek"},
            {"role": "assistant", "content": "Leek."},
        ],
    }  # fmt: skip
    found = read(
        {
            "data": {
                "chats": [chat, {"chatTitle": "Broken"}],
                "folders": [{"id": "f", "title": "Kitchen"}],
                "apiKeys": ["secret"],
                "userPrompts": [1],
            }
        }
    )
    assert found.formats == {"typingmind"}
    one = found.one
    assert (one.key, one.title, one.folder, one.system, one.model) == (
        "tm1",
        "Soup",
        "Kitchen",
        "You cook.",
        "ladle",
    )
    path = found.path()
    assert path[0].content == "Which soup?"
    assert path[0].files[0].url == "https://x.example/p.png"
    assert path[-1].content == "**Result of fridge**\n\n```\nleek\n```\n\nLeek."
    assert "Broken" in found.told
    assert "secret" not in repr(found)


def test_big_agi() -> None:
    """Text and fragments in one chat; documents, pictures, errors and tools of fragments."""
    fragments = [
        {"ft": "void", "part": {"pt": "ma", "aText": "Hm."}}, {"ft": "content", "part": {"pt": "text", "text": "Look."}}, None,
        {"ft": "attachment", "title": "notes.md", "part": {"pt": "doc", "data": {"idt": "text", "text": "# Notes"}}},
        {"ft": "content", "part": {"pt": "image_ref", "dataRef": {"reftype": "dblob"}, "altText": "A pond"}},
        {"ft": "content", "part": {"pt": "tool_invocation", "invocation": {"name": "dig", "args": "{}"}}},
        {"ft": "content", "part": {"pt": "error", "error": "stuck"}},
    ]  # fmt: skip
    chat = {"id": "b1", "systemPurposeId": "Generic", "autoTitle": "Pond", "created": 1_750_000_000_000, "updated": None,
            "messages": [{"role": "user", "text": "Dig a pond"}, {"role": "assistant", "fragments": fragments, "generator": {"name": "spade"}},
                         {"role": "assistant", "fragments": None}]}  # fmt: skip
    backup = {
        "conversations": [chat],
        "models": {"sources": [{"setup": {"key": "secret"}}]},
        "folders": {"folders": [{"title": "Garden", "conversationIds": ["b1"]}]},
    }
    found = read(backup)
    assert found.formats == {"big-agi"}
    assert (found.one.title, found.one.folder, found.one.model) == ("Pond", "Garden", "spade")
    answer = found.path()[1]
    assert answer.reasoning == "Hm."
    assert answer.content.startswith("Look.")
    assert "**Call of dig**" in answer.content
    assert "stuck" in answer.content
    assert [(file.name, file.text) for file in answer.files] == [("notes.md", "# Notes"), ("A pond", "")]
    assert "secret" not in repr(found)
    assert read(chat).one.key == "b1"


def test_anythingllm() -> None:
    """Pairs as JSON and as a table, a workspace each; lines of messages; an answer may be missing."""
    pairs = [
        {"id": 1, "prompt": "Q1", "response": "A1", "sent_at": "2026-01-01T00:00:00Z", "workspace": "Lab", "username": "u", "rating": "GOOD"},
        {"id": 2, "prompt": "Q2", "sent_at": "2026-01-01T00:01:00Z", "workspace": "Lab", "username": "u", "rating": "--",
         "attachments": [{"type": "image", "image": "data:image/png;base64,aGk="}]},
        {"id": 3, "prompt": "Q3", "response": "A3", "sent_at": "x", "workspace": "Yard", "username": "u"},
    ]  # fmt: skip
    lab, yard = read(pairs).conversations
    assert (lab.title, [each.content for each in lab.messages]) == ("Lab", ["Q1", "A1", "Q2"])
    assert lab.messages[1].rating is Rating.UP
    assert lab.messages[2].files[0].data == b"hi"
    assert yard.title == "Yard"
    table = 'id,workspace,prompt,response,sent_at,username,rating\n1,Lab,"Q, one",A1,2026-01-01T00:00:00Z,u,GOOD\n'
    assert read(table).spoken() == [("U", "Q, one"), ("A", "A1")]
    record = {
        "messages": [
            {"role": role, "content": [{"type": "text", "text": words}]}
            for role, words in (("system", "S"), ("user", "Q"), ("assistant", "A"))
        ]
    }
    found = read(lines(record, record))
    assert len(found.conversations) == 2
    assert found.conversations[0].system == "S"
