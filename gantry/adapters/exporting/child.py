"""The typesetter: ``python -m gantry.adapters.exporting.child``, with limits set before anything is read.

A line in is an object of JSON, the line out is too; after one with ``bytes`` so many bytes follow. It may run out of memory, time or luck
with a text: that ends this process and nothing else.
"""

import json
import sys
from typing import Any

from gantry.adapters.parsing.child import limit

MEMORY_BYTES = 2 * 1024**3  # of addresses: Typst maps every font of the machine
CPU_SECONDS = 900  # for all that one export asks


def main() -> None:
    """Answer until nothing more is asked."""
    limit(MEMORY_BYTES, CPU_SECONDS)
    out = sys.stdout.buffer
    for line in sys.stdin.buffer:
        asked: dict[str, Any] = json.loads(line)
        try:
            content = _made(asked)
        except Exception as error:  # noqa: BLE001 - whatever a library makes of a text, the next one is another
            out.write(json.dumps({"failed": type(error).__name__}).encode() + b"\n")
        else:
            out.write(json.dumps({"bytes": len(content)}).encode() + b"\n" + content)
        out.flush()


def _made(asked: dict[str, Any]) -> bytes:
    if asked["do"] == "fragment":
        from gantry.adapters.exporting.fragments import fragment  # noqa: PLC0415 - only what is asked for

        return fragment(asked["text"]).encode()
    from gantry.adapters.exporting.typeset import pdf  # noqa: PLC0415
    from gantry.domain.exported_text import Part, Reading  # noqa: PLC0415

    parts = [Part(**part) for part in asked["parts"]]
    return pdf(Reading(asked["language"], asked["title"], asked["about"], parts))


if __name__ == "__main__":
    main()
