"""The clearing sheet for Excel and Word: its totals are worked out anew by LibreOffice and equal ours."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from docx import Document
from openpyxl import load_workbook
from pypdf import PdfReader

from finance.clearing.figures import Figures, SourceFigures
from finance.clearing.shown import ShownLine, ShownReturn
from lifecycle.money import yuan
from lifecycle.record import BudgetUse, Conclusion, Source
from reports.clearing_paper import clearing_paper
from reports.clearing_sheet import clearing_sheet
from reports.clearing_told import ClearingTold
from tests.plugins.needs import missing

DAY = date(2027, 11, 15)
NASTY = "=1+1 A&B ‹关键>"
CITY, DISTRICT = Source.PROVINCIAL, Source.DISTRICT


def line(id_: int, source: Source, amount: int) -> ShownLine:
    return ShownLine(id_, source, amount, f"{NASTY}{id_}", DAY, BudgetUse.EQUIPMENT, f"记-{id_}", amount + 1)


def part(id_: int, source: Source, amount: int, reversal_of: int | None = None) -> ShownReturn:
    at = None
    return ShownReturn(id_, DAY, source, amount, NASTY, "备注", reversal_of, None, "张三", at)  # type: ignore[arg-type]


def told() -> ClearingTold:
    """Return a clearing of two sources, every sum with odd fen in it."""
    return ClearingTold(
        agency="沙坪坝区科技局",
        kind="财务清算",
        number="沙-1",
        title=NASTY,
        programme="沙坪坝区科技攻关重点专项",
        lead_unit="渝州大学",
        pi_name="李工",
        conclusion=Conclusion.FAILED,
        concluded_on=DAY,
        citation="沙科局发〔2023〕41号 第三十三条",
        figures=Figures(
            (
                SourceFigures(CITY, 20_000_001, 17_654_321, 1_000_003),
                SourceFigures(DISTRICT, 10_000_000, 12_345_678, 7),
            )
        ),
        settled_by="财务甲",
        settled_on=DAY,
        confirmed_by="审批乙",
        confirmed_on=DAY,
        due_on=date(2028, 1, 31),
        note="经专项核查。",
        returned={CITY: 99_999, DISTRICT: 7},
        lines=(line(1, CITY, 1_000_000), line(2, CITY, 3), line(3, DISTRICT, 7)),
        returns=(
            part(1, CITY, 100_000),
            part(2, DISTRICT, 7),
            part(3, CITY, -100_000, 1),
            part(4, CITY, 99_999),
        ),
    )


@pytest.fixture(scope="module")
def office() -> str:
    """The LibreOffice of this machine."""
    found = shutil.which("soffice")
    if found is None:
        missing("no LibreOffice found; install libreoffice-calc")
    return found


def _without_values(content: bytes) -> bytes:
    """Take the kept values of formulas away, so that whoever opens the sheet has to calculate."""
    target = BytesIO()
    with ZipFile(BytesIO(content)) as old, ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name, re.sub(rb"(</f>)<v>[^<]*</v>", rb"\1", old.read(name)))
    return target.getvalue()


def convert(office: str, folder: Path, kind: str, *files: Path) -> None:
    profile = f"-env:UserInstallation=file://{folder}/office"
    words = [office, profile, "--headless", "--convert-to", kind, "--outdir", str(folder), *map(str, files)]
    subprocess.run(words, check=True, capture_output=True, timeout=120)


def wanted(one: ClearingTold) -> list[list[str]]:
    """Return the table of sums as it should be read."""
    rows = [
        [yuan(one.paid), yuan(one.spent), yuan(one.left), yuan(one.kept), yuan(one.disallowed)]
        for one in one.figures.sources
    ]
    for row, source in zip(rows, one.figures.sources, strict=True):
        back = one.returned.get(source.source, 0)
        row += [yuan(source.to_return), yuan(back), yuan(source.to_return - back)]
        row.insert(0, source.source)
    figures = one.figures
    sums = (figures.paid, figures.spent, figures.left, figures.kept, figures.disallowed, figures.to_return)
    total = [yuan(sum_) for sum_ in (*sums, one.back, figures.to_return - one.back)]
    return [*rows, ["合计", *total]]


def test_libreoffice_works_out_the_same_totals(office: str, tmp_path: Path) -> None:
    clearing = told()
    surplus = replace(
        clearing,
        kind="结余处理",
        figures=Figures((SourceFigures(DISTRICT, 10_000_000, 8_000_001, 0, 999_999),)),
        returned={},
        lines=(),
        returns=(),
    )
    paths = []
    for name, one in (("clearing", clearing), ("surplus", surplus)):
        path = tmp_path / f"{name}.xlsx"
        path.write_bytes(_without_values(clearing_sheet(one)))
        paths.append(path)
    convert(office, tmp_path, "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true", *paths)
    for name, one in (("clearing", clearing), ("surplus", surplus)):
        table = list(csv.reader((tmp_path / f"{name}.csv").read_text("utf-8").splitlines()))
        assert table[6 : 7 + len(one.figures.sources)] == wanted(one), name
    words = (tmp_path / "clearing.csv").read_text("utf-8")
    assert f"项目名称：{NASTY}" in words
    assert "=1+1 A&B ‹关键>2" in words


def test_every_formula_bears_the_value_it_comes_to() -> None:
    content = clearing_sheet(told())
    assert content == clearing_sheet(told())
    known = load_workbook(BytesIO(content), data_only=True)["清算表"]
    formulas = load_workbook(BytesIO(content))["清算表"]
    found = [cell.coordinate for row in formulas.iter_rows() for cell in row if cell.data_type == "f"]
    assert len(found) == 2 * 5 + 8 + 2
    assert all(known[place].value is not None for place in found)
    figures = told().figures
    assert round(known["I9"].value * 100) == figures.to_return - told().back


def test_a_draft_is_marked_and_one_without_money_is_still_a_sheet() -> None:
    empty = replace(told(), figures=Figures(), returned={}, lines=(), returns=(), confirmed_on=None)
    page = load_workbook(BytesIO(clearing_sheet(empty)))["清算表"]
    assert "（草稿）" in page["A1"].value
    assert page["A7"].value == "合计"
    assert clearing_paper(empty)


def test_the_word_paper_says_the_same_and_fits_its_pages(office: str, tmp_path: Path) -> None:
    path = tmp_path / "clearing.docx"
    path.write_bytes(clearing_paper(told()))
    document = Document(str(path))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    text = "\n".join([*cells, *(one.text for one in document.paragraphs)])
    figures = told().figures
    for said in (yuan(figures.to_return), yuan(told().back), NASTY, "第三十三条", "审批乙", "2028年1月31日"):
        assert said in text
    convert(office, tmp_path, "pdf", path)
    assert len(PdfReader(tmp_path / "clearing.pdf").pages) == 2
