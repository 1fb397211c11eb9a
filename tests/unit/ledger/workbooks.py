"""Makes small workbooks to read: by openpyxl as offices' programs do, or by hand where every tag matters."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from lifecycle.record import ProjectRecord
from reports.ledger.errors import LedgerRefused
from reports.ledger.reading import Ledger, read_ledger
from reports.ledger.schema import SHEETS
from reports.ledger.writing import header

DATA = Path(__file__).parents[2] / "data" / "ledger"
Place = tuple[str | None, int | None, str | None]
Rows = Sequence[Sequence[Any]]

HEADERS = {sheet.name: [header(column) for column in sheet.columns] for sheet in SHEETS}
PLAIN = {column.name: header(column) for sheet in SHEETS for column in sheet.columns}

PROJECT = {
    "项目编号": "P-1",
    "项目名称": "研究",
    "计划类别": "沙坪坝区科技攻关重点专项",
    "承担单位": "某公司",
    "项目负责人": "张三",
    "实施开始": date(2025, 1, 1),
    "实施结束": date(2026, 12, 31),
}
LINES: Mapping[str, Mapping[str, Any]] = {
    "参与单位": {"项目编号": "P-1", "单位名称": "某大学", "所在地": "四川省"},
    "考核指标": {"项目编号": "P-1", "指标名称": "论文", "类别": "技术"},
    "拨付": {"项目编号": "P-1", "期次": 1, "资金来源": "自筹", "计划金额": 5},
    "支出": {"项目编号": "P-1", "日期": date(2025, 2, 1), "资金来源": "自筹", "科目": "设备费", "金额": 1},
    "预算": {"项目编号": "P-1", "资金来源": "自筹", "科目": "设备费", "预算金额": 1},
    "里程碑": {"项目编号": "P-1", "序号": 1, "计划日期": date(2025, 6, 30)},
    "年度报告": {"项目编号": "P-1", "年度": 2025},
    "变更": {"项目编号": "P-1", "序号": 1, "变更类型": "延期"},
    "验收": {"项目编号": "P-1"},
    "例外说明": {
        "项目编号": "P-1",
        "规则编号": "spb-16-period",
        "理由": "研究同意",
        "批准日期": date(2025, 1, 2),
    },
}
"""A row of every sheet with no more than it needs; headers without units."""


def rows(sheet: str, *cells: Mapping[str, Any]) -> list[list[Any]]:
    """Return a header as the template has it, and a row for each of ``cells`` (headers without units)."""
    names = [column.name for one in SHEETS if one.name == sheet for column in one.columns]
    return [HEADERS[sheet], *[[one.get(name) for name in names] for one in cells]]


def book(sheets: Mapping[str, Rows]) -> bytes:
    """Return a workbook of these sheets, written cell by cell as openpyxl does."""
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    for name, content in sheets.items():
        page = workbook.create_sheet(name)
        for number, row in enumerate(content, 1):
            for place, value in enumerate(row, 1):
                if value is not None:
                    page.cell(number, place, value)
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def with_project(sheet: str = "项目", *cells: Mapping[str, Any], **changes: Any) -> bytes:
    """Return a workbook of one valid project, changed, and these rows of another sheet."""
    content = {"项目": rows("项目", {**PROJECT, **changes})}
    if cells:
        content[sheet] = rows(sheet, *cells)
    return book(content)


def project(**changes: Any) -> ProjectRecord:
    """Return the record of a valid project with some cells (headers without units) changed."""
    (record,) = read_ledger(with_project(**changes)).records
    return record


def line(sheet: str, **changes: Any) -> Any:
    """Return the line that a valid row of ``sheet`` becomes, with some cells changed."""
    (record,) = read_ledger(with_project(sheet, {**LINES[sheet], **changes})).records
    attribute = next(one.attribute for one in SHEETS if one.name == sheet)
    lines = getattr(record, attribute)
    return lines if sheet == "验收" else lines[0]


def places(content: bytes | Mapping[str, Rows]) -> list[Place]:
    """Return where the errors of a workbook are; none when it is valid."""
    try:
        read_ledger(content if isinstance(content, bytes) else book(content))
    except LedgerRefused as refused:
        return [(error.sheet, error.row, error.column) for error in refused.errors]
    return []


def project_error(**changes: Any) -> list[Place]:
    """Return where the errors are when a valid project is changed so."""
    return places(with_project(**changes))


def line_error(sheet: str, **changes: Any) -> list[Place]:
    """Return where the errors are when a valid row of ``sheet`` is changed so."""
    return places(with_project(sheet, {**LINES[sheet], **changes}))


def read(content: bytes | Mapping[str, Rows]) -> Ledger:
    """Return the ledger of a workbook."""
    return read_ledger(content if isinstance(content, bytes) else book(content))


MAIN_NS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINK_NS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE_NS = "http://schemas.openxmlformats.org/package/2006/relationships"


def raw(
    sheets: Mapping[str, str],
    *,
    styles: str = "",
    strings: Sequence[str] | None = None,
    settings: str = "",
    kinds: Mapping[str, str] | None = None,
) -> bytes:
    """Return a workbook of hand-made parts; a sheet given without a root tag is taken for its rows."""
    links, tabs = [], []
    stream = io.BytesIO()
    with ZipFile(stream, "w", ZIP_DEFLATED) as archive:
        for number, (name, xml) in enumerate(sheets.items(), 1):
            kind = (kinds or {}).get(name, "worksheet")
            links.append(_link(f"rId{number}", kind, f"worksheets/sheet{number}.xml"))
            tabs.append(f'<sheet name="{escape(name)}" sheetId="{number}" r:id="rId{number}"/>')
            archive.writestr(
                f"xl/worksheets/sheet{number}.xml", xml if "sheetData" in xml else sheet_xml(xml)
            )
        links += [_link("rIdA", "styles", "/xl/styles.xml"), _link("rIdB", "sharedStrings", "strings.xml")]
        archive.writestr("xl/styles.xml", f'<styleSheet xmlns="{MAIN_NS}">{styles}</styleSheet>')
        if strings is not None:
            items = "".join(f"<si>{item}</si>" for item in strings)
            archive.writestr("xl/strings.xml", f'<sst xmlns="{MAIN_NS}">{items}</sst>')
        main = f"{settings}<sheets>{''.join(tabs)}</sheets>"
        archive.writestr(
            "xl/workbook.xml", f'<workbook xmlns="{MAIN_NS}" xmlns:r="{LINK_NS}">{main}</workbook>'
        )
        archive.writestr("xl/_rels/workbook.xml.rels", _links("".join(links)))
        archive.writestr("_rels/.rels", _links(_link("rId1", "officeDocument", "xl/workbook.xml")))
    return stream.getvalue()


def _link(id_: str, kind: str, target: str) -> str:
    return f'<Relationship Id="{id_}" Type="{LINK_NS}/{kind}" Target="{target}"/>'


def _links(links: str) -> str:
    return f'<Relationships xmlns="{PACKAGE_NS}">{links}</Relationships>'


def sheet_xml(xml_rows: str) -> str:
    """Return a worksheet part of these rows."""
    return f'<worksheet xmlns="{MAIN_NS}"><sheetData>{xml_rows}</sheetData></worksheet>'


def text_cell(letters: str, row: int, text: str) -> str:
    """Return a cell with text in line."""
    return f'<c r="{letters}{row}" t="inlineStr"><is><t>{escape(text)}</t></is></c>'


def header_xml(sheet: str, row: int = 1) -> str:
    """Return the header row of a sheet."""
    cells = (text_cell(get_column_letter(place), row, text) for place, text in enumerate(HEADERS[sheet], 1))
    return f'<row r="{row}">{"".join(cells)}</row>'
