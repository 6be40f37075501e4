"""Writing one conversation as a file, piece by piece, in any form."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import partial
from uuid import UUID

from gantry import __version__
from gantry.domain import exported_text, exporting
from gantry.domain.accounts import Actor
from gantry.domain.clock import zone_named
from gantry.domain.errors import Invalid, Unavailable
from gantry.domain.exported_text import Part, Pen, Reading, Wording, part_of
from gantry.domain.exporting import ExportedConversation, ExportedMessage, ExportForm, FileList
from gantry.domain.files import FileStore
from gantry.domain.member_names import safe_file_name
from gantry.domain.messages import _
from gantry.languages import chosen, direction, whole_day
from gantry.languages.stored import recalled
from gantry.repositories.database import Database

MAX_PDF_CHARACTERS = 2_000_000
PRODUCT = f"Gantry {__version__}"
_MESSAGES_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Contents:
    """A conversation to be written: what it is, and which messages of it. ``owner`` has the files."""

    owner: UUID
    conversation: ExportedConversation
    messages: Sequence[UUID]
    wording: Wording

    @property
    def title(self) -> str:
        """What it is called."""
        return self.wording.title(self.conversation.title)


@dataclass(frozen=True, slots=True)
class ConversationWriter:
    """Reads a conversation a few rows at a time.

    ``accepted`` is an ``Accept-Language``, for accounts that have chosen no language.
    """

    database: Database
    files: FileStore
    now: Callable[[], datetime]
    accepted: str = ""

    async def open(self, who: Actor, conversation: UUID, form: ExportForm) -> Contents:
        """Look up what is to be written: all branches as JSON, else the one that is shown. NotFound."""
        async with self.database.read() as tx:
            found = await tx.exporting.conversation(conversation, owner=who.id)
            account = await tx.accounts.get_account(who.id)
            if form is ExportForm.JSON:
                ids = await tx.exporting.message_ids(conversation)
            else:
                ids = await tx.exporting.path_ids(found.active_leaf_id) if found.active_leaf_id else ()
        language = chosen(account.language, self.accepted)
        return Contents(who.id, found, ids, _wording(language, zone_named(account.time_zone)))

    async def json(self, contents: Contents, files: FileList, *, zipped: bool) -> AsyncIterator[bytes]:
        """Yield a document of JSON; in a ZIP it says where in it the files will be. *files* takes in what they are."""
        yield exporting.opening(PRODUCT, self.now()).encode()
        yield exporting.conversation_opening(contents.conversation).encode()
        comma = ""
        async for message in self._messages(contents):
            files.add(message.files)
            yield (comma + exporting.message_line(message)).encode()
            comma = ","
        yield exporting.CONVERSATION_END.encode()
        if zipped:
            await self._place(contents.owner, files)
        yield exporting.ending(files).encode()

    async def _place(self, owner: UUID, files: FileList) -> None:
        for each, file in files.found.items():
            if await self.files.holds(account=owner, document=each):
                files.paths[each] = f"files/{each}/{safe_file_name(file.name, 'file')}"

    def reading(self, contents: Contents, form: ExportForm, pen: Pen) -> AsyncIterator[bytes]:
        """Yield the branch that is shown, in a form for people."""
        match form:
            case ExportForm.HTML:
                return self._html(contents, pen)
            case ExportForm.PDF:
                return self._pdf(contents, pen)
            case _:
                return self._markdown(contents)

    async def _markdown(self, contents: Contents) -> AsyncIterator[bytes]:
        yield exported_text.markdown_opening(contents.title, self._about(contents)).encode()
        async for message in self._messages(contents):
            yield exported_text.markdown_part(part_of(message, contents.wording)).encode()

    async def _html(self, contents: Contents, pen: Pen) -> AsyncIterator[bytes]:
        yield exported_text.page_opening(contents.title, self._about(contents), contents.wording).encode()
        async for message in self._messages(contents):
            part = part_of(message, contents.wording)
            try:
                fragment = await pen.fragment(part.text)
            except Unavailable:
                fragment = exported_text.unset(part.text)
            yield exported_text.page_part(
                part, fragment, contents.wording, message.message.reasoning
            ).encode()
        yield exported_text.PAGE_END.encode()

    async def _pdf(self, contents: Contents, pen: Pen) -> AsyncIterator[bytes]:
        parts: list[Part] = []
        characters = 0
        async for message in self._messages(contents):
            parts.append(part_of(message, contents.wording))
            characters += len(parts[-1].text)
            if characters > MAX_PDF_CHARACTERS:
                raise Invalid(
                    _("This chat is too long for a PDF."), advice=_("Export it as HTML or Markdown.")
                )
        yield await pen.pdf(Reading(contents.wording.language, contents.title, self._about(contents), parts))

    async def _messages(self, contents: Contents) -> AsyncIterator[ExportedMessage]:
        ids = contents.messages
        for first in range(0, len(ids), _MESSAGES_AT_ONCE):
            async with self.database.read() as tx:
                messages = await tx.exporting.messages(ids[first : first + _MESSAGES_AT_ONCE])
            for message in messages:
                yield message

    def _about(self, contents: Contents) -> str:
        return contents.wording.about(len(contents.messages), self.now())


def _wording(language: str, zone: tzinfo) -> Wording:
    say, day = partial(recalled, language=language), partial(whole_day, language=language)
    return Wording(language, direction(language), say, day, zone)
