"""The language for tests, as the browser reads it."""

import json

from babel.messages.catalog import Catalog

from gantry.languages import PSEUDO, pseudo


def pseudo_script(template: Catalog) -> str:
    """Return that of the language for tests, from what was extracted."""
    made: dict[str, str | dict[str, str]] = {}
    for message in template:
        if isinstance(message.id, tuple):
            made[message.id[0]] = {"one": pseudo(message.id[0]), "other": pseudo(message.id[1])}
        elif message.id:
            made[str(message.id)] = pseudo(str(message.id))
    return f"self.gantryMessages={json.dumps(made, ensure_ascii=False)};document.documentElement.lang='{PSEUDO}';\n"
