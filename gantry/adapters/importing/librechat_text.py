"""LibreChat's exports as Markdown and as text: the branch on screen, with labels that nothing marks off from what is said."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gantry.adapters.importing.parts import take_part
from gantry.adapters.importing.said import Said
from gantry.adapters.importing.turns import chained, titled
from gantry.adapters.importing.values import text
from gantry.domain.chat import MessageRole
from gantry.domain.importing import ForeignConversation, ForeignMessage

_FIELD = re.compile(r"^- ?(\w+): ?(.*)$|^(\w+): ?(.*)$")
_LABEL = re.compile(r"^\*\*(?P<md>[^*\n]{1,80}?):?\*\*[ \t]*$|^>> (?P<txt>[^\n]{1,80}?):[ \t]*$")
_BEGINS = re.compile(r"\s*(?:# Conversation[ \t]*\r?\n|Conversation[ \t]*\r?\n#{10,}[ \t]*\r?\n)")
_HISTORY = re.compile(
    r"^(?:## History[ \t]*|History[ \t]*\n#{10,}[ \t]*)\n+(?=\*\*[^*\n]{1,80}\*\*[ \t]*$|>> [^\n]{1,80}:[ \t]*$)",
    re.MULTILINE,
)
_OPTIONS = re.compile(r"^(?:## Options|Options[ \t]*\n#{10,})[ \t]*$", re.MULTILINE)
_TOOLS = frozenset({"Tool", "Code Interpreter", "Retrieval", "Image"})
_NOTHING = frozenset({"undefined", "null", "[object Object]", ""})
_TRAILER = re.compile(r"\s*\*?\(This is an (?P<kind>error|unfinished) message\)\*?\s*\Z")
_LONG = ("promptPrefix", "system", "instructions")


@dataclass(slots=True)
class _Block:
    label: str
    lines: list[str]


def is_export(export: str) -> bool:
    """Whether a text begins as LibreChat's exports do."""
    return bool(_BEGINS.match(export[:500])) and "conversationId:" in export[:2000]


def read(export: str) -> ForeignConversation:
    """Read an export; it has no times, and ids of messages neither."""
    export = export.replace("\r\n", "\n")
    begins = _BEGINS.match(export)
    found = _HISTORY.search(export)
    head, body = (export[: found.start()], export[found.end() :]) if found else (export, "")
    head = head[begins.end() if begins else 0 :]
    options_at = _OPTIONS.search(head)
    about = _fields(head[: options_at.start()] if options_at else head)
    options = _fields(head[options_at.end() :]) if options_at else {}
    model = options.get("model", "")
    return ForeignConversation(
        key=f"{key} as text"
        if (key := about.get("conversationId", ""))
        else "",  # its messages have other ids than in JSON
        title=titled(about.get("title", "") or options.get("title", "")),
        messages=tuple(chained(_messages(body, model))),
        model=model,
        system=next((options[key] for key in _LONG if key in options), ""),
    )


def _fields(section: str) -> Mapping[str, str]:
    """Return the fields of a section; what does not begin a field goes on with the one before."""
    fields: dict[str, list[str]] = {}
    name = ""
    for line in section.split("\n"):
        begun = _FIELD.match(line)
        key = (begun[1] or begun[3] or "") if begun else ""
        if begun and not (name in _LONG and key not in _KNOWN):
            name = key
            fields.setdefault(name, []).append(begun[2] or begun[4] or "")
        elif name:
            fields[name].append(line)
    told = {key: "\n".join(lines).strip() for key, lines in fields.items()}
    return {key: value for key, value in told.items() if value not in _NOTHING}


_KNOWN = frozenset(
    {
        "conversationId", "endpoint", "endpointType", "title", "exportAt", "presetId", "model", "chatGptLabel", "modelLabel",
        "promptPrefix", "temperature", "top_p", "topP", "topK", "presence_penalty", "frequency_penalty", "resendFiles",
        "imageDetail", "maxContextTokens", "maxOutputTokens", "max_tokens", "stop", "agent_id", "assistant_id", "instructions",
        "additional_instructions", "greeting", "spec", "iconURL", "tools", "promptCache", "thinking", "thinkingBudget",
        "reasoning_effort", "reasoning_summary", "verbosity", "useResponsesApi", "web_search", "disableStreaming", "artifacts",
        "system", "examples", "fileTokenLimit", "tags", "branches", "recursive", "region", "context", "append_current_datetime",
    }
)  # fmt: skip


def _messages(body: str, model: str) -> Iterator[ForeignMessage]:
    blocks = list(_blocks(body))
    own = blocks[0].label if blocks else ""
    at = 0
    while at < len(blocks):
        by_person = blocks[at].label == own
        end = at + 1
        while end < len(blocks) and not by_person and blocks[end].label != own:
            end += 1
        yield _message(blocks[at:end], model, by_person=by_person)
        at = end


def _blocks(body: str) -> Iterator[_Block]:
    """Cut at labels that two blank lines precede; what one person says may hold lines that look like labels."""
    lines = body.split("\n")
    labels = _labels(lines)
    own = next(iter(labels.values()), "")
    starts = _speakers(labels, own)
    known = _TOOLS | set(starts.values())
    block: _Block | None = None
    for at, line in enumerate(lines):
        label = labels.get(at, "")
        inside = block is not None and block.label != own
        if label and (block is None or label == own or at in starts or (inside and label in known)):
            if block is not None:
                yield block
            block = _Block(label, [])
        elif block is not None:
            block.lines.append(line)
    if block is not None:
        yield block


def _labels(lines: list[str]) -> dict[int, str]:
    """Return the lines that may be labels."""
    found: dict[int, str] = {}
    blank = 2
    for at, line in enumerate(lines):
        label = _LABEL.match(line) if blank >= 2 else None
        if label:
            found[at] = (label["md"] or label["txt"]).strip()
        blank = 0 if line.strip() else blank + 1
    return found


def _speakers(labels: Mapping[int, str], own: str) -> dict[int, str]:
    """Return where answers begin: after each question the first label, unless only a later one is found elsewhere too."""
    turns: list[list[tuple[int, str]]] = []
    for at, label in labels.items():
        if label == own:
            turns.append([])
        else:
            turns[-1].append((at, label))
    often = Counter(label for turn in turns for label in {each for _, each in turn})
    starts: dict[int, str] = {}
    for turn in turns:
        if turn:
            at, label = next(((at, label) for at, label in turn if often[label] > 1), turn[0])
            starts[at] = label
    return starts


def _message(blocks: list[_Block], model: str, *, by_person: bool) -> ForeignMessage:
    said = Said()
    for block in blocks:
        words, trailers = "\n".join(block.lines).strip("\n"), set[str]()
        while trailer := _TRAILER.search(words, max(0, len(words) - 200)):
            words = words[: trailer.start()]
            trailers.add(trailer["kind"])
        part = _part(words)
        if "error" in trailers:
            said.failed(words)
        elif part:
            take_part(said, part, own=by_person)
        elif block.label in _TOOLS and words:
            said.happened(block.label, words)
        else:
            (said.say if by_person else said.answer)(words)
        if "unfinished" in trailers:
            said.say("*[This answer was not finished]*")
    role = MessageRole.USER if by_person else MessageRole.ASSISTANT
    return ForeignMessage(
        "", None, role, said.content, said.reasoning, "" if by_person else model, files=tuple(said.files)
    )


def _part(words: str) -> Mapping[str, object]:
    """Return the part of a message that a block is: JSON on one line."""
    words = words.strip()
    if not (words.startswith("{") and words.endswith("}") and "\n" not in words):
        return {}
    try:
        part = json.loads(words)
    except (ValueError, RecursionError):
        return {}
    return part if isinstance(part, dict) and text(part.get("type")) else {}
