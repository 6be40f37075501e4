"""The members of a ZIP: which may hold conversations, and what lies beside them. Their names are text and never paths of ours."""

import json
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from gantry.domain.errors import Invalid
from gantry.domain.importing import Skipped
from gantry.domain.messages import _

_MAX_MEMBERS = 200_000
_MAX_BESIDE = 8_000_000
_MAX_RATIO = 500  # of unpacked to packed: text is under 100
_RATIO_FROM = 50_000_000
_INDEX = "conversation_asset_file_names.json"
_STARTS = frozenset(b"[{#<\xef\xff\xfe\0 \t\r\n")
# Accounts and settings, and ChatGPT's chats a second time as a page.
_ASIDE = frozenset(
    {"chat.html", "user.json", "users.json", "user_settings.json", "message_feedback.json", _INDEX}
)
DAMAGED = (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError)


@dataclass(frozen=True, slots=True)
class Entry:
    """A member of a ZIP."""

    path: str
    size: int
    info: zipfile.ZipInfo  # two members may have one name


def members(archive: zipfile.ZipFile, limit: int) -> tuple[tuple[Entry, ...], tuple[Skipped, ...]]:
    """Return the files of a ZIP, in its order, and those that cannot be read.

    Raises:
        Invalid: It is a bomb, or locked, as a whole.
    """
    found = [info for info in archive.infolist() if not info.is_dir()]
    if len(found) > _MAX_MEMBERS:
        raise Invalid(_("There are more than {most} files in this ZIP.", most=_MAX_MEMBERS), field="file")
    found = [info for info in found if not _is_of_macos(info.filename)]
    locked = [info for info in found if info.flag_bits & 1]
    swelling = [info for info in found if _swells(info)]
    sound = [info for info in found if not info.flag_bits & 1 and not _swells(info)]
    if locked and not sound:
        raise Invalid(
            _("This ZIP is locked with a password."),
            advice=_("Unpack it and choose the files."),
            field="file",
        )
    if swelling and not sound:
        raise Invalid(_("A file of this ZIP unpacks to far more than it could hold."), field="file")
    if sum(info.file_size for info in sound) > limit:
        raise Invalid(_("Unpacked, this ZIP is larger than is read here."), field="file")
    lost = [Skipped(info.filename, _("it is locked with a password")) for info in locked]
    lost += [Skipped(info.filename, _("it unpacks to far more than it could hold")) for info in swelling]
    return tuple(Entry(info.filename, info.file_size, info) for info in sound), tuple(lost)


def _swells(info: zipfile.ZipInfo) -> bool:
    return info.file_size > _RATIO_FROM and info.file_size > _MAX_RATIO * max(info.compress_size, 1)


def _is_of_macos(path: str) -> bool:
    return path.startswith("__MACOSX/") or PurePosixPath(path).name in {".DS_Store", "Thumbs.db"}


class Folder:
    """All members of a ZIP by name."""

    def __init__(self, archive: zipfile.ZipFile, entries: Sequence[Entry]) -> None:
        self._archive = archive
        self._entries = entries
        self._sizes = {entry.path: entry.size for entry in entries}

    def around(self, entry: Entry) -> "Member":
        """Return the surroundings of a member."""
        return Member(entry.path, self)

    def may_hold_conversations(self, entry: Entry) -> bool:
        """Whether a member is text that may be conversations, by its first byte."""
        if PurePosixPath(entry.path).name in _ASIDE or not entry.size:
            return False
        try:
            with self._archive.open(entry.info) as file:
                return file.read(1)[0] in _STARTS
        except DAMAGED:
            return True  # it is told as damaged when it is read

    def small(self, path: str) -> bytes | None:
        """Return a small member."""
        if self._sizes.get(path, _MAX_BESIDE + 1) > _MAX_BESIDE:
            return None
        try:
            return self._archive.read(path)
        except DAMAGED:
            return None

    def find(self, key: str) -> str | None:
        """Return the member whose name is, or begins with, *key*."""
        return self._by_name.get(key) or self._by_stem.get(key)

    @cached_property
    def _by_name(self) -> dict[str, str]:
        return {PurePosixPath(entry.path).name: entry.path for entry in reversed(self._entries)}

    @cached_property
    def _by_stem(self) -> dict[str, str]:
        """Members by the ids that their names begin with: ``file-Ab12.dat``, ``file-Ab12-cat.png``, ``file_0a.png``."""
        found: dict[str, str] = {}
        for name, path in self._by_name.items():
            stem = name.split(".")[0]
            found.setdefault(PurePosixPath(path).parent.name, path)  # of our own: files/ID/NAME
            found.setdefault(stem, path)
            if stem.startswith(("file-", "file_")):
                found.setdefault("-".join(stem.split("-")[: 2 if stem[4] == "-" else 1]), path)
        return found

    def known_as(self, path: str) -> str:
        """Return a member's name as its owner knew it."""
        name = PurePosixPath(path).name
        told = self._names.get(name) or self._names.get(path)
        return PurePosixPath(told).name if isinstance(told, str) and told else name

    @cached_property
    def _names(self) -> dict[str, object]:
        index = self._by_name.get(_INDEX)
        try:
            names = json.loads(self.small(index) or b"{}") if index else {}
        except (ValueError, RecursionError):
            return {}
        return names if isinstance(names, dict) else {}


@dataclass(frozen=True, slots=True)
class Member:
    """See ``domain.importing.Surroundings``."""

    path: str
    folder: Folder | None = None

    @property
    def name(self) -> str:
        """The file's own name."""
        return PurePosixPath(self.path).name

    def beside(self, name: str) -> bytes | None:
        """Return a small file from the same folder."""
        if self.folder is None:
            return None
        return self.folder.small(str(PurePosixPath(self.path).parent / name))

    def find(self, key: str) -> str | None:
        """Return a member by its id or name."""
        return self.folder.find(key) if self.folder and key else None

    def known_as(self, member: str) -> str:
        """Return a member's name as its owner knew it."""
        return self.folder.known_as(member) if self.folder else member


def alone(name: str) -> Member:
    """Return the surroundings of a file that came by itself."""
    return Member(name.replace("\\", "/"))
