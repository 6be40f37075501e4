"""Exports with anything in them missing, null or of another kind: a bad element costs itself only."""

import copy
import json
from dataclasses import fields
from datetime import datetime
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gantry.adapters.importing.readers import READERS, reader_of
from gantry.domain.importing import ForeignConversation, ForeignFile, ForeignMessage
from gantry.domain.importing_tree import planted
from tests.parts.exports import Beside, read
from tests.parts.foreign import LISTS, WHOLE

QUICK = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
JUNK: tuple[Any, ...] = (
    None, True, False, 0, -1, 7, 1e300, 10**30, "", " ", "x", "-5", "\0", "\ud83d", "2026-99-99T00:00:00", "data:image/png;base64,@@", [], {}, [None], [[]],
    [{}], ["x"], {"x": None}, {"type": 3}, {"$date": []}, {"role": {}}, [1, "a", {"text": ["b"]}],
)  # fmt: skip


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return every place in a value: what holds it, and where."""
    found: list[tuple[Any, Any]] = []
    stack = [value]
    while stack:
        each = stack.pop()
        inner = (
            list(each.items())
            if isinstance(each, dict)
            else list(enumerate(each))
            if isinstance(each, list)
            else []
        )
        found += [(each, key) for key, _ in inner]
        stack += [child for _, child in inner]
    return found


def damaged(value: Any, random: Random) -> Any:
    """Return a value with some of its places taken away, doubled, or filled with something else."""
    value = copy.deepcopy(value)
    for _ in range(random.randint(1, 6)):
        spots = places(value)
        if not spots:
            return random.choice(JUNK)
        holder, key = random.choice(spots)
        how = random.random()
        if how < 0.35:
            del holder[key]
        elif how < 0.9 or not isinstance(holder, list):
            holder[key] = copy.deepcopy(random.choice(JUNK))
        else:
            holder.append(copy.deepcopy(holder[key]))
    return value


def assert_sound(conversation: ForeignConversation) -> None:
    """Every field is of its kind, and the messages make a tree."""
    tree = planted(conversation)
    for one in (
        conversation,
        *conversation.messages,
        *(file for each in conversation.messages for file in each.files),
    ):
        for each in fields(one):
            value = getattr(one, each.name)
            if each.type in {"str", str}:
                assert isinstance(value, str), f"{each.name} is {value!r}"
            if each.name.endswith("_at"):
                assert value is None or (isinstance(value, datetime) and value.tzinfo is not None)
    keys = {each.key for each in tree.messages}
    assert all(each.parent is None or each.parent in keys for each in tree.messages)
    assert tree.leaf in keys or not keys
    assert all(isinstance(each, ForeignMessage) for each in conversation.messages)
    assert all(isinstance(file, ForeignFile) for each in conversation.messages for file in each.files)


@pytest.mark.parametrize("product", sorted(LISTS))
def test_a_sound_export_is_known_as_what_it_is(product: str) -> None:
    """By its content alone, and as a whole file where it comes as one."""
    found = read(LISTS[product])
    assert found.formats == {product}
    assert found.conversations
    if product in WHOLE:
        assert read(WHOLE[product]).formats == {product}
        assert read(WHOLE[product]).conversations
    for conversation in found.conversations:
        assert_sound(conversation)


@QUICK
@given(product=st.sampled_from(sorted(LISTS)), random=st.randoms(use_true_random=False))
def test_no_damage_makes_a_reader_raise(product: str, random: Random) -> None:
    """Neither when it is asked whether an element is its own, nor when it reads it."""
    source = LISTS[product] if product not in WHOLE or random.random() < 0.5 else [WHOLE[product]]
    broken = damaged(source, random)
    for element in broken if isinstance(broken, list) else [broken]:
        reader = reader_of(element)
        for each in READERS:
            each.claims(element)
        if reader is not None:
            given_to = [element] if reader.gathers else element
            for item in reader.read(given_to, Beside({})):
                if isinstance(item, ForeignConversation):
                    assert_sound(item)


@QUICK
@given(product=st.sampled_from(sorted(LISTS)), random=st.randoms(use_true_random=False))
def test_bug_1_what_stands_beside_a_damaged_element_is_read(product: str, random: Random) -> None:
    """Before it and after it, whole."""
    sound = LISTS[product]
    broken = [damaged(each, random) for each in sound]
    wanted = {words(each) for each in read(sound).conversations}
    found = read(json.dumps([*sound, *broken]))
    told = {words(each) for each in found.conversations}
    gathers = any(each.gathers for each in READERS if each.name == product)
    if (
        gathers
    ):  # one conversation, which may have grown by what could be read of the others, and names who speaks
        everything = "\n".join(sorted(frozenset().union(*told)))
        assert all(word in everything for word in frozenset().union(*wanted))
    else:
        assert wanted <= told
    for conversation in found.conversations:
        assert_sound(conversation)


def words(conversation: ForeignConversation) -> frozenset[str]:
    """Return what is said in a conversation."""
    return frozenset(each.content for each in conversation.messages)


@QUICK
@given(random=st.randoms(use_true_random=False), cut=st.floats(0, 1))
def test_a_file_that_breaks_off_gives_what_came_before(random: Random, cut: float) -> None:
    """And says that it breaks off; a file of noise says that there is nothing in it."""
    product = random.choice(sorted(LISTS))
    raw = json.dumps([*LISTS[product], {"rest": "x" * 50}]).encode()
    found = read(raw[: int(cut * len(raw))] + bytes([random.choice(b'{}[]",:\\x\xff')]))
    for conversation in found.conversations:
        assert_sound(conversation)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\ufeff",
        "[",
        "{",
        "[]",
        "{}",
        "null",
        "[null]",
        "[[]]",
        '"x"',
        "# Conversation\n",
        "a,b\n",
        "<html></html>",
    ],
)
def test_files_with_nothing_in_them(text: str) -> None:
    """No conversation, and no exception."""
    assert not read(text).conversations


TEXTS = {
    "markdown": "# Conversation\n- conversationId: c\n- title: T\n\n## Options\n- model: m\n- promptPrefix: a\nb\n\n## History\n**User**\nQ\n\n\n**Keeper**\n"
    '{"type":"think","think":"t"}\n\n\n**Keeper**\nA\n\n\n**Tool**\n{"type":"tool_call","tool_call":{"name":"n","args":"{}","output":"o"}}\n\n\n**User**\nR\n',
    "text": f"Conversation\n{'#' * 24}\nconversationId: c\n\nHistory\n{'#' * 24}\n>> User:\nQ\n\n\n>> Keeper:\nA\n(This is an error message)\n\n\n",
    "table": 'sender,text,isCreatedByUser,error,unfinished,messageId,parentMessageId,createdAt\nUser,"Q, q",true,false,false,1,,2025-01-01\nK,A,false,true,,2,1,x\n',
    "pairs": 'id,workspace,prompt,response,sent_at,username,rating\n1,w,"Q\nq",A,2026-01-01T00:00:00Z,u,GOOD\n',
    "page": '<html><body><div class="outer-cell"><div class="header-cell"><p>Gemini Apps<br></p></div><div class="content-cell">Prompted Q<br>'
    'May 2, 2026, 8:05:00 PM UTC<br><p>A <b>b</b> <a href="https://x.example">x</a></p><pre><code class="language-c">c</code></pre></div></div></body></html>',
    "lines": "\n".join(json.dumps(each) for each in LISTS["sillytavern"]),
}  # fmt: skip
SIGNS = (
    "\n",
    "\n\n\n",
    "**",
    "**User**\n",
    '"',
    ",",
    "<",
    "<div",
    "</div>",
    "<table><tr>",
    "\0",
    "\ud83d",
    "{",
    "}",
    "## History\n",
    ">> ",
    ":",
    "é",
    "`" * 9,
)


@QUICK
@given(kind=st.sampled_from(sorted(TEXTS)), random=st.randoms(use_true_random=False))
def test_no_damage_to_a_text_makes_a_reader_raise(kind: str, random: Random) -> None:
    """Pieces taken away, doubled, moved, and signs put in anywhere."""
    text = TEXTS[kind]
    for _ in range(random.randint(1, 5)):
        one, other = sorted((random.randint(0, len(text)), random.randint(0, len(text))))
        piece = random.choice((text[one:other], random.choice(SIGNS), ""))
        text = random.choice((text[:one] + piece + text[other:], text[:one] + piece + text[one:]))[:20_000]
    found = read(text.encode("utf-8", "surrogatepass"))
    assert "could not be read" not in found.told
    for conversation in found.conversations:
        assert_sound(conversation)
