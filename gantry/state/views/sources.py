"""What the panel beside a conversation may show."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from gantry.domain.chat import UNTITLED, CitationKind
from gantry.domain.context import ContextPart, ContextRead, PartKind
from gantry.domain.messages import _
from gantry.domain.text import counted
from gantry.services.answers import SourceRead
from gantry.services.documents import PageText
from gantry.state.language import recalled, said

_KINDS = {
    CitationKind.DOCUMENT: _("Document"),
    CitationKind.MESSAGE: _("Earlier conversation"),
    CitationKind.FACT: _("Memory"),
}


@dataclass(frozen=True, slots=True)
class PassageView:
    """A numbered source with its passage.

    Attributes:
        said_at: Seconds since the epoch, of what is from a conversation; 0 else.
        document_id: Empty where the passage is from no document; so are ``start`` and ``end``, characters of its text.
    """

    number: int
    title: str
    place: str
    said_at: int
    cited: bool
    available: bool
    passage: str
    document_id: str
    conversation_id: str
    has_page: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class PageView:
    """The text that source *number* (0: none) stands in, cut around its passage; ``fault`` says why there is none."""

    number: int = 0
    before: str = ""
    passage: str = ""
    after: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class PartView:
    """A part of a prompt. ``share`` is its size, in per cent of the largest one."""

    title: str
    size: str
    share: float
    text: str
    left_out: bool


@dataclass(frozen=True, slots=True)
class PromptView:
    """All that was sent for one answer."""

    summary: str = ""
    parts: list[PartView] = field(default_factory=list[PartView])


def passage_views(found: Sequence[SourceRead]) -> list[PassageView]:
    """Make the list of sources."""
    return [_passage_view(each) for each in found]


def _passage_view(read: SourceRead) -> PassageView:
    row = read.row
    is_untitled = row.kind is CitationKind.MESSAGE and row.title == UNTITLED
    place = " · ".join(filter(None, [said(_("Page {page}", page=row.page)) if row.page else "", row.heading]))
    return PassageView(
        number=row.number,
        title=said(UNTITLED) if is_untitled else row.title,
        place=place or said(_KINDS[row.kind]),
        said_at=int(read.said.created_at.timestamp()) if read.said else 0,
        cited=row.cited,
        available=read.available,
        passage=read.passage,
        document_id=str(row.document_id or ""),
        conversation_id=str(read.said.conversation_id) if read.said else "",
        has_page=bool(row.page),
        start=row.start_offset,
        end=row.end_offset,
    )


def page_view(number: int, page: PageText) -> PageView:
    """Cut a page around its passage."""
    start, end = page.mark
    return PageView(number, page.text[:start], page.text[start:end], page.text[end:])


def prompt_view(read: ContextRead) -> PromptView:
    """Make the list of what was sent."""
    most = max([part.tokens for part in read.parts], default=1)
    return PromptView(
        said(
            _("Uses about {tokens} of {most} available tokens.", tokens=read.tokens, most=read.budget_tokens)
        ),
        [_part_view(part, max(most, 1)) for part in read.parts],
    )


def _part_view(part: ContextPart, most: int) -> PartView:
    return PartView(
        title=_part_title(part),
        size=said(
            _("Left out. {reason}", reason=recalled(part.left_out))
            if part.left_out
            else counted(part.tokens, "token")
        ),
        share=0 if part.left_out else round(100 * part.tokens / most, 1),
        text=part.text.rstrip(),
        left_out=bool(part.left_out),
    )


def _part_title(part: ContextPart) -> str:
    if part.kind is not PartKind.SOURCE:
        return recalled(part.title)
    # The name of a document or a conversation, which stays what it is, with a page.
    name, _page, page = part.title.rpartition(", page ")
    title = said(_("{title}, page {page}", title=name, page=page)) if name and page.isdigit() else part.title
    return f"[{part.number}] {title}" if part.number else title
