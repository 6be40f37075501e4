"""Uploads as they come: ``multipart/form-data`` is taken apart on the way to the disk, never held in memory."""

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from gantry.domain.errors import Invalid
from gantry.domain.messages import _

_MAX_FIELD = 10_000
_MAX_FIELDS = 10


class Upload:
    """One request with one file in it, and a few fields before or after.

    Read ``body()`` to its end; after ``finish()`` all fields are there.
    """

    def __init__(self, request: Request) -> None:
        kind, options = parse_options_header(request.headers.get("content-type", ""))
        boundary = options.get(b"boundary")
        if kind != b"multipart/form-data" or not boundary:
            raise HTTPException(415, "Send the file as multipart/form-data.")
        self.name = ""
        self.fields: dict[str, str] = {}
        self._stream = request.stream()
        self._pieces: list[bytes] = []
        self._in_file = self._file_seen = self._file_ended = False
        self._header: list[bytes] = [b"", b""]
        self._headers: dict[bytes, bytes] = {}
        self._field = ""
        self._value = b""
        names = (
            "part_begin",
            "part_data",
            "part_end",
            "header_field",
            "header_value",
            "header_end",
            "headers_finished",
        )
        callbacks: dict[str, Any] = {f"on_{name}": getattr(self, f"_{name}") for name in names}
        try:
            self._parser = MultipartParser(boundary, callbacks)  # pyright: ignore[reportArgumentType]
        except FormParserError as error:
            raise Invalid(_("The boundary of this upload cannot be used."), field="file") from error

    async def body(self) -> AsyncGenerator[bytes]:
        """Yield the file's bytes.

        Raises:
            Invalid: There is no file in the request, or it breaks off.
        """
        async for _piece in self._fed():
            for piece in self._taken():
                yield piece
            if self._file_ended:
                return
        if not self._file_seen:
            raise Invalid(_("There is no file in this request."), field="file")
        raise Invalid(_("The upload was interrupted."), advice=_("Try again."), field="file")

    async def finish(self) -> None:
        """Read what follows the file."""
        async for _piece in self._fed():
            self._taken()

    async def _fed(self) -> AsyncIterator[None]:
        try:
            async for chunk in self._stream:
                if chunk:
                    self._parser.write(chunk)
                    yield
        except (FormParserError, ClientDisconnect) as error:
            raise Invalid(_("The upload was interrupted."), advice=_("Try again."), field="file") from error

    def _taken(self) -> list[bytes]:
        pieces, self._pieces = self._pieces, []
        return pieces

    # What the parser tells

    def _part_begin(self) -> None:
        self._headers, self._header, self._value = {}, [b"", b""], b""

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header[0] = self._longer(self._header[0], data[start:end])

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1] = self._longer(self._header[1], data[start:end])

    def _longer(self, known: bytes, more: bytes) -> bytes:
        if len(known) + len(more) > _MAX_FIELD or len(self._headers) > _MAX_FIELDS:
            raise Invalid(_("The headers of this upload are too long."), field="file")
        return known + more

    def _header_end(self) -> None:
        self._headers[self._header[0].lower()] = self._header[1]
        self._header = [b"", b""]

    def _headers_finished(self) -> None:
        _kind, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._field = options.get(b"name", b"").decode("utf-8", "replace")
        file_name = options.get(b"filename")
        self._in_file = file_name is not None and not self._file_seen
        if file_name is not None and self._file_ended:
            raise Invalid(_("Send one file in each request."), field="file")
        if self._in_file and file_name is not None:
            self._file_seen = True
            self.name = file_name.decode("utf-8", "replace")

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._in_file:
            self._pieces.append(bytes(data[start:end]))
        elif len(self._value) + end - start > _MAX_FIELD:
            raise Invalid(_("A field of this request is too long."), field=self._field)
        else:
            self._value += data[start:end]

    def _part_end(self) -> None:
        if self._in_file:
            self._in_file, self._file_ended = False, True
        elif len(self.fields) < _MAX_FIELDS:
            self.fields[self._field] = self._value.decode("utf-8", "replace")
