"""Wordings that tell what a message wants, or that a sentence matters."""

import re

# A wish that holds from now on.
STANDING_WISH = re.compile(
    r"(?:^|[.!?]\s+)(?:please )?(?:always|never|from now on|whenever i|when i ask)\b", re.IGNORECASE
)
# What somebody likes better.
PREFERENCE = re.compile(
    r"\bi(?:'d| would)? (?:really |usually |always |generally )?prefer\b|\bmy preference\b", re.IGNORECASE
)
# Asks for what was said or done before.
PAST = re.compile(
    r"\b(?:did|ha(?:ve|d|s)|ve|was|were|been|earlier|before|previously|mentioned|said|told"
    r"|conversations?|chats?|order)\b",
    re.IGNORECASE,
)
# Asks for what the assistant has said before.
ANSWERED_BEFORE = re.compile(
    r"\b(?:did|have|had) you\b"
    r"|\byou(?:'ve| have| had)? (?:recommended|suggested|advised|proposed|explained|described|outlined|said|told|mentioned"
    r"|gave|given|helped|provided|wrote|listed)\b"
    r"|\byour (?:advice|recommendations?|suggestions?|explanations?|answers?)\b"
    r"|\b(?:summary|summari[sz]e|recap)\b",  # of what both have said
    re.IGNORECASE,
)
# Says something that was settled.
TELLING = re.compile(
    r"\d|\b(?:decided|agreed|will|must|should|plan|because|important|remember|name|deadline)\b", re.IGNORECASE
)
