"""What the page may see of imports."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gantry.domain.imports import ImportState, StoredImport
from gantry.domain.text import counted

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
    skipped = [
        SkippedView(at, str(each.get("what", "")), str(each.get("why", "")))
        for at, each in enumerate(receipt.get("skipped", ()))
    ]
    would = stored.state in {ImportState.LOOKED, ImportState.LOOKING}
    adds = any(receipt.get(each) for each in ("conversations", "messages", "personas", "restored"))
    more = len(skipped) - _SHOWN
    return ImportView(
        id=str(stored.id),
        name=stored.name,
        state=stored.state.value,
        progress=stored.progress,
        summary=_summary(receipt, would=would, adds=adds) if receipt else "",
        already=_already(int(receipt.get("already", 0))),
        heading=f"Not everything comes along ({len(skipped):,})" if skipped else "",
        skipped=skipped[:_SHOWN],
        more=f"{more:,} more" if more > 0 else "",
        problem=stored.problem,
        created_at=int(stored.created_at.timestamp()),
        adds=adds,
    )


def _summary(receipt: Mapping[str, Any], *, would: bool, adds: bool) -> str:
    product = _PRODUCTS.get(str(receipt.get("format", "")), "this file")
    if not adds:
        return f"Nothing new {'would come' if would else 'came'} from {product}."
    names = (
        ("conversations", "conversation"),
        ("messages", "message"),
        ("branches", "branching point"),
        ("files", "file"),
        ("personas", "persona"),
    )
    counts = [counted(int(receipt.get(key, 0)), noun) for key, noun in names if receipt.get(key)]
    sentences = [f"{'This would add' if would else 'Added'} {_listed(counts)} from {product}."] * bool(counts)
    if restored := int(receipt.get("restored", 0)):
        begin = "This would bring back" if would else "Brought back"
        sentences.append(f"{begin} {counted(restored, 'conversation')} you have just deleted.")
    return " ".join(sentences)


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _already(count: int) -> str:
    if not count:
        return ""
    return f"{counted(count, 'conversation')} {'is' if count == 1 else 'are'} here already."
