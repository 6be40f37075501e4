"""Programs that leave before the answer has reached them."""

import asyncio
from typing import Any
from uuid import UUID

import orjson
import pytest

from gantry.api.app import create_api
from gantry.api.guard import Guard
from gantry.domain.api_tokens import Scope
from gantry.runtime import installed
from tests.parts.llm_server import Script, markdown_answer
from tests.parts.stack import Stack, all_messages


class LeavingClient:
    """A client whose connection takes nothing of the response, and that goes when its head is to be sent."""

    def __init__(self, body: dict[str, Any]) -> None:
        self._body = orjson.dumps(body)
        self._asked = False
        self._gone = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        """Tell the request, then that the client has gone."""
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": self._body, "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, _message: Any) -> None:
        """Wait for room that never comes, as a server does whose client reads nothing."""
        self._gone.set()
        await asyncio.Event().wait()


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses"])
async def test_a_client_that_leaves_at_the_head_of_the_response_leaves_nothing(
    stack: Stack, path: str
) -> None:
    """Its place is free again, and so is the model server, although nobody has read a word of the answer."""
    made = await stack.services.api_tokens.create(stack.who, "Leaver", [Scope.CHAT])
    stack.llm.enqueue(Script(markdown_answer(100_000), tokens_per_second=50))
    client = LeavingClient({
        "model": "openai/scripted", "stream": True, "input": "hello", "messages": [{"role": "user", "content": "hello"}],
    })  # fmt: skip
    headers = [(b"authorization", f"Bearer {made.secret}".encode()), (b"host", b"127.0.0.1")]
    scope = {
        "type": "http", "http_version": "1.1", "method": "POST", "path": path, "raw_path": path.encode(), "root_path": "",
        "scheme": "http", "query_string": b"", "headers": headers, "client": ("127.0.0.1", 5), "server": ("127.0.0.1", 80),
    }  # fmt: skip
    with installed(stack.services):
        async with asyncio.timeout(10):
            await Guard(create_api(), page_policy="default-src 'self'")(scope, client.receive, client.send)  # type: ignore[arg-type]
        request = await stack.llm.wait_requests(1)
        assert stack.services.programs.open_requests == 0
        async with asyncio.timeout(2):
            while request.disconnected_at is None:
                await asyncio.sleep(0.02)
        await stack.services.api_tokens.settle()


async def test_an_answer_that_is_whole_is_stored_as_whole(stack: Stack) -> None:
    """Programs close the stream at the model's last word, before what we say after it."""
    stack.llm.enqueue(Script(text="Four."))
    answer = await stack.services.programs.chat(stack.who, question())
    told = b""
    async for piece in answer.pieces:
        told += piece
        if b'"finish_reason":"stop"' in told.replace(b": ", b":"):
            break
    await answer.aclose()
    assert b"[DONE]" not in told
    await stack.services.programs.exchanges.settle()
    [listed] = await stack.services.conversations.list_conversations(stack.who)
    assert await stored(stack, listed.conversation.id) == ["complete: What is 2 + 2?", "complete: Four."]


async def test_an_answer_is_stored_although_the_program_leaves_meanwhile(stack: Stack) -> None:
    """The database was slow, and the client did not wait for it: what it has read is there, once."""
    thread = await stack.services.conversations.create(stack.who, title="Sums")
    stack.llm.enqueue(Script(text="Four."))
    programs = stack.services.programs
    answer = await programs.chat(stack.who, question(gantry={"conversation_id": str(thread.id)}))

    async def read() -> None:
        async for _piece in answer.pieces:
            pass

    async with asyncio.timeout(10), stack.database.begin() as tx:
        await tx.chat.change_conversation(thread.id, pinned=True)  # whoever stores something there waits
        reading = asyncio.create_task(read())
        while not programs.exchanges._keeping:
            await asyncio.sleep(0.02)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        await answer.aclose()
    await programs.exchanges.settle()
    assert programs.open_requests == 0
    assert await stored(stack, thread.id) == ["complete: What is 2 + 2?", "complete: Four."]


def question(**more: Any) -> dict[str, Any]:
    """Return what is asked, to be stored."""
    asked = {"role": "user", "content": "What is 2 + 2?"}
    return {"model": "openai/scripted", "messages": [asked], "stream": True, "store": True, **more}


async def stored(stack: Stack, conversation: UUID) -> list[str]:
    """Return the messages of a conversation, each with how it ended."""
    _thread, messages = await all_messages(stack.services, stack.who, conversation)
    return [f"{each.status.value}: {each.content}" for each in messages]
