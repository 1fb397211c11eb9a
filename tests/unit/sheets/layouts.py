"""Layouts as offices draw them, and payments to print into them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Sequence
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.worksheet import Worksheet

from finance.disbursement import Disbursement, DisbursementLine
from lifecycle.record import Source
from tests.plugins.needs import missing

COLUMNS = {
    "识别码": "{行码}",
    "单位名称": "{承担单位}",
    "收款账号": "{账号}",
    "拨付金额（元）": "{本次拨付}",
    "金额大写": "{本次大写}",
    "来源": "{ 资金来源 }",
    "项目": "{项目编号}",
    "结果": "{办理结果}",
    "拨出日": "{拨付日期}",
    "凭证": "{凭证号}",
    "原因": "{未拨出原因}",
    "币种": "人民币",
}
LINE = 6
Change = Callable[[Worksheet], object]


def line(place: int = 1, **given: Any) -> DisbursementLine:
    """Return a payment of 14 of 20 万元 and some fen."""
    usual: dict[str, Any] = {
        "project_number": f"SPB-KEY-{place:06d}",
        "project_title": "智能驾驶感知融合关键技术研究",
        "source": Source.DISTRICT,
        "payee": f"启明智能科技有限公司{place}",
        "bank_name": "示范农村商业银行营业部",
        "bank_account": f"62220200{place:011d}",
        "granted": 20_000_000,
        "paid_before": 0,
        "amount": 14_000_000 + place,
        "basis": "沙科局发〔2023〕41号 第二十三条",
    }
    return DisbursementLine(**(usual | given))


def disbursement(lines: Sequence[DisbursementLine], layout: bytes | None = None) -> Disbursement:
    """Return a batch of these payments."""
    return Disbursement("沙坪坝区科学技术局", "2026-003", "测试区财政局", date(2026, 6, 30), lines, layout)


def office_layout(*changes: Change) -> bytes:
    """Return a layout in an order of its own, with what offices draw around a table; ``changes`` alter it."""
    book = Workbook()
    book.create_sheet("说明")["A1"] = "填表说明"
    page = book.worksheets[0]
    page.title = "国库 & 专户"
    page["A1"] = "{科技局}关于拨付{年度}年度科技资金的明细表（第｛批次号｝号）"
    page["A1"].font = Font(name="黑体", size=20)
    page.merge_cells("A1:L1")
    page["A3"] = "付款：{拨款单位}　{出表日期}"
    for column, (header, mark) in enumerate(COLUMNS.items(), 1):
        page.cell(LINE - 1, column, header)
        cell = page.cell(LINE, column, mark)
        cell.font, cell.alignment = Font(size=12), Alignment(wrap_text=column == 5)
    page["D6"].number_format = '"￥"#,##0.00'
    page["C6"].fill = PatternFill("solid", fgColor="DDEEFF")
    page.row_dimensions[LINE].height, page.column_dimensions["E"].width = 42, 40
    page["A8"], page["D8"], page["E8"] = "总计", "{合计金额}", "{合计大写}"
    page["G8"], page["H8"] = "{笔数}", "共{笔数}笔，{合计金额}元"
    page.merge_cells("A8:C8")
    page["A10"], page["D10"] = "经办人：", "分管领导："
    page.merge_cells("D10:F11")
    page.row_dimensions[10].height = 55
    page["A12"] = "{校验码}"
    page.print_area = "A1:L12"
    page.print_title_rows = "5:5"
    page.freeze_panes = "A6"
    page.row_breaks.append(Break(id=9))
    offered = DataValidation(type="list", formula1='"已拨付,未拨出"')
    offered.add("H6")
    page.add_data_validation(offered)
    page.conditional_formatting.add(
        "D6", CellIsRule("greaterThan", ["$D$8"], fill=PatternFill(bgColor="FF0000"))
    )
    page.oddFooter.center.text = "&P/&N 批次 {批次号}"
    for change in changes:
        change(page)
    return saved(book)


def saved(book: Workbook) -> bytes:
    """Return a workbook's bytes."""
    target = BytesIO()
    book.save(target)
    return target.getvalue()


def setting(place: str, value: object) -> Change:
    """Return the change that puts something into a cell."""
    return lambda page: page.__setitem__(place, value)


def an_office() -> str:
    """Return the LibreOffice of this machine; skips the test where there is none."""
    found = shutil.which("soffice")
    if found is None:
        missing("no LibreOffice found; install libreoffice-calc")
    return found


def converted(folder: Path, content: bytes, kind: str, ending: str) -> bytes:
    """Return what LibreOffice makes of a workbook that it opens, calculates and saves."""
    source = folder / "given.xlsx"
    source.write_bytes(content)
    out = folder / "out"
    profile = f"-env:UserInstallation=file://{folder}/office"
    command = [an_office(), profile, "--headless", "--convert-to", kind, "--outdir", str(out), str(source)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return (out / f"given.{ending}").read_bytes()
