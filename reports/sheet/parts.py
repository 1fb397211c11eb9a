"""The parts of a layout's package: read without trusting it, and nothing let in that no sheet may carry."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any, TypeAlias
from zipfile import ZipFile

from lxml import etree

from lifecycle.refusals import Refusal
from reports.ledger.errors import NotAWorkbook
from reports.ledger.xlsx.package import DAMAGED, Package, new_parser, parse

Element: TypeAlias = Any
"""An element of lxml, which comes without types."""

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
WORKBOOK, STYLES, STRINGS, CORE = (
    "xl/workbook.xml",
    "xl/styles.xml",
    "xl/sharedStrings.xml",
    "docProps/core.xml",
)

MiB = 1 << 20
MOST_FILE, MOST_TOTAL, MOST_PARTS = 2 * MiB, 16 * MiB, 200
_TOO_BIG = "版式文件过大：只要一张表的样子，不要带数据，文件不超过 2 MB。"
_STRICT = "请在 Excel 中另存为“Excel 工作簿（.xlsx）”，不要选择“Strict Open XML”。"

_PLAIN = re.compile(
    r"\[content_types\]\.xml|_rels/\.rels|docprops/(app|core|custom)\.xml|docprops/thumbnail\.\w+"
    r"|xl/workbook\.xml|xl/_rels/workbook\.xml\.rels|xl/styles\.xml|xl/sharedstrings\.xml|xl/theme/[^/]+\.xml"
    r"|xl/worksheets/[^/]+\.xml|xl/worksheets/_rels/[^/]+\.rels|xl/printersettings/[^/]+\.bin"
    r"|xl/drawings/drawing[^/]*\.xml|xl/drawings/_rels/[^/]+\.rels|xl/media/[^/]+\.(png|jpe?g|gif|bmp|emf|wmf)"
    r"|customxml/.+"
)
_STRANGE = (
    (re.compile(r"vba|macro"), "宏"),
    (re.compile(r"externallink|connections|querytable"), "指向其他文件的链接"),
    (re.compile(r"comment|vmldrawing|person"), "批注或页眉页脚图片"),
    (re.compile(r"/tables/|pivot|slicer"), "“套用表格格式”的区域或数据透视表"),
    (re.compile(r"chart|diagram"), "图表或图示"),
    (re.compile(r"activex|ctrlprop|embedding|ole"), "控件或嵌入的文件"),
    (re.compile(r"calcchain"), "公式"),
)


class Wrong(tuple[str | None, str]):
    """What is wrong with a layout: the cell, where it is one cell's, and what to do."""

    __slots__ = ()

    def __new__(cls, cell: str | None, message: str) -> Wrong:
        """Say it of a cell, or of the file as a whole (``None``)."""
        return super().__new__(cls, (cell, message))

    @property
    def cell(self) -> str | None:
        """The cell as Excel names it: ``F5``."""
        return self[0]

    @property
    def message(self) -> str:
        """What is wrong and what to do."""
        return self[1]

    def __str__(self) -> str:
        return f"单元格 {self.cell}：{self.message}" if self.cell else self.message


class LayoutRefused(Refusal):
    """A workbook cannot serve as a layout; ``wrong`` says everything that is wrong with it."""

    def __init__(self, wrong: list[Wrong]) -> None:
        self.wrong = tuple(wrong)
        super().__init__("；".join(str(one).rstrip("。") for one in self.wrong[:3]) + "。")


def read_parts(workbook: bytes) -> dict[str, bytes]:
    """Return the parts of a workbook that holds nothing but cells, styles and pictures.

    Raises ``LayoutRefused`` for what is no workbook, too big, or holds macros, links, charts, ….
    """
    if len(workbook) > MOST_FILE:
        raise LayoutRefused([Wrong(None, _TOO_BIG)])
    try:
        package = Package(BytesIO(workbook))
        with ZipFile(BytesIO(workbook)) as opened:
            entries = [entry for entry in opened.infolist() if not entry.is_dir()]
            if len(entries) > MOST_PARTS or sum(entry.file_size for entry in entries) > MOST_TOTAL:
                raise LayoutRefused([Wrong(None, _TOO_BIG)])
            wrong = [*_strange([entry.filename for entry in entries])]
            if not wrong and _points_outside(package, [entry.filename for entry in entries]):
                wrong = [Wrong(None, "版式中有指向外部的链接，请删除后再上传。")]
            if wrong:
                raise LayoutRefused(wrong)
            parts = {
                entry.filename.lstrip("/"): b"".join(package.pieces(entry.filename)) for entry in entries
            }
    except NotAWorkbook as refusal:
        raise LayoutRefused([Wrong(None, f"{refusal.message}。")]) from refusal
    if WORKBOOK not in parts or b"macroEnabled" in parts.get("[Content_Types].xml", b""):
        message = "宏" if WORKBOOK in parts else ""
        raise LayoutRefused([Wrong(None, _holds(message) if message else f"{DAMAGED}。")])
    return parts


def _holds(what: str) -> str:
    return f"版式中有{what}，请删除后另存为 .xlsx 再上传。"


def _strange(names: list[str]) -> list[Wrong]:
    found: dict[str, None] = {}
    for name in names:
        low = name.replace("\\", "/").lstrip("/").lower()
        if not _PLAIN.fullmatch(low):
            found[next((words for pattern, words in _STRANGE if pattern.search(low)), "不认识的内容")] = None
    return [Wrong(None, _holds(what)) for what in found]


def _points_outside(package: Package, names: list[str]) -> bool:
    links = (name for name in names if name.lower().endswith(".rels"))
    return any(
        attributes.get("TargetMode") == "External" for name in links for _, attributes in package.tags(name)
    )


def tree(content: bytes) -> Element:
    """Return the XML of a part. Raises ``LayoutRefused``."""
    try:
        parse(new_parser(), content, last=True)
        parser = etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
        )
        return etree.fromstring(content, parser)
    except (NotAWorkbook, etree.XMLSyntaxError) as error:
        raise LayoutRefused([Wrong(None, f"{DAMAGED}。")]) from error


def sheet_tree(content: bytes) -> Element:
    """Return the XML of a worksheet or workbook part. Raises ``LayoutRefused``."""
    root = tree(content)
    if etree.QName(root).namespace != MAIN:
        raise LayoutRefused([Wrong(None, _STRICT)])
    return root


def to_bytes(root: Element) -> bytes:
    """Return a part's bytes."""
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    return written


def tag(name: str) -> str:
    """Return a spreadsheet tag as lxml names it."""
    return f"{{{MAIN}}}{name}"
