"""The panel of sources: what it is filled with, and what it says when it cannot be."""

from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

from gantry.domain.accounts import Actor
from gantry.domain.chat import CitationKind
from gantry.domain.context import CitedSource, ContextPart, ContextRead, PartKind
from gantry.domain.errors import NotFound
from gantry.services.answers import SourceRead
from gantry.state.sources import SourcesState
from gantry.state.views.chat import cited_views
from tests.unit.state.stage import tab

ANSWER, PLAN = UUID(int=301), UUID(int=302)


class Answers:
    """One answer with one source, until it is deleted."""

    gone = False
    cited = True

    async def sources(self, who: Actor, message: UUID) -> list[SourceRead]:
        if self.gone or message != ANSWER:
            raise NotFound("This item no longer exists.")
        row = CitedSource(
            number=1,
            kind=CitationKind.DOCUMENT,
            cited=self.cited,
            document_id=PLAN,
            memory_item_id=None,
            source_message_id=None,
            title="plan.txt",
            page=2,
            heading="Doors",
            start_offset=4,
            end_offset=9,
            passage="doors",
        )
        return [SourceRead(row)]

    async def context(self, who: Actor, message: UUID) -> ContextRead:
        parts = (
            ContextPart(PartKind.SYSTEM, "Instructions", 50, "Be brief."),
            ContextPart(PartKind.SOURCE, "plan.txt", 100, "The doors.", number=1),
            ContextPart(PartKind.SOURCE, "old.txt", 900, number=2, left_out="It did not fit."),
        )
        return ContextRead(parts, 1500, 6144)


async def page_text(who: Actor, document: UUID, *, start: int, end: int) -> Any:
    """Return a page with its passage in it."""
    return SimpleNamespace(text="The doors are blue.", mark=(start, end))


async def test_a_passage_is_shown_alone_and_on_its_page() -> None:
    """The text of the page is cut around the passage."""
    async with tab(answers=Answers(), vault=SimpleNamespace(page_text=page_text)) as page:
        state = await page.of(SourcesState)
        await state.load_sources(str(ANSWER))
        [source] = state.sources
        assert (source.place, source.passage, state.message_id) == ("Page 2 · Doors", "doors", str(ANSWER))
        await state.show_page(1)
        assert (state.page.number, state.page.before, state.page.passage) == (1, "The ", "doors")
        await state.show_passage()
        assert state.page.number == 0


async def test_the_panel_of_an_answer_is_never_an_old_one() -> None:
    """Opened while the answer is written, opened again at its end: what is cited by then; and nothing of what is gone."""
    answers = Answers()
    async with tab(answers=answers) as page:
        state = await page.of(SourcesState)
        answers.cited = False
        await state.load_sources(str(ANSWER))
        answers.cited = True
        await state.load_sources(str(ANSWER))
        assert [source.cited for source in state.sources] == [True]
        answers.gone = True
        await state.load_sources(str(ANSWER))
        assert (state.sources, state.fault) == ([], "This item no longer exists.")


async def test_what_cannot_be_read_says_why_and_can_be_asked_for_again() -> None:
    """Nothing of the answer before stays."""
    answers = Answers()
    async with tab(answers=answers) as page:
        state = await page.of(SourcesState)
        await state.load_sources(str(ANSWER))
        await state.load_sources(str(uuid4()))
        assert (state.fault, state.sources) == ("This item no longer exists.", [])
        await state.load_sources(str(ANSWER))
        assert (state.fault, len(state.sources)) == ("", 1)
        assert await page.notices() == []


async def test_a_prompt_is_told_part_by_part() -> None:
    """With sizes, how they compare, and what was left out."""
    async with tab(answers=Answers()) as page:
        state = await page.of(SourcesState)
        await state.load_prompt(str(ANSWER))
        assert state.prompt.summary == "Uses about 1,500 of 6,144 available tokens."
        told = [(part.title, part.size) for part in state.prompt.parts]
        assert told == [
            ("Instructions", "50 tokens"),
            ("[1] plan.txt", "100 tokens"),
            ("[2] old.txt", "Left out. It did not fit."),
        ]


def test_two_files_of_one_name_are_two_chips() -> None:
    """What an answer cites is grouped by file, in the order of its numbers."""

    def cited(number: int, document: int, page: int) -> CitedSource:
        return CitedSource(
            number=number,
            kind=CitationKind.DOCUMENT,
            cited=True,
            document_id=UUID(int=document),
            memory_item_id=None,
            source_message_id=None,
            title="report.pdf",
            page=page,
            heading="",
            start_offset=0,
            end_offset=1,
            passage="",
        )

    chips = cited_views([cited(1, 1, 4), cited(2, 2, 7), cited(3, 1, 5)])
    assert [(each.numbers, each.place) for each in chips] == [("1, 3", ""), ("2", "p. 7")]
