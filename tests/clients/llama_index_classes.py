"""LlamaIndex's classes for OpenAI's dialect with Gantry as their server. Prints what they saw; tests/integration/clients compares it."""

import json
import os
import time

import openai
from llama_index.core.base.llms.types import ChatMessage, ImageBlock, TextBlock
from llama_index.core.tools import FunctionTool
from llama_index.embeddings.openai_like import OpenAILikeEmbedding
from llama_index.llms.openai_like import OpenAILike
from pydantic import BaseModel

SERVER = {"api_base": os.environ["GANTRY"] + "/v1", "api_key": os.environ["TOKEN"], "max_retries": 0}
CHAT = {"is_chat_model": True, "is_function_calling_model": True, "context_window": 32_000}


class City(BaseModel):
    """A city."""

    city: str


def weather(place: str) -> str:
    """Tell the weather."""
    return "rain"


def asked(text: str) -> list[ChatMessage]:
    """Return a question."""
    return [ChatMessage(role="user", content=text)]


def model(**other: str) -> OpenAILike:
    """Return a model."""
    return OpenAILike(**{**SERVER, **CHAT, "model": os.environ["MODEL"], **other})


def fault(text: str, **other: str) -> str:
    """Return the class of what goes wrong, as far as it is OpenAI's."""
    try:
        model(**other).chat(asked(text))
    except openai.OpenAIError as error:
        return type(error).__name__
    return "none"


chat = model()
seen = {"models": [each.id for each in chat._get_client().models.list()]}
seen["chat"] = chat.chat(asked("[[script:hello]]")).message.content
pieces = list(chat.stream_chat(asked("[[script:hello]]"), stream_options={"include_usage": True}))
usage = max((piece.raw.usage.total_tokens for piece in pieces if piece.raw.usage), default=0)
seen["stream"] = {"text": pieces[-1].message.content, "counted": usage > 0}

tool = FunctionTool.from_defaults(weather)
first = chat.chat_with_tools([tool], user_msg="Weather in Oslo?")
call = chat.get_tool_calls_from_response(first)[0]
result = ChatMessage(role="tool", content="rain", additional_kwargs={"tool_call_id": call.tool_id})
history = [*asked("Weather in Oslo?"), first.message, result]
final = chat.chat_with_tools([tool], chat_history=history).message.content
seen["tools"] = {"name": call.tool_name, "arguments": call.tool_kwargs, "final": final}

blocks = [TextBlock(text="[[script:hello]]"), ImageBlock(url=os.environ["PICTURE"])]
seen["picture"] = chat.chat([ChatMessage(role="user", blocks=blocks)]).message.content
structured = model(should_use_structured_outputs="true").as_structured_llm(City)
seen["json"] = structured.chat(asked("[[script:city]]")).raw.model_dump()

embedder = OpenAILikeEmbedding(model_name="gantry/embeddings", **SERVER)
seen["embeddings"] = [len(each) for each in embedder.get_text_embedding_batch(["a lighthouse", "a harbour"])]
seen["errors"] = {
    "model": fault("x", model="nobody/none"),
    "token": fault("x", api_key="none"),
    "rate": fault("[[script:busy]]"),
}
stream = chat.stream_chat(asked("[[script:endless]]"))
next(stream)
stream.close()
print(json.dumps(seen), flush=True)
time.sleep(0.5)  # the server is to see it from the line, not from our end
