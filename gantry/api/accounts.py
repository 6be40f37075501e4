"""Set-up, sessions, oneself, and people, over REST."""

from contextlib import suppress
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from gantry.api.access import (
    Administers,
    AnyScope,
    Reads,
    Writes,
    client_of,
    cookie_token,
    forget_session,
    is_at_hand,
    remember_session,
    signed_in,
)
from gantry.api.described import OPEN, SESSION, TOKEN
from gantry.api.origins import bearer_token
from gantry.api.refusals import ANYBODY, ASKED, BODY, CHANGE, LIMITED, NAMED, SIGNED_IN, refusals
from gantry.api.schemas import (
    AccountChange,
    AccountList,
    AccountOut,
    AddedAccount,
    EmailChange,
    Ended,
    NewAccount,
    NewAdministrator,
    NewPassword,
    PasswordChange,
    ProfileChange,
    Proof,
    ReceiptOut,
    SessionList,
    SessionOpenedOut,
    SessionOut,
    SessionTold,
    SetupState,
    SignedInOut,
    SignInRequest,
)
from gantry.domain.errors import NotAllowed, NotSignedIn
from gantry.domain.messages import _
from gantry.domain.preferences import Wishes
from gantry.runtime import services

router = APIRouter(prefix="/api/v1", tags=["accounts"])


@router.get(
    "/setup", operation_id="get_setup", openapi_extra=OPEN, responses=ANYBODY, summary="Is set-up needed?"
)
async def get_setup() -> SetupState:
    """Whether there is no account yet."""
    return SetupState(needed=await services().accounts.needs_setup())


@router.post(
    "/setup",
    status_code=201,
    operation_id="set_up",
    openapi_extra=OPEN,
    responses=ANYBODY | BODY | CHANGE | LIMITED,
    summary="Make the first administrator",
)
async def set_up(request: Request, response: Response, new: NewAdministrator) -> SessionOpenedOut:
    """Make the first administrator and sign them in; works once. From another machine it takes the code in the log."""
    code = None if is_at_hand(request) else new.code
    session = await services().accounts.set_up(
        new.email, new.password.get_secret_value(), new.name, client_of(request), code=code
    )
    remember_session(request, response, session.token)
    return SessionOpenedOut.for_(session)


@router.post(
    "/session",
    operation_id="sign_in",
    openapi_extra=OPEN,
    responses=ANYBODY | BODY | CHANGE | LIMITED | refusals(401),
    summary="Sign in",
    response_model_exclude_none=True,
)
async def sign_in(request: Request, response: Response, pair: SignInRequest) -> SessionTold:
    """Open a session; its token comes as an HttpOnly cookie, or with `"token": true` in the body and in no cookie.

    It is good as a bearer token, may do all that you may, and ends when it is not used.
    """
    session = await services().accounts.sign_in(
        pair.email, pair.password.get_secret_value(), client_of(request)
    )
    response.headers["Cache-Control"] = "no-store"
    if pair.token:
        return SessionTold.telling(session)
    remember_session(request, response, session.token)
    return SessionTold(**SessionOpenedOut.for_(session).model_dump())


@router.get("/session", operation_id="get_session", responses=SIGNED_IN, summary="Who am I?")
async def get_session(who: AnyScope, request: Request, response: Response) -> SignedInOut:
    """Say whose session this is; a browser's cookie lives on from now."""
    token = cookie_token(request)
    if token and bearer_token(request.scope) is None:
        remember_session(request, response, token)
    return SignedInOut.of(who)


@router.delete(
    "/session",
    status_code=204,
    operation_id="sign_out",
    openapi_extra={"security": [{TOKEN: []}, {SESSION: []}, {}]},
    responses=ANYBODY | CHANGE | LIMITED,
    summary="Sign out",
)
async def sign_out(request: Request, response: Response) -> None:
    """End this session, at once everywhere; when it has ended already, only the cookie goes."""
    forget_session(request, response)
    with suppress(NotSignedIn):
        who = await signed_in(request)
        if who.token_id is not None:
            raise NotAllowed(
                _("A token has no session to end."), advice=_("Revoke it: DELETE /api/v1/me/tokens/{id}.")
            )
        await services().accounts.sign_out(who)


@router.get("/me", operation_id="get_profile", responses=SIGNED_IN, summary="Read your account")
async def get_profile(who: Reads) -> AccountOut:
    """Return your own account."""
    return AccountOut.of(await services().accounts.profile(who))


@router.patch(
    "/me", operation_id="change_profile", responses=SIGNED_IN | BODY | CHANGE, summary="Change your account"
)
async def change_profile(who: Writes, change: ProfileChange) -> AccountOut:
    """Change your name, default model, or how pages look and which time they tell."""
    given = change.model_dump()
    profile = {name: given.pop(name) for name in ("name", "theme", "language", "default_model")}
    return AccountOut.of(await services().accounts.update_profile(who, **profile, wishes=Wishes(**given)))


@router.put(
    "/me/password",
    status_code=204,
    operation_id="change_password",
    responses=SIGNED_IN | BODY | CHANGE,
    summary="Change your password",
)
async def change_password(who: Administers, change: PasswordChange) -> None:
    """Set a new password; your other sessions end."""
    await services().accounts.change_password(
        who, change.current.get_secret_value(), change.new.get_secret_value()
    )


@router.put(
    "/me/email",
    operation_id="change_email",
    responses=SIGNED_IN | BODY | CHANGE,
    summary="Change your e-mail address",
)
async def change_email(who: Administers, change: EmailChange) -> AccountOut:
    """Sign in with another address from now on."""
    password = change.password.get_secret_value()
    return AccountOut.of(await services().own_account.change_email(who, change.email, password))


@router.post(
    "/me/deletion",
    operation_id="delete_account",
    responses=SIGNED_IN | BODY | CHANGE,
    summary="Delete your account",
)
async def delete_account(who: Administers, request: Request, response: Response, proof: Proof) -> ReceiptOut:
    """Remove your account with everything that is yours, for good; returns how much that was."""
    receipt = await services().own_account.delete(who, proof.password.get_secret_value())
    forget_session(request, response)
    return ReceiptOut.model_validate(receipt.to_json())


@router.get("/me/sessions", operation_id="list_sessions", responses=SIGNED_IN, summary="List your sessions")
async def list_sessions(who: Reads) -> SessionList:
    """List where you are signed in."""
    sessions = await services().accounts.list_sessions(who)
    return SessionList(sessions=[SessionOut.of(session, who) for session in sessions])


@router.delete(
    "/me/sessions",
    operation_id="end_other_sessions",
    responses=SIGNED_IN | CHANGE,
    summary="End your other sessions",
)
async def end_other_sessions(who: Administers) -> Ended:
    """End every session of yours but this one."""
    return Ended(ended=await services().accounts.revoke_other_sessions(who))


@router.delete(
    "/me/sessions/{session_id}",
    status_code=204,
    operation_id="end_session",
    responses=SIGNED_IN | NAMED | CHANGE,
    summary="End one of your sessions",
)
async def end_session(who: Administers, session_id: UUID) -> None:
    """End one of your sessions, at once everywhere."""
    await services().accounts.revoke_session(who, session_id)


@router.get("/users", operation_id="list_users", responses=SIGNED_IN | ASKED, summary="List people")
async def list_users(who: Administers, search: Annotated[str, Query(max_length=200)] = "") -> AccountList:
    """Administrators: list people by name; `search` looks into names and addresses."""
    people = await services().people.list_accounts(who, search=search)
    return AccountList(users=[AccountOut.of(person) for person in people])


@router.post(
    "/users",
    status_code=201,
    operation_id="create_user",
    responses=SIGNED_IN | BODY | CHANGE,
    summary="Add person",
)
async def create_user(who: Administers, new: NewAccount) -> AddedAccount:
    """Administrators: add a person; the password to hand over is in the answer."""
    password = None if new.password is None else new.password.get_secret_value()
    person, password = await services().people.create_account(who, new.email, new.name, new.role, password)
    return AddedAccount(user=AccountOut.of(person), password=password)


@router.patch(
    "/users/{user_id}",
    status_code=204,
    operation_id="change_user",
    responses=SIGNED_IN | NAMED | BODY | CHANGE,
    summary="Change a person",
)
async def change_user(who: Administers, user_id: UUID, change: AccountChange) -> None:
    """Administrators: change somebody's role, or deactivate them, which ends their sessions."""
    people = services().people
    if change.role is not None:
        await people.set_role(who, user_id, change.role)
    if change.active is not None:
        await people.set_active(who, user_id, change.active)


@router.post(
    "/users/{user_id}/password",
    operation_id="reset_password",
    responses=SIGNED_IN | NAMED | CHANGE,
    summary="Reset a person's password",
)
async def reset_password(who: Administers, user_id: UUID) -> NewPassword:
    """Administrators: set a new password to hand over; the person's sessions end."""
    return NewPassword(password=await services().people.reset_password(who, user_id))
