"""What Python says to the browser without asking the server: functions of our islands, and values that a page keeps.

Handlers made of these act within a frame and while the server is away; everything that goes through Reflex's event queue waits then.
All that leans on how Reflex compiles a Var is in this module.
"""

import json
from dataclasses import dataclass
from typing import Any

import reflex as rx
from reflex.utils.imports import ImportVar
from reflex.vars import StringVar, VarData
from reflex.vars.function import FunctionStringVar, FunctionVar
from reflex_components_core.el.elements.inline import A
from reflex_components_core.react_router.dom import ReactRouterLink

link = ReactRouterLink.create  # to another page of ours, without loading a document; rx.el.a is the same
plain_link = A.create  # followed by the browser: to a place in the page, or to a file


def whole_event(event: rx.Var[Any]) -> list[rx.Var[Any]]:
    """The spec of an event that a function of an island is given as it is."""
    return [event]


def function(name: str, file: str) -> FunctionVar:
    """Return the function *name* that ``islands/<file>`` exports: ``.partial(…)`` is a handler, ``.call(…)`` a value."""
    return FunctionStringVar.create(name, _var_data=_importing(name, file))


def on_backend(path: str | rx.Var[str]) -> rx.Var[str]:
    """Return the address of a path of our REST interface, wherever the page itself came from."""
    origin = rx.Var("backend", _var_type=str, _var_data=_importing("backend", "backend.js")).to(str)
    return rx.Var.create(f"{origin}{path}")


def grouped(number: Any) -> rx.Var[str]:
    """Return *number* as the reader's language writes it, 12,345 for example."""
    return FunctionStringVar.create("Intl.NumberFormat().format").call(number).to(str)


def leave_row(when: Any = True) -> FunctionVar:
    """Return a handler that gives the focus to what is around a row of a list that goes with what is pressed, if *when* holds.

    Not to the next row: Enter pressed twice would act on that.
    """
    around = rx.Var(
        "document.activeElement.closest('dialog, [tabindex=\"-1\"]:not(a, button)') ?? document.getElementById('main')"
    )
    return function("focusOn", "page.js").partial(rx.cond(when, around, rx.Var("document.activeElement")))


def once() -> dict[str, str]:
    """Return attributes of a button of which a double click is one press: by the second, another thing may stand there."""
    return {"data-once": ""}  # islands/frame.js; a new one each time, as components write into it


def _importing(name: str, file: str) -> VarData:
    return VarData(imports={f"$/islands/{file}": [ImportVar(tag=name)]})


@dataclass(frozen=True)
class Kept:
    """A value in the page's memory, by name; it is gone when the page is loaded anew.

    Attributes:
        default: What it is until somebody puts another; its type is that of ``value``.
        of: The id of what it is about, where there are many of the same name; empty: there is one.
    """

    name: str
    default: Any = ""
    of: str | rx.Var[str] = ""

    @property
    def _full_name(self) -> rx.Var[str]:
        return rx.Var.create(f"{self.name}/{self.of}" if isinstance(self.of, rx.Var) else self.name)

    @property
    def value(self) -> Any:
        """The value, for what is drawn: a Var."""
        call = f"useKept({self._full_name!s}, {json.dumps(self.default)})"
        result = f"kept_{self.name}"
        data = VarData.merge(
            _importing("useKept", "store.js"),
            self._full_name._get_all_var_data(),  # noqa: SLF001 - as Reflex itself puts Vars together
            VarData(hooks={f"const {result} = {call};": None}),
        )
        return rx.Var(result, _var_type=type(self.default), _var_data=data).guess_type()

    @property
    def now(self) -> Any:
        """The value at the moment a handler runs, a Var; reading it draws nothing anew."""
        read = function("now", "store.js").call(self._full_name, self.default)
        return read.to(type(self.default))

    def put(self, value: Any) -> FunctionVar:
        """Return a handler that changes it."""
        return function("put", "store.js").partial(self._full_name, value)

    def put_for(self, value: Any, milliseconds: int) -> FunctionVar:
        """Return a handler that changes it to a text, and empties it after *milliseconds*."""
        return function("putFor", "store.js").partial(self._full_name, value, milliseconds)


_THEME = {
    "imports": {
        "$/utils/context": [ImportVar(tag="ColorModeContext")],
        "react": [ImportVar(tag="useContext")],
    },
    "hooks": {"const { rawColorMode, setColorMode } = useContext(ColorModeContext);": None},
}

#: The theme that was chosen: "system", "light" or "dark".
THEME = rx.Var("rawColorMode", _var_type=str, _var_data=VarData(**_THEME)).guess_type()
#: Changes it at once. What Reflex offers for it goes through eval.
set_theme = FunctionStringVar.create("setColorMode", _var_data=VarData(**_THEME))

#: Makes everything look as words of ``SessionState.look`` say, at once and before the next page is drawn.
set_look = function("setLook", "frame.js")
#: The name of the browser's time zone.
BROWSERS_ZONE = rx.Var("Intl.DateTimeFormat().resolvedOptions().timeZone", _var_type=str).to(str)

#: The path in the address.
PATH: StringVar[str] = rx.Var(
    "here.pathname",
    _var_type=str,
    _var_data=VarData(
        imports={"react-router": [ImportVar(tag="useLocation")]}, hooks={"const here = useLocation();": None}
    ),
).to(str)
#: What in the page the address names, ``#data``, or empty.
PLACE: StringVar[str] = rx.Var("here.hash", _var_type=str, _var_data=PATH._get_all_var_data()).to(str)  # noqa: SLF001
#: The id of the conversation in the address, or empty.
CONVERSATION: StringVar[str] = rx.cond(PATH.startswith("/c/"), PATH.split("/")[2], "").to(str)
