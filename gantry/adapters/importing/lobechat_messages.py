"""Messages of LobeChat: rows in no order, parents that are often not named, threads beside the main line."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from gantry.adapters.importing.parts import take_content, take_files
from gantry.adapters.importing.said import Said
from gantry.adapters.importing.turns import is_instruction, role_of
from gantry.adapters.importing.values import first_text, items, mapping, moment, objects, text
from gantry.domain.chat import MessageRole
from gantry.domain.importing import ForeignFile, ForeignMessage, Standing

Json = Mapping[str, Any]

_FAR = datetime.max.replace(tzinfo=UTC)
_WAITING = "..."  # what stands in an answer that has not begun


class Reading:
    """Reads messages with what other tables say of their files, tools and threads."""

    def __init__(self, tables: Json) -> None:
        self._files = {text(row.get("id")): row for row in objects(tables.get("files"))}
        self._plugins = {text(row.get("id")): row for row in objects(tables.get("messagePlugins"))}
        self._threads = {text(row.get("id")): row for row in objects(tables.get("threads"))}
        self._of: dict[str, list[str]] = {}
        for row in objects(tables.get("messagesFiles")):
            self._of.setdefault(first_text(row, "messageId"), []).append(first_text(row, "fileId"))

    def messages(self, rows: Iterable[Json]) -> tuple[tuple[ForeignMessage, ...], str | None]:
        """Return the messages of one conversation in the order of their times, and the last of the main line."""
        read = [(self._message(row, f"#{at}"), row) for at, row in enumerate(rows)]
        read.sort(
            key=lambda pair: pair[0].created_at or _FAR
        )  # stable: of one moment, in the order of the file
        keys = {message.key: at for at, (message, _) in enumerate(read)}
        lasts: dict[str, str] = {}
        linked: list[ForeignMessage] = []
        for at, (message, row) in enumerate(read):
            thread = first_text(row, "threadId")
            named = first_text(row, "parentId")
            begins = first_text(self._threads.get(thread, {}), "sourceMessageId") if thread else ""
            known = named if keys.get(named, at) < at else ""
            linked.append(replace(message, parent=known or lasts.get(thread) or begins or None))
            lasts[thread] = message.key
        return tuple(linked), lasts.get("")

    def _message(self, row: Json, instead: str) -> ForeignMessage:
        role, key, said = role_of(row.get("role")), text(row.get("id")) or instead, Said()
        if text(row.get("role")) == "tool":
            plugin = {**self._plugins.get(key, {}), **mapping(row.get("plugin"))}
            said.called(first_text(plugin, "apiName", "identifier"), plugin.get("arguments"))
            said.resulted("", row.get("content"))
        else:
            self._take(said, row, key, own=role is MessageRole.USER)
        extra = mapping(row.get("extra"))
        return ForeignMessage(
            key=key,
            parent=None,
            role=role or MessageRole.ASSISTANT,
            content=said.content,
            reasoning=said.reasoning,
            model=""
            if role is MessageRole.USER
            else first_text(row, "model") or first_text(extra, "fromModel"),
            created_at=moment(row.get("createdAt")),
            files=tuple(said.files),
            standing=_standing(row, role),
        )

    def _take(self, said: Said, row: Json, key: str, *, own: bool) -> None:
        error = mapping(row.get("error"))
        reasoning = row.get("reasoning")
        said.think(reasoning if isinstance(reasoning, str) else mapping(reasoning).get("content"))
        if not (error and text(row.get("content")).strip() == _WAITING):
            take_content(said, row.get("content"), own=own)
        for call in objects(row.get("tools")):
            said.called(first_text(call, "apiName", "identifier", "name"), call.get("arguments"))
        for file in [
            *items(row.get("files")),
            *items(row.get("imageList")),
            *items(row.get("fileList")),
            *self._of.get(key, []),
        ]:
            self._attach(said, file)
        search = mapping(row.get("search"))
        said.cite(
            (first_text(each, "title"), first_text(each, "url")) for each in objects(search.get("citations"))
        )
        if error:
            inner = mapping(mapping(error.get("body")).get("error"))
            told = [first_text(error, "message") or first_text(error, "type"), first_text(inner, "message")]
            said.failed(": ".join(each for each in told if each))

    def _attach(self, said: Said, file: object) -> None:
        if isinstance(file, Mapping):
            take_files(said, [file])
        elif (row := self._files.get(text(file))) is not None:
            said.attach(
                ForeignFile(
                    first_text(row, "name", "id"), first_text(row, "fileType"), url=first_text(row, "url")
                )
            )
        elif text(file):
            said.attach(ForeignFile(text(file)))


def _standing(row: Json, role: MessageRole | None) -> Standing:
    if is_instruction(row.get("role")):
        return Standing.HIDDEN
    return Standing.STEP if role is None else Standing.SHOWN
