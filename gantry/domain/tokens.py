"""Estimating tokens without a tokenizer: every server has its own, and we must never send too much."""

import math

TURN_OVERHEAD_TOKENS = 6  # role markers of common chat templates take 3 to 5


def estimate_tokens(text: str) -> int:
    """Return about how many tokens *text* takes, leaning high.

    ASCII prose and code run at 3.6 to 4.5 characters a token in the BPE vocabularies in use (we take 3.5);
    accented Latin, Greek and Cyrillic at about 2; everything beyond (CJK, emoji) at about one each.
    """
    total = len(text)
    narrow = len(text.encode("ascii", "ignore"))
    if narrow == total:
        return math.ceil(total / 3.5)
    utf8 = len(text.encode("utf-8", "surrogatepass"))
    # Two-byte characters add one byte beyond their count, three-byte ones two: bytes tell the scripts apart.
    wide = total - narrow
    beyond = (utf8 - narrow) / wide
    each = 0.55 if beyond <= 2.1 else 1.1
    return math.ceil(narrow / 3.5 + wide * each)
