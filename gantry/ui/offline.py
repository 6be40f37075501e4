"""The page that the browser shows where none can be loaded, and the worker that shows it (assets/sw.js).

It needs no other file: no server is there to ask. The build writes it into the worker, so a new version of one is a new version of both.
"""

import base64
import hashlib
import json
from dataclasses import dataclass
from html import escape
from pathlib import Path

from gantry.domain.messages import LANGUAGES, _
from gantry.languages import direction, translated

_SCRIPT = Path(__file__).parent / "islands" / "offline.js"
_EMPTY = 'const [PAGE, POLICY] = ["", ""];'
_MARK = (
    '<svg viewBox="0 0 32 32" width="40" height="40" fill="none" stroke="currentColor" stroke-width="3" stroke-linecap="round" '
    'aria-hidden="true"><path d="M3 8h26M8 8v20M24 8v20M4.5 28h7M20.5 28h7M16 8v7"/>'
    '<path d="M12.5 15h7v6h-7z" fill="currentColor"/></svg>'
)
# The colours are those of gantry.css.
_STYLE = """
:root { color-scheme: light dark }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: light-dark(#faf9f5, #262624);
  color: light-dark(#1f1e1d, #faf9f5); font: 1rem/1.6 ui-sans-serif, system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif }
section { box-sizing: border-box; max-width: 30rem; padding: 1.5rem; text-align: center }
section[hidden] { display: none }
svg { color: light-dark(#a64b2a, #e08967) }
h1 { margin: 0.75rem 0 0.25rem; font: 500 1.5rem/1.3 ui-serif, "Iowan Old Style", "Noto Serif", Georgia, serif }
p { margin: 0 0 1.5rem; color: light-dark(#4a4842, #cfccc2) }
button { min-height: 2.75rem; padding: 0.5rem 1.25rem; border: 0; border-radius: 8px; background: light-dark(#a64b2a, #e08967);
  color: light-dark(#ffffff, #241711); font: inherit; font-weight: 500; cursor: pointer }
button:hover { background: light-dark(#8f3f22, #eb9f82) }
button:focus-visible { outline: 2px solid light-dark(#a64b2a, #e08967); outline-offset: 3px }
"""


@dataclass(frozen=True, slots=True)
class Words:
    """What the page says in one language; the first of several is for everybody who reads none of them."""

    language: str
    direction: str
    title: str
    text: str
    again: str


_SAID = (
    _("You are offline"),
    _("Gantry cannot be reached from this device just now. What you have written is kept in this browser."),
    _("Try again"),
)


def every_language() -> tuple[Words, ...]:
    """Return the words of the page in each language, English first."""
    return tuple(
        Words(each, direction(each), *(translated(text, each) for text in _SAID)) for each in LANGUAGES
    )


def worker(source: str, words: tuple[Words, ...]) -> str:
    """Return the worker *source* with the page, and the policy it is shown under, written into it.

    Raises:
        ValueError: It has no place for them.
    """
    if _EMPTY not in source:
        raise ValueError("the worker has no place for its page: see assets/sw.js")
    script = _SCRIPT.read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; base-uri 'none'; frame-ancestors 'none'"
    return source.replace(_EMPTY, f"const [PAGE, POLICY] = {json.dumps([_page(script, words), policy])};", 1)


def _page(script: str, words: tuple[Words, ...]) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(words[0].title)}</title><style>{_STYLE}</style></head>"
        f'<body><main>{"".join(map(_section, words))}</main><script type="module">{script}</script></body></html>'
    )


def _section(words: Words) -> str:
    return (
        f'<section lang="{words.language}" dir="{words.direction}">{_MARK}<h1>{escape(words.title)}</h1>'
        f'<p>{escape(words.text)}</p><button type="button">{escape(words.again)}</button></section>'
    )
