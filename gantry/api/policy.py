"""The Content-Security-Policy of our pages."""

import base64
import hashlib
import re
from pathlib import Path

_INLINE_SCRIPT = re.compile(r"<script(?P<attributes>[^>]*)>(?P<body>.*?)</script>", re.DOTALL | re.IGNORECASE)


def inline_script_hashes(html: str) -> set[str]:
    """Return the CSP source (``'sha256-…'``) of every script written into *html* itself."""
    return {
        f"'sha256-{base64.b64encode(hashlib.sha256(match['body'].encode()).digest()).decode()}'"
        for match in _INLINE_SCRIPT.finditer(html)
        if not re.search(r"\ssrc\s*=", match["attributes"], re.IGNORECASE)
    }


def page_policy(built: Path, *, backend: str = "") -> str:
    """Return the policy for the pages in *built*, the exported front end; it may be missing.

    Pages whose *backend* has another origin may speak to that one as well.

    Scripts are ours alone: files of this site and the inline scripts that the build wrote, by hash; nothing is
    evaluated. Styles may stand in the page: a diagram writes a ``<style>`` of its own into its drawing, other words each
    time, which no hash fits, and pages are static files, in which no nonce could change. A style can fetch nothing from
    elsewhere: images, fonts and connections are bound below. Images of other sites are refused: an address in a model's answer could carry the conversation away.
    """
    hashes: set[str] = set()
    for page in built.glob("**/*.html"):
        hashes |= inline_script_hashes(page.read_text(encoding="utf-8"))
    return "; ".join(
        (
            "default-src 'self'",
            " ".join(("script-src 'self'", *sorted(hashes))),
            "style-src 'self' 'unsafe-inline'",
            " ".join(("img-src 'self' data: blob:", *([backend] if backend else []))),
            "font-src 'self' data:",
            " ".join(("connect-src 'self'", *_ways_to(backend))),
            "worker-src 'self' blob:",
            "manifest-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def policy_in_page(policy: str) -> str:
    """Return the part of *policy* that a page may carry in a ``<meta>``; browsers report the rest as a mistake."""
    return "; ".join(part for part in policy.split("; ") if not part.startswith("frame-ancestors"))


def _ways_to(backend: str) -> tuple[str, ...]:
    return (backend, f"ws{backend.removeprefix('http')}") if backend else ()
