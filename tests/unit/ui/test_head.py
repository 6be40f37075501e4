"""What a page says of itself to browsers, home screens and crawlers."""

import json
import re
import struct

from gantry.gantry import app
from gantry.ui.theme import PICTURE, head
from tests.parts.app import ROOT

ASSETS = ROOT / "assets"


def test_every_file_named_in_the_head_exists() -> None:
    """Icons, the manifest, scripts, and the picture for previews, which is named on every page from the root."""
    named = re.findall(r'(?:href|src):"/([^"]+)"', " ".join(str(each) for each in head()))
    assert {"favicon.ico", "favicon.svg", "manifest.webmanifest", "first-paint.js"} <= set(named)
    for name in (*named, PICTURE.lstrip("/")):
        assert (ASSETS / name).is_file(), name
    images = {page.image for page in app._unevaluated_pages.values()}
    assert images == {PICTURE}


def test_the_manifest_fits_the_product() -> None:
    """Its icons are there in the sizes it tells, and its colours are those of the pages."""
    manifest = json.loads((ASSETS / "manifest.webmanifest").read_text(encoding="utf-8"))
    assert (manifest["name"], manifest["display"], manifest["start_url"]) == ("Gantry", "standalone", "/")
    for icon in manifest["icons"]:
        content = (ASSETS / icon["src"].lstrip("/")).read_bytes()
        if icon["type"] == "image/png":
            assert icon["sizes"] == "{}x{}".format(*struct.unpack(">II", content[16:24]))
    css = (ASSETS / "gantry.css").read_text(encoding="utf-8")
    light, dark = re.findall(r"--bg: (#\w+);", css)[:2]
    assert manifest["theme_color"] == manifest["background_color"] == light
    told = " ".join(str(each) for each in head())
    for colour, scheme in ((light, "light"), (dark, "dark")):
        assert re.search(rf'\{{content:"{colour}",media:"\(prefers-color-scheme: {scheme}\)"', told), told


def test_crawlers_are_sent_away() -> None:
    """Nothing of a private service belongs into a search engine."""
    assert "User-agent: *\nDisallow: /\n" in (ASSETS / "robots.txt").read_text(encoding="utf-8")
