"""LobeChat: tables of messages that belong to topics."""

from tests.parts.exports import read


def row(key, role, content, at, **more):
    return {
        "id": key,
        "role": role,
        "content": content,
        "createdAt": at,
        "sessionId": "inbox",
        "files": [],
        "extra": {},
        **more,
    }


def test_topics_are_conversations_and_the_rest_is_of_its_session() -> None:
    """Titles come from topics and sessions; settings are not looked at."""
    state = {
        "messages": [
            row("1", "user", "On roses", 1_700_000_000_000, topicId="t1"),
            row(
                "2",
                "assistant",
                "Water them.",
                1_700_000_001_000,
                topicId="t1",
                parentId="1",
                extra={"fromModel": "moss"},
            ),
            row("3", "user", "In the inbox", 1_700_000_002_000),
            row("4", "user", "With the gardener", 1_700_000_003_000, sessionId="s1"),
        ],
        "topics": [{"id": "t1", "title": "Roses", "favorite": True, "createdAt": 1_700_000_000_000}],
        "sessions": [
            {
                "id": "s1",
                "meta": {"title": "Gardener"},
                "config": {"model": "fern", "systemRole": "You garden."},
            }
        ],
        "settings": {"keyVaults": {"openai": {"apiKey": "secret"}}},
    }
    found = read({"exportType": "all", "state": state, "version": 7})
    assert found.formats == {"lobechat"}
    roses, inbox, gardener = found.conversations
    assert (roses.key, roses.title, roses.pinned, roses.model) == ("t1", "Roses", True, "moss")
    assert (inbox.key, inbox.title) == ("", "")
    assert (gardener.key, gardener.title, gardener.system) == ("s1", "Gardener", "You garden.")
    assert "secret" not in repr(found)


def test_a_failed_answer_says_why() -> None:
    """In place of the dots that stood for it."""
    error = {"type": "Bad", "message": "No connection", "body": {"error": {"message": "refused"}}}
    message = read(
        {
            "exportType": "sessions",
            "state": {
                "messages": [
                    row("1", "user", "Hi", 1),
                    row("2", "assistant", "...", 2, parentId="1", error=error),
                ]
            },
        }
    ).path()[-1]
    assert message.content == "*[This answer failed: No connection: refused]*"


def test_rows_of_a_table_dump_stand_in_no_order() -> None:
    """Times order them; parents that are absent or unknown are the message before; two answers to one question are branches."""
    messages = [
        row("4", "user", "And now?", "2026-01-01T00:03:00Z", topicId="t", parentId="gone", sessionId=None),
        row("1", "user", "One", "2026-01-01T00:00:00Z", topicId="t", sessionId=None),
        row(
            "3", "assistant", "Two, better", "2026-01-01T00:02:00Z", topicId="t", parentId="1", sessionId=None
        ),
        row("2", "assistant", "Two", "2026-01-01T00:01:00Z", topicId="t", parentId="1", sessionId=None),
    ]
    files = {
        "files": [{"id": "f", "name": "bee.png", "fileType": "image/png"}],
        "messagesFiles": [{"messageId": "1", "fileId": "f"}],
    }
    found = read(
        {
            "data": {"messages": messages, "topics": [{"id": "t", "title": "Dump"}], **files},
            "mode": "pglite",
            "schemaHash": "x",
        }
    )
    assert found.one.title == "Dump"
    assert [words for _, words in found.spoken()] == ["One", "Two, better", "And now?"]
    assert found.tree.branches == 1
    assert [file.name for file in found.files] == ["bee.png"]


def test_calls_of_tools_open_the_answer_after_them() -> None:
    """What a plug-in gave back is no message of its own."""
    messages = [
        row("1", "user", "Weather?", 1_000_000_001), row("2", "assistant", "", 1_000_000_002, parentId="1", tools=[{"apiName": "sky", "arguments": "{}"}]),
        row("3", "tool", "rain", 1_000_000_003, parentId="2", plugin={"apiName": "sky"}), row("4", "assistant", "Rain.", 1_000_000_004, parentId="3"),
    ]  # fmt: skip
    path = read({"exportType": "sessions", "state": {"messages": messages}}).path()
    assert "**Call of sky**" in path[1].content
    assert "rain" in path[-1].content
    assert path[-1].content.endswith("Rain.")


def test_a_thread_is_a_branch() -> None:
    """It begins at its source; the main line stays on screen."""
    messages = [row("1", "user", "One", 1_000_000_001), row("2", "assistant", "Two", 1_000_000_002), row("3", "user", "Main", 1_000_000_003),
                row("4", "user", "Aside", 1_000_000_004, threadId="th")]  # fmt: skip
    found = read(
        {
            "exportType": "x",
            "state": {"messages": messages, "threads": [{"id": "th", "sourceMessageId": "2"}]},
        }
    )
    assert [words for _, words in found.spoken()] == ["One", "Two", "Main"]
    assert found.tree.branches == 1
