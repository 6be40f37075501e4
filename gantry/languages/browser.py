"""The messages of a language as the browser reads them: a script, made when the front end is built."""

import gettext
import json

from babel.core import Locale
from babel.messages.catalog import Catalog

from gantry.languages import catalogue, direction

_SHOWN_BY = "gantry/ui/"  # what pages say themselves; the rest is said by the server


def script(language: str) -> str:
    """Return the script that a page loads before it is drawn (assets/first-paint.js)."""
    messages = json.dumps(_messages(catalogue(language)), ensure_ascii=False, separators=(",", ":"))
    return f'self.gantryMessages={messages};document.documentElement.dir="{direction(language)}";\n'


def _messages(found: Catalog) -> dict[str, str | dict[str, str]]:
    forms = _forms(found)
    made: dict[str, str | dict[str, str]] = {}
    for message in found:
        if not any(file.startswith(_SHOWN_BY) for file, _line in message.locations):
            continue
        if isinstance(message.id, tuple):
            made[message.id[0]] = {name: (message.string or ())[index] for name, index in forms.items()}
        elif message.id and message.string:
            made[str(message.id)] = str(message.string)
    return made


def _forms(found: Catalog) -> dict[str, int]:
    """Return where the form for each of CLDR's kinds of number (one, few …), as the browser calls them, stands in the catalogue."""
    number = gettext.c2py(found.plural_expr)  # pyright: ignore[reportAttributeAccessIssue]
    kind = Locale.parse(str(found.locale)).plural_form
    return {kind(count): number(count) for count in reversed(range(200))}
