"""The front end as a folder of plain files, for any static host.

One build serves every address: pages speak to their own origin, unless a ``<meta name="gantry-backend">`` in their head
names another (``assets/backend.js`` and ``gantry/ui/build.py`` read it). An export therefore changes pages alone; files
under ``/assets/`` keep their content, which their names promise.
"""

import gzip
import html
import json
import shutil
from pathlib import Path

from gantry.api.policy import page_policy, policy_in_page

_MARK = "gantry.json"
_CHARSET = '<meta charSet="utf-8"/>'
_SOURCES = ("*.jsx",)  # the build leaves them beside what it made of them

_HEADERS = """/*
  Content-Security-Policy: {policy}
  X-Content-Type-Options: nosniff
  Referrer-Policy: same-origin
  Cross-Origin-Opener-Policy: same-origin
  Permissions-Policy: camera=(), microphone=(self), geolocation=(), payment=(), usb=(), browsing-topics=()
  Cache-Control: no-cache

/s/*
  X-Robots-Tag: noindex, nofollow, noarchive

/assets/*
  ! Cache-Control
  Cache-Control: public, max-age=31536000, immutable
"""


class ExportError(Exception):
    """The files cannot be written there; the message says why, and what to do."""


def write_site(built: Path, out: Path) -> None:
    """Copy the build as it is, for a web server that sends headers and knows the routes.

    Raises:
        ExportError: *out* holds something else.
    """
    _replace(out, _copy(built, out, backend=""))


def write_export(built: Path, out: Path, *, backend: str = "") -> None:
    """Copy the build for a static host: its pages carry their policy, and the address of their backend.

    Args:
        built: The folder of the build.
        out: Where to; an earlier export there is replaced.
        backend: The backend's origin; without it pages speak to the origin they come from.

    Raises:
        ExportError: *out* holds something else.
    """
    fresh = _copy(built, out, backend=backend)
    policy = page_policy(built, backend=backend)
    for page in fresh.glob("**/*.html"):
        told = tell_page(page.read_text(encoding="utf-8"), policy_in_page(policy), backend)
        page.write_text(told, encoding="utf-8")
        _pack_again(page)
    (fresh / "_headers").write_text(_HEADERS.format(policy=policy), encoding="utf-8")
    _replace(out, fresh)


def tell_page(page: str, policy: str, backend: str) -> str:
    """Return the HTML *page* with its policy, and its backend if there is one, at the top of its head."""
    if _CHARSET not in page:
        raise ExportError("The build's pages have changed: see gantry/api/export.py.")
    tags = f'<meta http-equiv="Content-Security-Policy" content="{html.escape(policy, quote=False)}"/>'
    if backend:
        tags += f'<meta name="gantry-backend" content="{html.escape(backend)}"/>'
    return page.replace(_CHARSET, _CHARSET + tags, 1)


def _copy(built: Path, out: Path, *, backend: str) -> Path:
    """Copy the build to a new folder beside *out*, and return it."""
    if not _may_replace(out):
        raise ExportError(f"{out} holds something else. Choose a folder that is new or empty.")
    fresh = out.with_name(f".{out.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        shutil.copytree(built, fresh, ignore=shutil.ignore_patterns(*_SOURCES))
    except OSError as error:
        raise ExportError(f"{fresh} cannot be written: {error.strerror or 'see above'}.") from error
    (fresh / _MARK).write_text(json.dumps({"backend": backend or None}) + "\n", encoding="utf-8")
    return fresh


def _may_replace(out: Path) -> bool:
    if not out.exists():
        return True
    return out.is_dir() and ((out / _MARK).is_file() or not any(out.iterdir()))


def _replace(out: Path, fresh: Path) -> None:
    if out.exists():
        shutil.rmtree(out)
    fresh.rename(out)


def _pack_again(page: Path) -> None:
    """Write the page's gzip twin, for hosts that send it, the same from the same page."""
    twin = page.with_name(f"{page.name}.gz")
    if twin.is_file():
        twin.write_bytes(gzip.compress(page.read_bytes(), 9, mtime=0))
