"""``python -m gantry``, or from anywhere ``python /path/to/gantry/gantry``."""

import sys
from pathlib import Path

if not __package__:  # started as a folder: what is imported is beside it, not in it
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

try:
    from gantry.cli.main import main
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] == "gantry":
        raise
    from gantry.cli.verify import main_without_packages as main

sys.exit(main())
