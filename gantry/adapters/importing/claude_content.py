"""What a message of Claude says: its blocks of text, thoughts, tools and artifacts, and the files named with it."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gantry.adapters.importing.values import first_text, items, mapping, objects, text
from gantry.domain.importing import ForeignFile, Surroundings, folded, joined, placeholder
from gantry.domain.messages import _

_THINKING = re.compile(r"<antThinking>(.*?)(?:</antThinking>|\Z)", re.DOTALL)
_ARTIFACT = re.compile(r"<antArtifact\b([^>]{0,2000})>(.*?)(?:</antArtifact>|\Z)", re.DOTALL)
_ATTRIBUTE = re.compile(r'(?<![a-z_])([a-z_]+)="([^"]*)"')
_NOT_SHOWN = re.compile(r"(?:```\s*)?This block is not supported on your current device yet\.?(?:\s*```)?")
_NO_CONTENT = {"token_budget"}
_NOT_SAID = {"injected_prompt_block": _("instructions that Claude was given"), "flag": _("a flag")}
_LANGUAGES = {
    "application/vnd.ant.react": "jsx",
    "text/html": "html",
    "image/svg+xml": "svg",
    "text/markdown": "markdown",
    "application/vnd.ant.mermaid": "mermaid",
}


@dataclass(slots=True)
class Content:
    """What a message says."""

    blocks: list[str] = field(default_factory=list[str])
    thoughts: list[str] = field(default_factory=list[str])
    files: list[ForeignFile] = field(default_factory=list[ForeignFile])
    passed_over: list[str] = field(default_factory=list[str])
    has_words: bool = False
    results: int = 0
    calls: int = 0

    @property
    def markdown(self) -> str:
        """All its blocks."""
        return joined(self.blocks)

    @property
    def reasoning(self) -> str:
        """All its thoughts."""
        return joined(self.thoughts)

    @property
    def only_results(self) -> bool:
        """Whether it is nothing but what tools gave: captures of the interface have that as a human's message."""
        return self.results > 0 and not self.has_words


def content_of(message: Mapping[str, Any]) -> Content:
    """Return what *message* says: its blocks, or its text where they have no words."""
    found = Content()
    content = message.get("content")
    names: dict[str, str] = {}
    if isinstance(content, str):
        _text(content, found)
    for block in objects(content):
        _block(block, names, found)
    for each in items(content):
        if isinstance(each, str):
            _text(each, found)
    if not found.has_words:
        _text(_NOT_SHOWN.sub("", text(message.get("text"))), found)
    return found


def _block(block: Mapping[str, Any], names: dict[str, str], found: Content) -> None:
    kind = text(block.get("type"))
    if kind == "text":
        _text(text(block.get("text")), found)
        _sources(block, found)
    elif kind in {"thinking", "redacted_thinking"}:
        summaries = [text(each.get("summary")) for each in objects(block.get("summaries"))]
        found.thoughts.append(text(block.get("thinking")) or joined(summaries))
    elif kind in {"tool_use", "server_tool_use"}:
        found.calls += 1
        names[text(block.get("id"))] = text(block.get("name"))
        found.blocks.append(_call(block))
    elif kind.endswith("tool_result"):
        found.results += 1
        _result(block, names, found)
    elif kind == "image":
        _image(block, found)
    elif kind == "voice_note":
        _text(
            joined([f"**{title}**" if (title := text(block.get("title"))) else "", text(block.get("text"))]),
            found,
        )
    elif kind == "document" and (words := first_text(mapping(block.get("source")), "data", "text")):
        title = text(block.get("title")) or "document"
        is_text = text(mapping(block.get("source")).get("type")) == "text"
        found.files.append(ForeignFile(title, text=words) if is_text else ForeignFile(title))
    elif kind in _NOT_SAID:
        found.passed_over.append(_NOT_SAID[kind])
    elif kind not in _NO_CONTENT:
        _unknown(kind, block, found)


def _text(words: str, found: Content) -> None:
    """Take a text, with the thoughts and artifacts that texts of 2024 have in them as tags."""
    if not words.strip():
        return
    found.has_words = True
    found.thoughts += [thought.strip() for thought in _THINKING.findall(words)]
    words = _THINKING.sub("", words)
    found.blocks.append(_ARTIFACT.sub(_inline_artifact, words))


def _inline_artifact(tag: re.Match[str]) -> str:
    about = dict(_ATTRIBUTE.findall(tag[1]))
    language = about.get("language") or _LANGUAGES.get(about.get("type", ""), "")
    return f"\n\n{folded(f'Artifact: {_title(about)}', tag[2], language)}\n\n"


def _title(about: Mapping[str, Any]) -> str:
    return first_text(about, "title", "identifier", "id") or "untitled"


def _call(block: Mapping[str, Any]) -> str:
    name = text(block.get("name")) or "tool"
    asked = mapping(block.get("input"))
    if name == "artifacts":
        return _artifact(asked)
    said = text(block.get("message"))
    code = text(asked.get("code"))
    if code and len(asked) == 1:
        return folded(f"Call of {name}", code, "javascript" if name in {"repl", "analysis_tool"} else "")
    given = json.dumps(dict(asked), ensure_ascii=False, indent=1) if asked else text(block.get("input"))
    return folded(f"Call of {name}{f': {said}' if said else ''}", given, "json")


def _artifact(asked: Mapping[str, Any]) -> str:
    name = f"Artifact: {_title(asked)}"
    content = text(asked.get("content"))
    if content:
        return folded(
            name, content, text(asked.get("language")) or _LANGUAGES.get(text(asked.get("type")), "")
        )
    before, after = text(asked.get("old_str")), text(asked.get("new_str"))
    if not before and not after:
        return folded(name, "")
    lines = [f"- {line}" for line in before.splitlines()] + [f"+ {line}" for line in after.splitlines()]
    return folded(f"{name}, changed", "\n".join(lines), "diff")


def _result(block: Mapping[str, Any], names: dict[str, str], found: Content) -> None:
    called = first_text(block, "tool_use_id", "id")
    name = text(block.get("name")) or names.get(called, "")
    said: list[str] = []
    content = block.get("content")
    if isinstance(content, str):
        said.append(text(content))
    for each in objects(content):
        if text(each.get("type")) == "image":
            _image(each, found)
        else:
            said.append(_found_by_tool(each))
    said.append(text(block.get("text")))
    what = "Error" if block.get("is_error") is True else "Result"
    if words := joined(said):
        if name == "artifacts" and words.strip() in {"OK", "ok"}:
            return
        found.blocks.append(folded(f"{what} of {name}" if name else what, words))


def _found_by_tool(each: Mapping[str, Any]) -> str:
    address = first_text(each, "url", "source")
    title = text(each.get("title"))
    words = text(each.get("text"))
    if title or address:
        return "\n".join(line for line in (f"{title} {address}".strip(), words) if line)
    return words or json.dumps(dict(each), ensure_ascii=False)[:10_000]


def _image(block: Mapping[str, Any], found: Content) -> None:
    source = mapping(block.get("source"))
    media = text(source.get("media_type"))
    try:
        data = base64.b64decode(text(source.get("data")), validate=False)
    except (binascii.Error, ValueError):
        data = b""
    name = text(block.get("file_name")) or f"image.{media.partition('/')[2] or 'png'}"
    found.files.append(ForeignFile(name, media or "image/*", data=data, url=text(source.get("url"))))


def _sources(block: Mapping[str, Any], found: Content) -> None:
    links: dict[str, str] = {}
    for each in objects(block.get("citations")):
        address = first_text(each, "url") or text(mapping(each.get("details")).get("url"))
        if address.startswith(("https://", "http://")):
            title = (text(each.get("title")) or address).replace("[", "(").replace("]", ")")
            links.setdefault(address, f"[{title}](<{address}>)")
    if links:
        found.blocks.append(f"Sources: {', '.join(links.values())}")


def _unknown(kind: str, block: Mapping[str, Any], found: Content) -> None:
    words = first_text(block, "text", "content", "title", "file_name")
    if kind == "file" and words:
        found.files.append(ForeignFile(words))
    elif words:
        found.blocks.append(folded((kind or "block").replace("_", " ").capitalize(), words))
    else:
        found.blocks.append(placeholder((kind or "block").replace("_", " ").capitalize()))


def files_of(message: Mapping[str, Any], around: Surroundings) -> tuple[ForeignFile, ...]:
    """Return the files named with *message*, each once: the text of a document, or only its name."""
    found: dict[str, ForeignFile] = {}
    for each in objects(message.get("attachments")):
        name = text(each.get("file_name")) or "pasted text.txt"
        kind = text(each.get("file_type"))
        file = ForeignFile(name, kind if "/" in kind else "", text=text(each.get("extracted_content")))
        while name in found and found[name].text != file.text:
            name += " "
        found[name] = file
    for each in [*objects(message.get("files")), *objects(message.get("files_v2"))]:
        key = text(each.get("file_uuid"))
        name = text(each.get("file_name")) or key or "file"
        kind = "image/*" if text(each.get("file_kind")) == "image" else ""
        member = (around.find(key) if key else None) or ""
        found.setdefault(name, ForeignFile(name, kind, member, url=""))
    return tuple(found.values())
