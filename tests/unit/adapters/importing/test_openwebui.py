"""Exports of Open WebUI: trees, answers twice over, chats of other servers."""

import base64
import json
from time import process_time

import pytest

from gantry.domain.chat import Rating
from tests.parts.exports import read

PICTURE = base64.b64encode(b"\x89PNG not really").decode()


def node(key, parent, role, content, **more):
    return {
        "id": key,
        "parentId": parent,
        "childrenIds": [],
        "role": role,
        "content": content,
        "timestamp": 1_750_000_000,
        **more,
    }


def chat(*nodes, current=None, **more):
    history = {
        "currentId": current or (nodes[-1]["id"] if nodes else None),
        "messages": {each["id"]: each for each in nodes},
    }
    return {"title": "Boats", "models": ["oak:7b"], "history": history, **more}


def wrapped(inner, **more):
    return {
        "id": "chat-1",
        "user_id": "u",
        "title": "Boats",
        "chat": inner,
        "created_at": 1_750_000_000,
        "updated_at": 1_750_000_900,
        **more,
    }


ASK = node("q", None, "user", "How does a sail work?")
ANSWER = node("a", "q", "assistant", "Like a wing.", model="oak:7b")


def test_wrapped_standard_and_bare_chats_are_told_by_what_they_hold() -> None:
    """As the server exports them, as it imports them, and without any wrapping; alone or in a list."""
    inner = chat(ASK, ANSWER)
    for given in (
        [wrapped(inner)],
        wrapped(inner),
        [{"chat": inner, "meta": {"tags": ["sea"]}}],
        [inner],
        wrapped(json.dumps(inner)),
    ):
        found = read(given)
        assert found.formats == {"openwebui"}
        assert found.spoken() == [("U", "How does a sail work?"), ("A", "Like a wing.")]
        assert found.one.title == "Boats"


def test_what_the_server_knows_of_a_chat_comes_along() -> None:
    """Tags, pin, archive, model, system prompt and times."""
    given = wrapped(
        chat(ASK, ANSWER, params={"system": "Be brief."}),
        pinned=True,
        archived=True,
        meta={"tags": ["sea", {"name": "wind"}]},
    )
    one = read([given]).one
    assert (one.pinned, one.archived, one.tags) == (True, True, ("sea", "wind"))
    assert (one.key, one.system, one.model) == ("chat-1", "Be brief.", "oak:7b")
    assert one.created_at is not None
    assert one.created_at.year == 2025


def test_bug_20_an_orphan_on_the_way_neither_hangs_nor_blanks_the_chat() -> None:
    """A fragment that an interrupted stream left, with the current id on it, is passed over."""
    broken = chat(ASK, ANSWER)
    broken["history"]["messages"]["lost"] = {"content": ""}
    broken["history"]["currentId"] = "lost"
    assert read([wrapped(broken)]).spoken()[-1] == ("A", "Like a wing.")
    broken["history"]["messages"]["lost"] = None
    broken["history"]["currentId"] = None
    assert len(read([wrapped(broken)]).tree.messages) == 2


def test_bug_20_parents_that_are_absent_or_null_are_roots() -> None:
    """Several first questions are several roots."""
    first, other = dict(ASK), node("q2", None, "user", "Another beginning")
    del first["parentId"]
    found = read([wrapped(chat(first, ANSWER, other, current="a"))])
    assert [each.parent for each in found.tree.messages] == [None, "q", None]
    assert found.tree.leaf == "a"


def test_bug_21_a_folder_of_another_server_is_no_place_to_vanish_in() -> None:
    """The chat comes along without a folder."""
    assert read([wrapped(chat(ASK, ANSWER), folder_id="of-somewhere")]).one.folder == ""


OUTPUT = [
    {"type": "reasoning", "content": [{"type": "output_text", "text": "Think of lift."}]},
    {"type": "function_call", "call_id": "c1", "name": "wind", "arguments": '{"at":"sea"}'},
    {
        "type": "function_call_output",
        "call_id": "c1",
        "output": [
            {"type": "input_text", "text": "12 knots"},
            {"type": "input_image", "image_url": f"data:image/png;base64,{PICTURE}"},
            {"type": "input_file", "filename": "log.csv"},
        ],
    },
    {"type": "message", "content": [{"type": "output_text", "text": "Like a wing."}]},
]
DETAILS = (
    '<details type="reasoning" done="true" duration="2"><summary>Thought for 2 seconds</summary>\n&gt; Think of &lt;lift&gt;.\n</details>\n'
    '<details type="tool_calls" done="true" id="c1" name="wind" arguments="&quot;{\\&quot;at\\&quot;:1}&quot;" result="&quot;12 knots&quot;">'
    "<summary>Tool Executed</summary></details>\nLike a wing."
)


def test_bug_22_output_or_details_never_both() -> None:
    """Where there is a list of output, thoughts and calls that stand in the text again are not taken twice."""
    answer = {**ANSWER, "content": DETAILS, "output": OUTPUT}
    message = read([wrapped(chat(ASK, answer))]).path()[-1]
    assert message.reasoning == "Think of lift."
    assert message.content.count("12 knots") == 1
    assert "details" not in message.content
    assert message.content.endswith("Like a wing.")
    assert [(file.name, bool(file.data)) for file in message.files] == [
        ("image.png", True),
        ("log.csv", False),
    ]


def test_bug_22_details_alone_become_thoughts_and_calls() -> None:
    """Without output, what is marked in the text goes where it belongs, its letters as they were."""
    message = read([wrapped(chat(ASK, {**ANSWER, "content": DETAILS}))]).path()[-1]
    assert message.reasoning == "Think of <lift>."
    assert "**Call of wind**" in message.content
    assert '{"at":1}' in message.content.replace(" ", "").replace("\n", "")
    assert "**Result of wind**\n\n```\n12 knots\n```" in message.content
    assert message.content.endswith("Like a wing.")


@pytest.mark.parametrize(
    "text",
    [
        "<details " * 60_000,
        '<details type="reasoning" ' * 30_000,
        '<details type="reasoning">' + "<summary>" * 60_000,
        "<think></think>" * 40_000 + "x",
        f'<details type="tool_calls" {"a" * 500_000}>' + " " * 500_000,
    ],
)
def test_marks_without_an_end_cost_no_time(text: str) -> None:
    """However many there are: each is looked at once."""
    began = process_time()
    assert len(read([wrapped(chat(ASK, {**ANSWER, "content": text}))]).tree.messages) == 2
    assert process_time() - began < 5


def test_output_without_words_leaves_the_words_of_the_text() -> None:
    """Only the marked passages are taken out of it."""
    message = read([wrapped(chat(ASK, {**ANSWER, "content": DETAILS, "output": OUTPUT[:1]}))]).path()[-1]
    assert message.content == "Like a wing."
    assert message.reasoning == "Think of lift."


def test_bug_22_the_current_id_says_which_sibling_is_shown() -> None:
    """Also where it is the one in the middle; the other answers stay as branches."""
    answers = [node(f"a{at}", "q", "assistant", f"Answer {at}", model=f"m{at}") for at in range(3)]
    found = read([wrapped(chat(ASK, *answers, current="a1"))])
    assert found.spoken()[-1] == ("A", "Answer 1")
    assert found.tree.branches == 1
    assert {each.model for each in found.tree.messages} == {"", "m0", "m1", "m2"}


def test_very_old_chats_are_a_list() -> None:
    """Messages without ids follow each other; with ids they are a tree all the same."""
    old = {
        "title": "Old",
        "models": [],
        "messages": [{"role": "user", "content": "One"}, {"role": "assistant", "content": "Two"}],
    }
    assert read([wrapped(old)]).spoken() == [("U", "One"), ("A", "Two")]
    listed = {"title": "Listed", "history": {"currentId": "a", "messages": [ANSWER, ASK]}}
    assert read([wrapped(listed)]).spoken() == [("U", "How does a sail work?"), ("A", "Like a wing.")]


def test_bug_7_pictures_files_sources_errors_and_ratings() -> None:
    """What is not text is not lost."""
    ask = {**ASK, "content": [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PICTURE}"}}],
           "files": [{"type": "file", "id": "f1", "name": "chart.pdf"}]}  # fmt: skip
    answer = {**ANSWER, "sources": [{"source": {"name": "Tides", "url": "https://tides.example"}, "metadata": [{"source": "https://tides.example/1"}]}],
              "error": {"content": "cut off"}, "annotation": {"rating": -1}}  # fmt: skip
    asked, answered = read([wrapped(chat(ask, answer))]).path()
    assert [file.name for file in asked.files] == ["image.png", "chart.pdf"]
    assert asked.files[0].data == b"\x89PNG not really"
    assert "https://tides.example/1" in answered.content
    assert "cut off" in answered.content
    assert answered.rating is Rating.DOWN


def test_bug_3_a_folder_that_comes_first_does_not_decide_the_format() -> None:
    """An entry without messages is left out and told; the chats after it are read."""
    found = read([{"id": "f", "name": "Folder"}, wrapped(chat(ASK, ANSWER))])
    assert len(found.conversations) == 1
    assert "entry 1" in found.told


def test_times_in_seconds_or_milliseconds() -> None:
    """Both are the same moment."""
    one = read([{"chat": chat({**ASK, "timestamp": 1_750_000_000_000}, timestamp=1_750_000_000_000)}]).one
    assert one.created_at == one.messages[0].created_at


def test_the_oldest_chats_are_a_title_over_a_list() -> None:
    """Read where no other product knows them."""
    found = read(
        [
            {
                "title": "Old",
                "messages": [{"role": "user", "content": "One"}, {"role": "assistant", "content": "Two"}],
            }
        ]
    )
    assert found.formats == {"openwebui"}
    assert found.spoken() == [("U", "One"), ("A", "Two")]
