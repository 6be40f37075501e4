"""Lists of JSON cut into elements, whatever stands in them and wherever a read ends."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gantry.adapters.importing.arrays import Between, BrokenOff, cut
from gantry.adapters.importing.elements import MAX_WHOLE, elements
from tests.parts.exports import Bytes, read

QUICK = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
WORDS = st.text(alphabet='a"\\[]{},: \n\u00e9\u6c34', max_size=8)
VALUES = st.recursive(
    st.one_of(WORDS, st.integers(-9, 9), st.booleans(), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(WORDS, inner, max_size=4)),
    max_leaves=12,
)
OBJECTS = st.lists(st.dictionaries(WORDS, VALUES, max_size=4), max_size=6)


def pieces(raw: bytes, step: int) -> list[bytes]:
    """Return the elements of *raw*, of which a read gives *step* bytes at most."""
    file = Bytes(raw)
    return list(cut(lambda size: file.read(min(size, step))))


@QUICK
@given(values=OBJECTS, step=st.integers(1, 40), indent=st.sampled_from([None, 1]))
def test_every_element_comes_out_as_it_went_in(values: list[Any], step: int, indent: int | None) -> None:
    """With brackets and quotation marks in its strings, and reads that end anywhere."""
    raw = json.dumps(values, ensure_ascii=False, indent=indent).encode()
    assert [json.loads(piece) for piece in pieces(raw, step)] == values


@QUICK
@given(values=st.lists(VALUES, max_size=6), step=st.integers(1, 40))
def test_what_is_no_object_is_not_lost(values: list[Any], step: int) -> None:
    """Numbers and strings of a list come out too."""
    found: list[Any] = []
    for piece in pieces(json.dumps(values).encode(), step):
        found += json.loads(b"[%b]" % piece) if isinstance(piece, Between) else [json.loads(piece)]
    assert found == values


@QUICK
@given(first=OBJECTS, second=OBJECTS, step=st.integers(1, 40))
def test_an_object_gives_the_elements_of_its_lists(first: list[Any], second: list[Any], step: int) -> None:
    """Of all of them, one after the other."""
    raw = json.dumps({"version": 4, "history": first, "about": "[", "data": {"chats": second}}).encode()
    assert [json.loads(piece) for piece in pieces(raw, step)] == [*first, *second]


@pytest.mark.parametrize("opening", ["[", '[{"a":', '{"a":', '{"a":[', '{"' + "k" * 1000 + '":'])
def test_nesting_without_end_costs_no_memory(opening: str) -> None:
    """It is refused with a reason, however deep it goes; a path of names is never built."""
    found = read(opening * 100_000 if len(opening) < 10 else opening * 3000)
    assert not found.conversations
    assert found.skipped


def test_a_broken_element_costs_itself() -> None:
    """What comes after it is read."""
    chat = {"id": 1, "name": "N", "messages": [{"role": "user", "content": "Q"}]}
    found = read(f"[{json.dumps(chat)}, {{'single': quotes}}, {json.dumps(chat)}]")
    assert len(found.conversations) == 2
    assert "entry 2: it is not JSON" in found.told


def test_a_file_that_ends_too_early_says_so() -> None:
    """After what was whole."""
    with pytest.raises(BrokenOff):
        pieces(b'[{"a": 1}, {"b": "', 3)
    assert "breaks off" in read('[{"a": 1}, {"b": "').told


def test_bug_13_a_text_that_is_too_long_is_refused_with_a_reason() -> None:
    """Never as if there were nothing in it."""
    assert "more than" in read("x" * MAX_WHOLE).told


def test_an_object_that_is_too_large_to_be_held_is_read_list_by_list() -> None:
    """Its elements are read by themselves."""
    chat = {"id": 1, "name": "N", "messages": [{"role": "user", "content": "Q"}], "prompt": "x" * 1_000_000}
    raw = json.dumps({"version": 4, "folders": [], "history": [chat] * (MAX_WHOLE // 1_000_000 + 2)})
    assert sum(1 for _ in elements(Bytes(raw.encode()))) == MAX_WHOLE // 1_000_000 + 2
