"""Chats of Google AI Studio as they lie in Drive."""

import base64

from tests.parts.exports import read


def test_chunks_of_one_role_are_one_message() -> None:
    """Thoughts go before the answer, code and its result into it; parts that repeat the text are not taken again."""
    chunks = [
        {"role": "user", "text": "What is 6*7?", "createTime": "2026-02-02T10:00:00Z"},
        {
            "role": "model",
            "isThought": True,
            "text": "Multiply. Then say it.",
            "parts": [{"text": "Multiply.", "thought": True}],
        },
        {"role": "model", "executableCode": {"language": "PYTHON", "code": "print(6*7)"}},
        {"role": "model", "codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "42\n"}},
        {
            "role": "model",
            "text": "It is 42.",
            "parts": [{"text": "It is"}, {"text": " 42."}],
            "tokenCount": 4,
        },
    ]
    found = read(
        {"runSettings": {"model": "models/star-1"}, "chunkedPrompt": {"chunks": chunks}}, name="Sums"
    )
    assert found.formats == {"gemini-aistudio"}
    assert (found.one.title, found.one.model) == ("Sums", "star-1")
    asked, answered = found.path()
    assert answered.reasoning == "Multiply. Then say it."
    assert (
        answered.content
        == "**Code**\n\n```python\nprint(6*7)\n```\n\n**Result**\n\n```\n42\n```\n\nIt is 42."
    )
    assert answered.model == "star-1"
    assert asked.created_at is not None


def test_parts_that_are_all_there_is_are_one_text() -> None:
    """Thoughts before it, pieces put together as they are."""
    parts = [{"text": "Hm.", "thought": True}, {"text": "Forty-"}, {"text": "two."}]
    message = read({"chunkedPrompt": {"chunks": [{"role": "model", "parts": parts}]}}).path()[0]
    assert (message.reasoning, message.content) == ("Hm.", "Forty-two.")


def test_files_films_and_sources() -> None:
    """What lies in Drive is named; what is in the file comes along."""
    data = base64.b64encode(b"GIF89a").decode()
    chunks = [
        {"role": "user", "driveDocument": {"id": "d1", "name": "plan.pdf"}, "text": ""},
        {"role": "user", "inlineImage": {"mimeType": "image/gif", "data": data}},
        {"role": "user", "youtubeVideo": {"id": "abc"}},
        {"role": "user", "parts": [{"text": "Look."}]},
        {
            "role": "model",
            "text": "Seen.",
            "grounding": {"groundingChunks": [{"web": {"title": "A", "uri": "https://a.example"}}]},
        },
        {"role": "model", "errorMessage": "quota"},
    ]
    asked, answered = read({"chunkedPrompt": {"chunks": chunks}}).path()
    assert [(file.name, file.data) for file in asked.files] == [("plan.pdf", b""), ("image.gif", b"GIF89a")]
    assert "Look." in asked.content
    assert "watch?v=abc" in asked.content
    assert "[A](https://a.example)" in answered.content
    assert "quota" in answered.content


def test_instructions_and_drafts() -> None:
    """The system instruction comes along; a draft does not, and that is told."""
    found = read({
        "id": "p1", "displayName": "Named", "createTime": "2026-02-02T10:00:00Z", "systemInstruction": {"parts": [{"text": "Be kind."}]},
        "chunkedPrompt": {"chunks": [{"role": "user", "text": "Hi"}]}, "pendingInputs": [{"role": "user", "text": "half a th"}],
    })  # fmt: skip
    assert (found.one.key, found.one.title, found.one.system) == ("p1", "Named", "Be kind.")
    assert "a draft" in found.told
