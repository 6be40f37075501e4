"""The cookie that holds a session's token.

Under https it has a name with a prefix that browsers protect: no other host of the same domain can set or replace it, and
it is never sent without TLS. Browsers refuse that name without https, and sessions from before it have the plain one,
so both are read, the protected one first.
"""

SESSION_COOKIE = "gantry_session"
SECURE_SESSION_COOKIE = f"__Host-{SESSION_COOKIE}"


def session_cookie(cookies: str) -> str | None:
    """Return the session's token from a Cookie header, or None."""
    found = None
    # Not SimpleCookie: it drops every cookie after one it cannot parse.
    for crumb in cookies.split(";"):
        name, _, value = crumb.strip().partition("=")
        if not value:
            continue
        if name == SECURE_SESSION_COOKIE:
            return value.strip('"')
        if name == SESSION_COOKIE and found is None:
            found = value.strip('"')
    return found


def has_session_cookie(cookies: str) -> bool:
    """Whether a Cookie header names a session, with a value or without."""
    names = (crumb.partition("=")[0].strip() for crumb in cookies.split(";"))
    return any(name in {SESSION_COOKIE, SECURE_SESSION_COOKIE} for name in names)
