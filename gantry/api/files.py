"""Files that are sent as they are stored: whole, or the part from which a client goes on."""

import asyncio
import os
import re
from typing import Any

from fastapi.responses import FileResponse
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from gantry.api.described import file_answer
from gantry.api.problems import problem
from gantry.api.refusals import Responses, refusals

# One range. Several at once, or what is none, is answered with the whole, as HTTP allows (RFC 9110, 14.2).
_RANGE = re.compile(r"bytes=(?:([0-9]{1,18})-([0-9]{0,18})|-([0-9]{1,18}))", re.IGNORECASE)


def stored_file(description: str, *media_types: str) -> Responses:
    """Return, for ``responses``, that a route answers with a ``StoredFile``."""
    whole, unknown = file_answer(description, *media_types), refusals(416)
    part: dict[str, Any] = {
        "description": "The part that `Range` names.",
        "headers": _place("Which part of how many bytes."),
        "content": whole[200]["content"],
    }
    unknown[416]["headers"] = _place("How many bytes there are.")
    return whole | {206: part} | unknown


def _place(description: str) -> dict[str, Any]:
    return {"Content-Range": {"description": description, "schema": {"type": "string"}}}


class StoredFile(FileResponse):
    """A file, or the part of it that is asked for."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        headers = Headers(scope=scope)
        if (asked := headers.get("range")) is not None:
            size = (await asyncio.to_thread(os.stat, self.path)).st_size
            there = _is_there(asked.strip(), size)
            if there is False and "if-range" not in headers:
                told = {"Content-Range": f"bytes */{size}"}
                refusal = problem(
                    416, "range-not-satisfiable", "There is no such part of the file.", headers=told
                )
                await refusal(scope, receive, send)
                return
            if not there:
                scope = {**scope, "headers": [each for each in scope["headers"] if each[0] != b"range"]}
        await super().__call__(scope, receive, send)


def _is_there(asked: str, size: int) -> bool | None:
    """Whether a file of *size* has the part that is *asked* for; None when no one part is named."""
    found = _RANGE.fullmatch(asked)
    if found is None:
        return None
    first, last, suffix = found.groups()
    if suffix is not None:
        return size > 0 and int(suffix) > 0
    if last and int(last) < int(first):
        return None
    return int(first) < size
