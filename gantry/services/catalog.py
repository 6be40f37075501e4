"""Which model servers and models there are."""

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from gantry.domain.accounts import Actor
from gantry.domain.catalog import BUILT_IN, EXTRACTIVE, ChatModel, ConnectionSpec, ModelRef, ModelServers
from gantry.domain.clock import utc_now
from gantry.domain.errors import GantryError, Invalid, ModelFault, ModelUnavailable
from gantry.domain.messages import _
from gantry.repositories.database import Database
from gantry.services.catalog_cache import CatalogCache, Known
from gantry.services.connections import ConnectionDraft, ConnectionStatus

__all__ = ["CatalogService", "ConnectionDraft", "ConnectionStatus", "ModelChoice", "ResolvedModel"]

BUILT_IN_NAME = _("Built-in answerer")


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """One line of the model picker. ``available`` is False when its server did not answer last time."""

    id: str  # connection/name
    name: str
    connection: str  # slug
    connection_name: str
    context_tokens: int | None
    available: bool = True


@dataclass(frozen=True, slots=True)
class ResolvedModel:
    """A model ready to be asked."""

    ref: ModelRef
    chat: ChatModel
    context_tokens: int | None
    connection_name: str
    spec: ConnectionSpec | None = None  # its server; None: the built-in answerer


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogService:
    """The catalog of models: cached, refreshed in the background, never in the way of a page."""

    database: Database
    servers: ModelServers
    cache: CatalogCache
    built_in: ChatModel
    now: Callable[[], datetime] = utc_now

    async def models(self, who: Actor) -> list[ModelChoice]:
        """Return what is known now, the built-in answerer last; starts a refresh when older than a minute."""
        await self.cache.ready()
        return [*map(_choice, self.cache.known()), _BUILT_IN_CHOICE]

    async def default_model(self, who: Actor, *, patient: bool = False) -> str:
        """Return the person's default if it exists, else the first available model, else the built-in answerer.

        *patient* waits for servers that are being asked for the first time: to answer, not to show a page.
        """
        await (self.cache.somebody() if patient else self.cache.ready())
        async with self.database.read() as tx:
            account = await tx.accounts.find_account(who.id)
        known = list(self.cache.known())
        own = account.default_model if account else None
        if own and (own == EXTRACTIVE or any(str(model.ref) == own for model in known)):
            return own
        return next((str(model.ref) for model in known if model.available), EXTRACTIVE)

    async def resolve(self, who: Actor, model: str) -> ResolvedModel:
        """Find a model by ``connection/name`` or by a bare name where that is unambiguous.

        Raises:
            Invalid: field="model"; unknown or ambiguous, with the names that would do.
            ModelUnavailable: The key of its connection cannot be read any more.
        """
        await self.cache.ready()
        found = self._find(model)
        if found is None:
            await self.cache.load()  # another replica may have been told of it since
            found = self._find(model)
        if found is None:
            raise self._unknown(model)
        return found

    def at_hand(self, model: str) -> str | None:
        """Return the full id of *model* where that is known here and now; ``resolve`` may have to ask, and says what is wrong."""
        try:
            found = self._find(model)
        except GantryError:
            return None
        return str(found.ref) if found else None

    async def server_of(self, who: Actor, model: str) -> tuple[ConnectionSpec, str]:
        """Return the server that *model* names, and its name there: also one that cannot chat and is in no list.

        Raises:
            Invalid: field="model"; there is no such server, nor a model of that name.
            ModelUnavailable: The key of its connection cannot be read any more.
        """
        await self.cache.ready()
        ref = ModelRef.parse(model)
        spec = self.cache.specs.get(ref.connection)
        if spec is not None and ref.name:
            found = self._opened(Known(self.cache.opened_as(spec), ref.name, None, available=True))
        else:
            found = await self.resolve(who, model)
        if found.spec is None:
            raise self._unknown(model)
        return found.spec, found.ref.name

    def lists(self, model: str) -> bool:
        """Whether *model* is the id of one that a server has listed; answers may be asked of others, by any name."""
        return model == EXTRACTIVE or any(str(known.ref) == model for known in self.cache.known())

    async def learn_context(self, ref: ModelRef, context_tokens: int) -> None:
        """Keep the context length a server told in an error."""
        self.cache.learn(ref, context_tokens)
        async with self.database.begin() as tx:
            await tx.catalog.learn_context(ref.connection, ref.name, context_tokens, at=self.now())

    async def refresh(self) -> None:
        """Ask all servers now; concurrent calls share one round. Never raises."""
        await self.cache.refresh()

    async def aclose(self) -> None:
        """Stop asking servers."""
        await self.cache.aclose()

    def _find(self, raw: str) -> ResolvedModel | None:
        if raw in {EXTRACTIVE, ModelRef.parse(EXTRACTIVE).name}:
            return ResolvedModel(ModelRef.parse(EXTRACTIVE), self.built_in, None, BUILT_IN_NAME)
        known = list(self.cache.known())
        for model in known:
            if str(model.ref) == raw:
                return self._opened(model)
        ref = ModelRef.parse(raw)
        spec = self.cache.specs.get(ref.connection)
        if spec is not None and ref.name and self.cache.takes_any_name(spec.slug):
            length = self.cache.context_tokens(ref)
            return self._opened(Known(self.cache.opened_as(spec), ref.name, length, available=False))
        return self._find_bare(raw, known)

    def _find_bare(self, name: str, known: list[Known]) -> ResolvedModel | None:
        named = [model for model in known if model.name == name]
        candidates = [model for model in named if model.available] or named
        if len(candidates) > 1:
            ids = " or ".join(str(model.ref) for model in candidates)
            raise Invalid(
                _("Several servers have a model “{name}”.", name=name),
                advice=_("Choose one: {ids}.", ids=ids),
                field="model",
            )
        return self._opened(candidates[0]) if candidates else None

    def _opened(self, model: Known) -> ResolvedModel:
        problem = self.cache.unreadable(model.spec.slug)
        if problem is not None:  # without its key the server would only say that it wants one
            raise ModelUnavailable(
                problem.public,
                fault=ModelFault.NOT_AUTHORISED,
                advice=problem.advice,
                person_advice=problem.person_advice,
            )
        chat = self.servers.open(model.spec)
        return ResolvedModel(model.ref, chat, model.context_tokens, model.spec.name, model.spec)

    def _unknown(self, raw: str) -> Invalid:
        ids = [*(str(model.ref) for model in self.cache.known() if model.available), EXTRACTIVE]
        close = difflib.get_close_matches(raw, ids, n=3, cutoff=0.3)
        shown = [*close, *(known for known in ids if known not in close)][:5]
        return Invalid(
            _("There is no model “{what}”.", what=raw[:100]),
            advice=_("Available: {what}.", what=", ".join(shown)),
            field="model",
        )


_BUILT_IN_CHOICE = ModelChoice(EXTRACTIVE, BUILT_IN_NAME, BUILT_IN, BUILT_IN_NAME, None)


def _choice(model: Known) -> ModelChoice:
    spec = model.spec
    return ModelChoice(
        str(model.ref), model.name, spec.slug, spec.name, model.context_tokens, model.available
    )
