"""What Caddy must know of a build, as snippets that the Caddyfile imports.

The routes and the hashes of inline scripts belong to one build, so they are written beside it.
"""

import re

_SNIPPETS = """\
# Written by `python -m gantry build`; belongs to the front end beside it.
(gantry_pages) {{
	root * {root}/current/site
	header ?Content-Security-Policy "{policy}"

	@asset {{
		method GET HEAD
		path /assets/*
	}}
	handle @asset {{
		# Pages of the version before are still open, and ask for their files.
		@previous {{
			not file
			file {{
				root {root}/previous/site
			}}
		}}
		root @previous {root}/previous/site
		@found file
		header @found Cache-Control "public, max-age=31536000, immutable"
		file_server {{
			precompressed gzip
		}}
	}}

	@page {{
		method GET HEAD
		path_regexp {pages}
	}}
	handle @page {{
		header Cache-Control no-cache
		@shared path /s/*
		header @shared X-Robots-Tag "noindex, nofollow, noarchive"
		try_files {{path}}.html {{path}}/index.html /__spa-fallback.html
		file_server {{
			precompressed gzip
		}}
	}}

	@file {{
		method GET HEAD
		file
		not path *.html *.gz
	}}
	handle @file {{
		header Cache-Control no-cache
		@manifest path *.webmanifest
		header @manifest Content-Type application/manifest+json
		@icon path *.ico
		header @icon Content-Type image/x-icon
		file_server {{
			precompressed gzip
		}}
	}}

	@writing not method GET HEAD
	handle @writing {{
		header Allow "GET, HEAD"
		respond "Method not allowed" 405
	}}
	handle {{
		error 404
	}}
}}

(gantry_not_found) {{
	root * {root}/current/site
	header ?Content-Security-Policy "{policy}"
	header Cache-Control no-cache

	handle /assets/* {{
		header Content-Type "text/plain; charset=utf-8"
		respond "Not found"
	}}
	handle {{
		rewrite * /404.html
		file_server {{
			precompressed gzip
		}}
	}}
}}
"""
_NOT_FOUND = "404"


def caddy_snippets(routes: list[str], *, policy: str, root: str = "/srv/gantry") -> str:
    """Return the Caddy snippets ``gantry_pages`` and ``gantry_not_found``.

    Args:
        routes: The application's routes as Reflex writes them (``index``, ``c/[id]``).
        policy: The Content-Security-Policy of the pages.
        root: The folder that holds ``current/site``, and ``previous/site`` for pages that are still open.
    """
    return _SNIPPETS.format(root=root, policy=policy, pages=route_pattern(routes))


def route_pattern(routes: list[str]) -> str:
    """Return the regular expression of the paths that are pages, with or without a slash at the end."""
    ways = sorted(_route(route) for route in routes if route not in {"index", _NOT_FOUND})
    return f"^/(?:{'|'.join(ways)})?$"


def _route(route: str) -> str:
    parts = [_part(part) for part in route.strip("/").split("/")]
    return "/".join(parts) + "/?"


def _part(part: str) -> str:
    if re.fullmatch(r"\[\w+\]", part):
        return "[^/]+"
    if not re.fullmatch(r"[\w.-]+", part):
        raise ValueError(f"a route with {part!r} has no Caddy matcher yet: see gantry/api/caddy.py")
    return re.escape(part)
