"""What the page may see of imports."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gantry.domain.imports import ImportState, StoredImport
from gantry.domain.messages import _, plural
from gantry.domain.text import counted
from gantry.languages import listed
from gantry.state.language import recalled, said, spoken

_SHOWN = 40  # lines of what was skipped
_PRODUCTS = {
    "chatgpt": "ChatGPT",
    "claude": "Claude",
    "openwebui": "Open WebUI",
    "librechat": "LibreChat",
    "nebulus-gantry": "Nebulus Gantry",
    "gemini-takeout": "Gemini",
    "gemini-aistudio": "Google AI Studio",
    "grok": "Grok",
    "deepseek": "DeepSeek",
    "chatbot-ui": "Chatbot UI",
    "lobechat": "LobeChat",
    "jan": "Jan",
    "lmstudio": "LM Studio",
    "sillytavern": "SillyTavern",
    "typingmind": "TypingMind",
    "big-agi": "Big-AGI",
    "anythingllm": "AnythingLLM",
    "gantry": "Gantry",
}


@dataclass(frozen=True, slots=True)
class SkippedView:
    """Something that does not come along, and why."""

    key: int
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class ImportView:
    """One import. ``summary`` is a sentence; ``more`` counts lines of *skipped* that are not shown."""

    id: str
    name: str
    state: str
    progress: int
    summary: str
    already: str
    heading: str  # of what does not come along
    skipped: list[SkippedView]
    more: str
    problem: str
    created_at: int  # in seconds since the epoch
    adds: bool  # whether there is anything to add


def import_view(stored: StoredImport) -> ImportView:
    """Make the view of *stored*."""
    receipt = stored.receipt
    passed_over = receipt.get("skipped", ())
    skipped = [
        SkippedView(at, recalled(str(each.get("what", ""))), recalled(str(each.get("why", ""))))
        for at, each in enumerate(passed_over[:_SHOWN])
    ]
    would = stored.state in {ImportState.LOOKED, ImportState.LOOKING}
    adds = any(receipt.get(each) for each in ("conversations", "messages", "personas", "restored"))
    more = len(passed_over) - _SHOWN
    return ImportView(
        id=str(stored.id),
        name=stored.name,
        state=stored.state.value,
        progress=stored.progress,
        summary=_summary(receipt, would=would, adds=adds) if receipt else "",
        already=_already(int(receipt.get("already", 0))),
        heading=said(_("Not everything comes along ({count})", count=len(passed_over))) if skipped else "",
        skipped=skipped,
        more=said(_("{count} more", count=more)) if more > 0 else "",
        problem=recalled(stored.problem),
        created_at=int(stored.created_at.timestamp()),
        adds=adds,
    )


def _summary(receipt: Mapping[str, Any], *, would: bool, adds: bool) -> str:
    product = _PRODUCTS.get(str(receipt.get("format", "")), said(_("this file")))
    if not adds:
        nothing = _("Nothing new would come from {product}.", product=product)
        return said(nothing if would else _("Nothing new came from {product}.", product=product))
    names = (
        ("conversations", "conversation"),
        ("messages", "message"),
        ("branches", "branching point"),
        ("files", "file"),
        ("personas", "persona"),
    )
    counts = [said(counted(int(receipt.get(key, 0)), noun)) for key, noun in names if receipt.get(key)]
    sentences: list[str] = []
    if counts:
        every = listed(counts, spoken())
        added = _("Added {listed} from {product}.", listed=every, product=product)
        sentences.append(
            _("This would add {listed} from {product}.", listed=every, product=product) if would else added
        )
    if restored := int(receipt.get("restored", 0)):
        back = plural(
            "Brought back {count} conversation you have just deleted.",
            "Brought back {count} conversations you have just deleted.",
            count=restored,
        )
        would_bring = plural(
            "This would bring back {count} conversation you have just deleted.",
            "This would bring back {count} conversations you have just deleted.",
            count=restored,
        )
        sentences.append(would_bring if would else back)
    return " ".join(said(each) for each in sentences)


def _already(count: int) -> str:
    if not count:
        return ""
    return said(
        plural(
            "{count} conversation is here already.", "{count} conversations are here already.", count=count
        )
    )
