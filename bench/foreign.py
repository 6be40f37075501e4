"""An export of ChatGPT of any size: conversations as long as people's are, answers of several paragraphs, every field it writes."""

import json
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Any

_VOCABULARY = 60_000
_SENTENCES = 40_000
_LITTLE = (  # noqa: SIM905 - a list of these would fill a page
    "the of and to a in is that for it as with on be at by this from or are an was not have which you can will if has but"
    " more one all their when there than so into its your then other some would what about each how these no them"
).split()
_BEGAN = 1_672_531_200.0
_MODELS = ("gpt-4o", "gpt-5", "o3-mini", "gpt-5-thinking")


class Author:
    """Writes conversations; the same ones each time."""

    def __init__(self) -> None:
        self._dice = Random(11)
        syllables = [a + b for a in "bcdfghklmnprstvw" for b in ("a", "e", "i", "o", "u", "ar", "en", "ist")]
        rare = [
            "".join(self._dice.choices(syllables, k=self._dice.randint(2, 4))) for _ in range(_VOCABULARY)
        ]
        words = [*_LITTLE, *rare]
        weights = list(accumulate(1 / (rank + 8) for rank in range(len(words))))
        self._sentences = [
            " ".join(self._dice.choices(words, cum_weights=weights, k=self._dice.randint(6, 22))).capitalize()
            + "."
            for _ in range(_SENTENCES)
        ]

    def conversation(self, number: int) -> tuple[dict[str, Any], int]:
        """Return a conversation, and how many messages of it are shown."""
        dice = self._dice
        turns = max(1, min(200, round(dice.lognormvariate(1.4, 0.9))))
        at = _BEGAN + 3000.0 * number
        root, top = self._id(), self._id()
        mapping = {
            root: {"id": root, "message": None, "parent": None, "children": [top]},
            top: self._node(top, root, "system", [""], at, hidden=True),
        }
        above, shown, model = top, 0, dice.choice(_MODELS)
        for _turn in range(turns):
            at += dice.uniform(20, 400)
            question = self._id()
            mapping[question] = self._node(question, above, "user", [self._question()], at)
            mapping[above]["children"].append(question)
            shown += 1
            for _again in range(1 + (dice.random() < 0.06)):  # answers that were asked for anew
                above = self._id()
                mapping[above] = self._node(
                    above, question, "assistant", [self._answer()], at + 9, model=model
                )
                mapping[question]["children"].append(above)
                shown += 1
        told = {
            "title": self._sentence()[:40],
            "create_time": _BEGAN + 3000.0 * number,
            "update_time": at,
            "mapping": mapping,
            "moderation_results": [],
            "current_node": above,
            "plugin_ids": None,
            "conversation_template_id": None,
            "gizmo_id": None,
            "is_archived": dice.random() < 0.1,
            "is_starred": None,
            "default_model_slug": model,
            "conversation_id": self._id(),
        }
        return told, shown

    def _node(
        self,
        key: str,
        parent: str,
        role: str,
        parts: list[str],
        at: float,
        *,
        hidden: bool = False,
        model: str = "",
    ) -> dict[str, Any]:
        about: dict[str, Any] = {"request_id": key[:18], "timestamp_": "absolute", "message_type": None}
        if hidden:
            about = {"is_visually_hidden_from_conversation": True}
        elif model:
            about |= {
                "model_slug": model,
                "default_model_slug": model,
                "parent_id": parent,
                "citations": [],
                "content_references": [],
                "finish_details": {"type": "stop", "stop_tokens": [200002]},
                "is_complete": True,
            }
        message = {
            "id": key,
            "author": {"role": role, "name": None, "metadata": {}},
            "create_time": at,
            "update_time": None,
            "content": {"content_type": "text", "parts": parts},
            "status": "finished_successfully",
            "end_turn": True if model else None,
            "weight": 0.0 if hidden else 1.0,
            "metadata": about,
            "recipient": "all",
            "channel": None,
        }
        return {"id": key, "message": message, "parent": parent, "children": []}

    def _question(self) -> str:
        return " ".join(self._some(self._dice.choice((1, 1, 2, 3, 12))))

    def _answer(self) -> str:
        dice, blocks = self._dice, list[str]()
        for _ in range(dice.choice((1, 2, 3, 4, 6, 9))):
            kind = dice.random()
            if kind < 0.2:
                blocks.append(
                    "\n".join(f"- **{self._sentence()[:20]}** {self._sentence()}" for _ in range(4))
                )
            elif kind < 0.27:
                lines = [
                    f"{self._sentence()[:9].strip().lower()} = {dice.randint(1, 9999)}" for _ in range(8)
                ]
                blocks.append("\n".join(["```python", *lines, "```"]))
            else:
                blocks.append(" ".join(self._some(dice.randint(2, 6))))
        return "\n\n".join(blocks)

    def _some(self, count: int) -> list[str]:
        return self._dice.choices(self._sentences, k=count)

    def _sentence(self) -> str:
        return self._dice.choice(self._sentences)

    def _id(self) -> str:
        made = f"{self._dice.getrandbits(128):032x}"
        return f"{made[:8]}-{made[8:12]}-{made[12:16]}-{made[16:20]}-{made[20:]}"


def write_export(path: Path, megabytes: float) -> tuple[int, int]:
    """Write an export of about that size; returns how many conversations it has, and messages that are shown."""
    conversations = messages = 0
    with path.open("w") as file:
        file.write("[")
        for told, shown in _conversations():
            if file.tell() >= megabytes * 1_000_000:
                break
            file.write(("," if conversations else "") + json.dumps(told))
            conversations += 1
            messages += shown
        file.write("]")
    return conversations, messages


def _conversations() -> Iterator[tuple[dict[str, Any], int]]:
    author, number = Author(), 0
    while True:
        yield author.conversation(number)
        number += 1
