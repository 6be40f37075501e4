"""Answers of Open WebUI: either the list ``output``, or text with thoughts and calls in ``<details>``; never both."""

import html
import json
import re
from collections.abc import Mapping
from typing import Any

from gantry.adapters.importing.parts import take_content, take_part
from gantry.adapters.importing.said import Said, written
from gantry.adapters.importing.values import first_text, items, mapping, objects, text

Json = Mapping[str, Any]

_KINDS = "reasoning|tool_calls|code_interpreter"
_DETAILS = re.compile(
    rf'<details\b(?=[^>]*\btype="(?P<kind>{_KINDS})")(?P<given>(?:[^>"]|"[^"]*")*)>(?P<body>.*?)(?:</details>|\Z)',
    re.DOTALL,
)
_SUMMARY = re.compile(r"\s*<summary>.*?</summary>\s*", re.DOTALL)
_GIVEN = re.compile(r'([\w-]+)="([^"]*)"')
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
        said.answer(_DETAILS.sub("", text(content)))


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


def _take_text(said: Said, content: str) -> None:
    at = 0
    for details in _DETAILS.finditer(content):
        said.answer(content[at : details.start()])
        at = details.end()
        _take_details(said, details)
    said.answer(content[at:])


def _take_details(said: Said, details: re.Match[str]) -> None:
    body = html.unescape(_SUMMARY.sub("", details["body"])).strip()
    if details["kind"] == "reasoning":
        said.think(_QUOTED.sub("", body))
        return
    given = {name: html.unescape(value) for name, value in _GIVEN.findall(details["given"])}
    name = given.get("name", "")
    if details["kind"] == "tool_calls":
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
