"""Jan: threads in folders."""

import json
import zipfile

from gantry.adapters.importing import ExportFiles
from gantry.domain.importing import ForeignConversation, Skipped
from tests.parts.exports import Beside, lines, read

THREAD = {
    "id": "jan_1",
    "object": "thread",
    "title": "Weather",
    "assistants": [{"model": {"id": "cloud"}, "instructions": "Be brief."}],
    "created": 1_720_000_000_000,
}


def line(number, role, words, **more):
    content = [{"type": "text", "text": {"value": words, "annotations": []}}]
    return {
        "id": f"m{number}",
        "thread_id": "jan_1",
        "role": role,
        "created_at": 1_720_000_000 + number,
        "content": content,
        **more,
    }


TWO = lines(line(1, "user", "Rain?"), line(2, "assistant", "<think>Look up.</think>Yes."))


def test_a_thread_with_its_folder() -> None:
    """Its title, model and instructions lie beside the messages."""
    found = read(TWO, around=Beside({"thread.json": json.dumps(THREAD).encode()}))
    assert found.formats == {"jan"}
    one = found.one
    assert (one.key, one.title, one.model, one.system) == ("jan_1", "Weather", "cloud", "Be brief.")
    assert found.spoken() == [("U", "Rain?"), ("A", "Yes.")]
    assert found.path()[1].reasoning == "Look up."


def test_messages_alone_with_blank_and_broken_lines() -> None:
    """Without thread.json the thread has no title; a broken line is told and costs itself."""
    found = read(f"\n{TWO}\n\n{{broken\n{json.dumps(line(3, 'user', 'Wind?'))}")
    assert len(found.path()) == 3
    assert "not JSON" in found.told


def test_pictures_and_calls() -> None:
    """Content of other kinds, and tools in the metadata."""
    call = {"tool": {"function": {"name": "sky", "arguments": "{}"}}, "response": "clear"}
    record = {**line(1, "assistant", "Clear."), "metadata": {"tool_calls": [call]}}
    record["content"].append({"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}})
    message = read(lines(record)).path()[0]
    assert "**Call of sky**" in message.content
    assert "clear" in message.content
    assert message.files[0].data == b"hi"


def test_folders_in_a_zip(tmp_path) -> None:
    """Each folder is a thread; a thread without messages is told."""
    path = tmp_path / "threads.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("threads/jan_1/thread.json", json.dumps(THREAD))
        archive.writestr("threads/jan_1/messages.jsonl", TWO)
        archive.writestr("threads/jan_2/thread.json", json.dumps({**THREAD, "id": "jan_2", "title": "Empty"}))
    found = [each.item for each in ExportFiles(10_000_000).open(str(path), "threads.zip").found()]
    assert [each.title for each in found if isinstance(each, ForeignConversation)] == ["Weather"]
    assert [each.what for each in found if isinstance(each, Skipped)] == ["Empty"]


def test_messages_that_name_no_thread() -> None:
    """They are of the thread beside them."""
    record = line(1, "user", "Rain?") | {"object": "thread.message"}
    del record["thread_id"]
    found = read(lines(record), around=Beside({"thread.json": json.dumps(THREAD).encode()}))
    assert (found.one.title, found.spoken()) == ("Weather", [("U", "Rain?")])
