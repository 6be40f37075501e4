"""A moment as a spreadsheet's format shows it."""

import re
from datetime import datetime

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|_.|\*.|\[(?P<bracket>[^\]]*)\]?'
    r"|(?P<half>AM/PM|A/P)|(?P<part>y+|m+|d+|h+|s+|e+|\.0+)|(?P<other>.)",
    re.DOTALL | re.IGNORECASE,
)
_ELAPSED = re.compile(r"h+|m+|s+", re.IGNORECASE)
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def is_date(form: str) -> bool:
    """Whether a format shows a date or a time, text in it aside."""
    return any(
        (each["part"] and each["part"][0] not in ".eE") or _ELAPSED.fullmatch(each["bracket"] or "")
        for each in _TOKEN.finditer(form)
        if "general" not in form.lower()
    )


def shown(moment: datetime, days: float, form: str) -> str:
    """Return a moment; *days* is the number behind it, for hours that go on after 24."""
    tokens = list(_TOKEN.finditer(form))
    halves = any(each["half"] for each in tokens)
    parts = [(each["part"] or each["bracket"] or "").lower() for each in tokens]
    said: list[str] = []
    for index, token in enumerate(tokens):
        part = parts[index]
        if token["half"]:
            said.append("AM" if moment.hour < 12 else "PM")
        elif token["bracket"] is not None:
            said.append(_elapsed(part, days) if _ELAPSED.fullmatch(part) else "")
        elif token["part"]:
            said.append(_part(moment, part, halves=halves, minutes=_is_minutes(parts, index)))
        else:
            said.append(token["quoted"] or token["escaped"] or token["other"] or "")
    return " ".join("".join(said).split())


def _is_minutes(parts: list[str], index: int) -> bool:
    """Whether an ``m`` is minutes: after hours, or before seconds."""
    before = next((each for each in reversed(parts[:index]) if each), "")
    after = next((each for each in parts[index + 1 :] if each), "")
    return before[:1] == "h" or after[:1] == "s"


def _elapsed(part: str, days: float) -> str:
    unit = {"h": 24, "m": 1440, "s": 86_400}[part[0]]
    return str(int(days * unit + 1e-6)).rjust(len(part), "0")


def _part(moment: datetime, part: str, *, halves: bool, minutes: bool) -> str:
    long = len(part)
    match part[0]:
        case "y" | "e":
            return f"{moment.year:04}" if long > 2 or part[0] == "e" else f"{moment.year % 100:02}"
        case "m" if minutes and long < 3:
            return str(moment.minute).rjust(long, "0")
        case "m":
            name = _MONTHS[moment.month - 1]
            return str(moment.month).rjust(long, "0") if long < 3 else name[:3] if long == 3 else name
        case "d":
            name = _DAYS[moment.weekday()]
            return str(moment.day).rjust(long, "0") if long < 3 else name[:3] if long == 3 else name
        case "h":
            hour = (moment.hour % 12 or 12) if halves else moment.hour
            return str(hour).rjust(min(long, 2), "0")
        case "s":
            return str(moment.second).rjust(min(long, 2), "0")
        case _:
            return f".{moment.microsecond // 1000:03}"[: min(long, 4)]
