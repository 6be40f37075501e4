"""How schemathesis signs in (SCHEMATHESIS_HOOKS): with one token after the other, as each has its limit of requests."""

import os
from itertools import cycle
from typing import Any

import schemathesis

_tokens = cycle(os.environ["GANTRY_TOKENS"].split())


@schemathesis.auth(refresh_interval=None)
class Token:
    """A token of the account that is tried out."""

    def get(self, _case: Any, _context: Any) -> str:
        """Return the next token."""
        return next(_tokens)

    def set(self, case: Any, data: str, _context: Any) -> None:
        """Put it where the description says."""
        case.headers["Authorization"] = f"Bearer {data}"
