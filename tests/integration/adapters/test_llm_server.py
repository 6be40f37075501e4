"""The scripted model server as browser tests and the benchmark use it."""

import subprocess
import sys
from typing import Any

import httpx
import pytest

from tests.parts.llm_server import Script, ServerThread


def ask(url: str, text: str, model: str = "scripted") -> Any:
    body = {"model": model, "messages": [{"role": "user", "content": text}]}
    return httpx.post(f"{url}/chat/completions", json=body, trust_env=False).raise_for_status().json()


def said(answer: Any) -> str:
    return answer["choices"][0]["message"]["content"]


def test_thread_serves_tests_that_block() -> None:
    """Without a loop of its own a test can ask, wait and read what was recorded."""
    thread = ServerThread(Script(text="Hi."))
    with thread as server:
        assert said(ask(server.url, "Hello?")) == "Hi."
        assert thread.run(server.wait_requests(1)).body["messages"][0]["content"] == "Hello?"
        (record,) = httpx.get(f"{server.origin}/_record", trust_env=False).json()
    assert record["completed_at"] >= record["at"]


def test_script_is_chosen_by_marker_queue_model_function_default() -> None:
    """Each way to choose a script gives way to the ones before it."""
    with ServerThread(
        Script(text="default"),
        scripts={"named": Script(text="by marker"), "m": Script(text="by model")},
        respond=lambda request: Script(text="by function") if request.body["model"] == "f" else None,
    ) as server:
        server.enqueue(Script(text="by queue"))
        asked = [("[[script:named]]", "m"), ("x", "m"), ("x", "m"), ("x", "f"), ("x", "other")]
        answers = [said(ask(server.url, text, model)) for text, model in asked]
    assert answers == ["by marker", "by queue", "by model", "by function", "default"]


def test_token_times_are_recorded() -> None:
    """Each token of a stream has the time at which it was sent, no faster than the rate."""
    with ServerThread() as server:
        body = {"stream": True, "messages": [{"role": "user", "content": "[[tokens:20]] [[rate:200]]"}]}
        stream = httpx.post(f"{server.url}/chat/completions", json=body, trust_env=False).text
        request = server.last
    assert stream.endswith("data: [DONE]\n\n")
    assert len(request.token_times) == 20
    assert request.token_times[-1] - request.at >= 19 / 200


@pytest.mark.slow
def test_stands_alone() -> None:
    """Started as a program it prints its address and answers there."""
    command = [sys.executable, "-m", "tests.parts.llm_server", "--port", "0", "--tokens", "7", "--rate", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            assert ask(url, "Hello?")["usage"]["completion_tokens"] == 7
        finally:
            process.terminate()
