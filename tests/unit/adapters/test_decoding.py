"""Bytes to text: languages × encodings × how little of a file is not ASCII."""

import pytest

from gantry.adapters.parsing.decoding import decoded, without_nuls

_LETTERS = "utf-16-le utf-16-be utf-32-le utf-32-be utf-8 utf-8-sig utf-16 utf-32"
_TEXTS = {  # what was written before UTF-8 in each language, and some of it
    "German": ("cp1252 iso-8859-15 cp850 mac_roman", "Die Kaution beträgt achtzig Taler für größere Räume"),
    "French": ("cp1252 mac_roman", "Le dépôt est déjà payé à l'hôtel près de la forêt"),
    "Spanish": ("cp1252", "El señor Muñoz pagó la fianza el año pasado"),
    "Portuguese": ("cp1252", "A caução não será devolvida até às próximas inspeções"),
    "Swedish": ("cp1252", "Hyran betalas på måndag före klockan åtta"),
    "Polish": ("cp1250 iso-8859-2", "Kaucja jest płatna z góry, mówią sąsiedzi"),
    "Czech": ("cp1250 iso-8859-2", "Kauci platí nájemník předem, říká Jiří"),
    "Hungarian": ("cp1250 iso-8859-2", "A letét összegét a bérlő fizeti előre"),
    "Romanian": ("cp1250 iso-8859-2", "Garanţia este plătită în avans de către chiriaş"),
    "Turkish": ("cp1254", "Depozito kiracı tarafından ödenir, dedi Çağrı Şahin"),
    "Russian": ("cp1251 koi8_r cp866 iso-8859-5 mac_cyrillic", "Сколько стоит новый насос для школы"),
    "Ukrainian": ("cp1251 koi8_u", "Застава становить двісті гривень, її сплачує орендар"),
    "Bulgarian": ("cp1251", "Депозитът се плаща от наемателя"),
    "Greek": ("cp1253 iso-8859-7", "Η εγγύηση είναι διακόσια ευρώ"),
    "Hebrew": ("cp1255", "הפיקדון משולם על ידי הדייר"),
    "Arabic": ("cp1256", "الوديعة يدفعها المستأجر مقدما"),
    "Lithuanian": ("cp1257", "Užstatas yra du šimtai eurų ir jį moka nuomininkas"),
    "Thai": ("cp874", "เงินมัดจำสองร้อยบาทจ่ายโดยผู้เช่า"),
    "Chinese": ("gb18030", "押金为两百元由租客支付"),
    "Chinese of Taiwan": ("big5", "押金為兩百元由租客支付"),
    "Japanese": ("cp932 euc-jp iso2022_jp", "敷金は二十万円で借主が支払います"),
    "Korean": ("cp949", "보증금은 세입자가 지불합니다"),
}
_TABLE = "id;name;amount\n" + "".join(f"{n};Item number {n} of the list;{n * 10}\n" for n in range(40))


def _amounts(text: str) -> list[str]:
    """Return it as one cell of a table of ASCII, alone, and as all there is of a longer text."""
    return [f"{_TABLE}40;{text};7\n", f"{text}\n", f"{text}.\n" * 8]


_MATRIX = [
    pytest.param(text, encoding, id=f"{language}-{encoding}")
    for language, (older, text) in _TEXTS.items()
    for encoding in f"{older} {_LETTERS}".split()
]


@pytest.mark.parametrize(("text", "encoding"), _MATRIX)
def test_every_encoding_is_told_from_the_text(text: str, encoding: str) -> None:
    """Without a mark or a word from outside, and however little is not ASCII."""
    for whole in _amounts(text):
        assert decoded(whole.encode(encoding)) == whole


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("31;Болт стальной;40", "cp1251"),
        ("31;Болт стальной;40", "koi8_r"),
        ("31;Żółta łódź;40", "cp1250"),
        ("31;Çağrı Şahin;40", "cp1254"),
        ("31;Kőrösi út;40", "cp1250"),
        ("31;São João;40", "cp1252"),
        ("31;Château d'Eau;40", "cp1252"),
        ("31;piñata, señor;40", "cp1252"),
        ("31;£40 a day;40", "cp1252"),
        ("31;Gdańsk;40", "cp1250"),
        ("31;Мінск;40", "cp1251"),
        ("31;กรุงเทพ;40", "cp874"),
        ("31;Größe – “gut”;40 €", "cp1252"),
        ("31;新的水泵;40", "gb18030"),
        ("31;新的水泵在學校;40", "big5"),
        ("31;新しいポンプ;40", "cp932"),
        ("31;새 펌프;40", "cp949"),
    ],
)
def test_a_word_or_two_are_enough(text: str, encoding: str) -> None:
    """A table of ASCII with one name in it is read in that name's encoding."""
    assert decoded(f"{_TABLE}{text}\n".encode(encoding)).endswith(f"{text}\n")


@pytest.mark.parametrize("language", _TEXTS)
@pytest.mark.parametrize("bad", [b"\xff", b"\x80", b"\xe9", b"\0", b"\xc3"])
def test_one_bad_byte_costs_nothing_else(language: str, bad: bytes) -> None:
    """UTF-8 with a stray byte anywhere, also within a character, is UTF-8."""
    text = _TEXTS[language][1]
    whole = f"{_TABLE}40;{text};7\n41;{text};8\n"
    raw = whole.encode()
    first = raw.index(b"40;") + 3
    for place in range(first, first + len(text.encode()), 3):
        read = decoded(raw[:place] + bad + raw[place:])
        assert f"41;{text};8" in read
        assert read.startswith(_TABLE)


def test_a_character_cut_off_at_the_end_is_marked_or_left_out() -> None:
    """A download that broke off is read up to there."""
    raw = "Die Miete beträgt 900 €".encode()
    assert decoded(raw[:-1]) == "Die Miete beträgt 900 \ufffd"
    assert decoded(raw[:-1], cut=True) == "Die Miete beträgt 900 "


def test_lines_of_an_older_encoding_among_utf_8_are_read() -> None:
    """What another program appended is read as what it is."""
    raw = "Größe: 4 €\nLänge: 3 €\n".encode() + "Höhe: über zwei\n".encode("cp1252")
    assert decoded(raw) == "Größe: 4 €\nLänge: 3 €\nHöhe: über zwei\n"


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ('<html><head><meta charset="{}"></head>', "windows-1254"),
        ('<meta http-equiv="Content-Type" content="text/html; charset={}">', "iso-8859-9"),
        ("<!-- <meta charset=utf-8> --><meta charset={}>", "windows-1257"),
        ('<?xml version="1.0" encoding="{}"?>', "iso-8859-4"),
        ("<?xml version='1.0' encoding='{}'?>", "windows-1250"),
        ("# -*- coding: {} -*-", "iso-8859-2"),
        ("#!/usr/bin/python\n# vim: set fileencoding={} :", "iso-8859-13"),
    ],
)
def test_a_text_may_say_its_encoding(head: str, encoding: str) -> None:
    """One letter would not tell; what the text says does."""
    text = f"{head.format(encoding)}\nfirst line: ž ű ý ő".encode(encoding, "ignore").decode(encoding)
    assert decoded(text.encode(encoding)) == text


@pytest.mark.parametrize(
    "label", ["iso-8859-1", "utf-16", "x-none", "hex", "punycode", "windows-1251", "shift_jis"]
)
def test_what_a_text_says_counts_only_where_it_fits(label: str) -> None:
    """A page that is UTF-8 is read as UTF-8, whatever its template says."""
    text = f'<meta charset="{label}"><p>Größe und Höhe der Räume: 4 €</p>'
    assert decoded(text.encode()) == text


def test_what_the_page_says_is_left_where_it_cannot_be() -> None:
    """A page said to be UTF-8 that is not is read as what it looks like."""
    text = "<meta charset=utf-8><p>Größe und Höhe der Räume</p>"
    assert decoded(text.encode("cp1252")) == text


def test_another_place_may_say_the_encoding() -> None:
    """The header of a mail does; a few pairs that look like UTF-8 by chance do not speak against it."""
    assert decoded("žino".encode("cp1257"), declared="windows-1257") == "žino"
    assert decoded("通信".encode("gb2312"), declared="GB2312") == "通信"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hel\0lo", "hello"),
        ("name\0\0\0\0value", "name value"),
        ("end\n\0\0\0\0", "end\n "),
        ("plain", "plain"),
    ],
)
def test_nuls_are_left_out(text: str, expected: str) -> None:
    """One is a fault, several are padding between words."""
    assert without_nuls(text) == expected
