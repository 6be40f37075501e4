"""What a picture costs, and which bytes are one of ours."""

import pytest

from gantry.domain.catalog import ChatTurn
from gantry.domain.pictures import Picture, picture_of
from gantry.domain.prompt import Dialogue, assemble, turn_tokens
from tests.parts.pictures import picture


@pytest.mark.parametrize(
    ("width", "height", "tokens"),
    [(10, 10, 255), (512, 512, 255), (1024, 1024, 765), (1568, 1568, 765), (1568, 784, 1445 - 340)],
)
def test_a_picture_costs_its_tiles(width: int, height: int, tokens: int) -> None:
    """A base and as much for each tile, once the shorter side has been scaled to what a model looks at."""
    assert Picture("image/png", width, height, b"").tokens == tokens


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_size_and_type_are_read_from_the_bytes(kind: str) -> None:
    """Of the two kinds that are kept."""
    found = picture_of(picture(kind, (70, 30)))
    assert found is not None
    assert (found.media_type, found.width, found.height) == (f"image/{kind.lower()}", 70, 30)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8\xff",
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a",
        picture("PNG", (1600, 10)),
        picture("WEBP"),
        b"\xff\xd8\xff\xe0\0\0\xff",
    ],
)
def test_other_bytes_are_no_picture_of_ours(data: bytes) -> None:
    """Broken ones, other kinds, and those that were never made smaller."""
    assert picture_of(data) is None


def test_pictures_count_in_the_prompt() -> None:
    """With the question, which says how many there are, and with the history, which gives way."""
    shown = ChatTurn("user", "What is this?", (Picture("image/png", 1000, 1000, b""),))
    assert turn_tokens(shown) > 765
    prompt = assemble(
        Dialogue(shown, (shown, ChatTurn("assistant", "A cat."))), system="", budget_tokens=1000
    )
    assert [turn.content for turn in prompt.turns] == ["What is this?"]
    assert prompt.tokens > 765
    assert prompt.parts[-1].title == "Question with 1 image"
