"""DeepSeek's export, which is easily mistaken for ChatGPT's."""

from tests.parts.exports import read


def node(key, parent, *fragments, at="2026-01-01T10:00:00+08:00", **more):
    message = (
        {"files": [], "model": "deep", "inserted_at": at, "fragments": list(fragments), **more}
        if fragments or more
        else None
    )
    return {"id": key, "parent": parent, "children": [], "message": message}


def ask(words):
    return {"type": "REQUEST", "content": words}


def reply(words):
    return {"type": "RESPONSE", "content": words}


def export(*nodes, **more):
    return [
        {
            "id": "d1",
            "title": "Tea",
            "inserted_at": "2026-01-01T10:00:00+08:00",
            "mapping": {each["id"]: each for each in nodes},
            **more,
        }
    ]


def test_bug_14_it_is_not_taken_for_chatgpt() -> None:
    """Fragments tell who speaks; thoughts, searches and files come along."""
    thought, search = (
        {"type": "THINK", "content": "Leaves."},
        {"type": "SEARCH", "results": [{"url": "https://tea.example", "title": "Tea"}]},
    )
    found = read(export(
        node("root", None),
        node("1", "root", ask("Which tea?"), {"type": "FILE", "files": [{"file_name": "list.txt"}]}),
        node("2", "1", thought, search, reply("Green.")),
    ))  # fmt: skip
    assert found.formats == {"deepseek"}
    asked, answered = found.path()
    assert (asked.content, answered.reasoning) == ("Which tea?", "Leaves.")
    assert answered.content == "Green.\n\n**Sources**\n\n- [Tea](https://tea.example)"
    assert [file.name for file in asked.files] == ["list.txt"]
    assert found.one.created_at is not None
    assert found.one.created_at.hour == 2


def test_the_newest_leaf_is_on_screen_and_ids_count_within_one_chat() -> None:
    """Of two answers the later one; two chats may have the same ids."""
    nodes = (
        node("root", None),
        node("1", "root", ask("Which tea?")),
        node("3", "1", reply("Black."), at="2026-01-01T12:00:00+08:00"),
        node("2", "1", reply("Green."), at="2026-01-01T11:00:00+08:00"),
    )
    found = read([*export(*nodes), {**export(*nodes)[0], "id": "d2"}])
    assert [each.leaf for each in found.conversations] == ["3", "3"]


def test_older_files_have_content_and_no_fragments() -> None:
    """Where nothing says who speaks, questions and answers take turns."""
    found = read(export(
        node("root", None), node("1", "root", content="Which tea?"), node("2", "1", content="Green.", reasoning_content="Hm."),
        node("3", "2", content="Why?"),
    ))  # fmt: skip
    assert found.spoken() == [("U", "Which tea?"), ("A", "Green."), ("U", "Why?")]
    assert found.path()[1].reasoning == "Hm."


def test_a_node_with_question_and_answer_becomes_two_messages() -> None:
    """What follows hangs on the answer."""
    found = read(export(node("1", None, ask("Which?"), reply("Green.")), node("2", "1", ask("Why?"))))
    assert found.spoken() == [("U", "Which?"), ("A", "Green."), ("U", "Why?")]
