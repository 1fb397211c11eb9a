"""Prints a disbursement into a layout: the payments into its repeated row, the whole into its head and foot.

What the office has drawn stays as it is: only marked cells are written, and what stands below the payments
moves down. The same disbursement and layout always give the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, time
from functools import partial
from io import BytesIO
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from finance.disbursement import Disbursement
from reports.ledger.writing import escaped
from reports.sheet.cells import letter_of
from reports.sheet.layout import Layout
from reports.sheet.marks import MARK, WHOLE_MARKS, Whole, alone, filled
from reports.sheet.parts import CORE, WORKBOOK, sheet_tree, tag, to_bytes, tree
from reports.sheet.references import Repeated
from reports.sheet.roles import ROLE
from reports.sheet.rows import Progress, Rows, nobody, set_number, set_text
from reports.sheet.styles import Styles

_SHORT = 16
"""Characters of the checksum at the foot of every page."""
_IN_REFERENCES = ("ref", "sqref")
_IN_FORMULAS = ("formula", "formula1", "formula2")
_BEFORE_NAMES = ("sheets", "functionGroups", "externalReferences", "definedNames")


def print_layout(layout: Layout, told: Disbursement, progress: Progress = nobody) -> bytes:
    """Return the workbook of a disbursement, which has at least one line, in a layout."""
    moved = Repeated(layout.line, len(told.lines))
    styles, whole = Styles(layout.parts), Whole(told)
    rows = Rows(layout, styles, told)
    _fill_head_and_foot(layout, whole, moved)
    _move(layout, moved)
    parts = dict(layout.parts)
    parts[layout.part] = _with_rows(layout, "".join(rows.xml(progress)))
    parts[WORKBOOK] = _workbook(layout, moved)
    parts.update(styles.written())
    parts.update(_drawings(layout, moved))
    if CORE in parts:
        parts[CORE] = _core(told)
    return _packed(parts, told)


def _packed(parts: Mapping[str, bytes], told: Disbursement) -> bytes:
    target = BytesIO()
    day = datetime.combine(told.issued_on, time.min).timetuple()[:6]
    with ZipFile(target, "w", ZIP_DEFLATED) as package:
        for name, content in parts.items():
            info = ZipInfo(name, day)
            info.compress_type = ZIP_DEFLATED
            package.writestr(info, content)
    return target.getvalue()


def _fill_head_and_foot(layout: Layout, whole: Whole, moved: Repeated) -> None:
    for cell in layout.marked:
        name = alone(cell.text)
        mark = WHOLE_MARKS[name] if name else None
        if mark is None or mark.number is None:
            set_text(cell.element, filled(cell.text, whole))
        else:
            set_number(cell.element, mark.number(whole), _sum(layout, mark.sums, moved))
    for part in layout.sheet.iter(tag("headerFooter")):
        for text in part:
            text.text = _running(text.text or "", whole)


def _sum(layout: Layout, summed: str | None, moved: Repeated) -> str | None:
    if summed is None:
        return None
    letter = letter_of(layout.columns[summed])
    return f"SUM({letter}{moved.line}:{letter}{moved.line + moved.more})"


def _running(text: str, whole: Whole) -> str:
    """Return a line at the head or foot of every page with its marks filled in; ``&`` begins its commands."""

    def value(match: re.Match[str]) -> str:
        mark = WHOLE_MARKS.get(match[1])
        if mark is None:
            return match[0]
        told = mark.text(whole).replace("&", "&&")
        return told[:_SHORT] if match[1] == "校验码" else told

    return MARK.sub(value, text)


def _move(layout: Layout, moved: Repeated) -> None:
    """Let everything below the payments move down, and whatever holds their row hold all of them."""
    formula = partial(moved.formula, ours=lambda name: name in (None, layout.name))
    for element in layout.sheet.iter():
        name = element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
        if name in ("row", "brk"):
            place = "r" if name == "row" else "id"
            element.set(place, str(moved.row(int(element.get(place, "0")))))
        elif name == "c":
            element.set("r", _moved_cell(element.get("r", ""), moved))
        elif name in ("selection", "pane", "sheetView"):
            for key in ("activeCell", "topLeftCell"):
                if key in element.attrib:
                    element.set(key, _moved_cell(element.get(key, ""), moved))
        elif name in _IN_FORMULAS or (name == "f" and element.getparent().tag != tag("c")):
            element.text = formula(element.text or "")
        elif name == "sqref":
            element.text = moved.references(element.text or "")
        for key in _IN_REFERENCES:
            if key in element.attrib:
                element.set(key, moved.references(element.get(key, "")))


def _moved_cell(place: str, moved: Repeated) -> str:
    letters = place.rstrip("0123456789")
    return f"{letters}{moved.row(int(place[len(letters) :]))}" if letters != place else place


def _with_rows(layout: Layout, rows: str) -> bytes:
    """Return the worksheet's part with the payments in the place of the repeated row."""
    row = next(row for row in layout.sheet.iter(tag("row")) if row.get("r") == str(layout.line))
    for cell in list(row):
        row.remove(cell)
    for name in list(row.attrib):
        del row.attrib[name]
    row.set("r", "0")
    before, mark, after = to_bytes(layout.sheet).partition(b'row r="0"/>')
    start = before.rfind(b"<")
    if not mark:
        raise ValueError("the repeated row is gone")
    return before[:start] + rows.encode() + after


def _workbook(layout: Layout, moved: Repeated) -> bytes:
    """Return the workbook's part: names moved, and new hidden ones that tell what stands where."""
    root = sheet_tree(layout.parts[WORKBOOK])
    ours = partial(moved.formula, ours=lambda name: name == layout.name)
    names = root.find(tag("definedNames"))
    if names is None:
        names = root.makeelement(tag("definedNames"))
        after = [child for child in root if child.tag in {tag(name) for name in _BEFORE_NAMES}]
        after[-1].addnext(names)
    for name in list(names):
        if name.get("name", "").startswith(ROLE):
            names.remove(name)
        else:
            name.text = ours(name.text or "")
    quoted = "'" + layout.name.replace("'", "''") + "'"
    for mark, column in layout.columns.items():
        told = root.makeelement(tag("definedName"), {"name": f"{ROLE}{mark}", "hidden": "1"})
        letter = letter_of(column)
        told.text = f"{quoted}!${letter}${moved.line}:${letter}${moved.line + moved.more}"
        names.append(told)
    return to_bytes(root)


def _drawings(layout: Layout, moved: Repeated) -> Iterator[tuple[str, bytes]]:
    """Yield the drawings of the worksheet with pictures below the payments moved down."""
    for name, content in layout.parts.items():
        if name.lower().startswith("xl/drawings/drawing") and name.lower().endswith(".xml"):
            root = tree(content)
            for element in root.iter(
                "{http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing}row"
            ):
                element.text = str(moved.row(int(element.text or "0") + 1) - 1)
            yield name, to_bytes(root)


def _core(told: Disbursement) -> bytes:
    """Return who made the workbook and when: not who once drew its layout."""
    moment = f"{told.issued_on.isoformat()}T00:00:00Z"
    stamps = "".join(
        f'<dcterms:{name} xsi:type="dcterms:W3CDTF">{moment}</dcterms:{name}>'
        for name in ("created", "modified")
    )
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{escape(escaped(f'拨付表 {told.number}'))}</dc:title><dc:creator>科管</dc:creator>"
        f"<cp:lastModifiedBy>科管</cp:lastModifiedBy>{stamps}</cp:coreProperties>"
    ).encode()
