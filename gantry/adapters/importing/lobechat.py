"""LobeChat: tables of messages, topics and sessions; a topic is a conversation, and what is in no topic its session's."""

from collections.abc import Iterator, Mapping
from typing import Any

from gantry.adapters.importing import lobechat_messages
from gantry.adapters.importing.values import first_text, items, mapping, moment, objects, text
from gantry.domain.importing import NONE_INSIDE, ForeignConversation, Skipped, Surroundings
from gantry.domain.messages import _

Json = Mapping[str, Any]

_INBOX = "inbox"


class LobeChat:
    """Two shapes: ``state`` with an ``exportType``, and a dump of tables. Settings, which may hold keys, are not looked at."""

    name = "lobechat"
    gathers = False

    def claims(self, element: object) -> bool:
        """Whether an element is a whole export."""
        record = mapping(element)
        if isinstance(record.get("state"), Mapping):
            return "exportType" in record or isinstance(record["state"].get("messages"), list)
        data = mapping(record.get("data"))
        return isinstance(data.get("messages"), list) and (
            "schemaHash" in record or "mode" in record or "topics" in data
        )

    def read(self, element: object, around: Surroundings) -> Iterator[ForeignConversation | Skipped]:
        """Read all conversations of an export."""
        record = mapping(element)
        tables = mapping(record.get("state")) or mapping(record.get("data"))
        groups: dict[tuple[str, str], list[Json]] = {}
        for message in objects(tables.get("messages")):
            session = first_text(message, "sessionId", "session_id")
            topic = first_text(message, "topicId", "topic_id")
            groups.setdefault(("" if topic or session == _INBOX else session, topic), []).append(message)
        if not groups:
            yield Skipped(_("this export"), NONE_INSIDE)
            return
        about = _About(tables)
        for (session, topic), messages in groups.items():
            yield about.conversation(session, topic, messages)


class _About:
    """What the other tables say of conversations."""

    def __init__(self, tables: Json) -> None:
        self._topics = _by_id(tables.get("topics"))
        self._sessions = _by_id(tables.get("sessions"))
        self._groups = _by_id([*items(tables.get("sessionGroups")), *items(tables.get("session_groups"))])
        agents = _by_id(tables.get("agents"))
        self._agents = {
            first_text(each, "sessionId"): agents.get(first_text(each, "agentId"), {})
            for each in objects(tables.get("agentsToSessions"))
        }
        self._reading = lobechat_messages.Reading(tables)

    def conversation(self, session: str, topic: str, given: list[Json]) -> ForeignConversation:
        """Make one conversation of its messages."""
        row = self._topics.get(topic, {})
        of = (
            session
            or first_text(row, "sessionId")
            or next((found for each in given if (found := text(each.get("sessionId")))), "")
        )
        place = self._sessions.get(of, {})
        agent = mapping(self._agents.get(of)) or mapping(place.get("config"))
        messages, leaf = self._reading.messages(given)
        dates = [each.created_at for each in messages if each.created_at]
        title = text(row.get("title")) or (
            first_text(mapping(place.get("meta")), "title") or text(place.get("title")) if not topic else ""
        )
        return ForeignConversation(
            key=topic or session,
            title=title,
            messages=messages,
            leaf=leaf,
            created_at=moment(row.get("createdAt")) or min(dates, default=None),
            updated_at=moment(row.get("updatedAt")) or max(dates, default=None),
            model=next((each.model for each in reversed(messages) if each.model), "")
            or text(agent.get("model")),
            pinned=row.get("favorite") in (True, 1),
            folder=first_text(self._groups.get(first_text(place, "group", "groupId"), {}), "name"),
            system=first_text(agent, "systemRole"),
        )


def _by_id(table: object) -> dict[str, Json]:
    return {text(row.get("id")): row for row in objects(table)}


READER = LobeChat()
