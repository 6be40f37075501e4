"""What the control words of RTF stand for."""

SIGNS = {
    "tab": "\t", "line": "\n", "lbr": "\n", "emdash": "—", "endash": "–", "emspace": " ", "enspace": " ", "qmspace": " ",
    "bullet": "•", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”", "softline": "\n", "zwj": "\u200d",
    "zwnj": "\u200c", "ltrmark": "", "rtlmark": "",
}  # fmt: skip
ENDS = frozenset({"par", "page", "sect", "column"})  # of a paragraph

# Groups whose text is none of the document.
_LEFT_OUT = (
    "colortbl info pict nonshppict fldinst xe tc rxe private filetbl sn sv shprslt nonesttables ftnsep ftnsepc ftncn "
    "aftnsep aftnsepc aftncn atnid atnauthor atndate atnref atntime upr objdata template mctrlPr"
)
LEFT_OUT = frozenset(_LEFT_OUT.split())
# Groups that old readers are told to leave out, and that hold text all the same.
READ = frozenset({"shpinst", "shptxt", "ud", "annotation", "moMath", "moMathPara", "footnote"})
EDGES = {
    **dict.fromkeys(("header", "headerl", "headerr", "headerf"), "header"),
    **dict.fromkeys(("footer", "footerl", "footerr", "footerf"), "footer"),
}
ASIDE = {"footnote": "Footnote", "annotation": "Comment", "shptxt": "", "dptxbxtext": ""}

CHARSETS = {
    2: "symbol", 77: "mac_roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "gbk", 136: "cp950", 161: "cp1253",
    162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874",
    238: "cp1250", 254: "cp437", 255: "cp850",
}  # fmt: skip
_PAGES = {
    932: "cp932",
    936: "gbk",
    949: "cp949",
    950: "cp950",
    10000: "mac_roman",
    65001: "utf-8",
    708: "iso8859-6",
}
SETS = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850"}


def code_page(number: int) -> str:
    """Return the encoding of a code page of Windows; the Western one for what nobody knows."""
    name = _PAGES.get(number, f"cp{number}")
    try:
        "".encode(name)
    except LookupError:
        return "cp1252"
    return name
