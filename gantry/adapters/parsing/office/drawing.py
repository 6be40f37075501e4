"""Text in drawings: paragraphs of shapes, tables, diagrams and charts, as Word, PowerPoint and Excel share them."""

from collections.abc import Iterator

from gantry.adapters.parsing.office.archive import Archive
from gantry.adapters.parsing.office.formulas import linear
from gantry.adapters.parsing.office.xml import Element, name_of, value
from gantry.domain.parsing import ParsingFailed

_MAX_POINTS = 2000  # of a chart; more is a table that belongs in a file of its own


def paragraph(element: Element) -> str:
    """Return the text of an ``a:p``."""
    parts: list[str] = []
    for each in element:
        name = name_of(each)
        if name in {"a:r", "a:fld"}:
            parts += [inner.text or "" for inner in each if name_of(inner) == "a:t"]
        elif name == "a:br":
            parts.append("\n")
        elif name == "a:tab":
            parts.append("\t")
        elif not name.endswith("Pr"):
            parts.append("".join(linear(inner) for inner in _maths(each)))
    return "".join(parts).replace("\v", "\n").strip()


def _maths(element: Element) -> Iterator[Element]:
    """Yield the formulas inside; of alternatives the first one that has any."""
    if name_of(element) in {"m:oMath", "m:oMathPara"}:
        yield element
        return
    for each in element:
        found = list(_maths(each))
        yield from found
        if found and name_of(element) == "mc:AlternateContent":
            return


def paragraphs(element: Element) -> Iterator[str]:
    """Yield the paragraphs of a text body that are not empty."""
    for each in element.iter():
        if name_of(each) == "a:p" and (text := paragraph(each)):
            yield text


def diagram(archive: Archive, part: str, element: Element) -> Iterator[str]:
    """Yield the texts of a SmartArt diagram that ``dgm:relIds`` stands for."""
    for each in _part(archive, part, value(element, "dm")):
        yield from paragraphs(each)


def chart(archive: Archive, part: str, element: Element) -> Iterator[str]:
    """Yield the titles of a chart that ``c:chart`` stands for, and its values: ``Sales: 2023 12; 2024 14``."""
    for root in _part(archive, part, value(element, "id")):
        for each in root.iter():
            if name_of(each) == "c:title":
                title = " ".join(paragraphs(each)) or " ".join(_points(each))
                if title:
                    yield title
            elif name_of(each) == "c:ser":
                yield _series(each)


def _series(element: Element) -> str:
    told = {name_of(each): _points(each) for each in element}
    names = told.get("c:cat") or told.get("c:xVal") or []
    values = told.get("c:val") or told.get("c:yVal") or []
    said = [
        f"{names[index]} {number}" if index < len(names) else number for index, number in enumerate(values)
    ]
    title = " ".join(told.get("c:tx") or [])
    return f"{title}: {'; '.join(said)}" if title else "; ".join(said)


def _points(element: Element) -> list[str]:
    found = [" ".join((each.text or "").split()) for each in element.iter() if name_of(each) == "c:v"]
    return found[:_MAX_POINTS]


def _part(archive: Archive, part: str, id_: str) -> Iterator[Element]:
    target = archive.part_of(part, id_)
    if target:
        yield archive.tree(target)


def pictured(archive: Archive, part: str, element: Element) -> list[str]:
    """Return the text of the chart or diagram that an element stands for; of a broken one, none."""
    told = {"c:chart": chart, "dgm:relIds": diagram}.get(name_of(element))
    if told is None:
        return []
    try:
        return [text for text in told(archive, part, element) if text]
    except (ParsingFailed, KeyError, ValueError, SyntaxError):
        return []
