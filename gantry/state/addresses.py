"""The addresses of conversations: a new one at ``/``, a stored one at ``/c/…``, and one page for both.

Going from one to the other mounts nothing anew. The route of that page holds more than these two, which the server, the page
and its handlers refuse.
"""

CHAT = "[[kind]]/[[id]]"


def conversation_in(path: str) -> str | None:
    """Return which conversation *path* names: empty for a new one, None where it is the address of none."""
    kind, _, conversation = path.strip("/").partition("/")
    if not kind:
        return ""
    return conversation if kind == "c" and conversation else None


def is_refused(route: str, path: str) -> bool:
    """Whether *path* is only by its form a page of ours."""
    return route.strip("/") == CHAT and conversation_in(path) is None
