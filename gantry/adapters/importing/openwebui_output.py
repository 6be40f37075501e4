"""Answers of Open WebUI: either the list ``output``, or text with thoughts and calls in ``<details>``; never both."""

import html
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gantry.adapters.importing.parts import take_content, take_part
from gantry.adapters.importing.said import Said, written
from gantry.adapters.importing.values import first_text, items, mapping, objects, text

Json = Mapping[str, Any]

_BEGINS = re.compile(r'<details\b(?=[^>]{0,300}?\btype="(?P<kind>reasoning|tool_calls|code_interpreter)")')
_TO_END_OF_TAG = re.compile(r'(?:[^>"]++|"[^"]*")*+>')
_ENDS = "</details>"
_SUMMARY = re.compile(r"<summary>.*?</summary>", re.DOTALL)
_GIVEN = re.compile(r'(?<![\w-])([\w-]+)="([^"]*)"')
_QUOTED = re.compile(r"^> ?", re.MULTILINE)


def take_answer(said: Said, node: Json) -> None:
    """Add an answer, from ``output`` where that says anything."""
    output = list(objects(node.get("output")))
    content = node.get("content")
    if not output:
        if isinstance(content, str):
            _take_text(said, text(content))
        else:
            take_content(said, content)
        return
    names: dict[str, str] = {}
    spoke = False
    for item in output:
        spoke = _take_item(said, item, names) or spoke
    if not spoke and isinstance(content, str):  # thoughts and calls were listed, the words were not
        said.answer(_unmarked(text(content)))


def _take_item(said: Said, item: Json, names: dict[str, str]) -> bool:
    """Add one item of ``output``; return whether it was words of the answer."""
    kind = text(item.get("type"))
    if kind == "message":
        take_content(said, item.get("content"))
        return bool(_words(item.get("content")))
    if kind == "reasoning":
        thought = _words(item.get("content")) or _words(item.get("summary"))
        said.think(thought)
    elif kind == "function_call":
        name = first_text(item, "name")
        names[text(item.get("call_id"))] = name
        said.called(name, item.get("arguments"))
    elif kind == "function_call_output":
        _take_result(said, names.get(text(item.get("call_id")), ""), item.get("output"))
    else:
        take_part(said, item)
    return False


def _words(value: object) -> str:
    return text(value) or "\n\n".join(
        found for part in items(value) if (found := first_text(mapping(part), "text"))
    )


def _take_result(said: Said, name: str, output: object) -> None:
    """Add what a tool gave back: text as one block, pictures and files as such."""
    parts = list(objects(output))
    if not parts:
        said.resulted(name, output)
        return
    words = "\n".join(text(part.get("text")) for part in parts if "text" in part)
    said.resulted(name, words)
    for part in parts:
        if "text" not in part:
            take_part(said, part)


@dataclass(frozen=True, slots=True)
class _Details:
    """A marked passage: where it is, of what kind, what its tag says, and what is in it."""

    start: int
    end: int
    kind: str
    given: str
    body: str


def _marked(content: str) -> Iterator[_Details]:
    at = 0
    while begun := _BEGINS.search(content, at):
        tag = _TO_END_OF_TAG.match(content, begun.end())
        if tag is None:
            return
        found = content.find(_ENDS, tag.end())
        stop = len(content) if found < 0 else found
        at = min(len(content), stop + len(_ENDS))
        yield _Details(begun.start(), at, begun["kind"], tag[0], content[tag.end() : stop])


def _unmarked(content: str) -> str:
    at, kept = 0, list[str]()
    for details in _marked(content):
        kept.append(content[at : details.start])
        at = details.end
    return "".join([*kept, content[at:]])


def _take_text(said: Said, content: str) -> None:
    at = 0
    for details in _marked(content):
        said.answer(content[at : details.start])
        at = details.end
        _take_details(said, details)
    said.answer(content[at:])


def _take_details(said: Said, details: _Details) -> None:
    body = details.body.strip()
    summary = _SUMMARY.match(body)
    body = html.unescape(body[summary.end() :] if summary else body).strip()
    if details.kind == "reasoning":
        said.think(_QUOTED.sub("", body))
        return
    given = {name: html.unescape(value) for name, value in _GIVEN.findall(details.given)}
    name = given.get("name", "")
    if details.kind == "tool_calls":
        if "arguments" in given:
            said.called(name, _plain(given["arguments"]))
        said.resulted(name, _plain(given.get("result") or body))
        return
    said.say(body)
    if given.get("output"):
        said.resulted(name, _plain(given["output"]))


def _plain(value: str) -> str:
    """Return text that was written as JSON once or twice, as it was."""
    for _ in range(2):
        try:
            found = json.loads(value)
        except (ValueError, RecursionError):
            return value
        if not isinstance(found, str):
            return written(found)
        value = found
    return value
