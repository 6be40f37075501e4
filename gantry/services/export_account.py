"""What a person takes out beside conversations: the account, what is remembered, documents."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from gantry.domain.accounts import Actor, Person
from gantry.domain.exporting import moment
from gantry.domain.files import FileStore
from gantry.domain.member_names import TakenNames, safe_file_name, safe_name
from gantry.domain.memory import Fact
from gantry.repositories.database import Database
from gantry.repositories.values import value_of

_ROWS_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class AccountContents:
    """Members of a ZIP, one after another."""

    database: Database
    files: FileStore

    async def members(self, who: Actor) -> AsyncIterator[tuple[str, AsyncIterator[bytes]]]:
        """Yield the name of each and what is in it."""
        yield "account.json", self._account(who)
        yield "memory.json", self._memory(who)
        async with self.database.read() as tx:
            collections = {each.id: each.name for each in await tx.vault.collections(who.id)}
        taken, last = TakenNames(), None
        while True:
            async with self.database.read() as tx:
                some = await tx.vault.documents(
                    who.id, collection=None, words="", after=last, limit=_ROWS_AT_ONCE
                )
            for row in some:
                if row.collection_id and await self.files.holds(account=who.id, document=row.id):
                    folder = safe_name(collections.get(row.collection_id, ""), "Documents")
                    name = taken.free(f"documents/{folder}/{safe_file_name(row.name, 'document')}")
                    yield name, self.files.read(account=who.id, document=row.id)
            if len(some) < _ROWS_AT_ONCE:
                return
            last = some[-1].id

    async def _account(self, who: Actor) -> AsyncIterator[bytes]:
        async with self.database.read() as tx:
            account = value_of(Person, await tx.accounts.get_account(who.id))
            kept = await tx.own_account.kept(who.id)
        told: dict[str, Any] = {
            "email": account.email,
            "name": account.name,
            "role": account.role.value,
            "theme": account.theme,
            "language": account.language,
            "default_model": account.default_model,
            "density": account.density,
            "text_size": account.text_size,
            "show_model": account.show_model,
            "show_time": account.show_time,
            "show_usage": account.show_usage,
            "time_zone": account.time_zone,
            "time_zone_chosen": account.zone_chosen,
            "created_at": moment(account.created_at),
        }
        yield json.dumps({"account": told, **kept}, ensure_ascii=False, indent=1).encode()

    async def _memory(self, who: Actor) -> AsyncIterator[bytes]:
        yield b'{"facts":['
        comma, last = "", None
        while True:
            async with self.database.read() as tx:
                some = await tx.memory.facts(who.id, after=last, limit=_ROWS_AT_ONCE)
            for fact in some:
                yield f"{comma}\n{json.dumps(_fact(fact), ensure_ascii=False)}".encode()
                comma = ","
            if len(some) < _ROWS_AT_ONCE:
                break
            last = some[-1].id
        yield b"\n]}\n"


def _fact(fact: Fact) -> dict[str, Any]:
    return {
        "content": fact.content,
        "context": fact.context,
        "pinned": fact.pinned,
        "by_hand": fact.by_hand,
        "said_at": moment(fact.said_at),
        "conversation": _id(fact.conversation_id),
        "message": _id(fact.message_id),
    }


def _id(each: UUID | None) -> str | None:
    return None if each is None else str(each)
