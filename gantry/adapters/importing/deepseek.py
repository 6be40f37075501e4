"""DeepSeek: a file that looks like ChatGPT's, with fragments in its messages and no author."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from gantry.adapters.importing.parts import take_content, take_files
from gantry.adapters.importing.said import Said
from gantry.adapters.importing.turns import parent_of, role_of, titled
from gantry.adapters.importing.values import first_text, items, mapping, moment, objects, text
from gantry.domain.chat import MessageRole
from gantry.domain.importing import (
    NO_MESSAGES,
    ForeignConversation,
    ForeignMessage,
    Skipped,
    Standing,
    Surroundings,
)
from gantry.domain.messages import _

_CITATION = re.compile(r"[ \t]?\[citation:(\d{1,3})\]")
Json = Mapping[str, Any]

_QUESTION = "REQUEST"
_SEARCHES = frozenset({"SEARCH", "READ_LINK", "WEB_SEARCH"})


class DeepSeek:
    """What a fragment is called tells who speaks; a message without fragments speaks in turn."""

    name = "deepseek"
    gathers = False

    def claims(self, element: object) -> bool:
        """Whether an element has DeepSeek's times, or messages made of fragments."""
        record = mapping(element)
        if "mapping" not in record:
            return "inserted_at" in record and "title" in record
        nodes = mapping(record.get("mapping"))
        messages = [mapping(mapping(node).get("message")) for node in nodes.values()]
        if any("author" in each for each in messages):
            return False
        return "inserted_at" in record or any("fragments" in each for each in messages)

    def read(self, element: object, around: Surroundings) -> Iterator[ForeignConversation | Skipped]:
        """Read one conversation."""
        record = mapping(element)
        title = text(record.get("title"))
        if not isinstance(record.get("mapping"), Mapping):
            yield Skipped(title or _("a conversation"), NO_MESSAGES)
            return
        messages = tuple(_messages(mapping(record["mapping"])))
        yield ForeignConversation(
            key=text(record.get("id")),
            title=titled(title),
            messages=messages,
            leaf=_newest(messages),
            created_at=moment(record.get("inserted_at")),
            updated_at=moment(record.get("updated_at")),
            model=next((each.model for each in reversed(messages) if each.model), ""),
            pinned=record.get("pinned") is True,
        )


def _newest(messages: tuple[ForeignMessage, ...]) -> str | None:
    """Return the last message of the branch that was written last; of several at once, the one later in the file."""
    inner = {each.parent for each in messages}
    ends = [
        (each.created_at, at, each.key)
        for at, each in enumerate(messages)
        if each.key not in inner and each.created_at
    ]
    return max(ends)[2] if ends else None


def _messages(nodes: Json) -> Iterator[ForeignMessage]:
    depths = _depths(nodes)
    split: dict[str, str] = {}  # a node that holds question and answer goes on from its answer
    read = [list(_of_node(text(key), mapping(node), depths[key])) for key, node in nodes.items()]
    for each in read:
        if len(each) > 1:
            split[each[0].key] = each[-1].key
    for message in (message for each in read for message in each):
        if message.parent in split and message.key != split[message.parent]:
            yield replace(message, parent=split[message.parent])
        else:
            yield message


def _depths(nodes: Json) -> dict[str, int]:
    """Return how many messages stand before each node; linear, and a ring ends where it began."""
    depths: dict[str, int] = {}
    for start in nodes:
        way: list[str] = []
        at: str | None = start
        seen: set[str] = set()
        while at is not None and at in nodes and at not in depths and at not in seen:
            seen.add(at)
            way.append(at)
            at = parent_of(mapping(nodes[at]), "parent")
        for key in reversed(way):
            above = parent_of(mapping(nodes[key]), "parent")
            counts = bool(mapping(mapping(nodes.get(above or "")).get("message")))
            depths[key] = (depths.get(above, 0) + counts) if above is not None else 0
    return depths


def _of_node(key: str, node: Json, depth: int) -> Iterator[ForeignMessage]:
    message, parent = mapping(node.get("message")), parent_of(node, "parent")
    if not message:
        yield ForeignMessage(key, parent, MessageRole.USER, standing=Standing.HIDDEN)
        return
    fragments = list(objects(message.get("fragments")))
    asked = [each for each in fragments if _kind(each) == _QUESTION]
    rest = [each for each in fragments if each not in asked]
    if asked and any(_kind(each) == "RESPONSE" for each in rest):
        yield _made(key, parent, MessageRole.USER, message, asked)
        yield _made(f"{key}/answer", key, MessageRole.ASSISTANT, {**message, "files": []}, rest)
    else:
        yield _made(key, parent, _role(message, fragments, asked, depth), message, fragments)


def _role(message: Json, fragments: list[Json], asked: list[Json], depth: int) -> MessageRole:
    if asked:
        return MessageRole.USER
    named = role_of(message.get("role"))
    if named or [each for each in fragments if _kind(each) != "FILE"]:
        return named or MessageRole.ASSISTANT
    return MessageRole.ASSISTANT if depth % 2 or message.get("reasoning_content") else MessageRole.USER


def _made(
    key: str, parent: str | None, role: MessageRole, message: Json, fragments: list[Json]
) -> ForeignMessage:
    said, links = Said(), _links(fragments)
    for fragment in fragments:
        _take(said, fragment, links)
    said.cite(_found(fragments))
    if not fragments:
        said.think(message.get("reasoning_content"))
        take_content(said, message.get("content"), own=role is MessageRole.USER)
    take_files(said, message.get("files"))
    return ForeignMessage(
        key=key,
        parent=parent,
        role=role,
        content=said.content,
        reasoning=said.reasoning,
        model="" if role is MessageRole.USER else text(message.get("model")),
        created_at=moment(message.get("inserted_at")),
        files=tuple(said.files),
    )


def _links(fragments: list[Json]) -> dict[int, str]:
    """Return the addresses of what searches found by the numbers that answers name them with."""
    pages = [each for fragment in fragments for each in objects(fragment.get("results"))]
    numbered = ((each.get("cite_index"), at, first_text(each, "url")) for at, each in enumerate(pages, 1))
    return {index if isinstance(index, int) else at: url for index, at, url in numbered if url}


def _cited(words: str, links: Mapping[int, str]) -> str:
    """Put links where an answer has marks of sources; marks that lead nowhere say nothing."""
    return _CITATION.sub(
        lambda mark: f" ([{mark[1]}](<{url}>))" if (url := links.get(int(mark[1]))) else "", words
    )


def _take(said: Said, fragment: Json, links: Mapping[int, str]) -> None:
    kind = _kind(fragment)
    if kind == _QUESTION:
        said.say(fragment.get("content"))
    elif kind == "RESPONSE":
        said.say(_cited(text(fragment.get("content")), links))
    elif kind == "THINK":
        said.think(fragment.get("content"))
    elif kind == "FILE":
        take_files(said, fragment.get("files") if items(fragment.get("files")) else [fragment])
    elif not _is_search(fragment):
        words = first_text(fragment, "content", "text") or {
            key: value for key, value in fragment.items() if key != "type"
        }
        said.happened(kind.capitalize() or "Unknown part", words)


def _found(fragments: list[Json]) -> Iterator[tuple[str, str]]:
    """Yield the pages that searches found: they stand after the answer."""
    for fragment in fragments:
        if _is_search(fragment):
            for each in (*objects(fragment.get("results")), fragment):
                yield first_text(each, "title"), first_text(each, "url")


def _is_search(fragment: Json) -> bool:
    return _kind(fragment) in _SEARCHES or isinstance(fragment.get("results"), list)


def _kind(fragment: Json) -> str:
    return text(fragment.get("type")).upper()


READER = DeepSeek()
