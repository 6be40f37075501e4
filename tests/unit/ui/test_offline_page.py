"""The page for times offline, as the build puts it into the worker."""

import json
import re
from dataclasses import replace

import pytest

from gantry.api.policy import inline_script_hashes
from gantry.ui.offline import every_language, worker
from tests.parts.app import ROOT

SOURCE = (ROOT / "assets/sw.js").read_text(encoding="utf-8")


def _built(*more: str) -> tuple[str, str]:
    """Return the page and its policy, in English and the languages *more*."""
    words = (every_language()[0], *(replace(every_language()[0], language=each) for each in more))
    found = re.search(r"const \[PAGE, POLICY\] = (\[.*\]);", worker(SOURCE, words))
    assert found
    page, policy = json.loads(found[1])
    return page, policy


def test_the_page_runs_its_own_script_alone() -> None:
    """Its policy allows the one script in it, by hash, and nothing that another server could give."""
    page, policy = _built()
    assert inline_script_hashes(page) == set(re.findall(r"'sha256-[^']+'", policy))
    assert "default-src 'none'" in policy
    assert "://" not in page


def test_each_language_has_its_words() -> None:
    """The script shows those of the reader's language."""
    assert re.findall(r'<section lang="(\w+)"', _built("de", "ar")[0]) == ["en", "de", "ar"]


def test_a_worker_without_a_place_for_it_stops_the_build() -> None:
    """A worker that would show nothing is never built."""
    with pytest.raises(ValueError, match=r"assets/sw\.js"):
        worker("addEventListener('fetch', () => {});", every_language())
