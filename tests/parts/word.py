"""Word files, made in code: a body of paragraphs as XML, and the parts beside it."""

import io
import zipfile
from collections.abc import Mapping

TRANSITIONAL = "http://schemas.openxmlformats.org"
STRICT = "http://purl.oclc.org/ooxml"
_NAMES = {
    TRANSITIONAL: {
        "w": "wordprocessingml/2006/main",
        "m": "officeDocument/2006/math",
        "a": "drawingml/2006/main",
        "c": "drawingml/2006/chart",
        "dgm": "drawingml/2006/diagram",
        "r": "officeDocument/2006/relationships",
        "rels": "officeDocument/2006/relationships",
    },
    STRICT: {
        "w": "wordprocessingml/main",
        "m": "officeDocument/math",
        "a": "drawingml/main",
        "c": "drawingml/chart",
        "dgm": "drawingml/diagram",
        "r": "officeDocument/relationships",
        "rels": "officeDocument/relationships",
    },
}
_OTHERS = (
    ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" xmlns:v="urn:schemas-microsoft-com:vml"'
    ' xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
)
_ROOTS = {
    "document": "document",
    "numbering": "numbering",
    "styles": "styles",
    "header1": "hdr",
    "footer1": "ftr",
}


def names(edition: str = TRANSITIONAL) -> str:
    """Return the declarations of all prefixes."""
    own = _NAMES[edition]
    return (
        "".join(f' xmlns:{prefix}="{edition}/{own[prefix]}"' for prefix in own if prefix != "rels") + _OTHERS
    )


def text(words: str, properties: str = "") -> str:
    """Return a run."""
    return f'<w:r>{f"<w:rPr>{properties}</w:rPr>" if properties else ""}<w:t xml:space="preserve">{words}</w:t></w:r>'


def paragraph(inside: str, style: str = "", number: tuple[int, int] | None = None, more: str = "") -> str:
    """Return a paragraph; *inside* is its text, or XML. *number* is its list and its level there."""
    told = f'<w:pStyle w:val="{style}"/>' if style else ""
    if number:
        told += f'<w:numPr><w:ilvl w:val="{number[1]}"/><w:numId w:val="{number[0]}"/></w:numPr>'
    inside = inside if inside.startswith("<") else text(inside)
    return f"<w:p><w:pPr>{told}{more}</w:pPr>{inside}</w:p>"


def table(*rows: tuple[str, ...]) -> str:
    """Return a table; a cell is text, or XML."""
    cells = ("".join(f"<w:tc>{_cell(cell)}</w:tc>" for cell in row) for row in rows)
    return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"


def _cell(inside: str) -> str:
    return inside if inside.startswith("<") else paragraph(inside)


def word(
    *body: str,
    edition: str = TRANSITIONAL,
    main: str = "word/document.xml",
    media_type: str = "document",
    **parts: str,
) -> bytes:
    """Return a Word file; *parts* are the insides of others by their names (``footnotes``, ``header1`` …)."""
    folder = main.rpartition("/")[0]
    known = names(edition)
    members = {main: f"<w:document{known}><w:body>{''.join(body)}<w:sectPr/></w:body></w:document>"}
    kind = f"{edition}/{_NAMES[edition]['rels']}"
    beside = ""
    for name, inside in parts.items():
        root = _ROOTS.get(name, name)
        whole = inside if inside.startswith("<?xml") else f"<w:{root}{known}>{inside}</w:{root}>"
        members[f"{folder}/{name}.xml"] = whole
        beside += f'<Relationship Id="{name}" Type="{kind}/{name.rstrip("0123456789")}" Target="{name}.xml"/>'
    stem = main.rpartition("/")[2]
    members[f"{folder}/_rels/{stem}.rels"] = _relations(beside)
    members["_rels/.rels"] = _relations(
        f'<Relationship Id="r1" Type="{kind}/officeDocument" Target="/{main}"/>'
    )
    members["[Content_Types].xml"] = (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        f'<Override PartName="/{main}" ContentType="application/x.wordprocessingml.{media_type}.main+xml"/></Types>'
    )
    return archive(members)


def _relations(inside: str) -> str:
    return f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{inside}</Relationships>'


def archive(members: Mapping[str, str | bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return an archive of members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return out.getvalue()
