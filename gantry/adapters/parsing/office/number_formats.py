"""A number as a spreadsheet shows it: dates, percent, money, digits after the point."""

import re
from datetime import datetime, timedelta

from gantry.adapters.parsing.office import date_formats

_BUILT_IN = {
    0: "General", 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?",
    13: "# ??/??", 14: "yyyy-mm-dd", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM",
    20: "h:mm", 21: "h:mm:ss", 22: "yyyy-mm-dd h:mm", 37: "#,##0;-#,##0", 38: "#,##0;-#,##0", 39: "#,##0.00;-#,##0.00",
    40: "#,##0.00;-#,##0.00", 45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0", 48: "##0.0E+0", 49: "@",
}  # fmt: skip
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|_(?P<space>.)|\*(?P<fill>.)|\[(?P<bracket>[^\]]*)\]?'
    r"|(?P<exponent>[eE][+-]0+)|(?P<number>[0#?][0#?,]*(?:\.[0#?]*,*)?|\.[0#?]+,*)|(?P<other>.)",
    re.DOTALL,
)
_MONEY = re.compile(r"\$([^-]*)(?:-.*)?")
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)(-?[\d.]+)")
_MAX_FORMAT = 255  # characters, as Excel allows
_FIRST_DAYS = {False: datetime(1899, 12, 30), True: datetime(1904, 1, 1)}  # noqa: DTZ001 - days of a sheet have no zone
_MAX_DAYS = 2_958_466


def built_in(number: int) -> str:
    """Return the format that a number stands for; dates whose order hangs on the reader's country begin with the year."""
    return _BUILT_IN.get(number, "General")


def shown(number: float, form: str, *, since_1904: bool = False) -> str:
    """Return a number as *form* (Excel's words for it) shows it."""
    form = form[:_MAX_FORMAT]
    if form.lower() in {"general", "@", ""}:
        return plain(number)
    sections = _sections(form)
    if date_formats.is_date(sections[0]):
        moment = _moment(number, since_1904=since_1904)
        return date_formats.shown(moment, number, sections[0]) if moment else plain(number)
    section, signed = _chosen(number, sections)
    if not section:
        return ""
    text = _number(abs(number), section)
    return f"-{text}" if signed and number < 0 and any(each in "123456789" for each in text) else text


def plain(number: float) -> str:
    """Return a number without what binary fractions add to it."""
    if number == int(number) and abs(number) < 1e21:  # a longer one is no number of anything
        return str(int(number))
    return f"{number:.15g}"


def _sections(form: str) -> list[str]:
    """Cut a format at the semicolons that are none of its text."""
    found, at = [""], 0
    while at < len(form):
        token = _TOKEN.match(form, at)
        piece = token.group() if token else form[at]
        at += len(piece)
        if piece == ";":
            found.append("")
        else:
            found[-1] += piece
    return found


def _chosen(number: float, sections: list[str]) -> tuple[str, bool]:
    """Return the section for a number, and whether a minus has to be put before it."""
    for section in sections[:2]:
        asked = _CONDITION.search(section) if "[" in section else None
        if asked and _holds(number, asked[1], float(asked[2])):
            return section, True
    if any(_CONDITION.search(section) for section in sections[:2] if "[" in section):
        return sections[min(2, len(sections) - 1)], True
    if number < 0 and len(sections) > 1:
        return sections[1], False
    if number == 0 and len(sections) > 2:
        return sections[2], False
    return sections[0], True


def _holds(number: float, sign: str, limit: float) -> bool:
    return {
        "<": number < limit,
        ">": number > limit,
        "<=": number <= limit,
        ">=": number >= limit,
        "=": number == limit,
        "<>": number != limit,
    }[sign]


def _number(number: float, section: str) -> str:
    tokens = list(_TOKEN.finditer(section))
    number *= 100 ** sum(1 for each in tokens if each["other"] == "%")
    digits = [each["number"] for each in tokens if each["number"]]
    exponent = next((each["exponent"] for each in tokens if each["exponent"]), None)
    if "/" in [each["other"] for each in tokens] and len(digits) > 1:
        return plain(number)  # a fraction is read better as a number
    told = (
        _split(number, digits)
        if len(digits) > 1
        else [_digits(number, digits[0], exponent)]
        if digits
        else []
    )
    said: list[str] = []
    for token in tokens:
        if token["number"]:
            said.append(told.pop(0))
        else:
            said.append(_literal(token))
    return "".join(said).strip()


def _literal(token: re.Match[str]) -> str:
    if token["bracket"] is not None:
        money = _MONEY.fullmatch(token["bracket"])
        return money[1] if money else ""
    if token["space"] or token["fill"] or token["exponent"]:
        return " " if token["space"] else ""
    other = token["other"]
    if other is not None and token.string[token.start() : token.start() + 7].lower() == "general":
        return ""
    return token["quoted"] or token["escaped"] or other or ""


def _digits(number: float, form: str, exponent: str | None) -> str:
    bare = form.rstrip(",")  # each comma at the end leaves three digits out
    number /= 1000 ** (len(form) - len(bare))
    whole, point, after = bare.partition(".")
    least = sum(1 for each in after if each == "0")
    most = min(len(after), 30)
    if exponent:
        return f"{number:.{most}e}".upper()
    grouping = "," if "," in whole else ""
    text = f"{_rounded(number, most):{grouping}.{most}f}"
    before, _, decimals = text.partition(".")
    while len(decimals) > least and decimals.endswith("0"):
        decimals = decimals[:-1]
    wanted = sum(1 for each in whole if each == "0")
    before = before.rjust(wanted, "0") if not grouping else before
    if before == "0" and wanted == 0 and point:
        before = ""
    return f"{before}.{decimals}" if decimals else before


def _rounded(number: float, places: int) -> float:
    """Round halves up, as spreadsheets do."""
    return float(f"{number + 10 ** -(places + 9):.{places}f}") if abs(number) < 1e12 else number


def _split(number: float, forms: list[str]) -> list[str]:
    """Give the digits of a whole number to several places: ``000-0000``."""
    text = str(round(number)).rjust(sum(len(each) for each in forms), "\0")
    told: list[str] = []
    for form in reversed(forms):
        piece, text = text[-len(form) :], text[: -len(form)]
        told.append(piece)
    told[-1] = text.replace("\0", "") + told[-1]
    return [
        piece.replace("\0", "0" if "0" in form else "")
        for piece, form in zip(reversed(told), forms, strict=True)
    ]


def _moment(days: float, *, since_1904: bool) -> datetime | None:
    if not 0 <= days < _MAX_DAYS:
        return None
    if not since_1904 and days < 60:
        days += 1  # Excel counts a 29 February 1900 that never was
    return _FIRST_DAYS[since_1904] + timedelta(milliseconds=round(days * 86_400_000))
