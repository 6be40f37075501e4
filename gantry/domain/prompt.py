"""Assembling what is sent to a model, within its context."""

from collections.abc import Sequence
from dataclasses import dataclass

from gantry.domain.catalog import SAFE_CONTEXT_TOKENS, ChatTurn
from gantry.domain.tokens import TURN_OVERHEAD_TOKENS, estimate_tokens

ANSWER_SHARE = 0.25  # of the context, kept free for the answer
MAX_ANSWER_TOKENS = 4096


@dataclass(frozen=True, slots=True)
class Prompt:
    """What goes to the model: turns oldest first, and how many earlier messages were left out."""

    turns: tuple[ChatTurn, ...]
    tokens: int
    left_out: int


def prompt_budget(context_tokens: int | None) -> int:
    """Return how many tokens a prompt may take, given the model's context length (None: not known)."""
    context = context_tokens or SAFE_CONTEXT_TOKENS
    return max(256, context - min(MAX_ANSWER_TOKENS, int(context * ANSWER_SHARE)))


def turn_tokens(turn: ChatTurn) -> int:
    """Return about how many tokens *turn* takes with its role markers."""
    return estimate_tokens(turn.content) + TURN_OVERHEAD_TOKENS


def assemble(history: Sequence[ChatTurn], *, system: str, budget_tokens: int, earlier: int = 0) -> Prompt:
    """Fit the newest turns of *history* into the budget.

    Args:
        history: Oldest first, ending with the turn to answer, which is always kept.
        system: Sent first when not empty; counts against the budget.
        budget_tokens: For the whole prompt.
        earlier: Messages before *history* that the caller did not even load.

    Returns:
        The prompt. The first turn kept is a user's: an answer without its question confuses models.
    """
    head = (ChatTurn("system", system),) if system else ()
    spent = sum(turn_tokens(turn) for turn in head)
    kept: list[ChatTurn] = []
    for turn in reversed(history):
        cost = turn_tokens(turn)
        if kept and spent + cost > budget_tokens:
            break
        kept.append(turn)
        spent += cost
    kept.reverse()
    while len(kept) > 1 and kept[0].role != "user" and len(kept) < len(history) + earlier:
        spent -= turn_tokens(kept.pop(0))
    return Prompt((*head, *kept), spent, earlier + len(history) - len(kept))
