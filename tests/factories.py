"""Real rows with sensible defaults."""

from typing import Any
from uuid import UUID

from gantry.domain.accounts import Actor, Role
from gantry.domain.clock import utc_now
from gantry.models import Account, new_id
from gantry.repositories.unit import UnitOfWork


async def make_account(tx: UnitOfWork, email: str = "", **values: Any) -> Account:
    """Store an account; its password cannot be guessed."""
    now = utc_now()
    email = email or f"{new_id().hex}@example.org"
    account = Account(
        **{
            "email": email,
            "name": email.split("@")[0],
            "password_hash": "!",
            "created_at": now,
            "password_changed_at": now,
        }
        | values
    )
    tx.session.add(account)
    await tx.session.flush()
    return account


def actor_of(account: Account, session_id: UUID | None = None) -> Actor:
    """Return the actor that *account* acts as."""
    return Actor(account.id, account.email, account.name, Role(account.role), session_id)
