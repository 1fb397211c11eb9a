"""The disbursement sheet against a bare openpyxl loop over the same cells."""

from __future__ import annotations

from datetime import date
from io import BytesIO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Border, Side

from finance.disbursement import Disbursement, DisbursementLine
from lifecycle.money import in_words
from lifecycle.record import Source
from reports.sheet import disbursement_sheet
from tests.bench.measuring import in_turn, own_peak_mb, say, say_peak

LINES = 10_000


def _line(serial: int) -> DisbursementLine:
    return DisbursementLine(
        project_number=f"SPB-KEY-2026-{serial:05d}",
        project_title="智能驾驶感知融合关键技术研究与应用",
        source=Source.DISTRICT,
        payee="启明智能科技有限公司",
        bank_name="示范农村商业银行营业部",
        bank_account=f"{serial:019d}",
        granted=10_000_000 + serial,
        paid_before=0,
        amount=7_000_000 + serial,
        basis="沙科局发〔2023〕41号 第二十三条",
    )


def sheet() -> None:
    """A sheet of 10,000 lines."""
    lines = [_line(serial) for serial in range(1, LINES + 1)]
    disbursement = Disbursement("测试科技局", "2026-001", "测试区财政局", date(2026, 6, 30), lines)

    def bare() -> None:
        book = Workbook(write_only=True)
        page = book.create_sheet()
        answers = [WriteOnlyCell(page) for _ in range(4)]
        for cell in answers:
            cell.border = Border(left=Side("thin"))
        for serial, (line, code) in enumerate(zip(lines, disbursement.codes, strict=True), 1):
            page.append(
                [
                    serial,
                    line.project_number,
                    line.project_title,
                    line.payee,
                    line.bank_name,
                    line.bank_account,
                    line.granted / 100,
                    line.paid_before / 100,
                    line.amount / 100,
                    in_words(line.amount),
                    line.amount / line.granted,
                    line.basis,
                    code,
                    *answers,
                ]
            )
        book.save(BytesIO())

    before = own_peak_mb()
    ours, theirs = in_turn(lambda: disbursement_sheet(disbursement), bare, times=3)
    note = f"({ours.seconds:.2f} s, {theirs.seconds:.2f} s)"
    say(
        "disbursement sheet, 10,000 lines",
        "bare openpyxl write_only",
        ours.seconds / theirs.seconds,
        1.2,
        note,
    )
    say_peak("memory that sheet adds", own_peak_mb() - before, 100)
