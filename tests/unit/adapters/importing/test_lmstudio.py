"""LM Studio: messages in versions."""

from tests.parts.exports import read


def single(role, words):
    return {"type": "singleStep", "role": role, "content": [{"type": "text", "text": words}]}


def multi(*steps):
    return {
        "type": "multiStep",
        "role": "assistant",
        "senderInfo": {"senderName": "oak"},
        "steps": list(steps),
    }


def block(*content, **more):
    return {"type": "contentBlock", "content": list(content), **more}


def words(text):
    return {"type": "text", "text": text}


def export(*messages, **more):
    return {
        "name": "Trees",
        "createdAt": 1_730_000_000_000,
        "systemPrompt": "",
        "messages": list(messages),
        "lastUsedModel": {"identifier": "elm"},
        **more,
    }


def test_the_selected_version_is_shown_and_the_others_are_branches() -> None:
    """What follows hangs on the selected one."""
    found = read(export(
        {"versions": [single("user", "Which tree?")], "currentlySelected": 0},
        {"versions": [multi(block(words("Oak."))), multi(block(words("Elm.")))], "currentlySelected": 0},
        {"versions": [single("user", "Why?")], "currentlySelected": 0},
    ))  # fmt: skip
    assert found.formats == {"lmstudio"}
    assert found.spoken() == [("U", "Which tree?"), ("A", "Oak."), ("U", "Why?")]
    assert found.tree.branches == 1
    assert found.path()[1].model == "oak"
    assert found.one.created_at is not None


def test_steps_are_thoughts_calls_and_words() -> None:
    """Each goes where it belongs; a file is named."""
    answer = multi(
        block(words("Rings."), style={"type": "thinking"}, prefix="<think>", suffix="</think>"),
        block({"type": "toolCallRequest", "callId": 1, "name": "count", "arguments": {"of": "rings"}}),
        block({"type": "toolCallResult", "callId": 1, "content": "80"}),
        {"type": "status", "status": "done"},
        block(words("Eighty years.")),
    )
    ask = {
        "versions": [
            {
                **single("user", "How old?"),
                "content": [
                    words("How old?"),
                    {"type": "file", "fileType": "image", "fileIdentifier": "t.png"},
                ],
            }
        ]
    }
    asked, answered = read(export(ask, {"versions": [answer], "currentlySelected": 9})).path()
    assert answered.reasoning == "Rings."
    assert "**Call of count**" in answered.content
    assert "80" in answered.content
    assert answered.content.endswith("Eighty years.")
    assert [file.name for file in asked.files] == ["t.png"]


def test_the_prompt_may_stand_in_the_configuration_and_older_files_are_plain() -> None:
    """Messages without versions are read as they are."""
    fields = {"fields": [{"key": "llm.prediction.systemPrompt", "value": "Grow."}]}
    found = read(
        export(
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Hello"},
            perChatPredictionConfig=fields,
        )
    )
    assert found.one.system == "Grow."
    assert found.spoken() == [("U", "Hi"), ("A", "Hello")]


def test_the_oldest_chats_have_only_a_name_and_messages() -> None:
    """No versions, no settings that are its own."""
    found = read({"name": "Old", "messages": [{"role": "user", "content": "Hi"}], "inferenceParams": {}})
    assert found.formats == {"lmstudio"}
