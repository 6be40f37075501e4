"""Answers that call a function and go on when its output comes, as ``previous_response_id`` has it."""

from dataclasses import dataclass, replace
from uuid import UUID

from gantry.domain.accounts import Actor
from gantry.domain.completions import Heard
from gantry.domain.open_calls import MAX_CALL_BYTES, CallStore, OpenCall, require_calls
from gantry.domain.programs import Question


@dataclass(frozen=True, slots=True)
class OpenCalls:
    """Exchanges that wait for a function. All of it is *who*'s own."""

    store: CallStore

    async def resumed(self, who: Actor, asked: Question, after: UUID | None) -> Question:
        """Return *asked* as it goes on from the answer *after*, which is stored or waits.

        Raises:
            Invalid: It brings the output of a function that was not called.
            Unavailable: What waits cannot be read now.
        """
        if after is None:
            return asked
        kept = await self.store.find(who.id, after)
        if kept is not None:
            asked = OpenCall.parse(kept).resumed(asked)
        else:
            asked = replace(asked, extras=replace(asked.extras, after=after))
        require_calls(asked)
        return asked

    async def keep(self, who: Actor, asked: Question, heard: Heard) -> None:
        """Let an answer wait for the functions it calls, unless it is too long for that."""
        if not asked.resumable or asked.answer_id is None or heard.cut:
            return
        stored = OpenCall.of(asked, heard.words, heard.called(asked.answer_id)).stored()
        if len(stored) <= MAX_CALL_BYTES:
            await self.store.keep(who.id, asked.answer_id, stored)
