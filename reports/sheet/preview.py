"""Made-up payments, to show what an office's layout looks like when it is printed."""

from __future__ import annotations

from datetime import date

from finance.disbursement import Disbursement, DisbursementLine
from lifecycle.money import WAN
from lifecycle.record import Source

_LONG = "面向山区柑橘园的轻量化采摘机器人视觉识别与柔性抓取关键技术研究及应用示范（试填的较长名称）"


def made_up(agency: str, payer: str, today: date, layout: bytes | None) -> Disbursement:
    """Return a disbursement of three made-up payments, to be printed in a layout."""
    lines = (
        _line(1, "试填项目一：智能灌溉关键技术研究", Source.DISTRICT, 20 * WAN, 14 * WAN),
        _line(2, _LONG, Source.DISTRICT, 8 * WAN + 5, 5 * WAN + 67),
        _line(3, "试填项目三：联合攻关", Source.PROVINCIAL, 100 * WAN, 100 * WAN),
    )
    return Disbursement(agency, f"{today.year}-000", payer, today, lines, layout)


def _line(place: int, title: str, source: Source, granted: int, amount: int) -> DisbursementLine:
    return DisbursementLine(
        f"试填-{place:03d}",
        title,
        source,
        f"试填承担单位{place}",
        "试填银行某某支行",
        f"{place:019d}",
        granted,
        0,
        amount,
        "试填文件 第二十三条",
    )
