"""Tokens of programs: how long they are good, how much they may do, and who else may touch them."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from gantry.domain.accounts import SYSTEM, Actor, Role
from gantry.domain.api_tokens import MAX_TOKENS, Scope
from gantry.domain.errors import (
    Conflict,
    Invalid,
    InvalidToken,
    MissingScope,
    NotAllowed,
    NotFound,
    TooManyAttempts,
)
from gantry.repositories.database import Database
from gantry.services.api_tokens import ApiTokenService
from tests.parts.accounts import Accounts
from tests.parts.stack import Stack


@pytest.fixture
def accounts(database: Database) -> Accounts:
    return Accounts(database)


@pytest.fixture
def tokens(accounts: Accounts) -> ApiTokenService:
    return ApiTokenService(
        database=accounts.database,
        limiter=accounts.service.limiter,
        now=accounts.clock,
        requests_per_minute=5,
    )


@pytest.fixture
async def ann(accounts: Accounts) -> Actor:
    return await accounts.person("ann@example.org", Role.ADMIN)


async def test_a_token_is_stored_as_a_hash_and_acts_for_its_owner(
    tokens: ApiTokenService, ann: Actor, database: Database
) -> None:
    """Who has it acts as the account within its scopes; nothing that is stored leads back to it."""
    made = await tokens.create(ann, " Notebook ", ["chat", "read"])
    actor = await tokens.authenticate(made.secret)
    assert (actor.id, actor.scopes) == (ann.id, frozenset({Scope.CHAT, Scope.READ}))
    assert made.secret not in repr(made)
    async with database.read() as tx:
        row = (await tx.session.execute(text("SELECT * FROM api_token"))).one()
    assert made.secret not in str(row)
    (listed,) = await tokens.list_tokens(ann)
    assert (listed.name, listed.hint) == ("Notebook", made.secret[-4:])


async def test_an_administrators_token_administers_only_with_the_scope(
    accounts: Accounts, tokens: ApiTokenService, ann: Actor
) -> None:
    """The services themselves refuse it, whatever route it came by."""
    made = await tokens.create(ann, "Reader", ["read", "write", "chat"])
    reader = await tokens.authenticate(made.secret)
    for refused in (
        accounts.people.list_accounts(reader),
        accounts.people.reset_password(reader, ann.id),
        accounts.service.change_password(reader, "x", "another good password"),
        accounts.service.revoke_other_sessions(reader),
        tokens.create(reader, "More", ["read"]),
        tokens.revoke(reader, made.token.id),
    ):
        with pytest.raises(NotAllowed):
            await refused
    administrator = await tokens.authenticate((await tokens.create(ann, "All", list(Scope))).secret)
    assert await accounts.people.list_accounts(administrator)


async def test_a_token_makes_none_that_may_do_more_or_lives_longer(
    accounts: Accounts, tokens: ApiTokenService, ann: Actor
) -> None:
    """What a program hands on is at most what it has."""
    until = accounts.clock() + timedelta(days=1)
    own = await tokens.authenticate((await tokens.create(ann, "Maker", ["admin", "read"], until)).secret)
    with pytest.raises(MissingScope) as error:
        await tokens.create(own, "More", ["read", "write"])
    assert error.value.scopes == ("write",)
    forever = await tokens.create(own, "Longer", ["read"])
    longer = await tokens.create(own, "Longer", ["read"], until + timedelta(days=9))
    assert (forever.token.expires_at, longer.token.expires_at) == (until, until)


async def test_expired_revoked_and_inactive_look_alike(
    accounts: Accounts, tokens: ApiTokenService, ann: Actor
) -> None:
    """A token that is not good any more, for whatever reason, is refused with the same words as one that never was."""
    ben = await accounts.person("ben@example.org")
    expiring = await tokens.create(ann, "E", ["read"], accounts.clock() + timedelta(hours=1))
    revoked = await tokens.create(ann, "R", ["read"])
    inactive = await tokens.create(ben, "I", ["read"])
    reset = await tokens.create(await accounts.person("cleo@example.org"), "P", ["read"])
    for made in (expiring, revoked, inactive, reset):
        await tokens.authenticate(made.secret)
    with pytest.raises(NotFound):
        await tokens.revoke(ben, revoked.token.id)
    await tokens.revoke(ann, revoked.token.id)
    await accounts.people.set_active(SYSTEM, ben.id, False)
    await accounts.people.reset_password(SYSTEM, (await tokens.authenticate(reset.secret)).id)
    accounts.clock.forward(hours=1)
    said = set[str]()
    for secret in (
        expiring.secret,
        revoked.secret,
        inactive.secret,
        reset.secret,
        "gantry_none",
        "gantry_" + "0" * 49,
    ):
        with pytest.raises(InvalidToken) as error:
            await tokens.authenticate(secret)
        said.add(error.value.public)
    assert len(said) == 1
    assert {"token.created", "token.revoked"} <= set(await accounts.actions())
    accounts.clock.forward(days=40)
    assert await tokens.housekeeping(accounts.clock()) == 1
    assert await tokens.list_tokens(ann) == []


async def test_times_that_have_passed_and_too_many_are_refused(
    accounts: Accounts, tokens: ApiTokenService, ann: Actor
) -> None:
    """An account has a number of tokens, and each a future."""
    with pytest.raises(Invalid):
        await tokens.create(ann, "Late", ["read"], accounts.clock())
    for number in range(MAX_TOKENS):
        await tokens.create(ann, str(number), ["read"])
    with pytest.raises(Conflict):
        await tokens.create(ann, "One more", ["read"])
    assert len(await tokens.list_tokens(ann)) == MAX_TOKENS


async def test_the_last_use_is_written_once_a_minute(
    accounts: Accounts, tokens: ApiTokenService, ann: Actor
) -> None:
    """Its owner sees when and from where; a busy program does not write with every request."""
    made = await tokens.create(ann, "Busy", ["read"])
    for address in ("192.0.2.1", "192.0.2.2"):
        await tokens.use(made.secret, address)
        await tokens.settle()
    (listed,) = await tokens.list_tokens(ann)
    assert (listed.last_used_from, listed.last_used_at) == ("192.0.2.1", accounts.clock())
    accounts.clock.forward(seconds=61)
    await tokens.use(made.secret, "192.0.2.3")
    await tokens.settle()
    (listed,) = await tokens.list_tokens(ann)
    assert (listed.last_used_from, listed.last_used_at) == ("192.0.2.3", accounts.clock())


async def test_requests_are_limited_by_token(accounts: Accounts, tokens: ApiTokenService, ann: Actor) -> None:
    """Too many within a minute are refused with the time to wait; another token has a count of its own."""
    made, other = [await tokens.create(ann, name, ["read"]) for name in ("One", "Other")]
    for _ in range(5):
        await tokens.use(made.secret, "")
    with pytest.raises(TooManyAttempts) as error:
        await tokens.use(made.secret, "")
    assert 0 < error.value.retry_after_seconds <= 60
    await tokens.use(other.secret, "")
    accounts.clock.forward(seconds=61)
    await tokens.use(made.secret, "")
    await tokens.settle()


async def test_a_token_revoked_at_one_replica_is_refused_at_the_other(stack: Stack) -> None:
    """At once: no replica remembers a token."""
    other = (await stack.another()).services.api_tokens
    here = stack.services.api_tokens
    made = await here.create(stack.who, "Shared", ["read"])
    assert (await other.use(made.secret, "")).id == stack.who.id
    await here.revoke(stack.who, made.token.id)
    with pytest.raises(InvalidToken):
        await other.use(made.secret, "")


async def test_two_requests_cannot_both_make_the_last_token(tokens: ApiTokenService, ann: Actor) -> None:
    """The limit holds when many are made at once."""
    for number in range(MAX_TOKENS - 1):
        await tokens.create(ann, str(number), ["read"])
    outcomes = await asyncio.gather(
        *(tokens.create(replace(ann), "Last", ["read"]) for _ in range(4)), return_exceptions=True
    )
    assert sum(isinstance(each, Conflict) for each in outcomes) == 3
    assert len(await tokens.list_tokens(ann)) == MAX_TOKENS
