"""Prompts that are too long, in every vendor's words."""

import pytest

from gantry.adapters.http.server_words import Words
from gantry.adapters.openai.context_lengths import context_limit

TOO_LONG = [
    ("max tokens of 3000 exceeded", 3000),
    ("Keep the number of prompt tokens within 3000", 3000),
    ("model context limit is 3000, got 5000", 3000),
    ("The sequence is too long for this model: 5000 > 3000", 3000),
    ("5000 tokens requested but the limit is 3000", 3000),
    ("This deployment only supports 3000 input tokens", 3000),
    ("The length of the input, 5000, should be less than 3000", 3000),
    ("超过了最大长度限制 3000", 3000),
    ("KV cache is full", None),
    ("prompt token count of 9000 exceeds the limit of 8192", 8192),
    ("The number of prompt tokens (9000) is larger than the limit 8192.", 8192),
    ("The length of prompt_tokens (9000) must be less than max_seq_len (8192).", 8192),
    ("max_tokens must be at least 1, got -87.", None),
    ("We take prompts up to 8192 tokens; yours has 9000", 8192),
    ("Your prompt is 9000 tokens; the context holds 8192.", 8192),
    ("9000 tokens, but the limit for prompts is 8192 tokens", 8192),
    ("The message you sent was too long, send something shorter.", None),
    ("sequence length (9000) > max_position_embeddings (8192)", 8192),
    ("Keep the prompt so that its number of tokens is under 8192", 8192),
    ("Prompt exceeds the capacity of the cache: 9000 tokens, capacity 8192", 8192),
    ("输入长度超过最大限制 8192", 8192),
    ("This model's maximum context length is 8192 tokens. However, you requested 9000 tokens", 8192),
    (
        "You passed 4097 input tokens and requested 100 output tokens. However, the model's context length is only 4096 tokens, resulting in a maximum input length of 3996 tokens.",
        4096,
    ),
    (
        "'max_tokens' is too large: 2000. This model's maximum context length is 4096 tokens and your request",
        4096,
    ),
    ("the request exceeds the available context size (256 tokens), try increasing it", 256),
    ("request (9000 tokens) exceeds the available context size (4096 tokens), try increasing it", 4096),
    ("Prompt length 9000 exceeds the available context size of 8192 tokens", 8192),
    ("Request length 71599 + 2048 is greater than max_seq_len 65536", 65536),
    ("Context length 9000 is greater than max_seq_len 4096. Please restart", 4096),
    (
        "Trying to keep the first 9 tokens. However, the model is loaded with context length of only 4096 tokens",
        4096,
    ),
    (
        "The number of tokens to keep from the initial prompt is greater than the context length. Try to load the model with a larger context length",
        None,
    ),
    ("Cannot truncate prompt with n_keep (15028) >= n_ctx (7424)", 7424),
    ("Requested tokens (2285) exceed context window of 2048", 2048),
    ("prompt is too long: 205000 tokens > 200000 maximum", 200000),
    (
        "input length and `max_tokens` exceed context limit: 198000 + 8192 > 200000, decrease input length or `max_tokens` and try again",
        200000,
    ),
    ("Prompt contains 40000 tokens, too large for model with 32,768 maximum context length", 32768),
    (
        "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
        32768,
    ),
    ("The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).", 1048576),
    (
        "Unable to submit request because the input token count is 32785 but model only supports up to 32768. Reduce the input token count",
        32768,
    ),
    (
        "too many tokens: size limit exceeded by 1234 tokens. Try using shorter or fewer inputs. The limit for this model is 128000 tokens.",
        128000,
    ),
    ("Please reduce the length of the messages or completion.", None),
    (
        "Please reduce the length of the messages or completion. Current length is 9000 while limit is 8192",
        8192,
    ),
    (
        "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8193. Given: 9000 `inputs` tokens and 512 `max_new_tokens`",
        8193,
    ),
    ("Input validation error: `inputs` must have less than 4096 tokens. Given: 9000", 4096),
    ("The prompt is too long: 9000, model maximum context length: 8192", 8192),
    ("This model's maximum prompt length is 131072 but the request contains 140000 tokens.", 131072),
    ("Range of input length should be [1, 30720]", 30720),
    ("<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 129024]", 129024),
    ("The decoder prompt (length 9000) is longer than the maximum model length of 4096. Make sure", 4096),
    ("The input (9000 tokens) is longer than the model's context length (4096 tokens).", 4096),
    (
        "Requested token count exceeds the model's maximum context length of 4096 tokens. You requested a total of 9000 tokens: 8000 tokens from the input messages and 1000 tokens for the completion.",
        4096,
    ),
    (
        "Input length (9000 tokens) exceeds the maximum allowed length (4090 tokens). Use a shorter input or enable --allow-auto-truncate.",
        4090,
    ),
    ("Prompt length (9000) exceeds maximum input length (4096)", 4096),
    ("the input length exceeds the context length", None),
    ("input length exceeds maximum context length", None),
    (
        "litellm.ContextWindowExceededError: ContextWindowExceededError: OpenAIException - this is a mock",
        None,
    ),
    (
        "litellm.BadRequestError: litellm.ContextWindowExceededError: litellm.BadRequestError: OpenAIException - This model's maximum context length is 16385 tokens. However, your messages resulted in 20000 tokens.",
        16385,
    ),
    ("Input is too long for requested model.", None),
    ("too many input tokens. Max input tokens: 8192, request input token count: 9000", 8192),
    ("Your request exceeded model token limit: 8192 (requested: 9000)", 8192),
    ("invalid params, context window exceeds limit (2013)", None),
    ("Prompt exceeds max length", None),
    ("Total tokens of image and text exceed max message tokens", None),
    ("Input length 33000 exceeds the maximum length 32768", 32768),
    ("Request body too large for gpt-4o model. Max size: 8000 tokens.", 8000),
    ("Your input exceeds the context window of this model. Please adjust your input and try again.", None),
    (
        "Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 300000 tokens.",
        272000,
    ),
    (
        "This endpoint's maximum context length is 32768 tokens. However, you requested about 40000 tokens (39000 of text input, 1000 in the output).",
        32768,
    ),
    ("The sum of prompt length (9000.0), query length (0) should not exceed max_num_tokens (8192)", 8192),
    ("Input prompt (9000 tokens) is too long and exceeds limit of 4096", 4096),
    ("Total sequence length exceeds cache size in model.forward", None),
    ("Context length exceeded: 9000 tokens, limit 8192", 8192),
    ("prompt has 9000 tokens, but the model's context window is 8192 tokens", 8192),
    ("Prompt 超长", None),
]
OTHERS = [
    "model limit exceeded: you may use 3 models",
    "max_tokens must be at least 1, got 0.",
    "max_tokens must be at most 4096",
    "model not found",
    "context is everything",
    "",
    "Rate limit reached for gpt-4 on tokens per min (TPM): Limit 10000, Used 9000, Requested 2000",
    "Request too large for model `x` in organization `o` on tokens per minute (TPM): Limit 6000, Requested 9000, please reduce your message size and try again.",
    "max_tokens is too large: 5000. This model supports at most 4096 completion tokens, whereas you provided 5000.",
    "Range of max_tokens should be [1, 8192]",
    "max_tokens: 100000 > 8192, which is the maximum allowed number of output tokens for claude",
    "`max_new_tokens` must be <= 512. Given: 1200",
    "Invalid 'messages[0].content': string too long. Expected a string with maximum length 10485760, but got a string with length 20000000 instead.",
    "You exceeded your current quota, please check your plan",
    "Quota exceeded for quota metric 'tokens' and limit 'tokens per minute'",
    "The image is too large: 30 MB, the maximum is 20 MB",
    "temperature must be less than 2",
    "n must be at most 1",
    "Input should be less than or equal to 2",
    "Extra inputs are not permitted",
]


@pytest.mark.parametrize(("message", "length"), TOO_LONG)
def test_lengths_in_the_words_of_servers(message: str, length: int | None) -> None:
    """The sentence is understood, and the length found where it is told."""
    assert context_limit(Words(message)) == (True, length)


@pytest.mark.parametrize("message", OTHERS)
def test_other_refusals_are_not_about_length(message: str) -> None:
    """Limits of time, of the answer's own length and of other things are other refusals."""
    assert context_limit(Words(message)) == (False, None)


@pytest.mark.parametrize(
    ("error", "length"),
    [
        ({"code": "context_length_exceeded", "message": "too big"}, None),
        ({"type": "exceed_context_size_error", "n_ctx": 4096}, 4096),
        ({"error": {"code": "tokens_limit_reached", "message": "Max size: 8000 tokens."}}, 8000),
        ({"error": {"message": "no", "type": "ContextWindowExceededError", "code": "400"}}, None),
    ],
)
def test_codes_tell_without_a_sentence(error: dict[str, object], length: int | None) -> None:
    """A code is enough, and llama.cpp gives the length beside it."""
    assert context_limit(Words.of(error)) == (True, length)


def test_rate_limit_by_code_is_none() -> None:
    """A limit of tokens in a minute is told by its code, too."""
    said = {
        "error": {
            "code": "rate_limit_exceeded",
            "message": "Request too large for model. Max size: 6000 tokens",
        }
    }
    assert context_limit(Words.of(said)) == (False, None)
