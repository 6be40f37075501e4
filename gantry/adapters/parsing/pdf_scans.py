"""Pages of a PDF that are pictures: drawn, and read by text recognition, so many of them and so long."""

import re
import time
from contextlib import closing
from functools import cached_property
from typing import Any

import pypdfium2
from pypdfium2 import raw

from gantry.adapters.parsing import recognition
from gantry.domain.parsing import ParsingFailed, ParsingFault, ParsingLimits

_DOTS = 300  # an inch
_POINTS = 72  # an inch
_PIXELS = 16_000_000  # of a page as it is drawn; larger pages are drawn with fewer dots
_LONGEST_SIDE = 20_000  # pixels
_SHORTEST_SIDE = 20  # pixels; there is no letter in less
_PICTURE_PIXELS = 100_000_000  # of the pictures on a page, which are unpacked to be drawn
_FULL_PAGE = 0.6
_NOT_SAID = re.compile(r"[\W_]+")


class Scans:
    """Reads such pages of one document."""

    def __init__(self, document: pypdfium2.PdfDocument, limits: ParsingLimits, most_unread: float) -> None:
        """Read nothing yet. So many pages, relative to those with text, may be left out: *most_unread*."""
        self._document = document
        self._limits = limits
        self._most_unread = most_unread
        self._until: float | None = None
        self._read = 0
        self.unread: list[ParsingFailed] = []  # for each page that was not read, why

    @cached_property
    def can_read(self) -> bool:
        """Whether there is text recognition here; asked when there is a page for it."""
        return recognition.is_installed()

    def text_of(self, number: int, layer: str) -> str:
        """Return what a page says and shows; where that cannot be read, it is noted, and *layer* returned.

        Args:
            number: Of the page; the first is 1.
            layer: What its text says, which is not read from the picture once more; empty where it says nothing.

        Raises:
            ParsingFailed: There are too many such pages for the document to be read.
        """
        if self._until is None:
            self._until = time.monotonic() + self._limits.recognition_seconds
            self._check_number()
        with closing(self._document[number - 1]) as page:
            if layer:
                _take_text_away(page)
            try:
                return _together(layer, self._recognised(page, number, self._until))
            except ParsingFailed as error:
                self.unread.append(error)
                return layer

    def _recognised(self, page: pypdfium2.PdfPage, number: int, until: float) -> str:
        if self._read >= self._limits.recognised_pages:
            raise ParsingFailed(ParsingFault.TOO_MANY_SCANS, page=number)
        until = min(until, time.monotonic() + self._limits.recognition_seconds_of_page)
        picture, dots = _drawn(page, number, until)
        if not picture:
            return ""
        self._read += 1
        left = until - time.monotonic()
        if left <= 0:
            raise ParsingFailed(ParsingFault.TOO_SLOW, page=number)
        found = recognition.text_of(picture, page=number, seconds=left, dots=dots)
        return "\n".join(line.rstrip() for line in found.split("\n")).strip("\n")

    def _check_number(self) -> None:
        """Count the pages without text before the first is read: minutes of work would be for nothing."""
        total = len(self._document)
        count = 0
        for index in range(total):
            count += self._is_without_text(index)
            if count - self._limits.recognised_pages > self._most_unread * (total - count):
                raise ParsingFailed(ParsingFault.TOO_MANY_SCANS)

    def _is_without_text(self, index: int) -> bool:
        try:
            with closing(self._document[index]) as page, closing(page.get_textpage()) as words:
                return not words.count_chars() and raw.FPDFPage_CountObjects(page) > 0
        except pypdfium2.PdfiumError:
            return False


def is_covered(page: pypdfium2.PdfPage) -> bool:
    """Whether pictures fill the page."""
    width, height = page.get_size()
    covered = 0.0
    for each in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=2):
        left, bottom, right, top = each.get_bounds()
        covered += (right - left) * (top - bottom)
    return covered >= _FULL_PAGE * width * height


def _take_text_away(page: pypdfium2.PdfPage) -> None:
    """Take the text off a page, as it is in memory."""
    for each in list(page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT], max_depth=1)):
        page.remove_obj(each)


def _together(layer: str, shown: str) -> str:
    """Return what a page shows, after what its text alone says."""
    if not any(letter.isalnum() for letter in shown):
        return layer
    said = _bare(shown)
    own = [line for line in layer.split("\n") if _bare(line) and _bare(line) not in said]
    return "\n".join((*own, shown))


def _bare(text: str) -> str:
    return _NOT_SAID.sub("", text).casefold()


def _drawn(page: pypdfium2.PdfPage, number: int, until: float) -> tuple[bytes, int]:
    """Return a page as a picture (PGM) and its dots an inch; the picture is empty where the page is.

    What people put on it (forms, comments) is left out: that is read apart.
    """
    if not raw.FPDFPage_CountObjects(page):
        return b"", 0
    if _picture_pixels(page) > _PICTURE_PIXELS:
        raise ParsingFailed(ParsingFault.TOO_LARGE, page=number)
    width, height = (max(1.0, side) for side in page.get_size())
    scale = min(_DOTS / _POINTS, (_PIXELS / (width * height)) ** 0.5, _LONGEST_SIDE / max(width, height))
    width, height = int(width * scale), int(height * scale)
    if min(width, height) < _SHORTEST_SIDE:
        return b"", 0
    bitmap = pypdfium2.PdfBitmap.new_native(width, height, raw.FPDFBitmap_Gray)
    try:
        _draw(page, bitmap, until, number)
        return _pgm(bitmap), max(_POINTS, round(scale * _POINTS))
    finally:
        bitmap.close()


def _picture_pixels(page: pypdfium2.PdfPage) -> int:
    pixels = 0
    for each in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=2):
        if isinstance(each, pypdfium2.PdfImage):
            width, height = each.get_px_size()
            pixels += width * height
    return pixels


def _draw(page: pypdfium2.PdfPage, bitmap: pypdfium2.PdfBitmap, until: float, number: int) -> None:
    raw.FPDFBitmap_FillRect(bitmap, 0, 0, bitmap.width, bitmap.height, 0xFFFFFFFF)
    pause = raw.IFSDK_PAUSE(version=1)
    pypdfium2.internal.set_callback(pause, "NeedToPauseNow", lambda _: time.monotonic() > until)
    place = (0, 0, bitmap.width, bitmap.height, 0, raw.FPDF_GRAYSCALE)
    ended = raw.FPDF_RenderPageBitmap_Start(bitmap, page, *place, pause)
    raw.FPDF_RenderPage_Close(page)
    if ended != raw.FPDF_RENDER_DONE:
        slow = ended == raw.FPDF_RENDER_TOBECONTINUED
        raise ParsingFailed(ParsingFault.TOO_SLOW if slow else ParsingFault.BROKEN, page=number)


def _pgm(bitmap: Any) -> bytes:
    width, height, stride = bitmap.width, bitmap.height, bitmap.stride
    rows = memoryview(bitmap.buffer).cast("B")
    lines = b"".join(rows[row * stride : row * stride + width] for row in range(height))
    if lines.count(lines[:1]) == len(lines):
        return b""  # one colour
    return b"P5 %d %d 255\n" % (width, height) + lines
