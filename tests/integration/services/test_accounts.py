"""Signing in, sessions and people, on both databases."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from gantry.adapters.secrets.passwords import Argon2Cost, Argon2Passwords
from gantry.domain.accounts import SYSTEM, Actor, Client, Role
from gantry.domain.credentials import token_hash
from gantry.domain.errors import (
    Conflict,
    Invalid,
    NotAllowed,
    NotFound,
    NotSignedIn,
    TooManyAttempts,
    Unavailable,
)
from gantry.domain.live import Notice, NoticeKind
from gantry.models import AuthSession, new_id
from gantry.repositories.database import Database
from gantry.services.accounts import (
    ATTEMPT_WINDOW_SECONDS,
    ATTEMPTS_PER_ACCOUNT,
    ATTEMPTS_PER_ACCOUNT_ANYWHERE,
    ATTEMPTS_PER_ADDRESS,
)
from gantry.services.people import PeopleService
from tests.parts.accounts import HOME, PASSWORD, Accounts, ended_sessions

ELSEWHERE = Client("198.51.100.9", "Phone")


@pytest.fixture
def accounts(database: Database) -> Accounts:
    return Accounts(database)


# set-up


async def test_parallel_set_ups_make_one_administrator(accounts: Accounts) -> None:
    """However many people press the button of the set-up page at once, one of them becomes the administrator."""
    service = accounts.service
    assert await service.needs_setup()
    outcomes = await asyncio.gather(
        *(service.set_up(f"p{number}@example.org", PASSWORD, "", HOME) for number in range(6)),
        return_exceptions=True,
    )
    made = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
    assert len(made) == 1
    assert all(isinstance(outcome, Conflict) for outcome in outcomes if outcome not in made)
    assert len(await accounts.people.list_accounts(SYSTEM)) == 1
    assert made[0].actor.is_admin
    assert await service.authenticate(made[0].token) == made[0].actor
    assert not await service.needs_setup()


async def test_set_up_wants_a_usable_password(accounts: Accounts) -> None:
    """A password that is too short is refused with its field, and nothing is made."""
    with pytest.raises(Invalid) as refused:
        await accounts.service.set_up("a@example.org", "short", "", HOME)
    assert refused.value.field == "password"
    assert await accounts.service.needs_setup()


async def test_administrator_from_the_settings_is_made_once(accounts: Accounts) -> None:
    """ADMIN_EMAIL and ADMIN_PASSWORD make the first administrator, and never touch one that is there."""
    service = accounts.service
    assert await service.ensure_admin("Root@Example.org", PASSWORD)
    assert not await service.ensure_admin("root@example.org", "another good password")
    assert not await service.ensure_admin("other@example.org", "bad")
    assert (await service.sign_in("root@example.org", PASSWORD, HOME)).actor.is_admin
    assert len(await accounts.people.list_accounts(SYSTEM)) == 1


async def test_replicas_that_start_together_make_one_administrator(accounts: Accounts) -> None:
    """Several processes that start at once with the same settings agree on one account."""
    made = await asyncio.gather(*(accounts.service.ensure_admin("a@example.org", PASSWORD) for _ in range(4)))
    assert sorted(made) == [False, False, False, True]


# signing in


async def test_signing_in_opens_a_session(accounts: Accounts) -> None:
    """The right pair opens a session, whatever the case of the address; its token is not stored."""
    await accounts.person("ann@example.org")
    signed_in = await accounts.service.sign_in("  ANN@example.org ", PASSWORD, ELSEWHERE)
    who = await accounts.service.authenticate(signed_in.token)
    assert who == signed_in.actor
    newest = (await accounts.service.list_sessions(who))[0]
    assert (newest.address, newest.agent) == (ELSEWHERE.address, ELSEWHERE.agent)
    async with accounts.database.read() as tx:
        stored = await tx.session.get(AuthSession, newest.id)
    assert stored is not None
    assert stored.token_hash == token_hash(signed_in.token) != signed_in.token
    assert signed_in.token not in repr(signed_in)


async def test_wrong_unknown_and_inactive_look_alike(accounts: Accounts) -> None:
    """Nobody can tell from the answer whether an address has an account, or an active one."""
    await accounts.person("ann@example.org")
    gone = await accounts.person("gone@example.org")
    await accounts.people.set_active(SYSTEM, gone.id, False)
    answers = set[tuple[str, str]]()
    for email, password in (
        ("ann@example.org", "not her password"),
        ("ann@example.org", "x" * 5000),
        ("nobody@example.org", PASSWORD),
        ("gone@example.org", PASSWORD),
    ):
        with pytest.raises(NotSignedIn) as refused:
            await accounts.service.sign_in(email, password, HOME)
        answers.add((refused.value.public, refused.value.advice))
    assert len(answers) == 1


async def test_every_refusal_verifies_one_hash(accounts: Accounts) -> None:
    """An unknown address costs the same slow hash as a wrong password, so time tells nothing either."""
    verified: list[str | None] = []

    class Watched(Argon2Passwords):
        async def verify(self, password: str, stored: str | None):
            verified.append(stored)
            return await super().verify(password, stored)

    await accounts.person("ann@example.org")
    service = replace(accounts.service, passwords=Watched(Argon2Cost(1, 8)))
    for email in ("ann@example.org", "nobody@example.org"):
        with pytest.raises(NotSignedIn):
            await service.sign_in(email, "wrong password", HOME)
    assert len(verified) == 2
    assert verified[0] is not None
    assert verified[1] is None


async def test_limit_for_an_account_holds_and_names_the_wait(accounts: Accounts) -> None:
    """After five failures even the right password has to wait until the window ends; its owner elsewhere has not."""
    await accounts.person("ann@example.org")
    for _ in range(ATTEMPTS_PER_ACCOUNT):
        with pytest.raises(NotSignedIn):
            await accounts.service.sign_in("ann@example.org", "wrong password", HOME)
    accounts.clock.forward(seconds=100)
    await accounts.service.sign_in("ann@example.org", PASSWORD, ELSEWHERE)
    with pytest.raises(TooManyAttempts) as refused:
        await accounts.service.sign_in("ann@example.org", PASSWORD, HOME)
    assert refused.value.retry_after_seconds == ATTEMPT_WINDOW_SECONDS - 100
    assert refused.value.advice == "Try again in 14 minutes, at 09:15 UTC."
    assert "right password is refused" in refused.value.public
    accounts.clock.forward(seconds=ATTEMPT_WINDOW_SECONDS - 100)
    await accounts.service.sign_in("ann@example.org", PASSWORD, HOME)


async def test_guesses_from_many_networks_are_limited_together(accounts: Accounts) -> None:
    """Who guesses from everywhere at once meets a limit for the account as a whole."""
    await accounts.person("ann@example.org")
    answered = 0
    for number in range(ATTEMPTS_PER_ACCOUNT_ANYWHERE + 1):
        with pytest.raises((NotSignedIn, TooManyAttempts)) as refused:
            await accounts.service.sign_in("ann@example.org", "wrong", Client(f"192.0.2.{number}", ""))
        answered += refused.type is NotSignedIn
    assert answered <= ATTEMPTS_PER_ACCOUNT_ANYWHERE
    with pytest.raises(TooManyAttempts):
        await accounts.service.sign_in("ann@example.org", PASSWORD, Client("198.51.100.7", ""))


async def test_a_change_of_role_is_told_to_open_pages(accounts: Accounts) -> None:
    """Pages of the person look again at what they may see; nobody else's do."""
    who = await accounts.person("ann@example.org")
    other = await accounts.person("bob@example.org")
    async with (
        aclosing(accounts.notices.subscribe(who.id)) as told,
        aclosing(accounts.notices.subscribe(other.id)) as elsewhere,
    ):
        await accounts.people.set_role(SYSTEM, who.id, Role.ADMIN)
        assert await anext(told) == Notice(NoticeKind.CATALOG)
        await accounts.people.set_role(SYSTEM, other.id, Role.ADMIN)
        assert await anext(elsewhere) == Notice(NoticeKind.CATALOG)


async def test_strangers_do_not_lock_the_owner_out(accounts: Accounts) -> None:
    """Whatever addresses guesses come from: where the owner has signed in before, they still can, also within a /64."""
    await accounts.person("ann@example.org")
    await accounts.service.sign_in("ann@example.org", PASSWORD, Client("2001:db8:1:2::7", ""))
    for number in range(ATTEMPTS_PER_ACCOUNT_ANYWHERE + 5):
        with pytest.raises((NotSignedIn, TooManyAttempts)):
            await accounts.service.sign_in("ann@example.org", "wrong", Client(f"198.51.100.{number}", ""))
    with pytest.raises(TooManyAttempts):
        await accounts.service.sign_in("ann@example.org", PASSWORD, Client("203.0.113.1", ""))
    assert await accounts.service.sign_in("ann@example.org", PASSWORD, HOME)
    assert await accounts.service.sign_in("ann@example.org", PASSWORD, Client("2001:db8:1:2::9", ""))
    for _ in range(ATTEMPTS_PER_ACCOUNT):
        with pytest.raises(NotSignedIn):
            await accounts.service.sign_in("ann@example.org", "wrong", HOME)
    with pytest.raises(TooManyAttempts):
        await accounts.service.sign_in("ann@example.org", PASSWORD, HOME)


async def test_a_new_password_ends_the_wait(accounts: Accounts) -> None:
    """Who runs the machine can let somebody in at once: with a new password, attempts are counted anew."""
    who = await accounts.person("ann@example.org")
    for _ in range(ATTEMPTS_PER_ACCOUNT):
        with pytest.raises(NotSignedIn):
            await accounts.service.sign_in("ann@example.org", "wrong", HOME)
    with pytest.raises(TooManyAttempts):
        await accounts.service.sign_in("ann@example.org", PASSWORD, HOME)
    accounts.clock.forward(seconds=5)
    password = await accounts.people.reset_password(SYSTEM, who.id)
    assert await accounts.service.sign_in("ann@example.org", password, HOME)


async def test_parallel_guesses_do_not_slip_past_the_limit(accounts: Accounts) -> None:
    """Guesses sent all at once are counted before the first of them is answered."""
    await accounts.person("ann@example.org")
    outcomes = await asyncio.gather(
        *(accounts.service.sign_in("ann@example.org", f"guess number {n}", HOME) for n in range(20)),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, NotSignedIn) for outcome in outcomes) == ATTEMPTS_PER_ACCOUNT
    assert sum(isinstance(outcome, TooManyAttempts) for outcome in outcomes) == 20 - ATTEMPTS_PER_ACCOUNT


async def test_success_forgets_failures_of_the_account(accounts: Accounts) -> None:
    """Somebody who remembers the password at last starts with a clean slate."""
    await accounts.person("ann@example.org")
    for _ in range(3):
        for _ in range(ATTEMPTS_PER_ACCOUNT - 1):
            with pytest.raises(NotSignedIn):
                await accounts.service.sign_in("ann@example.org", "wrong password", HOME)
        await accounts.service.sign_in("ann@example.org", PASSWORD, HOME)


async def test_limit_for_an_address_covers_many_accounts(accounts: Accounts) -> None:
    """One guess at each of many accounts is stopped too; an IPv6 customer's many addresses count as one."""
    for number in range(ATTEMPTS_PER_ADDRESS):
        with pytest.raises(NotSignedIn):
            await accounts.service.sign_in(
                f"p{number}@example.org", PASSWORD, Client(f"2001:db8:1:2::{number + 1:x}", "")
            )
    with pytest.raises(TooManyAttempts):
        await accounts.service.sign_in("last@example.org", PASSWORD, Client("2001:db8:1:2:ffff::1", ""))
    with pytest.raises(NotSignedIn):
        await accounts.service.sign_in("last@example.org", PASSWORD, Client("2001:db8:1:3::1", ""))


async def test_outdated_hash_is_replaced_at_sign_in(accounts: Accounts) -> None:
    """When the cost of hashing is raised, stored hashes follow as people sign in."""
    who = await accounts.person("ann@example.org")
    stronger = replace(accounts.service, passwords=Argon2Passwords(Argon2Cost(passes=2, memory_kib=16)))

    async def stored() -> str:
        async with accounts.database.read() as tx:
            return (await tx.accounts.get_account(who.id)).password_hash

    before = await stored()
    await stronger.sign_in("ann@example.org", PASSWORD, HOME)
    after = await stored()
    assert "m=8,t=1" in before
    assert "m=16,t=2" in after
    await stronger.sign_in("ann@example.org", PASSWORD, HOME)
    assert await stored() == after


async def test_password_changed_while_signing_in_wins(accounts: Accounts) -> None:
    """A sign-in that began with the old password opens no session once a new one is set."""
    who = await accounts.person("ann@example.org")

    class Slow(Argon2Passwords):
        async def verify(self, password: str, stored: str | None):
            verdict = await super().verify(password, stored)
            accounts.clock.forward(seconds=1)
            await accounts.people.reset_password(SYSTEM, who.id)
            return verdict

    with pytest.raises(NotSignedIn):
        await replace(accounts.service, passwords=Slow(Argon2Cost(1, 8))).sign_in(
            "ann@example.org", PASSWORD, HOME
        )
    assert await accounts.service.list_sessions(who) == []


# sessions


@pytest.mark.parametrize("token", [None, "", "made-up", "\ud800", "x" * 100_000])
async def test_no_token_but_ours_signs_in(accounts: Accounts, token: str | None) -> None:
    """What is not a token of ours is refused calmly, whatever it is."""
    with pytest.raises(NotSignedIn):
        await accounts.service.authenticate(token)


async def test_session_in_use_lives_on(accounts: Accounts) -> None:
    """A session ends a day after it was last used, not a day after it began."""
    await accounts.person("ann@example.org")
    token = (await accounts.service.sign_in("ann@example.org", PASSWORD, HOME)).token
    for _ in range(4):
        accounts.clock.forward(hours=23)
        await accounts.service.authenticate(token)
    accounts.clock.forward(hours=24, seconds=1)
    with pytest.raises(NotSignedIn):
        await accounts.service.authenticate(token)


async def test_session_is_written_once_a_minute(accounts: Accounts) -> None:
    """Authenticating, which every event does, reads; it writes when the last write is a minute old."""
    who = await accounts.person("ann@example.org")
    token = (await accounts.service.sign_in("ann@example.org", PASSWORD, HOME)).token
    begun = accounts.clock()
    seen: list[timedelta] = []
    for _ in range(5):
        accounts.clock.forward(seconds=25)
        await accounts.service.authenticate(token)
        newest = (await accounts.service.list_sessions(who))[0]
        seen.append(newest.last_seen_at - begun)
        assert newest.expires_at - newest.last_seen_at == timedelta(hours=24)
    assert [round(moment.total_seconds()) for moment in seen] == [0, 0, 75, 75, 75]


async def test_session_stays_good_when_it_cannot_be_written(accounts: Accounts, database: Database) -> None:
    """A database too busy to note the last use does not sign people out."""
    await accounts.person("ann@example.org")
    token = (await accounts.service.sign_in("ann@example.org", PASSWORD, HOME)).token
    accounts.clock.forward(minutes=5)

    class ReadOnly(Database):
        def begin(self, *, news: bool = True, brief: bool = False):
            raise Unavailable("The database does not answer.")

    async with ReadOnly(database.engine.url.render_as_string(hide_password=False)) as busy:
        assert await replace(accounts.service, database=busy).authenticate(token)


async def test_signing_out_ends_the_session(accounts: Accounts) -> None:
    """After signing out the token is worth nothing, and open pages of the session are told."""
    await accounts.person("ann@example.org")
    session = await accounts.service.sign_in("ann@example.org", PASSWORD, HOME)
    feed = accounts.notices.subscribe(session.actor.id)
    await accounts.service.sign_out(session.actor)
    await accounts.service.sign_out(session.actor)  # twice is once
    await accounts.service.sign_out(SYSTEM)  # who has no session
    with pytest.raises(NotSignedIn):
        await accounts.service.authenticate(session.token)
    assert await ended_sessions(feed, 1) == {str(session.actor.session_id)}


async def test_revoking_works_at_once(accounts: Accounts) -> None:
    """A revoked session is refused from the next event on; the others stay."""
    here = await accounts.person("ann@example.org")
    there = await accounts.service.sign_in("ann@example.org", PASSWORD, ELSEWHERE)
    assert there.actor.session_id is not None
    feed = accounts.notices.subscribe(here.id)
    await accounts.service.revoke_session(here, there.actor.session_id)
    with pytest.raises(NotSignedIn):
        await accounts.service.authenticate(there.token)
    assert [session.id for session in await accounts.service.list_sessions(here)] == [here.session_id]
    assert await ended_sessions(feed, 1) == {str(there.actor.session_id)}


async def test_sessions_of_others_do_not_exist(accounts: Accounts) -> None:
    """Somebody else's session is not found, and goes on."""
    ann, bob = await accounts.person("ann@example.org"), await accounts.person("bob@example.org")
    assert bob.session_id is not None
    for session in (bob.session_id, new_id()):
        with pytest.raises(NotFound):
            await accounts.service.revoke_session(ann, session)
    assert len(await accounts.service.list_sessions(bob)) == 1
    assert "session.revoked" not in await accounts.actions()


async def test_revoking_the_others_keeps_this_one(accounts: Accounts) -> None:
    """Signing out everywhere else ends all sessions but the one it is said in, and nobody else's."""
    here = await accounts.person("ann@example.org")
    bob = await accounts.person("bob@example.org")
    others = [await accounts.service.sign_in("ann@example.org", PASSWORD, ELSEWHERE) for _ in range(3)]
    feed = accounts.notices.subscribe(here.id)
    assert await accounts.service.revoke_other_sessions(here) == 3
    assert [session.id for session in await accounts.service.list_sessions(here)] == [here.session_id]
    assert len(await accounts.service.list_sessions(bob)) == 1
    assert await ended_sessions(feed, 3) == {str(other.actor.session_id) for other in others}


async def test_housekeeping_deletes_what_has_ended(accounts: Accounts, database: Database) -> None:
    """Expired sessions are deleted; those that still run are not."""
    await accounts.person("old@example.org")
    accounts.clock.forward(hours=20)
    who = await accounts.person("new@example.org")
    accounts.clock.forward(hours=5)
    assert await accounts.service.housekeeping(accounts.clock()) == 1
    async with database.read() as tx:
        left = await tx.accounts.list_sessions(who.id, now=accounts.clock(), limit=9)
    assert [session.id for session in left] == [who.session_id]


# oneself


async def test_changing_the_password_ends_other_sessions(accounts: Accounts) -> None:
    """A new password needs the current one, ends every other session, and keeps this one."""
    here = await accounts.person("ann@example.org")
    there = await accounts.service.sign_in("ann@example.org", PASSWORD, ELSEWHERE)
    feed = accounts.notices.subscribe(here.id)
    with pytest.raises(Invalid) as refused:
        await accounts.service.change_password(here, "wrong password", "another good password")
    assert refused.value.field == "current"
    await accounts.service.change_password(here, PASSWORD, "another good password")
    with pytest.raises(NotSignedIn):
        await accounts.service.authenticate(there.token)
    assert [session.id for session in await accounts.service.list_sessions(here)] == [here.session_id]
    assert await ended_sessions(feed, 1) == {str(there.actor.session_id)}
    with pytest.raises(NotSignedIn):
        await accounts.service.sign_in("ann@example.org", PASSWORD, HOME)
    await accounts.service.sign_in("ann@example.org", "another good password", HOME)


async def test_reset_during_a_change_of_password_wins(accounts: Accounts) -> None:
    """When an administrator resets the password meanwhile, the person's own change is refused."""
    who = await accounts.person("ann@example.org")

    class Slow(Argon2Passwords):
        async def hash(self, password: str):
            accounts.clock.forward(seconds=1)
            await accounts.people.reset_password(SYSTEM, who.id)
            return await super().hash(password)

    slow = replace(accounts.service, passwords=Slow(Argon2Cost(1, 8)))
    with pytest.raises(Conflict):
        await slow.change_password(who, PASSWORD, "another good password")
    with pytest.raises(NotSignedIn):
        await accounts.service.sign_in("ann@example.org", "another good password", HOME)


async def test_stolen_session_cannot_guess_the_password(accounts: Accounts) -> None:
    """Changing the password is limited like signing in."""
    who = await accounts.person("ann@example.org")
    for _ in range(ATTEMPTS_PER_ACCOUNT):
        with pytest.raises(Invalid):
            await accounts.service.change_password(who, "wrong password", "another good password")
    with pytest.raises(TooManyAttempts):
        await accounts.service.change_password(who, PASSWORD, "another good password")


async def test_profile_changes_what_is_given(accounts: Accounts) -> None:
    """Name, theme and default model change one by one; an empty default model forgets it."""
    who = await accounts.person("ann@example.org")
    service = accounts.service
    await service.update_profile(who, name="  Ann   Example ")
    await service.update_profile(who, theme="dark", default_model="openai/a")
    row = await service.profile(who)
    assert (row.name, row.theme, row.default_model) == ("Ann Example", "dark", "openai/a")
    await service.update_profile(who, default_model="")
    assert (await service.profile(who)).default_model is None
    with pytest.raises(Invalid, check=lambda refused: refused.field == "theme"):
        await service.update_profile(who, theme="pink")
    with pytest.raises(Invalid, check=lambda refused: refused.field == "default_model"):
        await service.update_profile(who, default_model="x" * 256)


# administrators

ADMINISTRATIVE: dict[str, Callable[[PeopleService, Actor, UUID], Awaitable[object]]] = {
    "list": lambda service, who, other: service.list_accounts(who),
    "create": lambda service, who, other: service.create_account(who, "new@example.org", "", Role.USER),
    "deactivate": lambda service, who, other: service.set_active(who, other, False),
    "promote": lambda service, who, other: service.set_role(who, who.id, Role.ADMIN),
    "reset": lambda service, who, other: service.reset_password(who, other),
}


@pytest.mark.parametrize("act", ADMINISTRATIVE)
async def test_administration_is_for_administrators(accounts: Accounts, act: str) -> None:
    """Everybody else is refused, whatever they try, and nothing happens."""
    admin = await accounts.person("admin@example.org", Role.ADMIN)
    ann = await accounts.person("ann@example.org")
    before = await accounts.actions()
    with pytest.raises(NotAllowed):
        await ADMINISTRATIVE[act](accounts.people, ann, admin.id)
    assert await accounts.actions() == before


@pytest.mark.parametrize("act", [act for act in ADMINISTRATIVE if act != "list"])
async def test_rights_are_read_again_when_it_counts(accounts: Accounts, act: str) -> None:
    """An administrator who was demoted a moment ago can change nothing any more."""
    await accounts.person("admin@example.org", Role.ADMIN)
    former = await accounts.person("former@example.org", Role.ADMIN)
    ann = await accounts.person("ann@example.org")
    await accounts.people.set_role(SYSTEM, former.id, Role.USER)
    with pytest.raises(NotAllowed):
        await ADMINISTRATIVE[act](accounts.people, former, ann.id)


async def test_created_people_can_sign_in(accounts: Accounts) -> None:
    """The password to hand over works, a generated one too; an address is taken once."""
    admin = await accounts.person("admin@example.org", Role.ADMIN)
    row, password = await accounts.people.create_account(admin, "Bob@Example.org", "", Role.USER)
    assert (row.email, row.name, row.role) == ("bob@example.org", "bob", Role.USER)
    assert not (await accounts.service.sign_in("bob@example.org", password, HOME)).actor.is_admin
    with pytest.raises(Conflict) as refused:
        await accounts.people.create_account(admin, "bob@example.org", "", Role.USER)
    assert "e-mail" in refused.value.public


async def test_people_are_listed_by_name_and_found(accounts: Accounts) -> None:
    """The list is in order of name, and a search takes what was typed literally."""
    for name in ("carl", "Bea", "a%b"):
        await accounts.people.create_account(SYSTEM, f"{name[0]}@example.org", name, Role.USER, PASSWORD)

    async def names(search: str = "", limit: int = 200) -> list[str]:
        rows = await accounts.people.list_accounts(SYSTEM, search=search, limit=limit)
        return [row.name for row in rows]

    assert await names() == ["a%b", "Bea", "carl"]
    assert await names(limit=2) == ["a%b", "Bea"]
    assert await names(" bE ") == ["Bea"]
    assert await names("c@EXAMPLE") == ["carl"]
    assert await names("%") == ["a%b"]


async def test_deactivating_ends_sessions_at_once(accounts: Accounts) -> None:
    """A deactivated person is out with the next event, cannot sign in, and can be let in again."""
    bob = await accounts.person("bob@example.org")
    session = await accounts.service.sign_in("bob@example.org", PASSWORD, HOME)
    feed = accounts.notices.subscribe(bob.id)
    await accounts.people.set_active(SYSTEM, bob.id, False)
    await accounts.people.set_active(SYSTEM, bob.id, False)
    with pytest.raises(NotSignedIn):
        await accounts.service.authenticate(session.token)
    assert await ended_sessions(feed, 2) == {str(bob.session_id), str(session.actor.session_id)}
    await accounts.people.set_active(SYSTEM, bob.id, True)
    with pytest.raises(NotSignedIn):
        await accounts.service.authenticate(session.token)
    await accounts.service.sign_in("bob@example.org", PASSWORD, HOME)
    assert (await accounts.actions()).count("account.deactivated") == 1


async def test_last_administrator_stays(accounts: Accounts) -> None:
    """The last active administrator can be neither demoted nor deactivated, not even by the command line."""
    admin = await accounts.person("admin@example.org", Role.ADMIN)
    asleep = await accounts.person("asleep@example.org", Role.ADMIN)
    await accounts.people.set_active(admin, asleep.id, False)
    for who in (admin, SYSTEM):
        with pytest.raises(Conflict):
            await accounts.people.set_role(who, admin.id, Role.USER)
        with pytest.raises(Conflict):
            await accounts.people.set_active(who, admin.id, False)
    await accounts.people.set_role(admin, asleep.id, Role.USER)  # nobody's last
    await accounts.people.set_role(admin, admin.id, Role.ADMIN)  # no change


@pytest.mark.parametrize("how", ["demote", "deactivate", "both"])
async def test_two_administrators_cannot_remove_each_other(accounts: Accounts, how: str) -> None:
    """When two administrators act against each other in the same moment, one of them stays."""
    service = accounts.people
    ann = await accounts.person("ann@example.org", Role.ADMIN)
    bob = await accounts.person("bob@example.org", Role.ADMIN)
    acts = {
        "demote": (service.set_role(ann, bob.id, Role.USER), service.set_role(bob, ann.id, Role.USER)),
        "deactivate": (service.set_active(ann, bob.id, False), service.set_active(bob, ann.id, False)),
        "both": (service.set_role(ann, bob.id, Role.USER), service.set_active(bob, ann.id, False)),
    }
    outcomes = await asyncio.gather(*acts.pop(how), return_exceptions=True)
    for left_over in acts.values():
        for act in left_over:
            act.close()
    assert sorted(outcome is None for outcome in outcomes) == [False, True]
    assert all(outcome is None or isinstance(outcome, NotAllowed | Conflict) for outcome in outcomes)
    rows = await service.list_accounts(SYSTEM)
    assert sum(row.active and row.role is Role.ADMIN for row in rows) == 1


async def test_reset_password_signs_out_and_hands_over(accounts: Accounts) -> None:
    """A reset ends the person's sessions; only the new password works."""
    admin = await accounts.person("admin@example.org", Role.ADMIN)
    await accounts.person("bob@example.org")
    session = await accounts.service.sign_in("bob@example.org", PASSWORD, HOME)
    password = await accounts.people.reset_password(admin, session.actor.id)
    with pytest.raises(NotSignedIn):
        await accounts.service.authenticate(session.token)
    with pytest.raises(NotSignedIn):
        await accounts.service.sign_in("bob@example.org", PASSWORD, HOME)
    await accounts.service.sign_in("bob@example.org", password, HOME)
    with pytest.raises(NotFound):
        await accounts.people.reset_password(admin, new_id())


async def test_audit_tells_who_did_what_from_where(accounts: Accounts, database: Database) -> None:
    """Every act is noted in its own transaction, with the address of the actor's session."""
    service = accounts.service
    first = (await service.set_up("admin@example.org", PASSWORD, "", HOME)).actor
    row, _ = await accounts.people.create_account(first, "bob@example.org", "", Role.USER, PASSWORD)
    bob = (await service.sign_in("bob@example.org", PASSWORD, ELSEWHERE)).actor
    await accounts.people.set_role(first, row.id, Role.ADMIN)
    await service.change_password(bob, PASSWORD, "another good password")
    await service.revoke_other_sessions(bob)
    await accounts.people.reset_password(SYSTEM, row.id)
    await accounts.people.set_active(first, row.id, False)
    await service.sign_out(first)
    assert await accounts.actions() == [
        "account.set-up",
        "session.signed-in",
        "account.created",
        "session.signed-in",
        "account.role-changed",
        "password.changed",
        "sessions.revoked",
        "password.reset",
        "account.deactivated",
        "session.signed-out",
    ]
    async with database.read() as tx:
        events = {event.action: event for event in await tx.accounts.list_events(limit=100)}
    promoted = events["account.role-changed"]
    assert (promoted.actor_id, promoted.target, promoted.address) == (first.id, row.email, HOME.address)
    assert promoted.details == {"role": "admin"}
    assert events["password.changed"].address == ELSEWHERE.address
    assert events["password.reset"].actor_id is None
    everything = " ".join(f"{event.target} {event.details}" for event in events.values())
    assert PASSWORD not in everything


async def test_session_rows_hold_no_more_than_fits(accounts: Accounts, database: Database) -> None:
    """A browser that calls itself something very long is signed in all the same."""
    await accounts.person("ann@example.org")
    session = await accounts.service.sign_in("ann@example.org", PASSWORD, Client("a" * 500, "b" * 5000))
    async with database.read() as tx:
        row = await tx.session.get(AuthSession, session.actor.session_id)
    assert row is not None
    assert (len(row.address), len(row.agent)) == (64, 300)
