"""LibreChat: one conversation a file, as JSON (nested or flat) or as text of three kinds."""

from collections.abc import Iterator, Mapping
from typing import Any

from gantry.adapters.importing import librechat_table, librechat_text
from gantry.adapters.importing.parts import take_content, take_files
from gantry.adapters.importing.said import Said
from gantry.adapters.importing.turns import is_instruction, parent_of, role_of, titled
from gantry.adapters.importing.values import first_text, items, mapping, moment, objects, text
from gantry.domain.chat import MessageRole, Rating
from gantry.domain.importing import ForeignConversation, ForeignMessage, Skipped, Standing, Surroundings

Json = Mapping[str, Any]

_LISTS = ("messages", "messagesTree")
_SIGNS = ("messageId", "isCreatedByUser")
_RATINGS = {"thumbsUp": Rating.UP, "thumbsDown": Rating.DOWN}


class LibreChat:
    """Who wrote a message is in ``isCreatedByUser`` alone; ``sender`` is a label."""

    name = "librechat"
    gathers = False

    def claims(self, element: object) -> bool:
        """Whether an element is an exported conversation."""
        if isinstance(element, str):
            return librechat_text.is_export(element) or librechat_table.is_export(element)
        record = mapping(element)
        lists = [record[key] for key in _LISTS if isinstance(record.get(key), list)]
        if not lists:
            return False
        signs = any(sign in each for one in lists for each in objects(one) for sign in _SIGNS)
        return signs or ("conversationId" in record and ("exportAt" in record or "endpoint" in record))

    def read(self, element: object, around: Surroundings) -> Iterator[ForeignConversation | Skipped]:
        """Read one conversation."""
        if isinstance(element, str):
            by = librechat_text if librechat_text.is_export(element) else librechat_table
            yield by.read(element)
        else:
            yield _conversation(mapping(element))


def _conversation(record: Json) -> ForeignConversation:
    options = mapping(record.get("options"))
    given = next((record[key] for key in _LISTS if isinstance(record.get(key), list) and record[key]), [])
    model = text(options.get("model"))
    messages = tuple(_message(node, key, parent, model) for node, key, parent in _laid_out(given))
    return ForeignConversation(
        key=text(record.get("conversationId")),
        title=titled(first_text(record, "title") or options.get("title")),
        messages=messages,
        leaf=_last_shown(messages),
        created_at=min((each.created_at for each in messages if each.created_at), default=None),
        updated_at=max((each.created_at for each in messages if each.created_at), default=None),
        model=model or next((each.model for each in reversed(messages) if each.model), ""),
        tags=tuple(tag for each in items(record.get("tags")) if (tag := text(each))),
        system=first_text(options, "promptPrefix", "system", "instructions"),
    )


def _laid_out(given: object) -> Iterator[tuple[Json, str, str | None]]:
    """Yield messages with key and parent, parents first where they are nested; nesting says more than the ids in it."""
    number = 0
    stack: list[tuple[Json, str | None]] = [(each, None) for each in reversed(list(objects(given)))]
    while stack:
        node, above = stack.pop()
        key = text(node.get("messageId")) or f"#{number}"
        number += 1
        yield node, key, above or parent_of(node, "parentMessageId")
        stack += [(child, key) for child in reversed(list(objects(node.get("children"))))]


def _last_shown(messages: tuple[ForeignMessage, ...]) -> str | None:
    """Return the end of the branch that LibreChat opens with: the last sibling at every level."""
    keys = {each.key for each in messages}
    last: dict[str | None, str] = {}
    for each in messages:
        last[each.parent if each.parent in keys else None] = each.key
    at, seen = last.get(None), set[str]()
    while at is not None and at in last and at not in seen:
        seen.add(at)
        at = last[at]
    return at


def _message(node: Json, key: str, parent: str | None, model: str) -> ForeignMessage:
    role = _role(node)
    said = take(node, own=role is MessageRole.USER)
    return ForeignMessage(
        key=key,
        parent=parent,
        role=role,
        content=said.content,
        reasoning=said.reasoning,
        model="" if role is MessageRole.USER else text(node.get("model")) or model,
        created_at=moment(node.get("createdAt")) or moment(node.get("updatedAt")),
        files=tuple(said.files),
        rating=_RATINGS.get(first_text(mapping(node.get("feedback")), "rating")),
        standing=Standing.HIDDEN if is_instruction(node.get("role")) else Standing.SHOWN,
    )


def take(node: Json, *, own: bool) -> Said:
    """Return what a message says: its parts where there are any, else its text."""
    said = Said()
    parts = node.get("content")
    if items(parts):
        take_content(said, parts, own=own)
    if said.is_empty:
        words = text(node.get("text"))
        if node.get("error") is True and not own:
            said.failed(words)
        else:
            take_content(said, words, own=own)
    elif node.get("error") is True and text(node.get("text")).strip() not in said.content:
        said.failed(node.get("text"))
    take_files(said, node.get("files"), node.get("attachments"))
    if node.get("unfinished") is True:
        said.say("*[This answer was not finished]*")
    return said


def _role(node: Json) -> MessageRole:
    """Return who wrote a message; its label counts only where nothing else tells."""
    by_person = node.get("isCreatedByUser")
    if isinstance(by_person, bool):
        return MessageRole.USER if by_person else MessageRole.ASSISTANT
    return role_of(node.get("role")) or role_of(node.get("sender")) or MessageRole.ASSISTANT


READER = LibreChat()
