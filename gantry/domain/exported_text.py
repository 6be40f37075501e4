"""A conversation for people to read: the branch that is shown, as Markdown and as a page of HTML that needs nothing else."""

import re
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import tzinfo
from html import escape
from typing import Protocol

from gantry.domain.chat import MessageRole, MessageStatus
from gantry.domain.clock import day_in_words
from gantry.domain.exporting import ExportedMessage

_MARKS = re.compile(r"([\\`*_{}\[\]<>#|~$])")
_STATUS = {MessageStatus.STOPPED: "Stopped.", MessageStatus.STREAMING: "Still being written."}


@dataclass(frozen=True, slots=True)
class Part:
    """One message: who says it, what is told beside it in small letters, the message in Markdown, and what stands below."""

    who: str
    about: str
    text: str
    below: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """A conversation to be laid out."""

    title: str
    about: str
    parts: Sequence[Part]


class Pen(Protocol):
    """Who sets the texts of one export."""

    async def fragment(self, markdown: str) -> str:
        """Return the HTML of a message: nothing in it is fetched or run. Unavailable where it takes too long."""
        ...

    async def pdf(self, reading: Reading) -> bytes:
        """Return a conversation as a PDF. Unavailable where it takes too long."""
        ...


class Typesetter(Protocol):
    """Lays out texts apart from this process, within limits."""

    def open(self) -> AbstractAsyncContextManager[Pen]:
        """Yield who sets texts until the end of the block."""
        ...


def part_of(exported: ExportedMessage, zone: tzinfo) -> Part:
    """Return a message as it is read; its moments are told in *zone*."""
    message = exported.message
    at = message.created_at.astimezone(zone)
    when = f"{day_in_words(at)}, {at:%H:%M}"
    if message.role is MessageRole.USER:
        who, about = "You", when
    else:
        who, about = "Assistant", " · ".join(filter(None, (message.model or "", when)))
    return Part(who, about, message.content, tuple(_below(exported)))


def _below(exported: ExportedMessage) -> list[str]:
    message = exported.message
    lines: list[str] = []
    if exported.files:
        lines.append("Files: " + ", ".join(file.name for file in exported.files))
    if message.error:
        lines.append(f"Failed: {message.error.get('title', '')}")
    elif message.status in _STATUS:
        lines.append(_STATUS[message.status])
    for source in exported.citations:
        if source.cited:
            page = f", page {source.page}" if source.page else ""
            lines.append(f"[{source.number}] {source.title}{page}")
    return lines


def markdown_opening(title: str, about: str) -> str:
    """Return the beginning of a conversation as Markdown."""
    return f"# {plain(title)}\n\n{plain(about)}\n"


def markdown_part(part: Part) -> str:
    """Return a message as Markdown; what was written stays as it was written."""
    below = "\n".join(f"- {plain(line)}" for line in part.below)
    return f"\n---\n\n## {part.who}\n\n*{plain(part.about)}*\n\n{part.text.strip()}\n" + (
        f"\n{below}\n" if below else ""
    )


def plain(text: str) -> str:
    """Return *text* such that Markdown shows it as it is."""
    return _MARKS.sub(r"\\\1", text)


def page_opening(title: str, about: str) -> str:
    """Return the beginning of a page of HTML, up to its first message."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="color-scheme" content="light dark">\n'
        f'<meta name="robots" content="noindex">\n<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n'
        f'<header>\n<h1 dir="auto">{escape(title)}</h1>\n<p class="about">{escape(about)}</p>\n</header>\n<main>\n'
    )


def page_part(part: Part, fragment: str, reasoning: str = "") -> str:
    """Return a message as HTML; *fragment* is its text, laid out, and *reasoning* what the model thought, as text."""
    thought = (
        f'<details><summary>Reasoning</summary><div class="thought" dir="auto">{escape(reasoning)}</div></details>\n'
        if reasoning
        else ""
    )
    below = "".join(f"<li>{escape(line)}</li>" for line in part.below)
    return (
        f'<article class="{part.who.lower()}">\n<h2>{part.who}</h2>\n<p class="about">{escape(part.about)}</p>\n{thought}'
        f"{fragment}" + (f'<ul class="below">{below}</ul>\n' if below else "") + "</article>\n"
    )


def unset(markdown: str) -> str:
    """Return a message as HTML that could not be laid out: as it was written."""
    return f'<pre class="unset">{escape(markdown)}</pre>\n'


PAGE_END = "</main>\n</body>\n</html>\n"

_STYLE = """
:root { color-scheme: light dark; --bg: #faf9f5; --text: #262522; --soft: #5f5d57; --line: #dedbd2; --code: #f1efe8; --link: #1f4fa3; --key: #8a3b8f; --string: #2e6b34; --number: #9a4a00; --note: #6b6a64 }
@media (prefers-color-scheme: dark) { :root { --bg: #1f1e1c; --text: #ecebe6; --soft: #b3b0a8; --line: #45433f; --code: #2b2a27; --link: #9cc0ff; --key: #d9a5dd; --string: #a3d1a7; --number: #f0b27a; --note: #a3a099 } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 46rem; padding: 2rem 1.25rem 4rem; background: var(--bg); color: var(--text); font: 1rem/1.6 Georgia, "Source Serif 4", "Noto Serif", serif; overflow-wrap: anywhere }
h1, h2, h3, h4, h5, h6, .about, .below { font-family: system-ui, sans-serif }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .25rem }
article { border-top: 1px solid var(--line); padding-top: 1rem; margin-top: 1.5rem }
article > h2 { font-size: 1rem; margin: 0 }
.about, .below { color: var(--soft); font-size: .85rem; margin: 0 0 .75rem }
.below { padding-left: 1.1rem; margin-top: .75rem }
.thought { white-space: pre-wrap; color: var(--soft); border-left: 3px solid var(--line); padding-left: .8rem }
a { color: var(--link) }
pre { background: var(--code); padding: .75rem 1rem; border-radius: .4rem; overflow-x: auto; font-size: .85rem; line-height: 1.5 }
code, pre { font-family: ui-monospace, "JetBrains Mono", Consolas, monospace; overflow-wrap: normal }
:not(pre) > code { background: var(--code); border-radius: .25rem; padding: .1em .3em; font-size: .88em }
pre.unset { white-space: pre-wrap }
table { border-collapse: collapse; display: block; overflow-x: auto; max-width: 100% }
th, td { border: 1px solid var(--line); padding: .3rem .6rem; text-align: start; vertical-align: top }
blockquote { margin: 1rem 0; padding-left: 1rem; border-left: 3px solid var(--line); color: var(--soft) }
math[display=block] { margin: 1rem 0; overflow-x: auto }
hr { border: 0; border-top: 1px solid var(--line) }
.k, .kd, .kn, .kr, .kt, .kc, .ow, .nt { color: var(--key) } .s, .s1, .s2, .sb, .sd, .se, .si { color: var(--string) } .m, .mi, .mf, .mh, .mo, .nb { color: var(--number) } .c, .c1, .cm, .ch { color: var(--note); font-style: italic }
@media print { :root { color-scheme: light; --bg: #fff; --text: #000; --soft: #444; --line: #bbb; --code: #f4f4f4; --link: #000; --key: #8a3b8f; --string: #2e6b34; --number: #9a4a00; --note: #555 }
  body { max-width: none; padding: 0; font-size: 10.5pt } pre { white-space: pre-wrap; overflow-wrap: anywhere } h2, h3, h4 { break-after: avoid } pre, table, blockquote { break-inside: avoid-page } }
""".strip()
