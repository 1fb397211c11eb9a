"""The ledger check from the console: the contract's JSON and exit codes, and lines for people."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.cli import main
from reports.ledger.check import FindingRow, check, in_order
from reports.ledger.reading import read_ledger
from tests.unit.ledger.workbooks import DATA, LINES, PROJECT, book, project, rows, with_project

KEYS = ["project", "rule", "subject", "strength", "document", "article", "message", "reason"]
DAY = "2026-06-30"
QUIET: dict[str, Any] = {"区（县）级财政资金": 8, "签署方": "区科技局、承担单位"}


def keguan(*arguments: str | Path) -> Result:
    """Run ``keguan ledger check``."""
    return CliRunner().invoke(main, ["ledger", "check", *map(str, arguments)], catch_exceptions=False)


def saved(folder: Path, content: bytes) -> Path:
    path = folder / "台账.xlsx"
    path.write_bytes(content)
    return path


def test_findings_come_as_one_object_in_the_order_of_the_contract() -> None:
    result = keguan(DATA / "sample.xlsx", "--as-of", DAY, "--format", "json")
    assert result.exit_code == 1
    assert result.stderr == ""
    told = json.loads(result.stdout)
    assert list(told) == ["as_of", "projects", "findings"]
    assert (told["as_of"], told["projects"]) == (DAY, 300)
    findings = told["findings"]
    assert all(list(finding) == KEYS for finding in findings)
    assert all(finding[key] for finding in findings for key in ("article", "message"))
    places = [(finding["project"], finding["rule"], finding["subject"]) for finding in findings]
    assert places == sorted(set(places))


def test_articles_are_written_out() -> None:
    findings = json.loads(keguan(DATA / "sample.xlsx", "--as-of", DAY, "--format", "json").stdout)["findings"]
    articles = {finding["rule"]: finding["article"] for finding in findings}
    assert articles["spb-26-annual-report"] == "第二十六条"
    assert articles["cy-3-indicator-categories"] == "三（五）"


def test_a_reason_given_later_has_not_been_given_yet(tmp_path: Path) -> None:
    note = {**LINES["例外说明"], "批准日期": "2026-06-30"}
    path = saved(tmp_path, with_project("例外说明", note, 实施结束="2030-01-01", **QUIET))
    reasons = [
        json.loads(keguan(path, "--as-of", day, "--format", "json").stdout)["findings"][0]["reason"]
        for day in ("2026-06-29", "2026-06-30")
    ]
    assert reasons == [None, "研究同意"]


def test_nothing_found_is_nought(tmp_path: Path) -> None:
    path = saved(tmp_path, with_project(**QUIET))
    assert keguan(path, "--as-of", DAY, "--format", "json").exit_code == 0
    result = keguan(path, "--as-of", DAY)
    assert (result.exit_code, result.stdout) == (0, f"体检日期 {DAY}，共 1 个项目，未发现问题。\n")


def test_people_read_the_findings_project_by_project() -> None:
    result = keguan(DATA / "sample.xlsx", "--as-of", DAY)
    assert result.exit_code == 1
    summary, _, first, line, *_ = result.stdout.splitlines()
    assert summary == f"体检日期 {DAY}，共 300 个项目，发现 660 个问题。"
    assert first == "CY-000001"
    assert line.startswith("  【应当】")
    assert "川渝科技创新合作计划（2024）申报通知 二" in line


@pytest.mark.parametrize("name", sorted(path.name for path in (DATA / "broken").glob("*.xlsx")))
def test_a_refused_workbook_is_told_as_one_object(name: str) -> None:
    expected = json.loads((DATA / "broken" / "expected.json").read_text("utf-8"))[name]
    result = keguan(DATA / "broken" / name, "--format", "json")
    assert (result.exit_code, result.stderr) == (2, "")
    errors = json.loads(result.stdout)["errors"]
    assert all(list(error) == ["sheet", "row", "column", "message"] and error["message"] for error in errors)
    found = [{key: error[key] for key in ("sheet", "row", "column")} for error in errors]
    assert found == (expected or [{"sheet": None, "row": None, "column": None}])


def test_people_read_every_wrong_cell() -> None:
    result = keguan(DATA / "broken" / "several.xlsx")
    assert result.exit_code == 2
    assert result.stdout.splitlines()[0] == "台账未通过，共 4 处需要改正："
    assert "  拨付 第 2 行“期次”：" in result.stdout


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_file_that_is_not_there_is_refused(tmp_path: Path, form: str) -> None:
    result = keguan(tmp_path / "none.xlsx", "--format", form)
    assert result.exit_code == 2
    assert "请确认文件存在" in result.stdout


@pytest.mark.parametrize("wrong", [{}, {"实施结束": "?"}])
def test_the_text_names_what_was_passed_over_on_standard_error(tmp_path: Path, wrong: dict[str, str]) -> None:
    content = [[*row, "处室"] for row in rows("项目", {**PROJECT, **wrong})]
    path = saved(tmp_path, book({"项目": content, "说明": [["随便"]]}))
    assert keguan(path).stderr == "未读取：工作表“说明”\n未读取：工作表“项目”的“处室”列\n"
    assert keguan(path, "--format", "json").stderr == ""


def test_a_day_that_is_none_is_refused() -> None:
    assert keguan(DATA / "sample.xlsx", "--as-of", "2026-02-30").exit_code == 2


def test_the_day_is_today_where_none_is_given(tmp_path: Path) -> None:
    path = saved(tmp_path, with_project())
    told = json.loads(keguan(path, "--format", "json").stdout)
    assert date.fromisoformat(told["as_of"]) >= date(2025, 1, 1)


def test_a_check_touches_neither_database_nor_web_framework() -> None:
    code = (
        "import sys; from app.cli import main\n"
        f"main(['ledger', 'check', {str(DATA / 'template.xlsx')!r}], standalone_mode=False)\n"
        "assert {'sqlalchemy', 'flask', 'openpyxl', 'babel'}.isdisjoint(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_findings_alike_in_project_rule_and_subject_are_one() -> None:
    row: FindingRow = {
        "project": "P", "rule": "r", "subject": "", "strength": "must",
        "document": "d", "article": "一", "message": "先", "reason": None,
    }  # fmt: skip
    other: FindingRow = {**row, "message": "后"}
    first: FindingRow = {**row, "project": "A"}
    assert in_order([row, other, first]) == [first, row]


def test_a_day_before_everything_finds_only_what_bears_no_date() -> None:
    ledger = read_ledger(DATA / "sample.xlsx")
    early = {(row["project"], row["rule"], row["subject"]) for row in check(ledger.records, date(1990, 1, 1))}
    late = {(row["project"], row["rule"], row["subject"]) for row in check(ledger.records, date(2100, 1, 1))}
    assert 0 < len(early) < len(late)
    assert check([project(**QUIET)], date(1990, 1, 1)) == []
