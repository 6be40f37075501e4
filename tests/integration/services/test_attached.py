"""Files sent with a question: the answer has them, or says why it goes on without."""

import pytest

from gantry.domain.context import Retrieval
from gantry.services.chat import Sent
from tests.parts import documents
from tests.parts.knowledge import read, upload
from tests.parts.llm_server import Script
from tests.parts.stack import Stack


async def note(stack: Stack, sent: Sent) -> str:
    """Return what a reader is told beside the sources of an answer."""
    retrieval = Retrieval.parse((await stack.message(sent.message_id)).retrieval)
    return retrieval.sentence if retrieval else ""


async def test_a_file_that_is_not_read_in_time_is_said(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody reads files here: the answer comes without it, and names it."""
    monkeypatch.setattr("gantry.services.sources.READY_PATIENCE_SECONDS", 0.2)
    row = await upload(stack, "plan.txt", b"The code word is heliotrope.", attach=True)
    stack.llm.default = Script(text="I do not know.")
    sent = await stack.ask("What is the code word?", files=[row.id])
    reader = await stack.read(sent)
    assert (reader.text, reader.status) == ("I do not know.", "complete")
    assert await note(stack, sent) == "plan.txt was still being read: this answer does not use it."


async def test_a_file_that_cannot_be_read_is_said_with_its_reason(library: Stack) -> None:
    """With the answer it was sent with and with those after it; also when it failed before the question."""
    row = await upload(library, "locked.pdf", documents.encrypted_pdf(), attach=True)
    await read(library, row.id)
    sent = await library.ask("What does it say?", files=[row.id])
    assert (await library.read(sent)).status == "complete"
    told = "locked.pdf could not be read. This file is protected by a password. Remove the password and upload it again."
    assert await note(library, sent) == told
    again = await library.ask("And now?", sent.conversation_id)
    await library.read(again)
    assert await note(library, again) == told


async def test_an_edited_question_keeps_its_files(library: Stack) -> None:
    """They are shown with it and read for it; one that was deleted meanwhile is not."""
    kept = await upload(library, "note.txt", b"The code word is heliotrope.", attach=True)
    gone = await upload(library, "old.txt", b"The code word was vermilion.", attach=True)
    sent = await library.ask("What is the code word?", files=[kept.id, gone.id])
    await library.read(sent)
    question = (await library.services.chat.window(library.who, sent.conversation_id)).bubbles[0].message
    await library.services.documents.delete(library.who, [gone.id])
    await library.read(await library.services.chat.edit(library.who, question.id, "Which word is it?"))
    window = await library.services.chat.window(library.who, sent.conversation_id)
    assert [file.name for file in window.bubbles[0].attachments] == ["note.txt"]
    asked = library.llm.requests[-1].body["messages"][-1]["content"]
    assert "heliotrope" in asked
    assert "vermilion" not in asked
