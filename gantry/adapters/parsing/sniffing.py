"""Telling what a file is by its content; its name only tells kinds of text apart."""

import json
import re

from gantry.adapters.parsing import markup, packed, signs
from gantry.adapters.parsing.decoding import decoded
from gantry.adapters.parsing.source import Source, opened, size_of
from gantry.domain.parsing import FileFormat, FileKind, ParsingFailed, ParsingFault

_HEAD = 65_536
_PDF_LATER = re.compile(rb"^%PDF-\d", re.MULTILINE)
_MANY_CONTROLS = 0.02
_FEW_CONTROLS = 3  # are no sign of anything in a short text
_SHORT = 60

PDF = FileKind(FileFormat.PDF, "application/pdf", "PDF")
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


def sniff(source: Source, name: str) -> FileKind:
    """Tell what a file is.

    Raises:
        ParsingFailed: Nothing that can be read, or nothing at all.
    """
    size = size_of(source)
    with opened(source) as file:
        head = file.read(_HEAD)
        file.seek(max(0, size - 1024))
        tail = file.read()
        file.seek(signs.directory_place(head))
        directory = file.read(4096)
    if not head.strip(b"\0 \t\r\n"):
        raise ParsingFailed(ParsingFault.EMPTY if not head.strip() else ParsingFault.UNSUPPORTED)
    if head.lstrip(b"\xef\xbb\xbf\0 \t\r\n").startswith(b"%PDF-"):
        return PDF
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return packed.sniff(source)
    kind = signs.told(head, directory)
    if kind is not None:
        return kind
    text = decoded(head, cut=size > len(head))
    binary = _is_binary(text)
    if _PDF_LATER.search(head[:1024]) and (binary or b"%%EOF" in tail):
        return PDF  # what a mail or a web server left before it does not matter
    if binary:
        raise ParsingFailed(ParsingFault.UNSUPPORTED)
    ending = name.lower().rpartition(".")[2]
    return signs.MAIL if signs.is_mail(text, ending) else _text(text, ending, whole=size <= len(head))


def _text(text: str, ending: str, *, whole: bool) -> FileKind:
    if markup.is_page(text):
        return HTML
    if ending in _BY_ENDING and ending not in {"html", "htm", "xhtml"}:
        return _BY_ENDING[ending]
    if ending in _LANGUAGES:
        return FileKind(FileFormat.CODE, "text/plain", f"{_LANGUAGES[ending]} source")
    if ending in _BY_ENDING:
        return HTML if "</" in text else TEXT
    if ending not in {"txt", "text", "log"} and markup.is_part(text):
        return HTML
    if whole and text.lstrip()[:1] in {"{", "["} and _is_json(text):
        return JSON
    return TEXT


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _is_binary(text: str) -> bool:
    """Whether there are too many control characters for a text; NULs are padding where there are hardly any others."""
    text = text.rstrip("\0")
    nuls = text.count("\0")
    odd = sum(1 for c in text if (c < " " and c not in "\0\t\r\n\f\x1b\b\x1a") or c in "\x7f\ufffd")
    letters = len(text) - nuls
    if letters <= _SHORT:
        return nuls + odd > min(_FEW_CONTROLS, letters // 4)
    if nuls > _MANY_CONTROLS * len(text):
        return odd > 0.001 * letters
    return nuls + odd > _MANY_CONTROLS * letters
