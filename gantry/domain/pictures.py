"""Pictures that go to models: what is kept of one, and what it costs."""

from dataclasses import dataclass, field
from math import ceil

MAX_SIDE = 1568  # dots; models scale larger pictures down themselves
MAX_BYTES = 12_000_000  # of one that we have made
AT_ONCE = 20  # in one prompt
HISTORY_SHARE = 0.25  # of a prompt, for pictures of earlier questions

PNG, JPEG = "image/png", "image/jpeg"
KEPT = frozenset({PNG, JPEG})  # every other kind is made one of these: few servers read more

_TILE = 512
_SHORT_SIDE = 768
_BASE_TOKENS = 85
_TILE_TOKENS = 170
_JPEG_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is kept: upright, small enough, and without what a camera notes about it."""

    media_type: str
    width: int
    height: int
    data: bytes = field(repr=False)

    @property
    def tokens(self) -> int:
        """About what a model counts for it: a base, and the same again and again for each tile."""
        scale = min(1.0, _SHORT_SIDE / min(self.width, self.height))
        tiles = ceil(self.width * scale / _TILE) * ceil(self.height * scale / _TILE)
        return _BASE_TOKENS + _TILE_TOKENS * tiles


def is_shown(media_type: str) -> bool:
    """Whether a file of this type is shown as a picture, and given to models as one."""
    return media_type in KEPT


def picture_of(data: bytes) -> Picture | None:
    """Return the bytes of a file as a picture; None for what is none of ours, such as one that was never made smaller."""
    if data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR":
        media_type, size = PNG, (_number(data[16:20]), _number(data[20:24]))
    elif data.startswith(b"\xff\xd8\xff"):
        media_type, size = JPEG, _jpeg_size(data)
    else:
        return None
    if not all(0 < side <= MAX_SIDE for side in size):
        return None
    return Picture(media_type, *size, data)


def _jpeg_size(data: bytes) -> tuple[int, int]:
    at = 2
    while data[at : at + 1] == b"\xff" and at + 9 <= len(data):
        if data[at + 1] in _JPEG_SIZES:
            return _number(data[at + 7 : at + 9]), _number(data[at + 5 : at + 7])
        at += 2 + max(2, _number(data[at + 2 : at + 4]))
    return 0, 0


def _number(raw: bytes) -> int:
    return int.from_bytes(raw, "big")
