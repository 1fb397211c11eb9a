"""The offices' samples: read alike however they are kept, judged as expected, refused where broken."""

from __future__ import annotations

import json
from datetime import date

import pytest

from reports.ledger.check import check
from reports.ledger.reading import read_ledger
from reports.ledger.schema import SHEET_NAMES
from tests.unit.ledger.workbooks import DATA, places

EXPECTED = json.loads((DATA / "sample.findings.json").read_text("utf-8"))
BROKEN = json.loads((DATA / "broken" / "expected.json").read_text("utf-8"))


def test_a_tidy_and_a_messy_workbook_of_the_same_projects_read_alike() -> None:
    tidy, messy = read_ledger(DATA / "sample.xlsx"), read_ledger(DATA / "sample-messy.xlsx")
    assert tidy.records == messy.records
    assert tidy.sheets_present == messy.sheets_present == set(SHEET_NAMES)


@pytest.mark.parametrize("name", ["sample.xlsx", "sample-messy.xlsx"])
def test_the_samples_give_exactly_the_expected_findings(name: str) -> None:
    ledger = read_ledger(DATA / name)
    found = [
        {key: row[key] for key in ("project", "rule", "subject", "strength", "document")}
        for row in map(dict, check(ledger.records, date.fromisoformat(EXPECTED["as_of"])))
    ]
    assert found == EXPECTED["findings"]
    assert len(ledger.records) == EXPECTED["projects"]


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_workbook_is_refused_with_every_wrong_cell(name: str) -> None:
    wanted = [(error["sheet"], error["row"], error["column"]) for error in BROKEN[name]]
    assert places((DATA / "broken" / name).read_bytes()) == (wanted or [(None, None, None)])


def test_the_offices_template_is_a_valid_ledger_without_projects() -> None:
    ledger = read_ledger(DATA / "template.xlsx")
    assert ledger.records == []
    assert ledger.passed_over == ()
