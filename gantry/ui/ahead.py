"""Controls that show at once what was chosen, and not first when the server has agreed: otherwise they jump back meanwhile.

What was chosen holds over what the server said at that moment, and no longer than that: what it says next is shown, whatever it is.
When it says nothing new, since it refused or is away, the control tells the truth again after a while.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import reflex as rx

from gantry.ui.browser import Kept

_PATIENCE_MS = 10_000


@dataclass(frozen=True)
class Ahead:
    """A control's value.

    Attributes:
        name: Of the control, different from all others on the page.
        told: What the server says, a Var.
        of: The id of what it is about, where there are many of the same name.
    """

    name: str
    told: Any
    of: str | rx.Var[str] = ""

    @property
    def _kept(self) -> Kept:
        return Kept(f"ahead_{self.name}", {"over": None, "chosen": None}, of=self.of)

    @property
    def value(self) -> Any:
        """What the control shows, a Var."""
        ahead = self._kept.value
        holds = ahead["over"] == self.told
        return rx.cond(holds, ahead["chosen"].to(self.told._var_type), self.told)  # noqa: SLF001 - Reflex has no other word for it

    def takes(self, does: Callable[[Any], Any]) -> Callable[[Any], list[Any]]:
        """Return the handler of a change to another value, of which *does* tells the server."""
        return lambda value: self.chosen(value, does(value))

    def chosen(self, value: Any, does: Any) -> list[Any]:
        """Return the handlers for a choice of *value*: the control shows it, and *does* tells the server."""
        return [self._kept.put_for({"over": self.told, "chosen": value}, _PATIENCE_MS), does]
