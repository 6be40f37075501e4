"""The catalogues: complete, with the same places, in every language; and no text of the interface outside them."""

import ast
import re
import sys
from functools import cache

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir

from gantry.domain.accounts import MIN_PASSWORD_CHARACTERS
from gantry.domain.messages import LANGUAGES, Message, _, plural
from gantry.languages import PSEUDO, catalogue, chosen, translated
from gantry.languages.browser import script
from gantry.languages.stored import recalled
from tests.parts.app import ROOT

OTHERS = [language for language in LANGUAGES if language != "en"]
METHODS = [("**.py", "python"), ("ui/islands/**.js", "javascript"), ("ui/islands/**.jsx", "javascript")]
A_NAME = "A. " * 88 + "A"  # 265 characters
_PLACE = re.compile(r"\{\w+\}")
# What an element says: a text among its children, or one of these attributes.
SAYS = {"aria_label", "title", "placeholder", "alt", "label", "hint", "note", "legend"}
SAME_EVERYWHERE = {
    "Gantry",
    "Markdown",
    "PDF",
    "JSON",
    "DOMAIN",
    "make backup",
    "Shift",
    "Enter",
    "Esc",
    "http://192.168.1.20:8000/v1",
}


@cache
def extracted() -> Catalog:
    """Return every message of the code."""
    found = Catalog()
    keywords = {"_": None, "plural": (1, 2)}
    for _file, _line, message, _comments, context in extract_from_dir(
        ROOT / "gantry", METHODS, keywords=keywords
    ):  # pyright: ignore[reportArgumentType]
        found.add(message, context=context)
    return found


def forms(string: object) -> list[str]:
    return [string] if isinstance(string, str) else [str(each) for each in string]  # pyright: ignore[reportGeneralTypeIssues]


@pytest.mark.parametrize("language", OTHERS)
def test_every_message_is_in_every_catalogue(language: str) -> None:
    """Each is translated, not by guess, with the same places, and with a form for every kind of number."""
    ours = catalogue(language)
    assert len(extracted()) > 900
    wrong: list[str] = []
    for message in extracted():
        if not message.id:
            continue
        found = ours.get(message.id[0] if isinstance(message.id, tuple) else message.id)
        texts = forms(found.string) if found else []
        places = {place for text in forms(message.id) for place in _PLACE.findall(text)}
        wanted = ours.num_plurals if isinstance(message.id, tuple) else 1
        if (
            found is None
            or found.fuzzy
            or len(texts) != wanted
            or not all(texts)
            or not all(set(_PLACE.findall(text)) - {"{count}"} == places - {"{count}"} for text in texts)
            or not set(_PLACE.findall("".join(texts))) <= places
        ):
            wrong.append(f"{message.id!r}: {texts}")
    assert not wrong, "run `make messages`, then translate:\n" + "\n".join(wrong)


def test_no_text_of_the_interface_is_outside_the_catalogue() -> None:
    """A child of an element, or what names it, is marked, a variable, or a name that is the same in every language."""
    found: list[str] = []
    for file in sorted((ROOT / "gantry" / "ui").rglob("*.py")):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call):
                continue
            said = [each.value for each in call.keywords if each.arg in SAYS]
            if re.match(r"rx\.el\.(?!code)", ast.unparse(call.func)):
                said += call.args
            found += [f"{file.name}:{call.lineno}: {text}" for each in said for text in literals(each)]
    assert not found


def literals(node: ast.expr) -> list[str]:
    """Return the texts for people that stand in *node* unmarked."""
    if isinstance(node, ast.IfExp):
        return literals(node.body) + literals(node.orelse)
    if isinstance(node, ast.JoinedStr):
        return [ast.unparse(node)] if any(words(part) for part in node.values) else []
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "rx.cond":
        return [text for each in node.args[1:] for text in literals(each)]
    return [str(node.value)] if isinstance(node, ast.Constant) and words(node) else []


def words(node: ast.expr) -> bool:
    text = node.value if isinstance(node, ast.Constant) else None
    return isinstance(text, str) and bool(re.search("[A-Za-z]{2}", text)) and text not in SAME_EVERYWHERE


def test_a_message_is_english_until_it_is_shown() -> None:
    """Logs and programs read English; numbers and inner messages follow the language, and copies stay messages."""
    said = _("{label} has to be between {least} and {most}.", label=_("Temperature"), least=0, most=1234)
    assert said == "Temperature has to be between 0 and 1,234."
    assert translated(said, "de") == "Temperatur muss zwischen 0 und 1.234 liegen."
    assert translated(said, "en") == said
    assert translated(said, PSEUDO).startswith("⟦")
    assert translated("Somebody's own text", "de") == "Somebody's own text"
    assert isinstance(said, Message)
    copied = Message(*said.__getnewargs__())
    assert translated(copied, "de") == translated(said, "de")


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "لا ملفات"), (1, "ملف واحد"), (2, "ملفان"), (3, "3 ملفات"), (11, "11 ملفًا"), (100, "100 ملف")],
)
def test_arabic_has_six_forms(count: int, said: str) -> None:
    """Each kind of number has its own."""
    assert translated(plural("{count} file", "{count} files", count=count), "ar") == said


def test_the_browser_gets_its_own_messages() -> None:
    """By CLDR's names of the kinds of number, with the direction; what only the server says is left out."""
    made = script("ar")
    assert '"zero":"لا نتائج"' in made
    assert '"many":"{count} نتيجة"' in made
    assert made.endswith('document.documentElement.dir="rtl";\n')
    assert "Incorrect e-mail or password." not in made


@pytest.mark.parametrize(
    ("language", "accepted", "spoken"),
    [
        ("de", "ar", "de"),
        ("", "ar-EG,ar;q=0.9,en;q=0.8", "ar"),
        ("", "fr-FR,fr;q=0.9,de;q=0.5", "de"),
        ("", "", "en"),
        ("", "xx-;;,*", "en"),
        ("tlh", "de", "de"),
    ],
)
def test_the_language_is_the_accounts_or_the_browsers(language: str, accepted: str, spoken: str) -> None:
    """What was chosen counts, else the first that the browser accepts and there is, else English."""
    assert chosen(language, accepted) == spoken


def test_stored_sentences_are_said_anew() -> None:
    """What was stored in English is recognised, with what stood at its places; anything else stays."""
    assert recalled("This chat is too long for a PDF.", "de") == "Dieser Chat ist zu lang für ein PDF."
    assert recalled("There is no model “x/y”.", "de") == "Es gibt kein Modell „x/y“."
    assert recalled("CUDA out of memory", "de") == "CUDA out of memory"
    assert recalled("There is no model “x/y”.", "en") == "There is no model “x/y”."


@pytest.mark.parametrize(
    ("stored", "told"),
    [
        # Numbers are numbers again, and the longest message wins.
        ("Reading a.pdf, page 3 of 1,200", "a.pdf wird gelesen, Seite 3 von 1.200"),
        ("Try again in 1 second.", "Versuchen Sie es in 1 Sekunde erneut."),
        ("Question with 2 images", "Frage (2 Bilder)"),
        # One after the other, and one within the other.
        (
            "a.pdf could not be read. This file is protected by a password. Remove the password and upload it again.",
            "a.pdf konnte nicht gelesen werden. Diese Datei ist mit einem Passwort geschützt. Entfernen Sie das Passwort, und laden Sie sie erneut hoch.",
        ),
        (
            "There is no conversation in “a.json” that can be imported (a.json, entry 3: it is not JSON).",
            "In „a.json“ ist keine Unterhaltung, die importiert werden kann (a.json, Eintrag 3: es ist kein JSON).",
        ),
        # A name may look like several sentences, or like none of ours.
        ("Reading Report v1. Final.pdf", "Report v1. Final.pdf wird gelesen"),
        (f"Reading {A_NAME}, page 3 of 1,200", f"{A_NAME} wird gelesen, Seite 3 von 1.200"),
        ("The model server My. Box is offline.", "Der Modellserver My. Box ist offline."),
        # Two messages are not one with the other in its name, and what stands between them stays.
        (
            "A.pdf could not be read. CUDA out of memory. B.pdf could not be read.",
            "A.pdf konnte nicht gelesen werden. CUDA out of memory. B.pdf konnte nicht gelesen werden.",
        ),
        # One message of several sentences.
        (
            "Indexing with a: 5 %. Search uses b until then. Try again in 1 second.",
            "Indexierung mit a: 5 %. Bis dahin verwendet die Suche b. Versuchen Sie es in 1 Sekunde erneut.",
        ),
        # What only pages say is not stored, so nobody's words are taken for it.
        ("Firefox on Windows", "Firefox on Windows"),
        ("many more", "many more"),
    ],
)
def test_stored_sentences_keep_what_stands_in_them(stored: str, told: str) -> None:
    """Names stay as they are; what is no message of ours stays whole."""
    assert recalled(stored, "de") == told


def test_what_still_is_a_message_needs_no_recognition() -> None:
    """It knows what stands at its places, whatever that looks like."""
    name = "Reading a.pdf, page 1 of 2"
    assert recalled(_("Reading {name}", name=name), "de") == f"{name} wird gelesen"
    assert recalled(_("Reading {name}", name=name), "en") == f"Reading {name}"


@pytest.mark.parametrize(
    "sentence",
    ["A.", "Nobody knows.", "A.pdf could not be read.", "The model server x is offline.", "In “A” in “B”."],
)
def test_a_long_text_costs_little(sentence: str) -> None:
    """No event waits long for it: the work grows with the sentences at most, and ends at some number of them."""
    twenty = work(" ".join([sentence] * 20))
    assert work(" ".join([sentence] * 40)) < 2.5 * twenty
    assert work(" ".join([sentence] * 2_000)) < 8 * twenty
    assert work((sentence * 100_000)[:100_000]) < 8 * twenty
    assert work("Reading " + "x in “y” in “" * 8_000) < 8 * twenty


def test_what_is_too_long_stays_as_it_is() -> None:
    """Its first sentences are told; nothing of the others gets lost."""
    text = " ".join(["A.pdf could not be read."] * 2_000)
    told = recalled(text, "de")
    known, stays = "A.pdf konnte nicht gelesen werden.", "A.pdf could not be read."
    assert told.count(known) + told.count(stays) == 2_000
    assert told.startswith(f"{known} {known}")
    assert told.endswith(f"{stays} {stays}")
    assert recalled("Reading " + "x" * 100_000, "de") == "Reading " + "x" * 100_000


def work(text: str) -> int:
    """Return how many functions are called to recall *text*."""
    calls = 0

    def count(*_event: object) -> None:
        nonlocal calls
        calls += 1

    recalled("", "de")  # the catalogue has been read
    before = sys.getprofile()
    sys.setprofile(count)
    try:
        recalled(text, "de")
    finally:
        sys.setprofile(before)
    return calls


def test_the_length_of_passwords_is_said_as_it_is() -> None:
    """The number stands in the message: pages show it before any script runs, and what is filled in then would not fit."""
    assert MIN_PASSWORD_CHARACTERS == 10
