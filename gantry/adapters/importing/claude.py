"""Claude: conversations with ``chat_messages``, as its bulk export and its web interface write them."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from gantry.adapters.importing.claude_content import content_of, files_of
from gantry.adapters.importing.values import first_text, mapping, moment, objects, text
from gantry.domain.chat import MessageRole
from gantry.domain.importing import (
    ForeignConversation,
    ForeignFile,
    ForeignMessage,
    ForeignProject,
    Item,
    Skipped,
    Standing,
    Surroundings,
    in_a_row,
    placeholder,
    unread_message,
)
from gantry.domain.messages import _

_MAX_DOCUMENTS = 1000  # of a project
_NO_PARENT = "00000000-0000-4000-8000-000000000000"
_SENDERS = {"human": MessageRole.USER, "user": MessageRole.USER, "assistant": MessageRole.ASSISTANT}


class Claude:
    """See ``domain.importing.Reader``."""

    name = "claude"
    gathers = False

    def claims(self, element: object) -> bool:
        """Conversations, and what Claude puts beside them."""
        found = mapping(element)
        if "chat_messages" in found:
            return "mapping" not in found
        return (
            _is_design_chat(found)
            or _is_project(found)
            or "conversations_memory" in found
            or any("export_url" in each for each in objects(found.get("data_files")))
        )

    def read(self, element: object, around: Surroundings) -> Iterator[Item | Skipped]:
        """Read one conversation, or say why something else does not come along."""
        found = mapping(element)
        if "data_files" in found:
            yield Skipped(
                _("this list of links"),
                _(
                    "it names the files of the export but does not hold them; download the one with conversations and import that"
                ),
            )
        elif "conversations_memory" in found:
            yield Skipped(_("Claude’s memory of you"), _("it is no conversation"))
        elif _is_project(found):
            yield _project(found)
        else:
            yield from _conversation(found, around)


def _is_design_chat(found: Mapping[str, Any]) -> bool:
    first = next(objects(found.get("messages")), None)
    return "uuid" in found and first is not None and "uuid" in first and bool({"sender", "role"} & set(first))


def _is_project(found: Mapping[str, Any]) -> bool:
    return "uuid" in found and ("prompt_template" in found or "is_starter_project" in found)


def _project(found: Mapping[str, Any]) -> ForeignProject:
    docs = [*objects(found.get("docs"))][:_MAX_DOCUMENTS]
    return ForeignProject(
        text(found.get("name")),
        text(found.get("description")),
        text(found.get("prompt_template")),
        tuple(
            ForeignFile(
                first_text(each, "filename", "file_name", "name") or "document",
                text=text(each.get("content")),
            )
            for each in docs
        ),
        links_lost=True,
    )


def _conversation(found: Mapping[str, Any], around: Surroundings) -> Iterator[ForeignConversation | Skipped]:
    lost: list[Skipped] = []
    title = first_text(found, "name", "title")
    written = [*objects(found.get("chat_messages", found.get("messages")))]
    messages = [_message(at, each, title, around, lost) for at, each in enumerate(written)]
    linked = _linked(messages, written)
    yield ForeignConversation(
        key=first_text(found, "uuid", "id"),
        title=title,
        messages=linked,
        leaf=text(found.get("current_leaf_message_uuid")) or (linked[-1].key if linked else None),
        created_at=moment(found.get("created_at")),
        updated_at=moment(found.get("updated_at")),
        model=text(found.get("model")),
        pinned=found.get("is_starred") is True,
        folder=text(mapping(found.get("project")).get("name")),
    )
    yield from lost


def _linked(messages: list[ForeignMessage], written: list[Mapping[str, Any]]) -> tuple[ForeignMessage, ...]:
    """Hang messages on those they name; where none names another, each follows the one before it."""
    keys = {message.key for message in messages}
    named = [text(each.get("parent_message_uuid")) for each in written]
    if not any(parent in keys for parent in named):
        return in_a_row(messages)
    linked: list[ForeignMessage] = []
    for at, message in enumerate(messages):
        absent = "parent_message_uuid" not in written[at]
        above = messages[at - 1].key if absent and at else named[at]
        linked.append(replace(message, parent=above if above in keys and above != _NO_PARENT else None))
    return tuple(linked)


def _message(
    at: int, written: Mapping[str, Any], title: str, around: Surroundings, lost: list[Skipped]
) -> ForeignMessage:
    key = text(written.get("uuid")) or f"#{at}"
    role = _SENDERS.get(first_text(written, "sender", "role").lower(), MessageRole.ASSISTANT)
    try:
        found = content_of(written)
        files = files_of(written, around)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        lost.append(unread_message(title, error))
        return ForeignMessage(key, None, role, standing=Standing.HIDDEN)
    lost += [
        Skipped(_("{what} in “{title}”", what=each, title=title[:80]), _("it is no part of what was said"))
        for each in found.passed_over
    ]
    files = (*files, *found.files)
    is_step = role is MessageRole.USER and found.only_results and not files
    content = found.markdown
    if not content and not files and not found.reasoning:
        content = placeholder("Text")
    return ForeignMessage(
        key=key,
        parent=None,
        role=MessageRole.ASSISTANT if is_step else role,
        content=content,
        reasoning=found.reasoning,
        model=text(written.get("model")) if role is MessageRole.ASSISTANT else "",
        created_at=moment(written.get("created_at")),
        files=files,
        standing=Standing.STEP if is_step else Standing.SHOWN,
    )


READER = Claude()
