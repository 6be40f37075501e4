"""How a question is asked in OpenAI's dialect, and in what the kinds of servers add to it."""

from typing import Any

from gantry.domain.catalog import ChatRequest, ConnectionKind

CONTINUING_KINDS = frozenset(
    {ConnectionKind.VLLM, ConnectionKind.LLAMACPP, ConnectionKind.OLLAMA, ConnectionKind.TABBY}
)


def request_body(request: ChatRequest, kind: ConnectionKind) -> dict[str, Any]:
    """Return the JSON body that asks *request* of a server of *kind*."""
    messages = [{"role": turn.role, "content": turn.content} for turn in request.turns]
    body: dict[str, Any] = {
        "model": request.model,
        "messages": messages,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.max_tokens is not None:
        body["max_tokens"] = request.max_tokens
    if request.continue_last:
        _ask_to_continue(body, kind)
    return body


def _ask_to_continue(body: dict[str, Any], kind: ConnectionKind) -> None:
    """Say in the words of *kind* that the last assistant turn is unfinished."""
    if kind is ConnectionKind.VLLM:
        body.update(continue_final_message=True, add_generation_prompt=False)
    elif kind is ConnectionKind.TABBY:
        # Only newer versions know continue_final_message, all know the prefix; it follows the generation prompt.
        body["response_prefix"] = body["messages"].pop()["content"]
    elif kind is ConnectionKind.LLAMACPP:
        # A trailing assistant turn is continued as it is, but refused while the template may still think.
        body["chat_template_kwargs"] = {"enable_thinking": False}
