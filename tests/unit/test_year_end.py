"""The workbook of a year: sums are formulas over its own lines, and whoever works them out gets our fen."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook

from finance.views.asking import PART_NAMES
from finance.views.moved import Book, Movement
from finance.views.planned import PlanLine
from finance.views.years import OWED, YearEnd
from lifecycle.money import Fen
from lifecycle.record import Source
from lifecycle.refusals import Refusal
from lifecycle.stages import TrancheState
from reports.year_end import year_end_workbook
from tests.plugins.needs import missing

UNITS = ("渝州大学", "渝州大学*", "=1+1", "ABC", "abc", "<100", "甲?公司", "ＡＢＣ")
"""Names that a spreadsheet takes for alike, for a pattern, a condition or a formula."""

PROGRAMMES = ("沙坪坝区科技攻关重点专项", "企业科技攻关联合行动计划")
SOURCES = (Source.PROVINCIAL, Source.DISTRICT)
SHEETS = [
    *("按项目类别", "按资金来源", "按月份", "按承担单位"),
    *("明细(拨付)", "明细(退回)", "明细(未拨)", "核对"),
]
NS = {"s": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def movement(random: Random, place: int, fen: Fen) -> Movement:
    """Return something that moved in 2025."""
    day = date(2025, 1, 1) + timedelta(days=random.randrange(365))
    return Movement(
        project_number=f"沙-{place}",
        project_title="=HYPERLINK(1)",
        programme=random.choice(PROGRAMMES),
        lead_unit=random.choice(UNITS),
        source=random.choice(SOURCES),
        tranche_id=place,
        tranche_number=1,
        batch_id=None,
        batch_number="2025-001",
        clearing_id=None,
        day=day,
        voucher=f"{place:04d}",
        amount=fen,
        other_day=None,
        note="退汇",
    )


def owed(random: Random, place: int, fen: Fen) -> PlanLine:
    """Return a tranche that was not paid."""
    day = random.choice([None, date(2024, 6, 1), date(2025, 1, 1) + timedelta(days=random.randrange(365))])
    return PlanLine(
        id=place,
        project_number=f"沙-{place}",
        project_title="某项目",
        programme=random.choice(PROGRAMMES),
        lead_unit=random.choice(UNITS),
        number=1,
        source=random.choice(SOURCES),
        planned_on=day,
        due_on=day,
        state=TrancheState.PLANNED,
        late=True,
        planned=fen,
        paid=0,
        amount=fen,
    )


def a_year(count: int = 60, seed: int = 1, **more: Any) -> YearEnd:
    """Return a year of so many payments, a third as many reversals and returns, as much not paid."""
    random = Random(seed)
    moved = {
        book: [movement(random, place, random.randint(1, 10**9)) for place in range(number)]
        for book, number in ((Book.PAID, count), (Book.REVERSED, count // 3), (Book.RETURNED, count // 3))
    }
    unpaid = [(random.choice(OWED), owed(random, place, random.randint(1, 10**9))) for place in range(count)]
    usual: dict[str, Any] = {
        "moved_sums": {book: sum(one.amount for one in lines) for book, lines in moved.items()},
        "owed_sum": sum(line.amount for _, line in unpaid),
        "undated": 0,
    }
    return YearEnd(2025, date(2025, 12, 31), moved, unpaid, **(usual | more))


def table(content: bytes, name: str) -> list[dict[str, Any]]:
    """Return the rows of a sheet with the values kept in it, by header."""
    page = load_workbook(BytesIO(content), data_only=True)[name]
    heads, *rows = page.iter_rows(min_row=3, values_only=True)
    return [dict(zip(map(str, heads), row, strict=True)) for row in rows]


def fen(value: Any) -> Fen:
    """Return an amount that a reader took for a number of yuan."""
    return round(value * 100)


def expected(year: YearEnd, unit: str) -> dict[str, Fen]:
    """Return what the row of a unit must say, added up without the workbook."""
    sums = {
        book: sum(one.amount for one in lines if unit in {"合计", one.lead_unit})
        for book, lines in year.moved.items()
    }
    unpaid = {
        PART_NAMES[part]: sum(
            line.amount for of, line in year.owed if of is part and unit in {"合计", line.lead_unit}
        )
        for part in OWED
    }
    net = sums[Book.PAID] - sums[Book.REVERSED] - sums[Book.RETURNED]
    paid = {"拨付": sums[Book.PAID], "冲正": -sums[Book.REVERSED], "退回": sums[Book.RETURNED], "净拨付": net}
    return paid | unpaid


def demand_our_fen(content: bytes, year: YearEnd) -> None:
    """Demand that the values in a workbook are those of the year, and that all of it ties."""
    rows = table(content, "按承担单位")
    assert {row["承担单位"] for row in rows} == {*UNITS, "合计"}
    for row in rows:
        for head, amount in expected(year, row["承担单位"]).items():
            assert fen(row[head]) == amount, (row["承担单位"], head)
        assert fen(row["净拨付"]) == sum(fen(row[f"净拨付：{source}"]) for source in SOURCES)
    whole = expected(year, "合计")
    for name in SHEETS[:4]:
        *entries, total = table(content, name)
        for head, amount in whole.items():
            assert fen(total[head]) == amount == sum(fen(row[head]) for row in entries), (name, head)
    assert {row["结论"] for row in table(content, "核对")} == {"相符"}


def test_it_has_the_sheets_an_office_expects_and_every_sum_is_a_formula() -> None:
    content = year_end_workbook(a_year(), agency="沙坪坝区科学技术局")
    book = load_workbook(BytesIO(content))
    assert book.sheetnames == SHEETS
    for name in SHEETS[:4]:
        rows = book[name].iter_rows(min_row=4, min_col=3, values_only=True)
        assert all(str(value).startswith("=") for row in rows for value in row)
    assert book["按承担单位"]["C4"].value == "=SUMIFS(拨付金额,拨付单位,$A4,拨付类型,1)"
    assert book.defined_names["拨付金额"].attr_text == "'明细(拨付)'!$L$4:$L$83"
    details = [book[name] for name in SHEETS[4:7]]
    assert not any(
        cell.data_type == "f" for page in details for row in page.iter_rows(min_row=4) for cell in row
    )


def test_the_kept_values_are_our_fen_digit_for_digit() -> None:
    year = a_year()
    content = year_end_workbook(year, agency="甲局")
    demand_our_fen(content, year)
    with ZipFile(BytesIO(content)) as package:
        part = ElementTree.fromstring(package.read("xl/worksheets/sheet5.xml"))
    kept = [
        cell.findtext("s:v", None, NS) for cell in part.iterfind(".//s:c", NS) if str(cell.get("r"))[0] == "L"
    ]
    amounts = [one.amount for one in year.moved[Book.PAID]] + [
        -one.amount for one in year.moved[Book.REVERSED]
    ]
    assert [value.replace(".", "") for value in kept[1:] if value] == [
        f"{'-' if amount < 0 else ''}{abs(amount):03d}" for amount in amounts
    ]


def test_what_does_not_tie_is_said() -> None:
    year = a_year(owed_sum=1)
    found = {row["核对事项"]: row["结论"] for row in table(year_end_workbook(year, agency="甲局"), "核对")}
    assert found["按月份：未拨"] == found["全部核对事项"] == "不符"
    assert found["按月份：退回"] == "相符"


def test_a_year_without_anything_is_a_workbook_all_the_same() -> None:
    content = year_end_workbook(a_year(0, undated=5), agency="甲局")
    assert {row["结论"] for row in table(content, "核对")} == {"相符"}
    assert "0.05 元" in str(load_workbook(BytesIO(content))["核对"]["A2"].value)


def test_libreoffice_works_out_the_same(tmp_path: Path) -> None:
    office = shutil.which("soffice")
    if office is None:
        missing("no LibreOffice found; install libreoffice-calc")
    years = {"ties": a_year(200), "differs": a_year(3, owed_sum=1)}
    for name, year in years.items():
        content = _without_values(year_end_workbook(year, agency="甲局"))
        assert table(content, "按承担单位")[0]["拨付"] is None
        (tmp_path / f"{name}.xlsx").write_bytes(content)
    command = [
        office,
        f"-env:UserInstallation=file://{tmp_path}/office",
        "--headless",
        "--convert-to",
        "xlsx",
    ]
    sources = [tmp_path / f"{name}.xlsx" for name in years]
    subprocess.run(
        [*command, "--outdir", tmp_path / "out", *sources], check=True, capture_output=True, timeout=180
    )
    demand_our_fen((tmp_path / "out" / "ties.xlsx").read_bytes(), years["ties"])
    rows = table((tmp_path / "out" / "differs.xlsx").read_bytes(), "核对")
    assert {row["核对事项"] for row in rows if row["结论"] == "不符"} == {
        *(f"{name}：未拨" for name in SHEETS[:4]),
        "全部核对事项",
    }


def _without_values(content: bytes) -> bytes:
    """Take the kept values of formulas away, so that whoever opens the workbook has to calculate."""
    target = BytesIO()
    with ZipFile(BytesIO(content)) as old, ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name, re.sub(rb"(</f>)<v>[^<]*</v>", rb"\1", old.read(name)))
    return target.getvalue()


def test_sums_are_exact_to_the_last_fen_a_spreadsheet_keeps_and_beyond_it_are_refused_in_words() -> None:
    def of(fen: Fen) -> YearEnd:
        paid = [movement(Random(1), 1, fen - 1), movement(Random(1), 2, 1)]
        moved = {Book.PAID: paid, Book.REVERSED: [], Book.RETURNED: []}
        return YearEnd(2025, date(2025, 12, 31), moved, [], {**dict.fromkeys(Book, 0), Book.PAID: fen}, 0, 0)

    most = 10**15 - 1
    content = year_end_workbook(of(most), agency="甲局")
    assert str(table(content, "按月份")[-1]["拨付"]) == "9999999999999.99"
    assert {row["结论"] for row in table(content, "核对")} == {"相符"}
    with pytest.raises(Refusal, match=r"10,000,000,000,000\.00 元.*15 位有效数字.*多录了位数"):
        year_end_workbook(of(most + 1), agency="甲局")
