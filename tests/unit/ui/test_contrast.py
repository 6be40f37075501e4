"""The colours of both themes can be read (WCAG 2.2, 1.4.3 and 1.4.11)."""

import re
from pathlib import Path

import pytest

CSS = (Path(__file__).parents[3] / "assets" / "gantry.css").read_text()
GROUNDS = ("--bg", "--bg-raised", "--bg-sunken", "--bg-hover")
TEXTS = ("--text", "--text-soft", "--text-faint", "--accent", "--danger", "--warning", "--success")
PAIRS = [
    *((text, ground) for text in TEXTS for ground in GROUNDS),
    *((text, "--code-bg") for text in ("--text", "--text-soft", "--text-faint")),
    ("--accent-text", "--accent"),
    ("--accent-text", "--accent-hover"),
    *((f"--{name}", f"--{name}-soft") for name in ("accent", "danger", "warning", "success")),
    *(("--text", f"--{name}-soft") for name in ("accent", "danger", "warning", "success")),
]


def colours(selector: str) -> dict[str, str]:
    """Return the hexadecimal colours of the first rule for *selector*."""
    rule = re.search(rf"^{selector}[^{{]*{{(.*?)^}}", CSS, re.DOTALL | re.MULTILINE)
    assert rule, selector
    return dict(re.findall(r"(--[\w-]+):\s*(#[0-9a-f]{6});", rule[1]))


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio, 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [":root", r":root\.dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_can_be_read(theme: str, text: str, ground: str) -> None:
    """Every text colour has a contrast of at least 4.5 on every ground it is used on."""
    palette = colours(theme)
    assert contrast(palette[text], palette[ground]) >= 4.5


@pytest.mark.parametrize("theme", [":root", r":root\.dark"])
@pytest.mark.parametrize("ground", ["--bg", "--bg-raised", "--bg-sunken"])
def test_controls_can_be_seen(theme: str, ground: str) -> None:
    """The border of an input has a contrast of at least 3 on its surroundings."""
    palette = colours(theme)
    assert contrast(palette["--border-strong"], palette[ground]) >= 3


def test_both_themes_name_the_same_colours() -> None:
    """No colour of one theme is missing in the other."""
    assert colours(":root").keys() == colours(r":root\.dark").keys()
