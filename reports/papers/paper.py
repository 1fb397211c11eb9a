"""A Word template in the making: A4, the house's styles, head and foot, long tables, places to sign.

Text may hold the template language of docxtpl: ``{{ name }}`` anywhere, ``{%p if … %}`` as a paragraph of its
own; ``Paper.table`` writes the rows that repeat.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from io import BytesIO
from typing import Any, NamedTuple

from docx import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from reports.papers.fonts import BODY, HEADS, LATIN, with_fallbacks
from reports.papers.zipping import fixed

WIDTH = 15.8
"""Centimetres between the margins."""

_MADE = datetime(2000, 1, 1)  # noqa: DTZ001 a Word file's own time has no zone; this one is nobody's


class Column(NamedTuple):
    """A column of a table: what its head says, what stands in each row, its width in centimetres."""

    head: str
    cell: str
    width: float
    right: bool = False
    """Whether it is aligned to the right, as figures are."""


class Paper:
    """A document being drawn from top to bottom."""

    def __init__(self, title: str) -> None:
        self._document: Any = Document()
        self._here = self._document
        """What paragraphs are drawn into."""
        _set_up(self._document, title)

    def title(self, text: str, *, on_new_page: bool = False) -> None:
        """Write the paper's own heading, or that of a further paper which begins a page; centred and large.

        A break of its own would leave an empty page where the page before is just full.
        """
        self._paragraph(text, "Title").paragraph_format.page_break_before = on_new_page or None

    def heading(self, text: str, *, on_new_page: bool = False) -> None:
        """Write the heading of a part, at the top of a page if wished."""
        self._paragraph(text, "Heading 1").paragraph_format.page_break_before = on_new_page or None

    def text(self, text: str, *, indent: bool = True, centred: bool = False) -> None:
        """Write a paragraph of plain text; its first line is indented by two characters."""
        paragraph = self._paragraph(text, "Body Text" if indent else "Normal")
        if centred:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER

    def note(self, text: str) -> None:
        """Write a small line, as under a table."""
        self._paragraph(text, "Caption")

    @contextmanager
    def when(self, condition: str) -> Iterator[None]:
        """Have what is drawn within only where ``condition`` (of the template language) is true."""
        self._paragraph(f"{{%p if {condition} %}}", "Normal")
        yield
        self._paragraph("{%p endif %}", "Normal")

    @contextmanager
    def each(self, name: str, of: str) -> Iterator[None]:
        """Have what is drawn within once for every ``name`` of the sequence ``of``."""
        self._paragraph(f"{{%p for {name} in {of} %}}", "Normal")
        yield
        self._paragraph("{%p endfor %}", "Normal")

    @contextmanager
    def together(self) -> Iterator[None]:
        """Keep the paragraphs that are drawn within on one page, as far as it can hold them.

        They stand in the one row of a table without lines, which no word processor breaks: of a chain of
        paragraphs that go with the next, some let the last stand alone.
        """
        table = self._document.add_table(1, 1)
        table.autofit = False
        _mark(table.rows[0], "w:cantSplit")
        _no_margins(table)
        cell = table.cell(0, 0)
        cell.width = table.columns[0].width = Cm(WIDTH)
        first, self._here = cell.paragraphs[0]._p, cell
        yield
        first.getparent().remove(first)
        self._here = self._document

    def facts(self, pairs: Sequence[tuple[str, str]], *, columns: int = 2) -> None:
        """Draw a form of words and values, ``columns`` pairs side by side."""
        word, value = 2.8, WIDTH / columns - 2.8
        table = self._grid([word, value] * columns)
        for start in range(0, len(pairs), columns):
            cells = table.add_row().cells
            for place, (label, text) in enumerate(pairs[start : start + columns]):
                _fill(cells[2 * place], label, bold=True)
                _fill(cells[2 * place + 1], text)
        _finish(table)

    def table(
        self, columns: Sequence[Column], of: str, name: str = "row", *, last: Sequence[str] = ()
    ) -> None:
        """Draw a table with a row for every ``name`` of the sequence ``of`` and, if given, a ``last`` row.

        The head is repeated on every page, and no row is broken over two.
        """
        table = self._grid([column.width for column in columns])
        head = table.add_row()
        for cell, column in zip(head.cells, columns, strict=True):
            _fill(cell, column.head, bold=True, centred=True)
        _mark(head, "w:tblHeader")
        _fill(table.add_row().cells[0], f"{{%tr for {name} in {of} %}}")
        for cell, column in zip(table.add_row().cells, columns, strict=True):
            _fill(cell, column.cell, right=column.right)
        _fill(table.add_row().cells[0], "{%tr endfor %}")
        if last:
            for cell, text, column in zip(table.add_row().cells, last, columns, strict=True):
                _fill(cell, text, right=column.right, bold=True)
        _finish(table)

    def signature(self, party: str, person: str = "法定代表人或授权代表") -> None:
        """Draw where a party signs: its name, seal, person and day, kept together on one page."""
        lines = [(f"{party}（盖章）", ""), (f"{person}（签字）：", ""), ("日期：", "    年  月  日")]
        for text, rest in lines:
            paragraph = self._paragraph("", "Signature")
            paragraph.add_run(text)
            paragraph.add_run(rest)
            paragraph.paragraph_format.keep_with_next = text != "日期："
        self._here.paragraphs[-1].paragraph_format.space_after = Pt(26)

    def closing(self, lines: Sequence[str]) -> None:
        """Write who issues the paper and when, at the right, kept together with its last paragraph."""
        for place, text in enumerate(lines):
            paragraph = self._paragraph(text, "Signature")
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
            paragraph.paragraph_format.keep_with_next = place < len(lines) - 1
            paragraph.paragraph_format.right_indent = Pt(24)
            if not place:
                paragraph.paragraph_format.space_before = Pt(26)

    def package(self) -> bytes:
        """Return the template's bytes, the same for the same drawing."""
        made = BytesIO()
        self._document.save(made)
        return fixed(with_fallbacks(made.getvalue()))

    def _paragraph(self, text: str, style: str) -> Any:
        return self._here.add_paragraph(text, style)

    def _grid(self, widths: Iterable[float]) -> Any:
        sizes = list(widths)
        table = self._document.add_table(0, len(sizes), "Table Grid")
        table.alignment = WD_TABLE_ALIGNMENT.CENTER
        table.autofit = False
        for column, size in zip(table.columns, sizes, strict=True):
            column.width = Cm(size)
        return table


def _finish(table: Any) -> None:
    """Give every cell its column's width (Word wants it there) and keep rows whole; leave some air below."""
    widths = [column.width for column in table.columns]
    for row in table.rows:
        _mark(row, "w:cantSplit")
        for cell, width in zip(row.cells, widths, strict=True):
            cell.width = width
    table._parent.add_paragraph("", "Caption")


def _no_margins(table: Any) -> None:
    """Let what stands in a table begin and end where the text around it does."""
    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        margin = OxmlElement(f"w:{side}")
        margin.set(qn("w:w"), "0")
        margin.set(qn("w:type"), "dxa")
        margins.append(margin)
    table._tbl.tblPr.append(margins)


def _mark(row: Any, name: str) -> None:
    row._tr.get_or_add_trPr().append(OxmlElement(name))


def _fill(cell: Any, text: str, *, bold: bool = False, right: bool = False, centred: bool = False) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.style = "Table Text"
    paragraph.add_run(text).bold = bold or None
    if right or centred:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT if right else WD_ALIGN_PARAGRAPH.CENTER


def _set_up(document: Any, title: str) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.6)
    section.top_margin, section.bottom_margin = Cm(2.8), Cm(2.5)
    _styles(document)
    head = section.header.paragraphs[0]
    head.style = "Header"
    head.add_run(f"{{{{ agency }}}}\t{title}{{% if mark %}}（{{{{ mark }}}}）{{% endif %}}")
    _foot(section.footer.paragraphs[0])
    properties = document.core_properties
    properties.title, properties.author, properties.comments = title, "科管", ""
    properties.created = properties.modified = _MADE
    properties.last_modified_by, properties.revision = "科管", 1


def _styles(document: Any) -> None:
    styles = document.styles
    normal = _font(styles["Normal"], BODY, 12)
    normal.paragraph_format.line_spacing = 1.25
    _speak_chinese(normal)
    normal.paragraph_format.space_after = Pt(0)
    title = _font(styles["Title"], HEADS, 20, bold=True)
    title.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    title.paragraph_format.space_before, title.paragraph_format.space_after = Pt(6), Pt(14)
    _no_border(title)
    heading = _font(styles["Heading 1"], HEADS, 14, bold=True)
    heading.paragraph_format.space_before, heading.paragraph_format.space_after = Pt(12), Pt(6)
    body = _font(styles["Body Text"], BODY, 12)
    body.paragraph_format.first_line_indent, body.paragraph_format.space_after = Pt(24), Pt(3)
    note = _font(styles["Caption"], BODY, 9)
    note.paragraph_format.space_after = Pt(2)
    cell = _font(styles.add_style("Table Text", 1), BODY, 10.5)
    cell.paragraph_format.line_spacing = 1.15
    cell.paragraph_format.space_before = cell.paragraph_format.space_after = Pt(2)
    sign = _font(styles.add_style("Signature", 1), BODY, 12)
    sign.paragraph_format.line_spacing, sign.paragraph_format.space_after = 1.4, Pt(8)
    for name in ("Header", "Footer"):
        _font(styles[name], HEADS, 9)
    stops = styles["Header"].paragraph_format.tab_stops
    for stop in list(stops):
        stops.clear_all()
        del stop
    stops.add_tab_stop(Cm(WIDTH), WD_TAB_ALIGNMENT.RIGHT)


def _font(style: Any, name: str, size: float, *, bold: bool = False) -> Any:
    font = style.font
    font.name, font.size, font.bold, font.italic = LATIN, Pt(size), bold, False
    font.color.rgb = RGBColor(0, 0, 0)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for attribute in list(fonts.attrib):
        if "heme" in attribute:  # a theme's font would win over the one named
            del fonts.attrib[attribute]
    fonts.set(qn("w:eastAsia"), name)
    fonts.set(qn("w:hAnsi"), LATIN)
    return style


def _speak_chinese(style: Any) -> None:
    """Say which Chinese it is: fonts of several countries set punctuation differently."""
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "en-US")
    language.set(qn("w:eastAsia"), "zh-CN")
    style.element.get_or_add_rPr().append(language)


def _no_border(style: Any) -> None:
    properties = style.element.get_or_add_pPr()
    for border in properties.findall(qn("w:pBdr")):
        properties.remove(border)


def _foot(paragraph: Any) -> None:
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for text, field in (("第 ", "PAGE"), (" 页 共 ", "NUMPAGES"), (" 页", "")):
        paragraph.add_run(text)
        if field:
            element = OxmlElement("w:fldSimple")
            element.set(qn("w:instr"), field)
            paragraph._p.append(element)
