"""How a question is asked in OpenAI's dialect, and in what the kinds of servers add to it."""

from base64 import b64encode
from typing import Any

from gantry.domain.catalog import ChatRequest, ChatTurn, ConnectionKind
from gantry.domain.parameters import Effort

CONTINUING_KINDS = frozenset(
    {ConnectionKind.VLLM, ConnectionKind.LLAMACPP, ConnectionKind.OLLAMA, ConnectionKind.TABBY}
)


def request_body(request: ChatRequest, kind: ConnectionKind) -> dict[str, Any]:
    """Return the JSON body that asks *request* of a server of *kind*."""
    messages = [{"role": turn.role, "content": _content(turn)} for turn in request.turns]
    body: dict[str, Any] = {
        "model": request.model,
        "messages": messages,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    wishes = {
        "temperature": request.temperature,
        "top_p": request.top_p,
        "seed": request.seed,
        "max_tokens": request.max_tokens,
        "reasoning_effort": request.reasoning_effort and request.reasoning_effort.value,
        "stop": list(request.stop) or None,
    }
    body |= {name: wish for name, wish in wishes.items() if wish is not None}
    if kind is ConnectionKind.LLAMACPP:
        body["return_progress"] = True  # how far it has read a long prompt
    if request.reasoning_effort and kind is ConnectionKind.LLAMACPP:
        body["chat_template_kwargs"] = _thinking(request.reasoning_effort)
    if request.continue_last:
        _ask_to_continue(body, kind)
    return body


def _content(turn: ChatTurn) -> str | list[dict[str, Any]]:
    if not turn.pictures:
        return turn.content
    shown = [
        {
            "type": "image_url",
            "image_url": {"url": f"data:{each.media_type};base64,{b64encode(each.data).decode()}"},
        }
        for each in turn.pictures
    ]
    return [{"type": "text", "text": turn.content}, *shown]


def _thinking(effort: Effort) -> dict[str, Any]:
    """Say it to a chat template, which knows either of the two or ignores both."""
    return {"enable_thinking": False} if effort is Effort.NONE else {"reasoning_effort": effort.value}


def _ask_to_continue(body: dict[str, Any], kind: ConnectionKind) -> None:
    """Say in the words of *kind* that the last assistant turn is unfinished."""
    if kind is ConnectionKind.VLLM:
        body.update(continue_final_message=True, add_generation_prompt=False)
    elif kind is ConnectionKind.TABBY:
        # Only newer versions know continue_final_message, all know the prefix; it follows the generation prompt.
        body["response_prefix"] = body["messages"].pop()["content"]
    elif kind is ConnectionKind.LLAMACPP:
        # A trailing assistant turn is continued as it is, but refused while the template may still think.
        body["chat_template_kwargs"] = body.get("chat_template_kwargs", {}) | {"enable_thinking": False}
