"""SillyTavern: lines, swipes, dates in three spellings."""

from datetime import UTC, datetime

from tests.parts.exports import lines, read

HEADER = {
    "user_name": "Kim",
    "character_name": "Fern",
    "create_date": "2024-3-9 @7h 05m 01s 250ms",
    "chat_metadata": {},
}


def line(name, own, mes, date=None, **more):
    return {"name": name, "is_user": own, "is_system": False, "mes": mes, "send_date": date, **more}


CHAT = (
    line(
        "Fern", False, "Welcome.", "2024-3-9 @7h 05m 02s 1ms", swipes=["Go away.", "Welcome.", ""], swipe_id=1
    ),
    line("Kim", True, "<b>Hi</b>", "March 9, 2024 7:06am"),
    line(
        "Fern",
        False,
        "",
        "2024-03-09T07:07:00.000Z",
        swipes=["Sit *down*."],
        swipe_id=0,
        extra={"reasoning": "Be kind.", "model": "moss"},
    ),
    line("Kim", True, "Thanks", 1_709_968_080_000),
)


def test_swipes_are_branches_and_dates_are_read_in_any_spelling() -> None:
    """The swipe that is shown is on screen; text that is only in a swipe is not lost."""
    found = read(lines(HEADER, *CHAT))
    assert found.formats == {"sillytavern"}
    assert found.one.title == "Fern"
    assert found.spoken() == [("A", "Welcome."), ("U", "<b>Hi</b>"), ("A", "Sit *down*."), ("U", "Thanks")]
    assert [each.content for each in found.tree.messages if each.parent is None] == ["Go away.", "Welcome."]
    assert [each.created_at for each in found.path()] == [
        datetime(2024, 3, 9, 7, 5, 2, 1000, tzinfo=UTC), datetime(2024, 3, 9, 7, 6, tzinfo=UTC),
        datetime(2024, 3, 9, 7, 7, tzinfo=UTC), datetime(2024, 3, 9, 7, 8, tzinfo=UTC),
    ]  # fmt: skip
    assert (found.path()[2].reasoning, found.path()[2].model) == ("Be kind.", "moss")


def test_headers_that_say_nothing_and_files_without_one() -> None:
    """Names come from the lines."""
    unused = {"user_name": "unused", "character_name": "unused", "chat_metadata": {"note": ""}}
    for given in (lines(unused, *CHAT), lines(*CHAT), [HEADER | {"character_name": ""}, *CHAT]):
        assert read(given).one.title == "Fern"


def test_marks_windows_lines_and_other_codes() -> None:
    """A byte order mark, lines of Windows, and GB18030."""
    text = lines(HEADER, line("阿蕨", False, "你好"), line("Kim", True, "Hi"))
    assert read(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()).spoken()[0] == ("A", "你好")
    assert read(text.encode("gb18030")).spoken()[0] == ("A", "你好")


def test_groups_name_who_speaks_and_notes_stay_visible() -> None:
    """In a chat with several characters each line begins with its name."""
    found = read(
        lines(
            line("Fern", False, "One"),
            line("Note", False, "Moved to the wood", is_system=True) | {"is_system": True},
            line("Moss", False, "Two"),
        )
    )
    assert found.path()[0].content == "**Fern:** One"
    assert found.path()[1].content == "**Note**\n\n```\nMoved to the wood\n```\n\n**Moss:** Two"


def test_pictures_of_a_message() -> None:
    """They are named, or come along where they are in the file."""
    found = read(lines(HEADER, line("Fern", False, "Look", extra={"image": "/user/images/fern.png"})))
    assert [file.name for file in found.files] == ["fern.png"]
