"""The prompts a person keeps."""

import pytest

from gantry.domain.errors import Conflict, Invalid, NotFound
from tests.factories import actor_of, make_account
from tests.parts.stack import Stack


async def test_prompts_are_kept_by_name(stack: Stack) -> None:
    """Made, changed, deleted; a name stands for one."""
    prompts = stack.services.prompts
    first = await prompts.create(stack.who, "/summarise", "Summarise {{text}}.")
    assert first.name == "summarise"
    with pytest.raises(Conflict):
        await prompts.create(stack.who, "summarise", "Otherwise.")
    second = await prompts.create(stack.who, "Translate", "Translate into {{language}}.")
    with pytest.raises(Conflict):
        await prompts.change(stack.who, second.id, "summarise", "x")
    await prompts.change(stack.who, second.id, "a translation", "Into Norwegian, please.")
    assert [each.name for each in await prompts.list_prompts(stack.who)] == ["a translation", "summarise"]
    await prompts.delete(stack.who, first.id)
    with pytest.raises(NotFound):
        await prompts.get(stack.who, first.id)


async def test_prompts_are_ones_own_and_checked(stack: Stack) -> None:
    """To anybody else they do not exist, and nothing is stored that is too long."""
    prompts = stack.services.prompts
    mine = await prompts.create(stack.who, "mine", "text")
    async with stack.database.begin() as tx:
        eve = actor_of(await make_account(tx, "eve@example.org"))
    for attempt in (
        prompts.get(eve, mine.id),
        prompts.change(eve, mine.id, "theirs", "text"),
        prompts.delete(eve, mine.id),
    ):
        with pytest.raises(NotFound):
            await attempt
    assert await prompts.list_prompts(eve) == []
    await prompts.create(eve, "mine", "a name is free in another account")
    for name, content in (("", "x"), ("x", " "), ("x" * 81, "x"), ("x", "y" * 20_001)):
        with pytest.raises(Invalid):
            await prompts.create(stack.who, name, content)
