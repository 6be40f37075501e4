"""The scripted model server's scripts: tests and benchmarks rely on them."""

import pytest

from tests.parts.llm_script import Script, markdown_answer, split_tokens


@pytest.mark.parametrize("n_tokens", [0, 1, 30, 300, 2000])
def test_markdown_answer_has_exactly_so_many_tokens(n_tokens: int) -> None:
    """The length is exact, the text always the same, and a longer one holds all kinds of blocks."""
    tokens = markdown_answer(n_tokens)
    assert len(tokens) == n_tokens
    assert tokens == markdown_answer(n_tokens)
    if n_tokens >= 300:
        assert all(mark in "".join(tokens) for mark in ("# ", "| ---", "```python", "\n- ", "\n2. "))


@pytest.mark.parametrize(
    "text", ["", "One two, three!\n\n  four – ü 你好 🎉🎉 x", "".join(markdown_answer(500))]
)
def test_tokens_add_up_to_the_text(text: str) -> None:
    """Cutting loses nothing."""
    assert "".join(split_tokens(text)) == text


@pytest.mark.parametrize("cut", [0, 1, 5, 17, 40])
def test_script_goes_on_after_any_prefix(cut: int) -> None:
    """A continued script plays exactly what comes after the prefix."""
    script = Script()
    text = "".join(script.tokens())
    assert text[:cut] + "".join(token for _, token in script.after(text[:cut])) == text


def test_other_prefix_starts_over() -> None:
    """A prefix that is not the script's plays all of it."""
    assert Script(text="abc").after("xyz") == [("content", "abc")]
