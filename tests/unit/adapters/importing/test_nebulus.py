"""Exports of Nebulus Gantry: one conversation, the bulk ZIP, and what its wiki describes."""

import json
import zipfile
from datetime import UTC, datetime

from gantry.adapters.importing import ExportFiles
from gantry.domain.importing import ForeignConversation
from tests.parts.exports import read

SAID = [
    {"id": 1, "role": "user", "content": "Name a river.", "created_at": "2026-03-04T05:06:07.000123"},
    {"id": 2, "role": "assistant", "content": "The Elbe.", "created_at": "2026-03-04T05:06:07.000123"},
]
ABOUT = {
    "id": 3,
    "title": "Rivers / lakes: a list?",
    "pinned": True,
    "created_at": "2026-03-04T05:06:00",
    "updated_at": "2026-03-04T05:07:00",
}


def test_bug_16_times_without_a_zone_are_utc_and_tied_times_keep_the_order() -> None:
    """Microseconds may be absent."""
    found = read({"conversation": ABOUT, "messages": SAID, "exported_at": "2026-03-05T00:00:00+00:00"})
    assert found.formats == {"nebulus-gantry"}
    assert found.one.created_at == datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
    assert found.one.pinned
    assert found.spoken() == [("U", "Name a river."), ("A", "The Elbe.")]


def test_bug_29_titles_are_text_and_names_in_a_zip_are_no_paths(tmp_path) -> None:
    """Slashes and colons of a title come along; a member that climbs out of its folder is only a name."""
    path = tmp_path / "bulk.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in (
            "conversation-3-Rivers _ lakes_ a list_.json",
            "../../conversation-5-.json",
            "C:\\x\\conversation-6-ü.json",
        ):
            archive.writestr(
                name,
                json.dumps(
                    {
                        "conversation": {**ABOUT, "user_id": 1, "title": f"{ABOUT['title']} {name}"},
                        "messages": SAID,
                    }
                ),
            )
    found = [each.item for each in ExportFiles(10_000_000).open(str(path), "bulk.zip").found()]
    assert len(found) == 3
    assert all(
        isinstance(each, ForeignConversation) and each.title.startswith("Rivers / lakes: a list?")
        for each in found
    )


def test_ids_of_one_database_do_not_tell_conversations_apart() -> None:
    """Two servers have a conversation 3 each; one that has grown since is still the same."""
    one = read({"conversation": ABOUT, "messages": SAID[:1]}).one.key
    assert one == read({"conversation": {**ABOUT, "title": "Renamed"}, "messages": SAID}).one.key
    assert one != read({"conversation": ABOUT, "messages": SAID[1:]}).one.key


def test_shapes_of_the_wiki_are_read_too() -> None:
    """Messages inside the conversation, and everything in one object."""
    flat = {"id": 3, "user_id": 1, "title": "Flat", "created_at": "2026-01-01T00:00:00Z",
            "messages": [{"id": 1, "role": "user", "content": "Hi", "timestamp": "2026-01-01T00:00:01Z"}]}  # fmt: skip
    inside = {
        "conversation": {**ABOUT, "messages": SAID},
        "user": {"email": "a@b.example", "display_name": "A"},
    }
    assert read(flat).formats == {"nebulus-gantry"}
    assert read(flat).path()[0].created_at == datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC)
    assert len(read(inside).tree.messages) == 2
