"""Whether somebody asks about themselves, in their language."""

import re

from gantry.domain.letters import normalised
from gantry.domain.words import languages_of

_WORDS = {
    language: frozenset(words.split())
    for language, words in {
        "english": "i my me mine myself",
        "german": "ich mein meine meinen meinem meiner meines mir mich",
        "french": "je j moi mon ma mes m",
        "spanish": "yo mi mis mí me mío mía",
        "portuguese": "eu meu minha meus minhas me mim",
        "italian": "io mio mia miei mie mi",
        "dutch": "ik mijn mij me",
        "swedish": "jag min mitt mina mig",
        "danish": "jeg min mit mine mig",
        "norwegian": "jeg min mitt mine meg",
        "finnish": "minä minun minua minulla minulle",
        "hungarian": "én nekem engem enyém",
        "romanian": "eu meu mea mei mele mie mi",
        "turkish": "ben benim bana beni",
        "polish": "ja mój moja moje moich mnie mi",
        "czech": "já můj moje moji mě mi mně",
        "catalan": "jo meu meva meus meves em",
        "indonesian": "saya aku",
    }.items()
}
_OTHER = frozenset(
    [
        "я",
        "мой",
        "моя",
        "моё",
        "моего",
        "моей",
        "мои",
        "моих",
        "мне",
        "меня",
        "мій",
        "мені",
        "мене",
        "μου",
        "εγώ",
        "εμένα",
        "أنا",
        "لي",
        "لدي",
        "אני",
        "שלי",
        "לי",
        "מני",
        "मैं",
        "मेरा",
        "मेरी",
        "मेरे",
        "मुझे",
        "من",
    ]
)
_UNSPACED = re.compile(
    r"我|俺|私|わたし|僕|ぼく|ฉัน|ผม|ຂ້ອຍ|ខ្ញុំ|ကျွန်|(?<![가-힣])(?:나|내|제|저)(?:는|가|의|를|에게|한테)?(?![가-힣])"
)
_WORD = re.compile(r"[^\W_]+")


def about_oneself(question: str) -> bool:
    """Whether a question names the person who asks it."""
    clean = normalised(question)
    words = set(_WORD.findall(clean))
    named = any(words & _WORDS.get(language, frozenset()) for language in languages_of(question))
    return named or bool(words & _OTHER) or (not clean.isascii() and _UNSPACED.search(clean) is not None)
