"""A conversation for people to read: the branch that is shown, as Markdown and as a page of HTML that needs nothing else."""

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, tzinfo
from html import escape
from typing import Protocol

from gantry.domain.chat import MessageRole, MessageStatus
from gantry.domain.exporting import ExportedMessage
from gantry.domain.messages import _
from gantry.domain.text import counted

_MARKS = re.compile(r"([\\`*_{}\[\]<>#|~$])")
_STATUS = {MessageStatus.STOPPED: _("Stopped."), MessageStatus.STREAMING: _("Still being written.")}


@dataclass(frozen=True, slots=True)
class Wording:
    """How an export speaks to its reader.

    Attributes:
        language: Its code, ``ar`` for example.
        direction: In which it is written: ``ltr`` or ``rtl``.
        say: Says a message in it.
        day: Writes a day in it.
        zone: The time zone of its moments.
    """

    language: str
    direction: str
    say: Callable[[str], str]
    day: Callable[[datetime], str]
    zone: tzinfo

    def title(self, title: str) -> str:
        """Return what a conversation is called, which may have no title yet."""
        return title or self.say(_("Untitled"))

    def about(self, messages: int, now: datetime) -> str:
        """Return what stands below the title."""
        day = self.day(now.astimezone(self.zone))
        return self.say(
            _("{messages}. Exported from Gantry on {day}.", messages=counted(messages, "message"), day=day)
        )


@dataclass(frozen=True, slots=True)
class Part:
    """One message: who says it, what is told beside it in small letters, the message in Markdown, and what stands below.

    ``role`` is that of ``MessageRole``, ``who`` what the reader calls it.
    """

    role: str
    who: str
    about: str
    text: str
    below: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """A conversation to be laid out for a reader of *language*."""

    language: str
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


def part_of(exported: ExportedMessage, wording: Wording) -> Part:
    """Return a message as it is read."""
    message = exported.message
    at = message.created_at.astimezone(wording.zone)
    who = _("You") if message.role is MessageRole.USER else _("Assistant")
    about = " · ".join(filter(None, (message.model or "", wording.day(at), f"{at:%H:%M}")))
    below = tuple(_below(exported, wording))
    return Part(message.role.value, wording.say(who), about, message.content, below)


def _below(exported: ExportedMessage, wording: Wording) -> list[str]:
    message = exported.message
    lines: list[str] = []
    if exported.files:
        names = ", ".join(file.name for file in exported.files)
        lines.append(wording.say(_("Files: {names}", names=names)))
    if message.error:
        why = wording.say(str(message.error.get("title", "")))
        lines.append(wording.say(_("Failed: {why}", why=why)))
    elif message.status in _STATUS:
        lines.append(wording.say(_STATUS[message.status]))
    for source in exported.citations:
        if source.cited:
            place = _("{title}, page {page}", title=source.title, page=source.page)
            lines.append(f"[{source.number}] {wording.say(place) if source.page else source.title}")
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


def page_opening(title: str, about: str, wording: Wording) -> str:
    """Return the beginning of a page of HTML, up to its first message."""
    return (
        f'<!doctype html>\n<html lang="{wording.language}" dir="{wording.direction}">\n<head>\n<meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="color-scheme" content="light dark">\n'
        f'<meta name="robots" content="noindex">\n<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n'
        f'<header>\n<h1 dir="auto">{escape(title)}</h1>\n<p class="about">{escape(about)}</p>\n</header>\n<main>\n'
    )


def page_part(part: Part, fragment: str, wording: Wording, reasoning: str = "") -> str:
    """Return a message as HTML; *fragment* is its text, laid out, and *reasoning* what the model thought, as text."""
    label = wording.say(_("Reasoning"))
    thought = (
        f'<details><summary>{label}</summary><div class="thought" dir="auto">{escape(reasoning)}</div></details>\n'
        if reasoning
        else ""
    )
    below = "".join(f"<li>{escape(line)}</li>" for line in part.below)
    return (
        f'<article class="{part.role}">\n<h2>{part.who}</h2>\n<p class="about">{escape(part.about)}</p>\n{thought}'
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
.below { padding-inline-start: 1.1rem; margin-top: .75rem }
.thought { white-space: pre-wrap; color: var(--soft); border-inline-start: 3px solid var(--line); padding-inline-start: .8rem }
a { color: var(--link) }
pre { background: var(--code); padding: .75rem 1rem; border-radius: .4rem; overflow-x: auto; font-size: .85rem; line-height: 1.5 }
code, pre { font-family: ui-monospace, "JetBrains Mono", Consolas, monospace; overflow-wrap: normal; direction: ltr; unicode-bidi: isolate }
:not(pre) > code { background: var(--code); border-radius: .25rem; padding: .1em .3em; font-size: .88em }
pre.unset { white-space: pre-wrap; unicode-bidi: plaintext }
table { border-collapse: collapse; display: block; overflow-x: auto; max-width: 100% }
th, td { border: 1px solid var(--line); padding: .3rem .6rem; text-align: start; vertical-align: top }
blockquote { margin: 1rem 0; padding-inline-start: 1rem; border-inline-start: 3px solid var(--line); color: var(--soft) }
math[display=block] { margin: 1rem 0; overflow-x: auto }
hr { border: 0; border-top: 1px solid var(--line) }
.k, .kd, .kn, .kr, .kt, .kc, .ow, .nt { color: var(--key) } .s, .s1, .s2, .sb, .sd, .se, .si { color: var(--string) } .m, .mi, .mf, .mh, .mo, .nb { color: var(--number) } .c, .c1, .cm, .ch { color: var(--note); font-style: italic }
@media print { :root { color-scheme: light; --bg: #fff; --text: #000; --soft: #444; --line: #bbb; --code: #f4f4f4; --link: #000; --key: #8a3b8f; --string: #2e6b34; --number: #9a4a00; --note: #555 }
  body { max-width: none; padding: 0; font-size: 10.5pt } pre { white-space: pre-wrap; overflow-wrap: anywhere } h2, h3, h4 { break-after: avoid } pre, table, blockquote { break-inside: avoid-page } }
""".strip()
