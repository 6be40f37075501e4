"""Who calls a tool."""

from dataclasses import dataclass, field

from gantry.domain.accounts import Actor
from gantry.domain.api_tokens import Scope


@dataclass(frozen=True, slots=True)
class Caller:
    """The acting person, and the token by which they act."""

    who: Actor
    token: str | None = field(repr=False)
    call: str = ""  # tells this call from others under the same token

    def may(self, scope: Scope) -> bool:
        """Whether the token is for *scope*."""
        return scope in self.who.scopes
