"""Reading one streamed answer in OpenAI's dialect, and in what servers make of it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from gantry.adapters.http.server_words import sentence_in
from gantry.adapters.openai.echo import EchoFilter
from gantry.adapters.openai.finish_reasons import Ending, ending_of, told_ending
from gantry.adapters.openai.reported import (
    BrokenAnswer,
    EndedEarly,
    ReportedError,
    is_error,
    named_error,
    says_something,
)
from gantry.adapters.openai.sse import DONE, ErrorEvent, Malformed, loose_json
from gantry.adapters.openai.template_marks import TemplateMarks
from gantry.adapters.openai.thinking import Piece, ThinkSplitter
from gantry.adapters.openai.thoughts import FIELDS as THOUGHT_FIELDS
from gantry.adapters.openai.thoughts import thought_in, thought_of, thoughts
from gantry.domain.catalog import Delta, Filtered, Progress, Recast, TextDelta, Truncated, UsageReport
from gantry.domain.live import Stage
from gantry.domain.text import Halves
from gantry.domain.token_counts import counts_of, told_in

_SHOWN = 200  # characters of what cannot be read
_MAX_DEPTH = 3  # of lists of events within a list


class AnswerReader:
    """Turns the values of one streamed answer into deltas.

    Attributes:
        finished: The server said plainly that the answer is complete: whatever happens now, it is.
        hinted: It gave a sign of the end that only counts when the stream ends as well.
        done: ``[DONE]`` was seen: nothing follows.
        begun: Something of the answer itself has come.
        remark: What the server said beside the answer, in case nothing else follows.
        oddity: The beginning of a value that said nothing at all.
    """

    __slots__ = (
        "_direct", "_echo", "_ending", "_ends_often", "_halves", "_in_pieces", "_marks", "_splitter", "_thought_halves", "_usage", "begun",
        "done", "finished", "hinted", "oddity", "remark",
    )  # fmt: skip

    def __init__(self, *, prefix: str = "") -> None:
        self.finished = False
        self.hinted = False
        self.done = False
        self.begun = False
        self.remark: Any = None
        self.oddity = ""
        self._usage: UsageReport | None = None
        self._ending: Ending | None = None
        self._echo = EchoFilter(prefix)
        self._splitter = ThinkSplitter()
        self._marks = TemplateMarks()
        self._ends_often = False  # the server calls every piece the last one
        self._halves = Halves()
        self._thought_halves = Halves()
        self._in_pieces = False
        self._direct = False  # echo and marks are through: the hot path

    def read(self, value: Any, depth: int = 0) -> Sequence[Delta]:
        """Return what one value of the stream says.

        Raises:
            BrokenAnswer: Not of the dialect; never once the answer is finished.
            ReportedError: The server gave an error instead; never once the answer is finished.
            EndedEarly: The server gave up; never once the answer is finished.
        """
        try:
            return self._read_event(value) if value.__class__ is dict else self._read_odd(value, depth)
        except (BrokenAnswer, ReportedError, EndedEarly):
            if not self.finished:
                raise
        except (ValueError, TypeError, AttributeError, KeyError, IndexError) as error:
            if not self.finished:
                raise BrokenAnswer(str(value)[:_SHOWN]) from error
        return ()

    def _read_odd(self, value: Any, depth: int) -> Sequence[Delta]:
        """Read what is no JSON object."""
        if value is DONE:
            self.done = self.finished = True
        elif isinstance(value, ErrorEvent):
            raise ReportedError(named_error(value.value))
        elif isinstance(value, Malformed):
            raise BrokenAnswer(value.raw[:_SHOWN].decode("utf-8", "replace"))
        elif isinstance(value, list) and depth < _MAX_DEPTH and any(isinstance(each, dict) for each in value):
            return [delta for each in value for delta in self.read(each, depth + 1)]
        elif isinstance(value, str) and isinstance(
            inner := loose_json(value.encode("utf-8", "replace")), dict
        ):
            return self._read_event(inner)  # packed twice
        else:
            self._note_oddity(value)
        return ()

    @property
    def wordless(self) -> bool:
        """Whether no answer came, and no reason for that, but something else that may tell."""
        if self.begun:
            return False
        return (self.remark is not None and self._ending in {None, Ending.STOP}) or (
            bool(self.oddity) and self._ending is None
        )

    def _note_oddity(self, value: Any) -> None:
        if not value:
            return
        self.oddity = self.oddity or json.dumps(value)[:_SHOWN]

    def end(self) -> list[Delta]:
        """Return what was held back, how it ended, and the usage; call once when the stream has ended."""
        held = self._echo.feed(self._halves.flush()) + self._echo.flush()
        deltas: list[Delta] = [*thoughts(self._thought_halves.flush())]
        deltas += self._unmarked([*self._splitter.feed(held), *self._splitter.flush()])
        if rest := self._marks.flush():
            deltas.append(TextDelta(rest))
        if self._ending is Ending.LENGTH:
            deltas.append(Truncated())
        elif self._ending is Ending.FILTER:
            deltas.append(Filtered())
        if self._usage is not None:  # kept to the end: some servers send a running count with every token
            deltas.append(self._usage)
        return deltas

    def _read_event(self, event: dict[str, Any]) -> Sequence[Delta]:
        choices = event.get("choices")
        if (error := event.get("error")) and says_something(error):
            raise ReportedError(error if choices else event)
        if "choices" not in event:
            return self._read_other(event)
        usage = event.get("usage") or event.get("x_groq")
        if usage:
            self._usage = told_in(event) or self._usage
        if choices:
            choice = _own(choices)
            if not self.begun and (read := _share_read(event.get("prompt_progress"))) is not None:
                return (Progress(Stage.THINKING, read), *self._read_choice(choice))
            return self._read_choice(choice)
        if not usage and is_error(event):
            raise ReportedError(event)
        self.hinted |= bool(usage) and self.begun  # the counts come last
        return ()

    def _read_other(self, event: dict[str, Any]) -> Sequence[Delta]:
        """Read what is no completion: Ollama's own lines, errors in other shapes, signs of life."""
        if isinstance(event.get("done"), bool) and (
            "message" in event or "response" in event or event["done"]
        ):
            return self._read_ollama(event)
        if is_error(event):
            raise ReportedError(event)
        if usage := event.get("usage"):
            self._usage = counts_of(usage) or self._usage
            self.hinted |= self.begun
        elif sentence_in(event):
            self.remark = (
                event  # a sign of life, or an error that does not say so: the end of the stream tells
            )
        else:
            self._note_oddity(event)
        return ()

    def _read_ollama(self, event: dict[str, Any]) -> Sequence[Delta]:
        message = event.get("message") or {
            "content": event.get("response"),
            "thinking": event.get("thinking"),
        }
        if event["done"]:
            self._usage = counts_of(event) or self._usage
        reason = (event.get("done_reason") or "stop") if event["done"] else None
        return self._read_choice({"delta": message, "finish_reason": reason})

    def _read_choice(self, choice: dict[str, Any]) -> Sequence[Delta]:
        delta = choice.get("delta") or self._whole_in(choice)
        if delta.__class__ is str:
            delta = {"content": delta}
        content = delta.get("content")
        reason = choice.get("finish_reason")
        if (
            self._direct
            and content
            and not reason
            and not self.finished
            and content.__class__ is str
            and content.isascii()
            and "<" not in content
        ):
            # The hot path: an ordinary token of an ordinary answer.
            apart = (
                delta.get("reasoning_content")
                or delta.get("reasoning")
                or delta.get("refusal")
                or delta.get("thinking")
            )
            held = self._halves.held or self._marks.held
            if not apart and not held and self._splitter.passes(content):
                return (TextDelta(content),)
        if (error := choice.get("error")) and says_something(error):
            raise ReportedError(error)
        found: list[Delta] = []
        text = self._words_in(delta, found) or (
            choice.get("text") or ""
        )  # of completions that are none of a chat
        if text:
            found += self._read_text(self._halves.feed(text))
            self._in_pieces |= bool(choice.get("delta"))
        if found or text:
            self.begun = True
        reason = reason or told_ending(choice)
        if reason and (ending := ending_of(reason)):
            self._usage = counts_of(choice.get("usage")) or self._usage
            self._note_ending(ending, reason, with_words=bool(text))
        return found

    def _whole_in(self, choice: dict[str, Any]) -> Any:
        """Return a whole answer; nothing when it came in pieces before, and is only said again."""
        message = choice.get("message") or {}
        self.hinted |= bool(message)
        return {} if self._in_pieces else message

    def _words_in(self, delta: dict[str, Any], found: list[Delta]) -> str:
        """Return the text of a piece; its thoughts are put into *found*."""
        content, refusal = delta.get("content"), delta.get("refusal")
        if isinstance(content, list | dict):
            content = self._read_parts(content if isinstance(content, list) else [content], found)
        elif content.__class__ in {int, float}:
            content = str(content)
        thoughts = (thought_of(delta.get(name)) for name in THOUGHT_FIELDS)
        if thought := next(filter(None, thoughts), ""):
            found += self._thought(thought)
        return (content or "") + (refusal if isinstance(refusal, str) else "")

    def _note_ending(self, ending: Ending, reason: object, *, with_words: bool) -> None:
        if ending is Ending.FAILURE:
            raise EndedEarly(str(reason))
        if self.finished and with_words and not self.done:
            self.finished, self._ends_often = False, True
        if ending is Ending.UNKNOWN or (with_words and self._ends_often and ending is Ending.STOP):
            self.hinted = True
            return
        self.finished = True
        if self._ending in {None, Ending.STOP}:
            self._ending = ending

    def _read_text(self, content: str) -> Sequence[Delta]:
        if self._direct and self._splitter.passes(content):
            return self._unmarked([TextDelta(content)])
        found = self._splitter.feed(self._echo.feed(content))
        self._direct = self._echo.settled and self._splitter.settled
        return self._unmarked(found)

    def _unmarked(self, pieces: Sequence[Piece]) -> list[Delta]:
        """Return *pieces* without what a chat template puts around an answer."""
        found: list[Delta] = []
        for piece in pieces:
            if isinstance(piece, Recast):
                self._marks = TemplateMarks()  # what it held is part of the thought
            if not isinstance(piece, TextDelta):
                found.append(piece)
            elif text := self._marks.feed(piece.text):
                found.append(TextDelta(text))
        return found

    def _thought(self, text: str) -> Sequence[Delta]:
        """Read thought that the server itself tells from the answer."""
        self._splitter.trust()
        return thoughts(self._thought_halves.feed(text))

    def _read_parts(self, parts: list[Any], found: list[Delta]) -> str:
        """Read content given as parts, as Mistral's thinking models do; return the text among them."""
        text = ""
        for part in parts:
            if isinstance(part, str):
                text += part
            elif part.get("type") in {"thinking", "reasoning"}:
                found += self._thought(thought_in(part))
            else:
                text += part.get("text") or part.get("refusal") or ""
        return text


def _own(choices: list[Any]) -> Any:
    """Return the first of several answers: one was asked for, and what belongs to another would be mixed into it."""
    first = choices[0]
    if first.__class__ is dict and not first.get("index"):
        return first
    some = [each for each in choices if isinstance(each, dict)]
    if not some:
        return {} if first is None else first
    return next((each for each in some if not each.get("index")), some[0])


def _share_read(progress: Any) -> int | None:
    """Return how much of a prompt llama.cpp has read, in per cent; None when that is all, or none of it."""
    if not isinstance(progress, Mapping):
        return None
    read, total = progress.get("processed"), progress.get("total")
    if not isinstance(read, int) or not isinstance(total, int) or not 0 < read < total:
        return None
    return 100 * read // total
