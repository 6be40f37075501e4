"""Numbers of lists and headings, as the ways of counting of Office and OpenDocument write them."""

from collections.abc import Callable

_ROMAN = (
    (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"),
    (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
)  # fmt: skip
_LATIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_RUSSIAN = "АБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЫЭЮЯ"
_CJK_DIGITS = "〇一二三四五六七八九"
_CJK_UNITS = ((1000, "千"), (100, "百"), (10, "十"))
_LEGAL = str.maketrans("一二三四五六七八九十百千〇", "壹贰叁肆伍陆柒捌玖拾佰仟零")
_STEMS = "甲乙丙丁戊己庚辛壬癸"
_BRANCHES = "子丑寅卯辰巳午未申酉戌亥"
_IROHA = "イロハニホヘトチリヌルヲワカヨタレソツネナラムウヰノオクヤマケフコエテアサキユメミシヱヒモセスン"
_AIUEO = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン"
_GANADA = "가나다라마바사아자차카타파하"
_CHOSUNG = "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ"


def roman(number: int) -> str:
    """Return 4 as IV."""
    if not 0 < number < 5000:
        return str(number)
    said = ""
    for worth, sign in _ROMAN:
        times, number = divmod(number, worth)
        said += sign * times
    return said


def letters(number: int, alphabet: str = _LATIN) -> str:
    """Return 2 as B, and 28 as BB: after the last letter they are doubled."""
    if not 0 < number <= 30 * len(alphabet):
        return str(number)
    times, index = divmod(number - 1, len(alphabet))
    return alphabet[index] * (times + 1)


def _cjk(number: int) -> str:
    if not 0 < number < 10_000:
        return "".join(_CJK_DIGITS[int(digit)] for digit in str(number)) if number >= 0 else str(number)
    said, rest = "", number
    for worth, sign in _CJK_UNITS:
        times, rest = divmod(rest, worth)
        if times:
            said += ("" if worth == 10 and times == 1 and not said else _CJK_DIGITS[times]) + sign
        elif said and rest and not said.endswith("〇"):
            said += "〇"
    return said + (_CJK_DIGITS[rest] if rest else "")


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _circled(number: int) -> str:
    return chr(0x245F + number) if 0 < number <= 20 else str(number)


def _cycle(alphabet: str) -> Callable[[int], str]:
    return lambda number: alphabet[(number - 1) % len(alphabet)] if number > 0 else str(number)


_WAYS: dict[str, Callable[[int], str]] = {
    "decimalZero": lambda number: f"{number:02}",
    "upperRoman": roman,
    "lowerRoman": lambda number: roman(number).lower(),
    "upperLetter": letters,
    "lowerLetter": lambda number: letters(number).lower(),
    "russianUpper": lambda number: letters(number, _RUSSIAN),
    "russianLower": lambda number: letters(number, _RUSSIAN).lower(),
    "ordinal": _ordinal,
    "numberInDash": lambda number: f"- {number} -",
    "decimalEnclosedCircle": _circled,
    "decimalEnclosedCircleChinese": _circled,
    "decimalFullWidth": lambda number: "".join(chr(0xFF10 + int(digit)) for digit in str(abs(number))),
    "ideographDigital": lambda number: "".join(_CJK_DIGITS[int(digit)] for digit in str(abs(number))),
    "japaneseDigitalTenThousand": lambda number: "".join(
        _CJK_DIGITS[int(digit)] for digit in str(abs(number))
    ),
    "ideographTraditional": _cycle(_STEMS),
    "ideographZodiac": _cycle(_BRANCHES),
    "iroha": _cycle(_IROHA),
    "irohaFullWidth": _cycle(_IROHA),
    "aiueo": _cycle(_AIUEO),
    "aiueoFullWidth": _cycle(_AIUEO),
    "ganada": _cycle(_GANADA),
    "chosung": _cycle(_CHOSUNG),
    "chineseLegalSimplified": lambda number: _cjk(number).translate(_LEGAL),
    "none": lambda _number: "",
    **dict.fromkeys(
        (
            "chineseCounting",
            "chineseCountingThousand",
            "japaneseCounting",
            "taiwaneseCounting",
            "taiwaneseCountingThousand",
        ),
        _cjk,
    ),
}


def counted(number: int, way: str) -> str:
    """Return a number as *way* (a name of ``w:numFmt``) writes it; ways that are not known write digits."""
    return _WAYS.get(way, str)(number)
