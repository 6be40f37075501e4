"""Telling a text that somebody brings along, or wants to have written, from what they say of themselves."""

import re

_TEXT = (
    r"(?:e-?mail|mail|letter|text|message|essay|paragraph|sentence|story|stories|poem|song|rap|haiku|limerick|article|post|tweet|bio|biography|"
    r"cv|résumé|resume|draft|notes?|speech|lyrics|transcript|review|report|description|profile|statement|abstract|caption|"
    r"dialogue|conversation|chat|application|passage|quote|paper|blog|comment|reply|novel|chapter|scene|script|screenplay|"
    r"monologue|joke|diary|fairy tale|fan ?fiction|testimonial|introduction|grammar|spelling|wording|punctuation|typos?)s?"
)
_TASK = (
    r"(?:fix|correct|proof-?read|edit|improve|rewrite|re-?phrase|re-?word|paraphrase|polish|shorten|summari[sz]e|sum up|translate|"
    r"review|grade|rate|analy[sz]e|format|check|convert|extract|classify|reply to|respond to|answer|explain|continue|complete|finish|"
    r"expand|read|simplify|spell-?check|tidy|clean up|write|tell|compose|draft|create|generate|make up|invent|give me|make|turn|put)"
)
_REWORKED = r"(?:proof-?read|edit|improve|rewrite|re-?phrase|re-?word|paraphrase|polish|shorten|summari[sz]e|translate|grade|spell-?check|correct)"
_ABOUT_A_TEXT = re.compile(
    rf"(?<!\bi )\b{_TASK}\b[^.!?\n]{{0,60}}\b(?:{_TEXT}|the following|below|this one)\b"
    rf"|\b{_REWORKED} (?:this|that|it|these|them)\b|\bspell[ -]?check\b"
    r"|\bmake (?:this|it|that) (?:sound|more (?:formal|polite|concise|professional|fluent|natural)|shorter|longer|clearer|funnier|nicer|friendlier|simpler|rhyme)"
    r"|\b(?:is|are) (?:this|it|that|these) (?:grammatical|idiomatic|correct(?! that)|(?:good|proper|correct) english|a good (?:line|sentence|opening))"
    r"|^\W{0,5}which (?:one )?(?:is|sounds|reads) (?:better|best|right|correct|more)|^\W{0,5}thoughts\b|\bfeedback on (?:this|my|the)\b"
    r"|\b(?:protagonist|narrator|(?:main|my) character|in (?:the|my|this) (?:story|book|novel|film|movie|game|song|poem))\b"
    r"|\b(?:here is|here's|this is|below is|i found|i got|i received)\b[^.!?\n]{0,40}\b" + _TEXT + r"\b"
    r"|\b(?:from|in) (?:the|an?|my|this|her|his|their) (?:[\w']+ ){0,3}(?:diary|memoirs?|lyrics|transcript|interview)\b"
    r"|\bwrong with (?:this|that|the|my) (?:sentence|text|grammar|wording)|\bhow (?:do|would) (?:you|i|we) say\b"
    r"|\b(?:fill in|guess) the\b|\bthe (?:song|poem|verse|chorus|line|quote|text|sentence) (?:goes|reads|is|says)\b|\bchapter \d|\bonce upon a time\b"
    r"|\b(?:test|dummy|example|sample|mock|seed|model) (?:data|text|user|person|answer|sentence|record)s?\b|\bplaceholder\b|\blorem ipsum\b"
    r"|\bjob (?:ad|advert|advertisement|posting|offer|description)\b|\bwe(?:'re| are) (?:(?:hiring|seeking|recruiting) (?:an?|for|new)\b|looking for an? [^.!?\n]{0,40}(?:to join|engineer|developer|nurse|manager|assistant)\b)"
    r"|\bas an? (?:\w+ )?(?:user|customer|admin\w*|visitor|guest|shopper|member),? i\b|\bas an? [^.,\n]{1,30},? i (?:want|need|can)\b[^.\n]{0,200}\bso that\b"
    r"|\b(?:sent|forwarded|wrote|e-?mailed|texted) (?:me|us) (?:this|that|the following)\b"
    r"|(?:,|^\W{0,5})[ ]?\b(?:he|she|they) (?:said|says|went on|whispered|replied|asked|added|continued|shouted|thought)\b",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"^[ \t]*(?:(?:dear|to)\b[^.!?\n]{0,40}|(?:hi|hello|hey)[ \t]+(?!there\b|again\b|all\b)[^.,!?\n]{1,40}),[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_GREETING_AT_ONCE = re.compile(r"\s*(?:dear|(?i:hi|hello|hey)) (?!I\b)[A-Z]\w+[,!]?\s")
_FAREWELL = re.compile(
    r"^[ \t]*(?:(?:best|kind|warm|many)[ \t]+)?(?:regards|wishes|sincerely|yours(?: \w+)?|cheers|love|thanks|thank you|best)\s*,[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_SIGNED = re.compile(
    r"\b(?i:see you|regards|cheers|love|xoxo|yours|talk soon|take care|best|bye)\b[\w ]{0,12}[.,!]?\s+[A-Z]\w+[.!]?\s{0,9}\Z"
)
_HEADER = re.compile(r"^[ \t]*(?:from|to|subject|date|cc):\s", re.IGNORECASE | re.MULTILINE)
_SAID = re.compile(
    r"^[ \t]*(?:\[?\d{1,2}[:.]\d{2}[^\]\n]{0,12}\]?\s*)?[^\W\d_][\w .'’-]{0,30}:[ \t]+\S", re.MULTILINE
)
_LOGGED = re.compile(
    r"^[ \t]*(?:\[\d{1,2}[:.]\d{2}[^\]\n]{0,12}\]|\d{4}-\d\d-\d\d[T ]\d\d:\d\d|\w{1,30}>[ \t]|<\w{1,30}>[ \t]+\S)",
    re.MULTILINE,
)
_STEPS = re.compile(r"^[ \t]*(?:given|when|then|and|scenario)\b", re.IGNORECASE | re.MULTILINE)
_LISTED = re.compile(r"^[ \t]*(?:[-*•]|\w[.)])[ \t]+\S", re.MULTILINE)
_CHOOSE = re.compile(r"\bwhich\b[^.!?\n]{0,30}\b(?:better|best|right|correct|wrong|natural)\b", re.IGNORECASE)
_CODE_LINE = re.compile(
    r"^[ \t]*(?://|#|--\s|/\*|;;|%|<!--|\$\s|>>>|[{}]|\w{1,40} ?= ).*$"
    r"|^.*(?:</?[a-z][^<>\n]{0,200}>|[{};][ \t]*$|[=!]=|=>|\b\w{1,40}\((?!s\))).*$",
    re.IGNORECASE | re.MULTILINE,
)


def is_about_a_text(text: str) -> bool:
    """Whether a message asks for work on a text, brings one along, or wants one."""
    return bool(_ABOUT_A_TEXT.search(text)) or (len(_LISTED.findall(text)) > 1 and bool(_CHOOSE.search(text)))


def looks_pasted(text: str) -> bool:
    """Whether it has the shape of a letter, an e-mail, a log, a test case or a conversation."""
    if any(shape.search(text) for shape in (_GREETING, _FAREWELL, _HEADER, _LOGGED)):
        return True
    if _GREETING_AT_ONCE.match(text) and _SIGNED.search(text):
        return True
    return len(_SAID.findall(text)) > 1 or len(_STEPS.findall(text)) > 1


def without_code(text: str) -> str:
    """Return *text* without lines that are code or a comment in it."""
    return _CODE_LINE.sub(" ", text)
