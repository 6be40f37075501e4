"""LangChain's classes for OpenAI with Gantry as their server. Prints what they saw as JSON; tests/integration/clients compares it."""

import json
import os
import time
from importlib.util import find_spec

import openai
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel

SERVER = {"base_url": os.environ["GANTRY"] + "/v1", "api_key": os.environ["TOKEN"], "max_retries": 0}
MODEL = os.environ["MODEL"]


class City(BaseModel):
    """A city."""

    city: str


@tool
def weather(place: str) -> str:
    """Tell the weather."""
    return "rain"


def fault(text: str, **other: str) -> str:
    """Return the class of what goes wrong, as far as it is OpenAI's."""
    try:
        ChatOpenAI(**{**SERVER, "model": MODEL, **other}).invoke(text)
    except openai.OpenAIError as error:
        kinds = (openai.NotFoundError, openai.AuthenticationError, openai.RateLimitError)
        return next((kind.__name__ for kind in kinds if isinstance(error, kind)), type(error).__name__)
    return "none"


chat = ChatOpenAI(model=MODEL, stream_usage=True, **SERVER)
seen = {"models": [model.id for model in chat.root_client.models.list()]}
seen["chat"] = chat.invoke("[[script:hello]]").content
whole = None
for chunk in chat.stream("[[script:hello]]"):
    whole = chunk if whole is None else whole + chunk
seen["stream"] = {"text": whole.content, "counted": whole.usage_metadata["total_tokens"] > 0}

armed = chat.bind_tools([weather])
question = HumanMessage("Weather in Oslo?")
called = armed.invoke([question])
call = called.tool_calls[0]
result = ToolMessage(weather.invoke(call["args"]), tool_call_id=call["id"])
final = armed.invoke([question, called, result]).content
seen["tools"] = {"name": call["name"], "arguments": call["args"], "final": final}

picture = {"type": "image_url", "image_url": {"url": os.environ["PICTURE"]}}
seen["picture"] = chat.invoke([HumanMessage([{"type": "text", "text": "[[script:hello]]"}, picture])]).content
seen["json"] = chat.with_structured_output(City).invoke("[[script:city]]").model_dump()

# It sends numbers of tokens, for which it needs a vocabulary that tiktoken would fetch: LlamaIndex brings it along.
index = find_spec("llama_index.core").submodule_search_locations[0]
os.environ["TIKTOKEN_CACHE_DIR"] = f"{index}/_static/tiktoken_cache"
embedder = OpenAIEmbeddings(model="gantry/embeddings", **SERVER)
texts = ["a lighthouse", "ein Hafen für 李雷 🚢"]
vectors = embedder.embed_documents(texts)
seen["embeddings"] = [len(each) for each in vectors]
plain = embedder.client.create(model="gantry/embeddings", input=texts).data
for one, other in zip(vectors, plain, strict=True):
    assert max(abs(a - b) for a, b in zip(one, other.embedding, strict=True)) < 1e-5
seen["errors"] = {
    "model": fault("x", model="nobody/none"),
    "token": fault("x", api_key="none"),
    "rate": fault("[[script:busy]]"),
}
stream = chat.stream("[[script:endless]]")
next(stream)
stream.close()
print(json.dumps(seen), flush=True)
time.sleep(0.5)  # the server is to see it from the line, not from our end
