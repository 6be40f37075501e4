"""Telling what a file is by its content; its name only tells kinds of text apart."""

import json
import re
import zipfile
from pathlib import Path

from gantry.adapters.parsing.decoding import decoded
from gantry.domain.parsing import FileFormat, FileKind, ParsingFailed, ParsingFault

_HEAD = 65_536
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # Office before 2007, and what Office encrypts
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_HTML = re.compile(
    r"^\s*(?:<!--.*?-->\s*|<\?xml[^>]*>\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
_MANY_CONTROLS = 0.02

PDF = FileKind(FileFormat.PDF, "application/pdf", "PDF")
DOCX = FileKind(
    FileFormat.DOCX, "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "Word"
)
HTML = FileKind(FileFormat.HTML, "text/html", "HTML")
MARKDOWN = FileKind(FileFormat.MARKDOWN, "text/markdown", "Markdown")
CSV = FileKind(FileFormat.CSV, "text/csv", "CSV")
JSON = FileKind(FileFormat.JSON, "application/json", "JSON")
TEXT = FileKind(FileFormat.TEXT, "text/plain", "Text")

_BY_ENDING = {
    **dict.fromkeys(("md", "markdown", "mdx"), MARKDOWN),
    **dict.fromkeys(("csv", "tsv"), CSV),
    **dict.fromkeys(("html", "htm", "xhtml"), HTML),
    **dict.fromkeys(("json", "jsonl", "ndjson"), JSON),
}
_LANGUAGES = {
    "py": "Python", "js": "JavaScript", "mjs": "JavaScript", "jsx": "JavaScript", "ts": "TypeScript",
    "tsx": "TypeScript", "java": "Java", "kt": "Kotlin", "c": "C", "h": "C", "cc": "C++", "cpp": "C++",
    "hpp": "C++", "cs": "C#", "go": "Go", "rs": "Rust", "rb": "Ruby", "php": "PHP", "swift": "Swift",
    "scala": "Scala", "sh": "Shell", "bash": "Shell", "ps1": "PowerShell", "sql": "SQL", "r": "R", "lua": "Lua",
    "pl": "Perl", "hs": "Haskell", "ex": "Elixir", "erl": "Erlang", "clj": "Clojure", "dart": "Dart",
    "css": "CSS", "scss": "CSS", "xml": "XML", "yaml": "YAML", "yml": "YAML", "toml": "TOML", "ini": "INI",
    "vue": "Vue", "svelte": "Svelte", "tex": "LaTeX", "nix": "Nix", "tf": "Terraform", "proto": "Protobuf",
}  # fmt: skip
_PICTURE = re.compile(  # each as far as no text begins like it
    rb"\x89PNG|\xff\xd8\xff|GIF8[79]a|RIFF....WEBP|II\*\0|MM\0\*|BM....\0\0\0\0", re.DOTALL
)


def sniff(path: str, name: str) -> FileKind:
    """Tell what a file is.

    Raises:
        ParsingFailed: Nothing that can be read, or nothing at all.
    """
    size = Path(path).stat().st_size
    with Path(path).open("rb") as file:
        head = file.read(_HEAD)
    if not head.strip(b"\0 \t\r\n"):
        raise ParsingFailed(ParsingFault.EMPTY if not head.strip() else ParsingFault.UNSUPPORTED)
    if head.lstrip(b"\xef\xbb\xbf\0 \t\r\n").startswith(b"%PDF-"):
        return PDF
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _archive(path)
    if head.startswith(_OLE):
        raise ParsingFailed(ParsingFault.ENCRYPTED if _ENCRYPTED in head else ParsingFault.UNSUPPORTED)
    if _PICTURE.match(head):
        raise ParsingFailed(ParsingFault.NO_TEXT)
    text = decoded(head, cut=size > len(head))
    if text is None or _controls(text) > _MANY_CONTROLS:
        if b"%PDF-" in head[:1024]:  # what a mail or a web server left before it does not matter
            return PDF
        raise ParsingFailed(ParsingFault.UNSUPPORTED)
    return _text(text, name.lower().rpartition(".")[2], whole=size <= len(head))


def _archive(path: str) -> FileKind:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            encrypted = any(info.flag_bits & 1 for info in archive.infolist())
    except zipfile.BadZipFile as error:
        raise ParsingFailed(ParsingFault.BROKEN) from error
    if "word/document.xml" not in names:
        raise ParsingFailed(ParsingFault.UNSUPPORTED)
    if encrypted:
        raise ParsingFailed(ParsingFault.ENCRYPTED)
    return DOCX


def _text(text: str, ending: str, *, whole: bool) -> FileKind:
    if _HTML.match(text):
        return HTML
    if ending in _BY_ENDING and ending not in {"html", "htm", "xhtml"}:
        return _BY_ENDING[ending]
    if ending in _LANGUAGES:
        return FileKind(FileFormat.CODE, "text/plain", f"{_LANGUAGES[ending]} source")
    if ending in _BY_ENDING:
        return HTML if "</" in text else TEXT
    if whole and text.lstrip()[:1] in {"{", "["} and _is_json(text):
        return JSON
    return TEXT


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _controls(text: str) -> float:
    odd = sum(1 for c in text if (c < " " and c not in "\t\r\n\f\x1b\b") or c in "\x7f\ufffd")
    return odd / max(1, len(text))
