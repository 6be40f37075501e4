"""Chatbot UI: lists in the order of the file."""

from tests.parts.exports import read

SAID = [{"role": "user", "content": "Hello", "type": "text"}, {"role": "assistant", "content": "Good day"}]
CHAT = {
    "id": "0b2c-x",
    "name": "Greetings",
    "messages": SAID,
    "model": {"id": "m-1", "name": "M"},
    "prompt": "Be polite.",
    "folderId": "f",
}


def test_version_four_with_folders_and_prompts() -> None:
    """The folder's name and the system prompt come along; saved prompts do not, and that is told."""
    found = read(
        {
            "version": 4,
            "history": [CHAT, {"name": "broken"}],
            "folders": [{"id": "f", "name": "Manners", "type": "chat"}],
            "prompts": [{"id": "p"}],
        }
    )
    assert found.formats == {"chatbot-ui"}
    assert found.spoken() == [("U", "Hello"), ("A", "Good day")]
    one = found.one
    assert (one.key, one.title, one.folder, one.system, one.model) == (
        "0b2c-x",
        "Greetings",
        "Manners",
        "Be polite.",
        "m-1",
    )
    assert "1 prompt" in found.told
    assert "broken" in found.told


def test_bug_9_without_times_older_files_are_a_bare_list_with_numbers() -> None:
    """A number counts within one browser and is no id; the content tells conversations apart."""
    found = read([{"id": 1, "name": "Greetings", "messages": SAID}])
    assert found.formats == {"chatbot-ui"}
    assert found.one.key == ""
    assert read({"history": [CHAT], "folders": []}).one.title == "Greetings"


def test_bug_26_a_foreign_file_is_refused_with_a_reason() -> None:
    """Nothing of it is taken for a conversation."""
    found = read({"version": 1, "entries": [{"name": "Backup", "values": [1, 2]}]})
    assert not found.conversations
    assert found.skipped
