"""The recogniser: ``python recogniser.py FOLDER LANGUAGES DOTS`` reads a picture from its input, and writes the text in it.

It is run as a file and knows nothing of Gantry, so it starts at once. A picture that makes the library crash or hang ends
this process and nothing else; whoever started it set its limits and gives it its time.
"""

import sys

NO_LIBRARY, NO_LANGUAGES = 3, 4  # its exit codes where they cannot be loaded


def main() -> int:
    """Do what the arguments say, as Tesseract's own program does."""
    folder, languages, dots = sys.argv[1:4]
    try:
        from tesserocr import PSM, PyTessBaseAPI  # noqa: PLC0415 - it may be missing
    except (ImportError, OSError):
        return NO_LIBRARY
    try:  # it also finds out which way is up
        engine = PyTessBaseAPI(path=folder, lang=languages, psm=PSM.AUTO_OSD)
    except RuntimeError:
        return NO_LANGUAGES
    engine.SetVariable("tessedit_create_txt", "1")
    if dots != "0":
        engine.SetVariable("user_defined_dpi", dots)
    return 0 if engine.ProcessPages("-", "-") else 1


if __name__ == "__main__":
    sys.exit(main())
