"""Controls that show at once what was chosen, and not first when the server has agreed: otherwise they jump back meanwhile.

What was chosen holds over what the server said at that moment: what it says next is shown, whatever it is. When it says nothing new,
since it refused or is away, the control tells the truth again after a while.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import reflex as rx

from gantry.ui.browser import Kept

_PATIENCE_MS = 4000


@dataclass(frozen=True)
class Ahead:
    """A control's value.

    Attributes:
        name: Of the control, different from all others on the page.
        told: What the server says, a Var.
        of: The id of what it is about, where that changes: what was chosen for one says nothing of another.
        each: The id of one of several, which stand in a list that Reflex draws.
    """

    name: str
    told: Any
    of: Any = ""
    each: Any = None

    @property
    def value(self) -> Any:
        """What the control shows, a Var."""
        ahead, told = self._kept.value, self.told
        holds = rx.Var.create(True)
        if self.each is not None:
            holds, ahead = ahead.contains(self.each), ahead[self.each].to(dict[str, Any])
        return rx.cond(holds & (ahead["over"] == told), ahead["chosen"].to(told._var_type), told)  # noqa: SLF001 - Reflex has no other word for it

    def takes(self, does: Callable[[Any], Any]) -> Callable[[Any], list[Any]]:
        """Return the handler of a change to another value, of which *does* tells the server."""
        return lambda value: self.chosen(value, does(value))

    def chosen(self, value: Any, *does: Any) -> list[Any]:
        """Return the handlers for a choice of *value*: the control shows it, and *does* tells the server."""
        ahead: Any = {"over": self.told, "chosen": value}
        if self.each is not None:
            ahead = self._kept.now.merge({self.each: ahead})
        return [self._kept.put_for(ahead, _PATIENCE_MS), *does]

    def forgets(self) -> Any:
        """Return a handler by which the control shows what the server says."""
        return self._kept.put({})

    @property
    def _kept(self) -> Kept:
        return Kept(f"ahead_{self.name}", {}, of=self.of)
