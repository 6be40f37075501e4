"""Scripts that write no spaces between words, or grow words together: taken by overlapping pairs of characters.

Single characters are words as well where they mean something: Chinese ones, the first of a Korean word, a letter with its
vowel in Thai and its neighbours. A question gives what is left when the words every question has are taken away.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

from gantry.domain.letters import normalised

_HAN = (
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"
    "\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
)
_HANGUL = "\uac00-\ud7a3\u1100-\u11ff\u3131-\u318e"
_SOUTH_EAST = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ece\u0edc-\u0edf\u1000-\u103f\u1050-\u108f\u109a-\u109f\uaa60-\uaa7f"
    "\u1780-\u17d3\u17d7\u17dc\u17dd"
)
_MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u0711\u0730-\u074a\u0900-\u0963\u0971-\u0dff\u0f71-\u0f84\u0f8d-\u0fbc"
)
_LETTER = rf"[^\W_{_HAN}{_HANGUL}{_SOUTH_EAST}]"
RUN = re.compile(
    rf"(?P<word>{_LETTER}(?:{_LETTER}|[{_MARKS}])*)|(?P<han>[{_HAN}]+)|(?P<hangul>[{_HANGUL}]+)|(?P<se>[{_SOUTH_EAST}]+)"
)
# The same for a text in which nothing of these scripts stands, which is far quicker to look for.
SPACED = re.compile(rf"[^\W_](?:[^\W_]|[{_MARKS}])*")
UNSPACED = re.compile(f"[{_HAN}{_HANGUL}{_SOUTH_EAST}]")
# A letter with the signs above, below and stacked under it: what a reader takes for one.
_CLUSTER = re.compile(
    ".(?:[\u0e31\u0e33-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb3-\u0ebc\u0ec8-\u0ece\u102b-\u1038\u103a-\u103e\u1056-\u1059"
    "\u105e-\u1060\u17b4-\u17d1\u17d3\u17dd]|[\u1039\u17d2].)*",
    re.DOTALL,
)


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _longest_first(words: str) -> re.Pattern[str]:
    return re.compile("|".join(sorted(_listed(normalised(words)), key=lambda word: (-len(word), word))))


_HAN_STOPS = _longest_first(
    """为什么 為什麼 什么时候 什麼時候 什么 什麼 甚麼 多少 怎么样 怎麼樣 怎么 怎麼 怎样 怎樣 哪里 哪裡 哪儿 哪些 哪个 哪個 如何 请问 請問
    告诉 告訴 可以 能不能 有没有 有沒有 是不是 我们 我們 你们 你們 他们 他們 咱们 这个 這個 那个 那個 一下 以及 关于 關於 几点 幾點
    叫做 叫 的 了 吗 嗎 呢 吧 啊 是 在 我 你 您 他 她 它 们 們 这 這 那 有 和 与 與 或 被 就 都 也 很 请 請 谁 誰 哪 几 幾 么 麼
    でしょうか ですか ますか ました ません ます でした です でしょう ください 下さい 教えて について とは どこ いつ だれ なに 何 どう どの どれ
    どんな なぜ いくら いくつ こと もの この その あの これ それ あれ ここ そこ から まで より など として して した する いる ある ない という
    わたし あなた 私の の は が を に で と も へ か ね よ な"""
)
_KOREAN_STOPS = _listed(
    """무엇 무엇을 무엇이 무엇인가요 무엇입니까 뭐 뭐야 뭘 뭔가요 어디 어디에 어디서 어디에서 어디예요 어디인가요 어디입니까 언제 언제예요 언제인가요 언제입니까 누구 누가 누구예요 누구인가요 누구입니까 어떻게
    어떤 어느 얼마 얼마나 얼마예요 얼마인가요 얼마입니까 왜 몇 나 나는 내 내가 나의 저 저는 제 제가 저의 우리 우리의 그 이 것 것은 것이 수 좀 및 그리고 또는 있나요 있어요 있습니까 있는 있다 하는
    하다 해주세요 알려줘 알려주세요 입니까 인가요 되나요"""
)
_PARTICLES = re.compile(
    "(?:이었습니까|였습니까|했습니까|합니까|됩니까|습니까|입니까|했나요|하나요|되나요|인가요|나요|이에요|예요|입니다|합니다|했습니다|"
    "에게서|한테서|에서는|으로는|에게는|에서|에게|한테|께서|으로|로서|까지|부터|처럼|보다|마다|조차|밖에|이나|이랑|하고|이며|에는|에도|"
    "은|는|이|가|을|를|에|의|도|와|과|로|만|야|랑)$"
)
_SOUTH_EAST_STOPS = _longest_first(
    """เมื่อไหร่ เมื่อไร เท่าไหร่ เท่าไร อย่างไร ยังไง ทำไม ที่ไหน ใคร อะไร ไหน กี่ ไหม หรือไม่ ครับ ค่ะ คะ ฉัน ผม ดิฉัน ของ เป็น คือ อยู่
    และ หรือ ใน ที่ ได้ จะ ให้ ว่า นี้ นั้น
    ຢູ່ໃສ ເທົ່າໃດ ແນວໃດ ເມື່ອໃດ ຫຍັງ ແມ່ນ ໃຜ ຢູ່ ຂອງ ແລະ ບໍ່ ຂ້ອຍ
    នៅឯណា ប៉ុន្មាន យ៉ាងណា ពេលណា អ្វី តើ នរណា ឯណា របស់ ខ្ញុំ និង
    ဘယ်မှာလဲ ဘယ်မှာ ဘယ်လောက် ဘယ်လို ဘယ်သူ ဘယ်တော့ ဘာလဲ ဘယ် လဲ ပါသလဲ ဖြစ်ပါ"""
)
_STOPS = {"han": _HAN_STOPS, "se": _SOUTH_EAST_STOPS}
_SAYS_NOTHING = re.compile(
    "[\u3041-\u309f\u30fc\u0e01-\u0e4e\u0e81-\u0ece]"
)  # when it is all that is left between two of them
_IDEOGRAPH = re.compile(
    "[\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]"
)


def pairs(run: str, script: str) -> list[str]:
    """Return what a run of a text is found by: every pair of its characters, and those that are words by themselves."""
    units = _units(run, script)
    found = [*_paired(units), *_singles(units, script)]
    return found or [run]


def asked_pairs(run: str, script: str, *, whole: bool) -> Iterator[tuple[str, int, int]]:
    """Yield what is searched for a run of a question, each with the places where it begins and ends there.

    Args:
        whole: Leave nothing away, because nothing else is asked.
    """
    pieces = [(0, run)] if whole else _korean(run) if script == "hangul" else _without(run, script)
    for start, piece in pieces:
        units = _units(piece, script)
        ends = [start, *accumulate((len(unit) for unit in units), initial=start)][1:]
        for n, pair in enumerate(_paired(units)):
            yield pair, ends[n], ends[n + 2]
        for n, unit in enumerate(units):
            if len(units) == 1 or (script == "han" and _IDEOGRAPH.match(unit)):
                yield unit, ends[n], ends[n + 1]


def _units(run: str, script: str) -> Sequence[str]:
    return _CLUSTER.findall(run) if script == "se" else run


def _paired(units: Sequence[str]) -> list[str]:
    return [left + right for left, right in pairwise(units)]


def _singles(units: Sequence[str], script: str) -> list[str]:
    if script == "hangul":
        return [units[0]]
    if script == "se":
        return [unit for unit in units if len(unit) > 1]
    return [unit for unit in units if _IDEOGRAPH.match(unit)]


def _without(run: str, script: str) -> list[tuple[int, str]]:
    pieces: list[tuple[int, str]] = []
    start = 0
    for stop in (*_STOPS[script].finditer(run), None):
        end = stop.start() if stop else len(run)
        piece = run[start:end]
        if piece and not _SAYS_NOTHING.fullmatch(piece):
            pieces.append((start, piece))
        start = stop.end() if stop else end
    return pieces


def _korean(word: str) -> list[tuple[int, str]]:
    """Return a word without what Korean puts after it; a short one also as it is, because its end may belong to it."""
    if word in _KOREAN_STOPS:
        return []
    bare = _PARTICLES.sub("", word) or word
    return [(0, word), (0, bare)] if len(word) == 2 and bare != word else [(0, bare)]
