"""Content made of parts, as OpenAI's interface has it and most products store it, each with its own additions."""

from collections.abc import Callable, Mapping
from typing import Any

from gantry.adapters.importing.said import PICTURE, Said, decoded, file_at
from gantry.adapters.importing.values import first_text, items, mapping, objects, text
from gantry.domain.importing import ForeignFile

Part = Mapping[str, Any]


def take_content(said: Said, content: object, *, own: bool = False) -> None:
    """Add a message's content: text, a part, or a list of both. *own* says that a person wrote it."""
    for part in [content] if isinstance(content, Mapping) else items(content) or [content]:
        if isinstance(part, Mapping):
            take_part(said, part, own=own)
        elif own:
            said.say(part)
        else:
            said.answer(part)


def take_part(said: Said, part: Part, *, own: bool = False) -> None:
    """Add one part. What is of no known kind stays visible under its name."""
    kind = text(part.get("type"))
    if kind in _TEXTS or (not kind and _words(part)):
        (said.say if own else said.answer)(_words(part))
    elif take := _KINDS.get(kind):
        take(said, part)
    elif part:
        said.happened(
            kind or "Unknown part", {key: value for key, value in part.items() if key != "type"}, "json"
        )


def take_image(said: Said, part: Part) -> None:
    """Add a picture: an address, an address in an object, bytes, or the name of a file."""
    inner = part.get("image_url", part.get("url", part.get("image")))
    address = inner if isinstance(inner, str) else first_text(mapping(inner), "url", "data")
    named = first_text(part, "filename", "name", "file_name", "file_id") or first_text(mapping(inner), "name")
    source = mapping(part.get("source"))
    data = decoded(source.get("data"))
    if data:
        said.attach(ForeignFile(named or "image", first_text(source, "media_type") or "image/png", data=data))
    else:
        said.attach(file_at(address, named, PICTURE) or ForeignFile("image", PICTURE))


def take_file(said: Said, part: Part) -> None:
    """Add a file: its bytes, its address, or its name."""
    inner = mapping(part.get("file")) or mapping(part.get("image_file")) or part
    name = first_text(inner, "filename", "name", "file_name", "filepath", "file_id", "fileId", "id")
    media_type = first_text(inner, "mimeType", "mime_type", "media_type", "type")
    data = text(inner.get("file_data"))
    address = data or first_text(inner, "file_url", "url")
    found = file_at(
        address,
        name.rsplit("/", 1)[-1],
        media_type if "/" in media_type else PICTURE if "image_file" in part else "",
    )
    said.attach(found or ForeignFile("file"))


def take_files(said: Said, *lists: object) -> None:
    """Add the files of lists that hold names, ids or objects."""
    for file in (each for one in lists for each in items(one)):
        if isinstance(file, Mapping):
            if text(file.get("type")) == "image":
                take_image(said, file)
            else:
                take_file(said, file)
        elif text(file):
            said.attach(ForeignFile(text(file)))


def _take_call(said: Said, part: Part) -> None:
    """Add a call of a tool with its result, as agents of LibreChat and others store it."""
    call = mapping(part.get("tool_call")) or part
    function = mapping(call.get("function"))
    interpreter = mapping(call.get("code_interpreter"))
    name = first_text(call, "name", "toolName") or first_text(function, "name") or text(call.get("type"))
    given = call.get("args", call.get("arguments", call.get("input", function.get("arguments"))))
    if interpreter:
        said.called(name, interpreter.get("input"), "python")
        for output in objects(interpreter.get("outputs")):
            said.resulted(name, output.get("logs") or _picture(output))
        return
    said.called(name, given)
    output = call.get("output", call.get("result", function.get("output")))
    if output not in (None, ""):
        said.resulted(name, output)


def _picture(output: Part) -> str:
    """Return the name of a picture that a tool made."""
    return first_text(mapping(output.get("image")), "file_id") or text(output.get("type"))


def _take_result(said: Said, part: Part) -> None:
    name = first_text(part, "name", "toolName", "tool_use_id")
    said.resulted(name, part.get("content", part.get("output", part.get("result"))))


def _take_thought(said: Said, part: Part) -> None:
    said.think(_words(part))


def _take_error(said: Said, part: Part) -> None:
    said.failed(part.get("error", part.get("message", part.get("text"))))


def _words(part: Part) -> str:
    for key in ("text", "think", "thinking", "reasoning", "content", "value"):
        found = part.get(key)
        words = first_text(found, "value", "text") if isinstance(found, Mapping) else text(found)
        if words:
            return words
    return "\n\n".join(words for each in objects(part.get("content")) if (words := _words(each)))


_TEXTS = frozenset({"text", "input_text", "output_text", "summary_text", "markdown", "string"})
_KINDS: dict[str, Callable[[Said, Part], None]] = {
    **dict.fromkeys(("think", "thinking", "reasoning", "reasoning_text"), _take_thought),
    **dict.fromkeys(("image_url", "input_image", "image"), take_image),
    **dict.fromkeys(("file", "input_file", "image_file", "document"), take_file),
    **dict.fromkeys(("tool_call", "tool_use", "tool-call"), _take_call),
    **dict.fromkeys(("tool_result", "tool-result"), _take_result),
    **dict.fromkeys(("error", "refusal"), _take_error),
    **dict.fromkeys(("agent_update", "step-start", "token_budget"), lambda _said, _part: None),
}
