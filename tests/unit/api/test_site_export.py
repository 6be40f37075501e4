"""The exported front end: what changes on its way to a static host, and what must not."""

import gzip
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from gantry.api.export import ExportError, write_export, write_site
from gantry.api.policy import page_policy

PAGE = '<!DOCTYPE html><html><head><meta charSet="utf-8"/><title>x</title></head><script>go()</script></html>'
BACKEND = "https://api.example.com"


class Metas(HTMLParser):
    """The ``<meta>`` of a page, as a browser reads them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "meta":
            self.found.append(dict(attrs))

    def content(self, key: str, value: str) -> str | None:
        return next((each["content"] for each in self.found if each.get(key) == value), None)


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A build as Reflex leaves it, small."""
    root = tmp_path / "client"
    (root / "assets").mkdir(parents=True)
    for name in ("index.html", "404.html", "__spa-fallback.html"):
        (root / name).write_text(PAGE, encoding="utf-8")
        (root / f"{name}.gz").write_bytes(gzip.compress(PAGE.encode()))
    (root / "feed.jsx").write_text("source")
    (root / "assets/entry-CAFE.js").write_text("go()")
    return root


def contents(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()
    }


def test_pages_carry_their_policy_and_their_backend(built: Path, tmp_path: Path) -> None:
    """Every page says, before anything else but its encoding, what it may load and where its backend is."""
    write_export(built, tmp_path / "dist", backend=BACKEND)
    for page in ("index.html", "404.html", "__spa-fallback.html"):
        text = (tmp_path / "dist" / page).read_text()
        metas = Metas(text)
        assert list(metas.found[0]) == ["charset"]
        policy = metas.content("http-equiv", "Content-Security-Policy") or ""
        assert f"connect-src 'self' {BACKEND} wss://api.example.com;" in policy
        assert re.search(r"script-src 'self' 'sha256-[^']+';", policy)
        assert "frame-ancestors" not in policy, "browsers report it as a mistake in a page"
        assert metas.content("name", "gantry-backend") == BACKEND
        assert gzip.decompress((tmp_path / "dist" / f"{page}.gz").read_bytes()).decode() == text


def test_without_a_backend_pages_stay_where_they_are(built: Path, tmp_path: Path) -> None:
    """An export without a backend's address names none, and may speak to its own origin only."""
    write_export(built, tmp_path / "dist")
    metas = Metas((tmp_path / "dist/index.html").read_text())
    assert metas.content("name", "gantry-backend") is None
    assert "connect-src 'self';" in (metas.content("http-equiv", "Content-Security-Policy") or "")


def test_names_that_promise_their_content_keep_it(built: Path, tmp_path: Path) -> None:
    """Files under /assets/ are cached for ever, so an export must not change them."""
    write_export(built, tmp_path / "dist", backend=BACKEND)
    assert (tmp_path / "dist/assets/entry-CAFE.js").read_text() == "go()"


def test_hosts_that_read_headers_get_them(built: Path, tmp_path: Path) -> None:
    """The file ``_headers``, which several hosts read, has the whole policy and the caching."""
    write_export(built, tmp_path / "dist", backend=BACKEND)
    rules = (tmp_path / "dist/_headers").read_text()
    assert f"  Content-Security-Policy: {page_policy(built, backend=BACKEND)}\n" in rules
    assert "frame-ancestors 'none'" in rules
    assert "/assets/*\n  ! Cache-Control\n  Cache-Control: public, max-age=31536000, immutable" in rules


def test_the_same_build_gives_the_same_files(built: Path, tmp_path: Path) -> None:
    """Exporting twice, also over an earlier export, writes the same bytes and leaves nothing old."""
    out = tmp_path / "dist"
    write_export(built, out, backend="https://other.example.com")
    (out / "left-over.js").write_text("old")
    write_export(built, out, backend=BACKEND)
    write_export(built, tmp_path / "again", backend=BACKEND)
    assert contents(out) == contents(tmp_path / "again")
    assert "left-over.js" not in contents(out)
    assert "feed.jsx" not in contents(out)
    assert json.loads((out / "gantry.json").read_text()) == {"backend": BACKEND}


def test_caddy_gets_the_build_as_it_is(built: Path, tmp_path: Path) -> None:
    """A web server that sends headers gets pages without any of it: one bundle for every domain."""
    write_site(built, tmp_path / "site")
    assert (tmp_path / "site/index.html").read_text() == PAGE
    assert "_headers" not in contents(tmp_path / "site")


def test_a_folder_of_somebody_else_is_left_alone(built: Path, tmp_path: Path) -> None:
    """An export replaces only an earlier export."""
    out = tmp_path / "documents"
    out.mkdir()
    (out / "letter.txt").write_text("dear")
    with pytest.raises(ExportError, match="something else"):
        write_export(built, out)
    assert contents(out) == {"letter.txt": b"dear"}
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == []


def test_pages_of_another_shape_are_not_exported_blindly(built: Path, tmp_path: Path) -> None:
    """When the framework's pages change, the export stops instead of writing pages without a policy."""
    (built / "index.html").write_text("<html><head></head></html>")
    with pytest.raises(ExportError, match="have changed"):
        write_export(built, tmp_path / "dist")
    assert not (tmp_path / "dist").exists()
