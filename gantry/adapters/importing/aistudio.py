"""Google AI Studio: a chat as it lies in Drive, made of chunks. Chunks of one role that follow each other are one message."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import PurePosixPath
from typing import Any

from gantry.adapters.importing.said import PICTURE, Said, decoded
from gantry.adapters.importing.turns import chained, role_of
from gantry.adapters.importing.values import first_text, mapping, moment, objects, text
from gantry.domain.chat import MessageRole
from gantry.domain.importing import ForeignConversation, ForeignFile, ForeignMessage, Skipped, Surroundings
from gantry.domain.messages import _

Json = Mapping[str, Any]

_IN_FILE = {
    "inlineFile": "File",
    "inlineImage": "Image",
    "inlineAudio": "Audio",
    "inlineVideo": "Video",
    "inlineData": "File",
}
_IN_DRIVE = ("driveDocument", "driveImage", "driveVideo", "driveAudio", "driveFile")
_ENDINGS = {".json", ".txt", ".prompt"}


class AiStudio:
    """A file has no title of its own: it is called what the chat is called."""

    name = "gemini-aistudio"
    gathers = False

    def claims(self, element: object) -> bool:
        """Whether an element is a prompt made of chunks."""
        return isinstance(mapping(element).get("chunkedPrompt"), Mapping)

    def read(self, element: object, around: Surroundings) -> Iterator[ForeignConversation | Skipped]:
        """Read one chat."""
        record = mapping(element)
        prompt = mapping(record.get("chunkedPrompt"))
        model = first_text(mapping(record.get("runSettings")), "model").removeprefix("models/")
        messages = tuple(chained(_messages(list(objects(prompt.get("chunks"))), model)))
        yield ForeignConversation(
            key=text(record.get("id")),
            title=first_text(record, "title", "displayName") or _titled(around.name),
            messages=messages,
            created_at=moment(record.get("createTime")),
            updated_at=moment(record.get("updateTime")),
            model=model,
            system=_instruction(record.get("systemInstruction")),
        )
        drafts = [*objects(prompt.get("pendingInputs")), *objects(record.get("pendingInputs"))]
        if any(first_text(each, "text") for each in drafts):
            yield Skipped(_("a draft"), _("it was never sent"))


def _titled(name: str) -> str:
    path = PurePosixPath(name)
    return path.stem if path.suffix.lower() in _ENDINGS else path.name


def _instruction(value: object) -> str:
    if isinstance(value, str):
        return text(value)
    about = mapping(value)
    return first_text(about, "text") or "\n".join(
        text(part.get("text")) for part in objects(about.get("parts"))
    )


def _messages(chunks: list[Json], model: str) -> Iterator[ForeignMessage]:
    for role, run in groupby(chunks, key=lambda chunk: role_of(chunk.get("role")) or MessageRole.ASSISTANT):
        said, told = Said(), list(run)
        for chunk in told:
            _take(said, chunk)
        yield ForeignMessage(
            key="",
            parent=None,
            role=role,
            content=said.content,
            reasoning=said.reasoning,
            model="" if role is MessageRole.USER else model,
            created_at=next((at for chunk in told if (at := moment(chunk.get("createTime")))), None),
            files=tuple(said.files),
        )


def _take(said: Said, chunk: Json) -> None:
    words = text(chunk.get("text"))
    thought = chunk.get("isThought") is True
    if words:
        (said.think if thought else said.say)(words)
    parts = list(objects(chunk.get("parts")))
    if not words:  # parts repeat the text, piece by piece
        for of_thought, run in groupby(parts, key=lambda part: thought or part.get("thought") is True):
            (said.think if of_thought else said.say)("".join(text(part.get("text")) for part in run))
    for part in parts:
        _take_things(said, {key: value for key, value in part.items() if key not in chunk})
    _take_things(said, chunk)
    if error := chunk.get("errorMessage"):
        said.failed(error)
    found = (
        mapping(each.get("web")) or each
        for each in objects(mapping(chunk.get("grounding")).get("groundingChunks"))
    )
    said.cite((first_text(each, "title"), first_text(each, "uri", "url")) for each in found)


def _take_things(said: Said, chunk: Json) -> None:
    """Add code, files and films of a chunk or a part."""
    if code := mapping(chunk.get("executableCode")):
        said.happened("Code", code.get("code"), text(code.get("language")).lower())
    if result := mapping(chunk.get("codeExecutionResult")):
        went = text(result.get("outcome")).removeprefix("OUTCOME_")
        said.happened("Result" if went in {"", "OK"} else f"Result: {went}", result.get("output"))
    for key, kind in _IN_FILE.items():
        if inline := mapping(chunk.get(key)):
            media_type = first_text(inline, "mimeType")
            name = first_text(inline, "name", "displayName") or media_type.replace("/", ".") or kind
            said.attach(ForeignFile(name, media_type, data=decoded(inline.get("data"))))
    for key in _IN_DRIVE:
        if drive := mapping(chunk.get(key)):
            said.attach(
                ForeignFile(
                    first_text(drive, "name", "displayName", "id"),
                    first_text(drive, "mimeType") or (PICTURE if key == "driveImage" else ""),
                )
            )
    if film := first_text(mapping(chunk.get("youtubeVideo")), "id"):
        said.cite([("YouTube", f"https://www.youtube.com/watch?v={film}")])


READER = AiStudio()
