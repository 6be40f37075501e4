"""Taking conversations out: one as a file, several or all as a ZIP that is written while it is sent."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from gantry.domain import exporting
from gantry.domain.accounts import Actor
from gantry.domain.clock import utc_now
from gantry.domain.errors import Conflict, Invalid, NotFound, Unavailable
from gantry.domain.exported_text import Pen, Typesetter
from gantry.domain.exporting import ExportForm, FileList, ZipStream
from gantry.domain.files import FileStore
from gantry.domain.member_names import TakenNames, safe_name
from gantry.domain.messages import _
from gantry.repositories.database import Database
from gantry.services.export_account import AccountContents
from gantry.services.export_contents import PRODUCT, Contents, ConversationWriter

MAX_AT_ONCE = 2  # of one person, in one process
_CONVERSATIONS_AT_ONCE = 200


@dataclass(slots=True)
class Told:
    """What a ZIP holds, counted while it is written. ``instead``: what is there as Markdown, as it could not be laid out."""

    conversations: int = 0
    messages: int = 0
    files: int = 0
    instead: list[str] = field(default_factory=list[str])


@dataclass(frozen=True, slots=True)
class Export:
    """A file to be sent. Nothing is read before the first piece is asked for."""

    name: str
    media_type: str
    content: AsyncIterator[bytes]
    told: Told = field(default_factory=Told)


@dataclass(frozen=True, slots=True)
class ExportService:
    """What a person takes out. All methods raise NotFound for what is not *who*'s own, Conflict where too many run already."""

    database: Database
    files: FileStore
    typesetter: Typesetter
    zipped: Callable[[], ZipStream]
    now: Callable[[], datetime] = utc_now
    running: Counter[UUID] = field(default_factory=Counter[UUID])

    async def one(self, who: Actor, conversation: UUID, form: ExportForm, *, accepted: str = "") -> Export:
        """Return a conversation as a file, for somebody whose browser has *accepted* as its ``Accept-Language``."""
        writer = ConversationWriter(self.database, self.files, self.now, accepted)
        contents = await writer.open(who, conversation, form)
        name = _file_name(contents) + form.suffix
        return Export(name, form.media_type, self._counted(who, self._alone(writer, contents, form)))

    async def several(
        self,
        who: Actor,
        form: ExportForm,
        conversations: Sequence[UUID] | None = None,
        *,
        everything: bool = False,
        accepted: str = "",
    ) -> Export:
        """Return conversations as a ZIP, all that stay where none are named; *everything* adds account, memory and documents."""
        if conversations is not None:
            await self._require_own(who, conversations)
        told = Told()
        name = f"gantry-export-{self.now():%Y-%m-%d}.zip"
        content = self._zip(_Zip(self, who, form, told, accepted), conversations, everything=everything)
        return Export(name, "application/zip", self._counted(who, content), told)

    async def _require_own(self, who: Actor, conversations: Sequence[UUID]) -> None:
        if not 0 < len(conversations) <= exporting.MAX_CHOSEN:
            raise Invalid(_("Choose up to {most} chats.", most=exporting.MAX_CHOSEN), field="ids")
        async with self.database.read() as tx:
            for each in conversations:
                await tx.chat.get_conversation(each, owner=who.id)

    async def _counted(self, who: Actor, content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Pass *content* on, and count it among what runs until it has ended, or nobody wants it any more."""
        if self.running[who.id] >= MAX_AT_ONCE:
            raise Conflict(
                _("{most} of your exports are running already.", most=MAX_AT_ONCE),
                advice=_("Wait until one has ended."),
            )
        self.running[who.id] += 1
        try:
            async for piece in content:
                yield piece
        finally:
            self.running[who.id] -= 1
            if not self.running[who.id]:
                del self.running[who.id]

    async def _alone(
        self, writer: ConversationWriter, contents: Contents, form: ExportForm
    ) -> AsyncIterator[bytes]:
        if form is ExportForm.JSON:
            async for piece in writer.json(contents, FileList(), zipped=False):
                yield piece
            return
        async with self.typesetter.open() as pen:
            async for piece in writer.reading(contents, form, pen):
                yield piece

    async def _zip(
        self, to: "_Zip", chosen: Sequence[UUID] | None, *, everything: bool
    ) -> AsyncIterator[bytes]:
        async with self.typesetter.open() as pen:
            async for conversation in self._all(to.who, chosen):
                try:
                    contents = await to.writer.open(to.who, conversation, to.form)
                except NotFound:  # deleted meanwhile
                    continue
                async for piece in to.add(contents, pen):
                    yield piece
        if everything:
            beside = AccountContents(self.database, self.files)
            async for name, content in beside.members(to.who):
                async for piece in to.put(name, content):
                    yield piece
        async for piece in to.finish():
            yield piece

    async def _all(self, who: Actor, chosen: Sequence[UUID] | None) -> AsyncIterator[UUID]:
        if chosen is not None:
            for each in dict.fromkeys(chosen):
                yield each
            return
        last: UUID | None = None
        while True:
            async with self.database.read() as tx:
                some = await tx.exporting.conversations(who.id, after=last, limit=_CONVERSATIONS_AT_ONCE)
            for each in some:
                yield each
            if len(some) < _CONVERSATIONS_AT_ONCE:
                return
            last = some[-1]


class _Zip:
    """A ZIP of conversations while it is written."""

    def __init__(
        self, service: ExportService, who: Actor, form: ExportForm, told: Told, accepted: str
    ) -> None:
        self.writer = ConversationWriter(service.database, service.files, service.now, accepted)
        self.who, self.form, self.told = who, form, told
        self._files, self._out = service.files, service.zipped()
        self._names, self._kept = TakenNames(), set[UUID]()

    async def add(self, contents: Contents, pen: Pen) -> AsyncIterator[bytes]:
        """Write a conversation, and as JSON what was sent with it."""
        name = self._names.free(_file_name(contents))
        files = FileList()
        if self.form is ExportForm.JSON:
            content, suffix = self.writer.json(contents, files, zipped=True), self.form.suffix
        else:
            content, suffix = await self._laid_out(contents, pen, name)
        async for piece in self._out.member(f"conversations/{name}{suffix}", content):
            yield piece
        self.told.conversations += 1
        self.told.messages += len(contents.messages)
        for each, path in files.paths.items():
            if each not in self._kept:
                self._kept.add(each)
                async for piece in self._out.member(
                    path, self._files.read(account=self.who.id, document=each)
                ):
                    yield piece

    async def _laid_out(self, contents: Contents, pen: Pen, name: str) -> tuple[AsyncIterator[bytes], str]:
        """Return what is to be written and how its name ends; a PDF that cannot be made is replaced by Markdown."""
        if self.form is ExportForm.PDF:
            try:
                made = b"".join([piece async for piece in self.writer.reading(contents, self.form, pen)])
            except (Unavailable, Invalid):
                suffix = ExportForm.MARKDOWN.suffix
                self.told.instead.append(name + suffix)
                return self.writer.reading(contents, ExportForm.MARKDOWN, pen), suffix
            return _once(made), self.form.suffix
        return self.writer.reading(contents, self.form, pen), self.form.suffix

    def put(self, name: str, content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Write another member."""
        return self._out.member(name, content)

    async def finish(self) -> AsyncIterator[bytes]:
        """Write what the ZIP says about itself, and its end."""
        self.told.files = len(self._kept)
        summary = exporting.summary(
            PRODUCT,
            self.writer.now(),
            self.form,
            {
                "conversations": self.told.conversations,
                "messages": self.told.messages,
                "files": self.told.files,
            },
            self.told.instead,
        )
        async for piece in self._out.member("export.json", _once(summary.encode())):
            yield piece
        yield self._out.end()


def _file_name(contents: Contents) -> str:
    return safe_name(contents.title, contents.wording.title(""))


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
