"""Reading what servers say when they refuse."""

import pytest

from gantry.adapters.openai_errors import ServerFaults, context_limit, server_message
from gantry.domain.catalog import ConnectionKind, ConnectionOrigin, ConnectionSpec
from gantry.domain.errors import ContextTooLong, ModelFault

TOO_LONG = [
    ("This model's maximum context length is 8192 tokens. However, you requested 9000 tokens", 8192),
    (
        "You passed 4097 input tokens. However, the model's context length is only 4096 tokens, resulting in",
        4096,
    ),
    (
        "'max_tokens' is too large: 2000. This model's maximum context length is 4096 tokens and your request",
        4096,
    ),
    ("the request exceeds the available context size (256 tokens), try increasing it", 256),
    ("Prompt length 9000 exceeds the available context size of 8192 tokens", 8192),
    ("Request length 71599 + 2048 is greater than max_seq_len 65536", 65536),
    (
        "Trying to keep the first 9 tokens. However, the model is loaded with context length of only 4096 tokens",
        4096,
    ),
    ("Cannot truncate prompt with n_keep (15028) >= n_ctx (7424)", 7424),
    ("Requested tokens (2285) exceed context window of 2048", 2048),
    ("prompt is too long: 205000 tokens > 200000 maximum", 200000),
    ("Prompt contains 40000 tokens, too large for model with 32,768 maximum context length", 32768),
    ("The input token count exceeds the maximum number of tokens allowed (1048576).", 1048576),
]


@pytest.mark.parametrize(("message", "length"), TOO_LONG)
def test_lengths_in_the_words_of_servers(message: str, length: int) -> None:
    """The context length is found in the usual sentences about prompts that are too long."""
    assert context_limit(message) == (True, length)


@pytest.mark.parametrize(
    "message", ["max_tokens must be at most 4096", "model not found", "context is everything", ""]
)
def test_other_refusals_are_not_about_length(message: str) -> None:
    """A refusal that merely holds a number or the word is not about the context."""
    assert context_limit(message) == (False, None)


def test_codes_tell_without_a_sentence() -> None:
    """OpenAI's and llama.cpp's codes are enough, and llama.cpp gives the length beside them."""
    assert context_limit("too big", {"code": "context_length_exceeded"}) == (True, None)
    assert context_limit("", {"type": "exceed_context_size_error", "n_ctx": 4096}) == (True, 4096)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"error":{"message":"No such key","type":"x"}}', "No such key"),
        (b'{"error":"model not found"}', "model not found"),
        (b'{"detail":"Not found"}', "Not found"),
        (b'{"detail":[{"loc":["body"],"msg":"field required"}]}', "field required"),
        (b'{"object":"error","message":"Too many","code":40301}', "Too many"),
        (b"<!doctype html><html><head><title>502 Bad\n Gateway</title></head>x</html>", "502 Bad Gateway"),
        (b"<p>Really &lt;bad&gt;</p><script>alert(1)</script>", "Really <bad>"),
        (b"upstream connect error", "upstream connect error"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"[]", ""),
        (b"", ""),
    ],
)
def test_messages_in_all_shapes(body: bytes, message: str) -> None:
    """The server's sentence is found in JSON of any usual shape, in HTML and in plain text."""
    assert server_message(body) == message


def faults(key: str | None = None) -> ServerFaults:
    url = "https://user:pass@example.org:8443/deep/v1"
    return ServerFaults(
        ConnectionSpec("rig", "Our rig", ConnectionKind.OPENAI, url, ConnectionOrigin.STORED, key)
    )


def test_no_key_in_any_message() -> None:
    """Neither the key, nor what looks like one, nor a password in the address is shown."""
    body = b'{"error":{"message":"Bad key my.own+key, not sk-proj-abcdef123456"}}'
    refused = faults("my.own+key").answered(401, {}, body)
    assert refused.details == "Bad key …, not …"
    assert "pass" not in faults().unreachable().advice
    assert "example.org:8443" in faults().unreachable().advice


def test_length_counts_only_where_it_can_be_meant() -> None:
    """A wrong key stays a wrong key, whatever else the message mentions."""
    body = b'{"error":"context length is 10"}'
    assert faults().answered(401, {}, body).fault is ModelFault.NOT_AUTHORISED
    assert isinstance(faults().answered(400, {}, body), ContextTooLong)


def test_details_are_cut() -> None:
    """However much a server says, 2,000 characters of it are kept."""
    assert len(faults().answered(500, {}, b"x " * 5000).details) <= 2000
