"""The export of an xAI account."""

from tests.parts.exports import read


def response(key, parent, sender, message, ms, **more):
    time = {"$date": {"$numberLong": str(1_760_000_000_000 + ms)}}
    return {
        "response_id": key,
        "parent_response_id": parent,
        "sender": sender,
        "message": message,
        "create_time": time,
        **more,
    }


def export(*responses, wrap=True, **about):
    told = {
        "conversation_id": "g1",
        "title": "Comets",
        "create_time": "2025-10-09T08:53:20.1Z",
        "leaf_response_id": None,
        **about,
    }
    return {
        "conversations": [
            {
                "conversation": told,
                "responses": [{"response": each, "share_link": None} if wrap else each for each in responses],
            }
        ]
    }


ASK = response(
    "q", None, "human", "What is a comet?", 0, metadata={"requestModelDetails": {"modelId": "star-3"}}
)
FIRST = response("a1", "q", "ASSISTANT", "Ice.", 1000, thinking_trace="Dirty ice.", metadata={})
SECOND = response("a2", "q", "assistant", "Ice and dust.", 2000, model="star-4")


def test_senders_in_any_case_and_times_of_mongo() -> None:
    """With and without the inner wrapper; the newest answer is on screen, the other a branch."""
    for wrap in (True, False):
        found = read(export(ASK, SECOND, FIRST, wrap=wrap))
        assert found.formats == {"grok"}
        assert found.spoken() == [("U", "What is a comet?"), ("A", "Ice and dust.")]
        assert found.tree.branches == 1
        assert [each.model for each in found.tree.messages] == ["", "star-4", "star-3"]
        assert found.tree.messages[2].reasoning == "Dirty ice."


def test_a_leaf_that_is_named_is_on_screen() -> None:
    """Even if it is the older one."""
    assert read(export(ASK, FIRST, SECOND, leaf_response_id="a1")).spoken()[-1] == ("A", "Ice.")


def test_sources_pictures_and_errors_stay() -> None:
    """What was searched, attached, made, and what went wrong."""
    answer = response("a", "q", "ASSISTANT", "See.", 1, cited_web_search_results=[{"title": "Sky", "url": "https://sky.example"}],
                      generated_image_urls=["https://img.example/comet.jpg"], file_attachments=["file-77"], error={"message": "late"})  # fmt: skip
    message = read(export(ASK, answer)).path()[-1]
    assert "[Sky](https://sky.example)" in message.content
    assert "late" in message.content
    assert [file.name for file in message.files] == ["file-77", "comet.jpg"]


def test_an_entry_without_messages_is_told() -> None:
    """The others are read."""
    whole = export(ASK)
    whole["conversations"].insert(0, {"conversation": None})
    found = read(whole)
    assert len(found.conversations) == 1
    assert found.skipped
