"""Grok: the export of an xAI account."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from gantry.adapters.importing.parts import take_files
from gantry.adapters.importing.said import PICTURE, Said, file_at
from gantry.adapters.importing.turns import parent_of, role_of, titled
from gantry.adapters.importing.values import first_text, items, mapping, moment, objects, text
from gantry.domain.chat import MessageRole
from gantry.domain.importing import NO_MESSAGES, ForeignConversation, ForeignMessage, Skipped, Surroundings
from gantry.domain.messages import _

Json = Mapping[str, Any]
# What Grok's own page draws in its place: the number of a source, a card.
_RENDERED = re.compile(r"[ \t]?<grok:render\b[^<>]{0,500}>.{0,2000}?</grok:render>", re.DOTALL)


class Grok:
    """Conversations, each beside its responses: a tree of questions and answers."""

    name = "grok"
    gathers = False

    def claims(self, element: object) -> bool:
        """Whether an element is a conversation with its responses, or holds such."""
        record = mapping(element)
        return _is_conversation(record) or any(
            _is_conversation(each) for each in objects(record.get("conversations"))
        )

    def read(self, element: object, around: Surroundings) -> Iterator[ForeignConversation | Skipped]:
        """Read one conversation, or those of a whole file."""
        record = mapping(element)
        if _is_conversation(record):
            yield _conversation(record)
            return
        for each in items(record.get("conversations")):
            if _is_conversation(mapping(each)):
                yield _conversation(each)
            else:
                yield Skipped(_("an entry of the list of conversations"), NO_MESSAGES)


def _is_conversation(record: Json) -> bool:
    return isinstance(record.get("responses"), list) and isinstance(record.get("conversation"), Mapping)


def _conversation(record: Json) -> ForeignConversation:
    about = mapping(record.get("conversation"))
    responses = [mapping(each.get("response")) or each for each in objects(record.get("responses"))]
    asked = {text(each.get("response_id")): _model(each) for each in responses}
    messages = tuple(_message(each, asked, at) for at, each in enumerate(responses))
    return ForeignConversation(
        key=first_text(about, "conversation_id", "id"),
        title=titled(about.get("title")),
        messages=messages,
        leaf=first_text(about, "leaf_response_id") or _newest(messages),
        created_at=moment(about.get("create_time")),
        updated_at=moment(about.get("modify_time")),
        model=next((each.model for each in messages if each.model), ""),
        pinned=about.get("starred") is True,
    )


def _newest(messages: tuple[ForeignMessage, ...]) -> str | None:
    """Return the message that was written last; of several at once, the last in the file."""
    dated = [(each.created_at, at, each.key) for at, each in enumerate(messages) if each.created_at]
    return max(dated)[2] if dated else None


def _message(response: Json, asked: Mapping[str, str], at: int) -> ForeignMessage:
    role = role_of(response.get("sender")) or MessageRole.ASSISTANT
    parent = parent_of(response, "parent_response_id")
    said = Said()
    said.think(response.get("thinking_trace"))
    _take_steps(said, response)
    words = response.get("message")
    if isinstance(words, str):
        words = _RENDERED.sub("", words)
    (said.say if role is MessageRole.USER else said.answer)(words)
    take_files(said, response.get("file_attachments"))
    for picture in (
        each for key in ("image_attachments", "generated_image_urls") for each in items(response.get(key))
    ):
        _take_picture(said, picture)
    said.cite(_sources(response))
    if error := response.get("error"):
        said.failed(first_text(mapping(error), "message") or error)
    return ForeignMessage(
        key=text(response.get("response_id")) or f"#{at}",
        parent=parent,
        role=role,
        content=said.content,
        reasoning=said.reasoning,
        model="" if role is MessageRole.USER else _model(response) or asked.get(parent or "", ""),
        created_at=moment(response.get("create_time")),
        files=tuple(said.files),
    )


def _model(response: Json) -> str:
    """Return the model that an answer names, or a question asks for."""
    metadata = mapping(response.get("metadata"))
    return text(response.get("model")) or first_text(mapping(metadata.get("requestModelDetails")), "modelId")


def _take_steps(said: Said, response: Json) -> None:
    trace = text(response.get("thinking_trace"))
    for step in items(response.get("steps")):
        about = mapping(step)
        words = text(step) or "\n".join(text(each) for each in items(about.get("text")))
        words = words or first_text(about, "text", "message", "content", "thought", "title")
        if words and words not in trace:
            said.think(words)


def _take_picture(said: Said, picture: object) -> None:
    about = mapping(picture)
    address = text(picture) or first_text(about, "url", "image_url", "imageUrl", "fileUri")
    if found := file_at(address, first_text(about, "file_name", "fileName", "name"), PICTURE):
        said.attach(found)


def _sources(response: Json) -> Iterator[tuple[str, str]]:
    found = list(objects(response.get("cited_web_search_results"))) or objects(
        response.get("web_search_results")
    )
    for each in found:
        yield first_text(each, "title", "name"), first_text(each, "url", "link")
    for url in items(response.get("webpage_urls")):
        yield "", text(url)


READER = Grok()
