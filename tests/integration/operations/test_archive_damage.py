"""Archives that are damaged, or made to do damage, are refused with a sentence and exit code 1."""

import gzip
import hashlib
import json
import random
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest

from gantry.adapters.archive import tar
from gantry.domain.archive import ArchiveRefused, Manifest
from tests.integration.operations.conftest import Install, Installation
from tests.parts.contents import fill_every_table

Member = tuple[str, bytes]
Change = Callable[[list[Member], dict], None]


@pytest.fixture
def installation(install: Install) -> Installation:
    """An installation with a little of everything."""
    made = install("sqlite")
    fill_every_table(made.database_url, rows=3)
    (made.data / "documents").mkdir()
    (made.data / "documents" / "one").write_bytes(b"1" * 1000)
    (made.data / "documents" / "two").write_bytes(b"2" * 600)
    return made


@pytest.fixture
def whole(installation: Installation) -> Path:
    """A good archive of it."""
    path = installation.data / "whole.tar"
    installation.service.backup(str(path))
    return path


def refused(installation: Installation, content: bytes) -> str:
    """Return the sentence with which *content* is refused."""
    path = installation.data / "damaged.tar"
    path.write_bytes(content)
    with pytest.raises(ArchiveRefused) as refusal:
        installation.service.verify(str(path))
    return refusal.value.public


def test_truncated_anywhere(installation: Installation, whole: Path) -> None:
    """Whatever is missing at the end, also whole blocks, is noticed."""
    content = whole.read_bytes()
    for length in (0, 1, 511, 512, 5000, len(content) // 2, len(content) - 2048, len(content) - 512, -1):
        assert refused(installation, content[:length])


def test_any_flipped_bit(installation: Installation, whole: Path) -> None:
    """A single changed bit is noticed wherever it is: in rows, headers, padding, manifest or seal."""
    content = whole.read_bytes()
    dice = random.Random(3)
    end = len(content)
    places = [dice.randrange(end) for _ in range(150)] + [end - 1, end - 1025, end - 1400, end - 1536, 0, 300]
    for place in places:
        flipped = bytearray(content)
        flipped[place] ^= 1 << dice.randrange(8)
        assert refused(installation, bytes(flipped)), place


@pytest.mark.parametrize("garbage", [b"\0", b"\0" * 512, b"x" * 2048])
def test_something_behind_the_end(installation: Installation, whole: Path, garbage: bytes) -> None:
    """Nothing may follow the seal, nor stand before the first member."""
    assert refused(installation, whole.read_bytes() + garbage)
    assert refused(installation, garbage + whole.read_bytes())


def test_other_files_are_no_archives(installation: Installation) -> None:
    """A text, a foreign tar and a database are refused, and a file that is not there is said."""
    assert refused(installation, b"hello\n" * 1000)
    foreign = BytesIO()
    with tarfile.open(fileobj=foreign, mode="w") as opened:
        opened.addfile(tarfile.TarInfo("manifest.json"), BytesIO(b""))
    assert refused(installation, foreign.getvalue())
    code, told = installation.run("verify", str(installation.data / "nowhere.tar"))
    assert (code, "There is no file" in told) == (1, True)


def test_the_command_says_it_and_ends_with_1(installation: Installation, whole: Path) -> None:
    """Both verify and restore print the sentence and what to do; nothing is changed."""
    content = whole.read_bytes()
    whole.write_bytes(content[:2000] + b"?" + content[2001:])
    for words in (("verify",), ("restore", "--replace", "--yes")):
        code, told = installation.run(words[0], str(whole), *words[1:])
        assert (code, told) == (
            1,
            "This archive is damaged: its contents are not what they were when it was made. Use another backup.\n",
        )


def resealed(path: Path, change: Change) -> bytes:
    """Return the archive with changed members and a seal that is right again: what an attacker would make."""
    with tarfile.open(path) as opened:
        members = [(info.name, read.read()) for info in opened if (read := opened.extractfile(info))]
        created = int(opened.getmembers()[0].mtime)
    manifest = json.loads(dict(members)["manifest.json"])
    members = members[:-2]
    change(members, manifest)
    body = b"".join(member(name, content, created) for name, content in members)
    at = len(body)
    body += member("manifest.json", json.dumps(manifest).encode(), created)
    return body + tar.Seal(created, at, hashlib.sha256(body).hexdigest()).to_bytes()


def member(name: str, content: bytes, created: int) -> bytes:
    return tar.header(name, len(content), created) + content + bytes(tar.padding(len(content)))


def table(manifest: dict, name: str) -> dict:
    return next(table for table in manifest["tables"] if table["name"] == name)


def position(members: list[Member], name: str) -> int:
    return next(number for number, member in enumerate(members) if name in member[0])


def renamed(old: str, new: str) -> Change:
    def change(members: list[Member], _manifest: dict) -> None:
        at = position(members, old)
        members[at] = (new, members[at][1])

    return change


def added(name: str) -> Change:
    return lambda members, _manifest: members.append((name, b"more"))


def bomb(members: list[Member], _manifest: dict) -> None:
    at = position(members, "tables/account/")
    members[at] = (members[at][0], gzip.compress(b"0" * 70_000_000))


def endless_row(members: list[Member], manifest: dict) -> None:
    bomb(members, manifest)
    table(manifest, "account")["bytes"] = 10**12


def two_gzips(members: list[Member], _manifest: dict) -> None:
    at = position(members, "tables/account/")
    members[at] = (members[at][0], members[at][1] + gzip.compress(b""))


def lost_row(members: list[Member], _manifest: dict) -> None:
    at = position(members, "tables/account/")
    lines = gzip.decompress(members[at][1]).splitlines(keepends=True)
    members[at] = (members[at][0], gzip.compress(b"".join(lines[1:])))


def not_a_row(members: list[Member], manifest: dict) -> None:
    at = position(members, "tables/account/")
    content = b'{"id": 3}\n'
    members[at] = (members[at][0], gzip.compress(content))
    table(manifest, "account").update(rows=1, bytes=len(content), sha256=hashlib.sha256(content).hexdigest())


def fewer_documents(_members: list[Member], manifest: dict) -> None:
    manifest["documents"]["files"] -= 1


def changed_document(members: list[Member], _manifest: dict) -> None:
    at = position(members, "documents/one")
    members[at] = ("documents/one", b"3" * 1000)


def later_format(_members: list[Member], manifest: dict) -> None:
    manifest["format"] = 2


def no_tables(_members: list[Member], manifest: dict) -> None:
    manifest["tables"] = {"name": 3}


def odd_name(_members: list[Member], manifest: dict) -> None:
    table(manifest, "account")["name"] = 'account"; DROP TABLE message; --'


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (added("documents/zzz"), "not named by its manifest"),
        (added("../../etc/cron.d/gantry"), "not named by its manifest"),
        (renamed("tables/message/", "tables/massage/000001.jsonl.gz"), "not named by its manifest"),
        (renamed("documents/one", "documents/../one"), "not named by its manifest"),
        (renamed("documents/one", "/etc/passwd"), "not named by its manifest"),
        (renamed("documents/one", "documents//one"), "not named by its manifest"),
        (renamed("documents/one", "documents/up/../../one"), "not named by its manifest"),
        (renamed("documents/one", "documents/three"), "documents are not those"),
        (renamed("documents/two", "documents/one"), "documents are not those"),
        (changed_document, "documents are not those"),
        (fewer_documents, "documents are not those"),
        (bomb, "unpacks to more"),
        (endless_row, "too large"),
        (two_gzips, "something follows"),
        (lost_row, "rows of account"),
        (not_a_row, "row of account"),
        (later_format, "format 2"),
        (no_tables, "manifest cannot be read"),
        (odd_name, "manifest cannot be read"),
    ],
)
def test_a_crafted_archive(installation: Installation, whole: Path, change: Change, reason: str) -> None:
    """An archive with a right seal and wrong contents is refused before anything of it is used."""
    assert reason in refused(installation, resealed(whole, change))


def test_links_are_no_members(installation: Installation, whole: Path) -> None:
    """A header of any other kind than a file is refused."""

    def change(members: list[Member], _manifest: dict) -> None:
        members.append(("documents/link", b""))

    content = bytearray(resealed(whole, change))
    at = content.index(b"documents/link")
    info = tarfile.TarInfo("documents/link")
    info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
    body = bytes(content[:at]) + info.tobuf(tarfile.USTAR_FORMAT) + bytes(content[at + 512 : -2048])
    seal = tar.Seal.from_bytes(bytes(content[-2048:]))
    sealed = tar.Seal(seal.created, seal.manifest_at, hashlib.sha256(body).hexdigest()).to_bytes()
    assert "not named by its manifest" in refused(installation, body + sealed)


def test_a_manifest_survives_its_own_writing(installation: Installation, whole: Path) -> None:
    """What is written as a manifest is read back as the same."""
    manifest = installation.service.verify(str(whole))
    assert Manifest.from_json(manifest.to_json()) == manifest
    assert manifest.created_at.tzinfo is UTC or manifest.created_at <= datetime.now(UTC)
