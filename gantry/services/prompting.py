"""From a conversation to what is sent to the model."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from gantry.domain.catalog import ChatRequest, ChatTurn
from gantry.domain.chat import MessageRole
from gantry.domain.clock import utc_now
from gantry.domain.prompt import Prompt, assemble, prompt_budget, turn_tokens
from gantry.models import Message
from gantry.repositories.database import Database
from gantry.services.catalog import ResolvedModel
from gantry.services.jobs import Job

_PAGE = 40  # messages read at a time, from the end upwards, until the budget is full
_GO_ON = "Go on exactly where your last message stopped. Repeat nothing and add no remark."


@dataclass(frozen=True, slots=True)
class Prompter:
    """Assembles prompts within the model's context, reading no more of a conversation than fits."""

    database: Database
    now: Callable[[], datetime] = utc_now

    async def request(self, job: Job, model: ResolvedModel, *, prefix: str) -> tuple[ChatRequest, Prompt]:
        """Return what to send for *job*; *prefix* is text of the answer that is there already."""
        budget = prompt_budget(model.context_tokens)
        history, earlier = await self._history(job, budget)
        continues = bool(prefix) and model.chat.continues_prefix
        if prefix:
            history.append(ChatTurn("assistant", prefix))
        if prefix and not continues:
            history.append(ChatTurn("user", _GO_ON))
        prompt = assemble(history, system=self._system(), budget_tokens=budget, earlier=earlier)
        request = ChatRequest(
            model=model.ref.name,
            turns=prompt.turns,
            owner=job.account_id,
            conversation=job.conversation_id,
            continue_last=continues,
        )
        return request, prompt

    def _system(self) -> str:
        return (
            "You are a helpful assistant. Answer in the language of the question; use Markdown where it helps."
            f" Today is {self.now():%A, %d %B %Y}."
        )

    async def _history(self, job: Job, budget_tokens: int) -> tuple[list[ChatTurn], int]:
        """Return the turns up to the question, oldest first, and how many messages lie before them."""
        rows: list[Message] = []
        spent = 0
        leaf = job.question_id
        async with self.database.read() as tx:
            while True:
                page = await tx.chat.path(leaf, limit=_PAGE)
                rows[:0] = page
                spent += sum(turn_tokens(ChatTurn("user", row.content)) for row in page)
                above = page[0].parent_id if page else None
                if above is None or spent > budget_tokens:
                    break
                leaf = above
        return _turns(rows), rows[0].depth if rows else 0


def _turns(rows: list[Message]) -> list[ChatTurn]:
    """Make turns that alternate, as many chat templates require: answers that failed empty leave two questions."""
    turns: list[ChatTurn] = []
    for row in rows:
        if not row.content:
            continue
        role = "user" if row.role is MessageRole.USER else "assistant"
        if turns and turns[-1].role == role:
            turns[-1] = ChatTurn(role, f"{turns[-1].content}\n\n{row.content}")
        else:
            turns.append(ChatTurn(role, row.content))
    return turns
