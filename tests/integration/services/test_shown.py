"""Images that go with a question: what a model is shown of them, and what is said where it cannot see."""

from base64 import b64decode
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from gantry.domain.context import Retrieval
from gantry.domain.parsing import ParsingFailed, ParsingFault
from gantry.domain.pictures import MAX_SIDE
from gantry.services.chat import Sent
from tests.parts.knowledge import upload
from tests.parts.llm_server import Recorded, Script
from tests.parts.pictures import bomb, picture, turned_photo
from tests.parts.stack import Stack

_REFUSAL = Script(
    status=500, body={"error": {"message": "image input is not supported - hint: provide the mmproj"}}
)


def parts_of(request: Recorded, turn: int = -1) -> Any:
    """Return the content of a turn of a request."""
    return request.body["messages"][turn]["content"]


def shown(part: dict[str, Any]) -> Image.Image:
    """Return the picture in a part of a turn."""
    assert part["type"] == "image_url"
    head, _, data = part["image_url"]["url"].partition(";base64,")
    opened = Image.open(BytesIO(b64decode(data)))
    assert head == f"data:image/{(opened.format or '').lower()}"
    return opened


async def note(stack: Stack, sent: Sent) -> str:
    """Return what a reader is told beside the sources of an answer."""
    retrieval = Retrieval.parse((await stack.message(sent.message_id)).retrieval)
    return retrieval.sentence if retrieval else ""


@pytest.fixture(autouse=True)
def _nobody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody recognises text here, and answers do not wait for it."""
    monkeypatch.setattr("gantry.services.sources._PICTURE_PATIENCE_SECONDS", 0.05)


async def test_the_model_is_shown_exactly_the_picture(stack: Stack) -> None:
    """As a part of the question's turn, byte for byte as it is kept; the next question carries it along."""
    row = await upload(stack, "red.png", picture("PNG", (60, 40)), attach=True)
    sent = await stack.ask("What is this?", files=[row.id])
    await stack.read(sent)
    words, image = parts_of(stack.llm.last)
    assert words == {"type": "text", "text": "What is this?"}
    kept = await stack.services.documents.picture(stack.who, row.id)
    assert image["image_url"]["url"].startswith("data:image/png;base64,")
    with open(kept.path, "rb") as file:  # noqa: PTH123
        assert b64decode(image["image_url"]["url"].partition(",")[2]) == file.read()
    assert shown(image).size == (60, 40)
    assert await note(stack, sent) == ""
    await stack.read(await stack.ask("Sure?", sent.conversation_id))
    assert parts_of(stack.llm.last) == "Sure?"
    assert len(parts_of(stack.llm.last, -3)) == 2


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
async def test_every_kind_becomes_one_that_servers_read(stack: Stack, kind: str) -> None:
    """By content, whatever it is called."""
    row = await upload(stack, "holiday.txt", picture(kind), attach=True)
    assert row.media_type in {"image/png", "image/jpeg"}
    await stack.read(await stack.ask("What is this?", files=[row.id]))
    assert shown(parts_of(stack.llm.last)[1]).size == (60, 40)


async def test_a_photo_is_upright_small_and_says_nothing_of_its_camera(stack: Stack) -> None:
    """Several go in one turn, in order."""
    photo = await upload(stack, "photo.jpg", turned_photo(), attach=True)
    other = await upload(stack, "other.png", picture(), attach=True)
    await stack.read(await stack.ask("Compare.", files=[photo.id, other.id]))
    _, first, second = parts_of(stack.llm.last)
    image = shown(first)
    assert image.size == (MAX_SIDE // 2, MAX_SIDE)
    assert not image.getexif()
    assert image.convert("RGB").getpixel((300, 20)) == (0, 0, 0)  # what was left is above
    assert shown(second).size == (60, 40)
    raw = await stack.services.documents.picture(stack.who, photo.id)
    with open(raw.path, "rb") as file:  # noqa: PTH123
        assert b"Secret" not in file.read()


async def test_a_model_without_eyes_is_asked_again_and_it_is_said(stack: Stack) -> None:
    """The answer comes without the image and says so; the next question does not ask twice."""
    stack.llm.enqueue(_REFUSAL, Script(text="I see nothing."), Script(text="Still nothing."))
    row = await upload(stack, "red.png", picture(), attach=True)
    sent = await stack.ask("What is this?", files=[row.id])
    reader = await stack.read(sent)
    assert (reader.text, reader.status) == ("I see nothing.", "complete")
    assert parts_of(stack.llm.last) == "What is this?"
    assert (await note(stack, sent)).startswith("This model cannot see images")
    again = await stack.ask("Sure?", sent.conversation_id)
    await stack.read(again)
    assert len(stack.llm.requests) == 3
    assert await note(stack, again) == ""


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (bomb(), ParsingFault.TOO_LARGE),
        (picture()[:40], ParsingFault.BROKEN),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), ParsingFault.BROKEN),
        (picture("JPEG")[:-200], ParsingFault.BROKEN),
    ],
    ids=["enormous", "cut off", "no picture", "half a photo"],
)
async def test_a_hostile_picture_is_refused(stack: Stack, content: bytes, fault: ParsingFault) -> None:
    """Before it is stored; what is left of it goes."""
    with pytest.raises(ParsingFailed) as refused:
        await upload(stack, "evil.png", content, attach=True)
    assert refused.value.fault is fault


async def test_old_pictures_give_way(stack: Stack) -> None:
    """Those before the question have their share of the context, newest first; the question's own always go."""
    conversation = None
    rows = [
        await upload(stack, f"{each}.png", picture("PNG", (1500, 1500)), attach=True) for each in range(4)
    ]
    for row in rows:
        sent = await stack.ask("What is this?", conversation, files=[row.id])
        conversation = sent.conversation_id
        await stack.read(sent)
    asked = [turn["content"] for turn in stack.llm.last.body["messages"] if turn["role"] == "user"]
    assert [isinstance(content, list) for content in asked] == [False, True, True, True]
