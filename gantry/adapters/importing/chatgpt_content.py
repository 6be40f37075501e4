"""What a message of ChatGPT says, whatever it consists of: text, pictures, speech, thoughts, code, what tools were asked and said."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gantry.adapters.importing.values import first_text, items, mapping, objects, text
from gantry.domain.importing import ForeignFile, Surroundings, folded, joined, placeholder

_POINTER = re.compile(r"^(?:[a-z-]+://)?([^#?]*)")
_MARK = re.compile("【[^【】]*】")
_PRIVATE = re.compile("\ue200([^\ue200\ue201]*)\ue201")
_PRIVATE_LEFT = re.compile("[\ue200-\ue2ff]")
_SANDBOX = re.compile(r"\[([^\[\]\n]*)\]\(sandbox:([^)\s]{0,500})\)")  # each bracket is looked at once
_MOST_UNKNOWN = 10_000  # characters that are shown of what is not known
_CONTEXT = {"user_editable_context", "model_editable_context"}


@dataclass(slots=True)
class Content:
    """What a message says. A step belongs to the answer after it."""

    blocks: list[str] = field(default_factory=list[str])
    reasoning: str = ""
    files: list[ForeignFile] = field(default_factory=list[ForeignFile])
    is_step: bool = False
    lost: list[str] = field(default_factory=list[str])  # files that the text links to, and no export holds

    @property
    def markdown(self) -> str:
        """All its blocks."""
        return joined(self.blocks)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not (self.files or self.reasoning.strip() or any(block.strip() for block in self.blocks))


def content_of(message: Mapping[str, Any], around: Surroundings) -> Content:
    """Return what *message* says."""
    content = _content(message.get("content"))
    kind = text(content.get("content_type"))
    found = Content()
    if kind in _CONTEXT:
        return found
    _KINDS.get(kind, _other)(content, message, around, found)
    _attachments(mapping(message.get("metadata")), around, found)
    return found


def _content(content: object) -> Mapping[str, Any]:
    """Return a content as an object; files of other makers have it as a text, or as its parts."""
    if isinstance(content, (str, list)):
        return {"parts": content}
    return mapping(content)


def _parts(content: Mapping[str, Any]) -> list[Any]:
    parts = content.get("parts")
    return [parts] if isinstance(parts, (str, Mapping)) else items(parts)


def _spoken(
    content: Mapping[str, Any], message: Mapping[str, Any], around: Surroundings, found: Content
) -> None:
    role = text(mapping(message.get("author")).get("role"))
    words: list[str] = []
    for part in _parts(content):
        if isinstance(part, Mapping):
            if said := _part(part, around, found):
                words.append(said)
        elif said := text(part):
            words.append(said)
    plain = joined(words or [text(content.get("text"))])
    recipient = text(message.get("recipient")) or "all"
    if not plain:
        return
    if role == "tool":
        found.blocks.append(folded(_of_tool("Result", message), plain, _language(plain)))
    elif recipient != "all":
        found.blocks.append(_call(recipient, plain))
    else:
        found.lost += [link[2].rsplit("/", 1)[-1] for link in _SANDBOX.finditer(plain)]
        found.blocks.append(_cited(plain, mapping(message.get("metadata"))))


def _part(part: Mapping[str, Any], around: Surroundings, found: Content) -> str:
    """Return the words of one part; its files go to *found*."""
    kind = text(part.get("content_type"))
    if kind == "audio_transcription":
        return text(part.get("text"))
    if kind == "real_time_user_audio_video_asset_pointer":
        _part(mapping(part.get("audio_asset_pointer")), around, found)
        if video := text(part.get("video_container_asset_pointer")):
            found.files.append(_file(video, "", "video/mp4", around))
        return ""
    if pointer := text(part.get("asset_pointer")):
        media = "audio/" + (text(part.get("format")) or "wav") if "audio" in kind else "image/*"
        if "video" in kind:
            media = "video/*"
        found.files.append(_file(pointer, "", media, around))
        return ""
    said = first_text(part, "text", "content", "result")
    return said or folded(kind or "part", json.dumps(dict(part), ensure_ascii=False)[:_MOST_UNKNOWN], "json")


def _file(pointer: str, name: str, media_type: str, around: Surroundings) -> ForeignFile:
    key = _key(pointer)
    member = around.find(key) or (around.find(name) if name else None) or ""
    own = around.known_as(member) if member else ""
    return ForeignFile(name or own or key, media_type, member, url=pointer)


def _key(pointer: str) -> str:
    matched = _POINTER.match(pointer)
    return matched[1].rsplit("/", 1)[-1] if matched else pointer


def _attachments(about: Mapping[str, Any], around: Surroundings, found: Content) -> None:
    """Add files that only the message's data name, and give those it shows their names."""
    places = {_key(file.url): at for at, file in enumerate(found.files)}
    for each in objects(about.get("attachments")):
        keys = [key for key in (text(each.get("id")), text(each.get("file_id"))) if key]
        name = first_text(each, "name", "file_name") or (keys[0] if keys else "file")
        media = first_text(each, "mime_type", "mimeType")
        member = next((member for key in (*keys, name) if (member := around.find(key))), "")
        file = ForeignFile(name, media, member, url=keys[0] if keys else "")
        at = next((places[key] for key in keys if key in places), None)
        if at is None:
            found.files.append(file)
        else:
            found.files[at] = ForeignFile(name, media, member or found.files[at].member, url=file.url)


def _thoughts(
    content: Mapping[str, Any], message: Mapping[str, Any], around: Surroundings, found: Content
) -> None:
    found.is_step = True
    thoughts = [
        joined(
            [f"**{summary}**" if (summary := text(each.get("summary"))) else "", text(each.get("content"))]
        )
        for each in objects(content.get("thoughts"))
    ]
    found.reasoning = joined(thoughts) or _plain(content)


def _recap(
    content: Mapping[str, Any], message: Mapping[str, Any], around: Surroundings, found: Content
) -> None:
    found.is_step = True
    found.reasoning = _plain(content)


def _code(
    content: Mapping[str, Any], message: Mapping[str, Any], around: Surroundings, found: Content
) -> None:
    found.is_step = text(mapping(message.get("author")).get("role")) != "user"
    code = _plain(content)
    language = text(content.get("language"))
    recipient = text(message.get("recipient")) or "all"
    if code:
        found.blocks.append(
            _call(recipient, code, language) if recipient != "all" else folded("Code", code, _known(language))
        )


def _output(
    content: Mapping[str, Any], message: Mapping[str, Any], around: Surroundings, found: Content
) -> None:
    found.is_step = True
    for part in objects(_parts(content)):
        _part(part, around, found)
    for shown in objects(mapping(mapping(message.get("metadata")).get("aggregate_result")).get("messages")):
        if picture := text(shown.get("image_url")):
            found.files.append(_file(picture, "", "image/*", around))
    if said := _plain(content):
        found.blocks.append(folded(_of_tool("Output", message), said))


def _page(
    content: Mapping[str, Any], message: Mapping[str, Any], around: Surroundings, found: Content
) -> None:
    found.is_step = True
    address = text(content.get("url"))
    title = first_text(content, "title", "domain") or _of_tool("Result", message)
    said = first_text(content, "result", "summary", "text")
    if said or address:
        found.blocks.append(folded(f"{title} ({address})" if address else title, said))


def _other(
    content: Mapping[str, Any], message: Mapping[str, Any], around: Surroundings, found: Content
) -> None:
    """Take what is not known, with its name, so that it is not lost."""
    kind = text(content.get("content_type")).replace("_", " ")
    for part in objects(_parts(content)):
        _part(part, around, found)
    for part in objects(list(content.values())):  # a screenshot
        if "asset_pointer" in part:
            _part(part, around, found)
    said = _plain(content) or first_text(content, "result", "summary", "name")
    if said:
        found.blocks.append(folded(kind.capitalize(), said) if kind else said)
    elif not found.files and (
        told := {name: value for name, value in content.items() if value and name != "content_type"}
    ):
        found.blocks.append(
            folded(kind.capitalize(), json.dumps(told, ensure_ascii=False)[:_MOST_UNKNOWN], "json")
        )


_KINDS: dict[str, Callable[[Mapping[str, Any], Mapping[str, Any], Surroundings, Content], None]] = {
    "text": _spoken,
    "multimodal_text": _spoken,
    "": _spoken,
    "thoughts": _thoughts,
    "reasoning_recap": _recap,
    "code": _code,
    "execution_output": _output,
    "tether_browsing_display": _page,
    "tether_quote": _page,
    "sonic_webpage": _page,
}


def _plain(content: Mapping[str, Any]) -> str:
    """Return the words of a content that has them as text, as a string, or as parts."""
    said = first_text(content, "text", "content")
    return said or joined([text(part) for part in _parts(content)])


def _of_tool(what: str, message: Mapping[str, Any]) -> str:
    name = text(mapping(message.get("author")).get("name"))
    return f"{what} of {name}" if name else what


def _call(recipient: str, words: str, language: str = "") -> str:
    """Return what a tool was asked; a document of the canvas as it was written."""
    if recipient.startswith("canmore."):
        try:
            document = mapping(json.loads(words))
        except ValueError:
            document = {}
        if written := text(document.get("content")):
            kind = text(document.get("type"))
            name = text(document.get("name")) or "document"
            return folded(
                f"Canvas: {name}", written, kind.removeprefix("code/") if "code/" in kind else "markdown"
            )
    return folded(f"Call of {recipient}", words, _known(language) or _language(words))


def _known(language: str) -> str:
    return "" if language == "unknown" else language


def _language(words: str) -> str:
    return "json" if words.lstrip()[:1] in {"{", "["} and words.rstrip()[-1:] in {"}", "]"} else ""


def _cited(words: str, about: Mapping[str, Any]) -> str:
    """Put links where the text has marks of sources, and take marks away that lead nowhere."""
    for reference in objects(about.get("content_references")):
        mark = text(reference.get("matched_text"))
        if mark.strip() and (_PRIVATE_LEFT.search(mark) or _MARK.fullmatch(mark.strip())):
            words = words.replace(mark, text(reference.get("alt")) or _links(reference), 1)
    links = {
        (each.get("start_ix"), each.get("end_ix")): _link(mapping(each.get("metadata")))
        for each in objects(about.get("citations"))
    }
    if links:
        words = _MARK.sub(lambda mark: links.get((mark.start(), mark.end()), mark[0]), words)
    words = _PRIVATE_LEFT.sub("", _PRIVATE.sub(_entity, words))
    return _SANDBOX.sub(lambda link: f"{link[1]} {placeholder('File', link[2].rsplit('/', 1)[-1])}", words)


def _entity(mark: re.Match[str]) -> str:
    """Return the name in a mark of a thing (``entity ["city","Paris"]``); other marks have no words."""
    kind, _, value = mark[1].partition("\ue202")
    if kind != "entity":
        return ""
    try:
        return text(items(json.loads(value))[1])
    except (ValueError, IndexError):
        return ""


def _links(reference: Mapping[str, Any]) -> str:
    found = [_link(each) for each in objects(reference.get("items"))]
    return " ".join(link for link in found if link)


def _link(source: Mapping[str, Any]) -> str:
    address = text(source.get("url"))
    if not address.startswith(("https://", "http://")):
        return ""
    title = (text(source.get("title")) or address).replace("[", "(").replace("]", ")")
    return f"([{title}](<{address}>))"
