"""The stage account adds up whatever was spent; what is missing in a report is said at its field."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.models.report import ReportKind
from lifecycle.record import BudgetUse, Milestone, Source, Spending, Tranche
from lifecycle.report_content import (
    Content,
    Reached,
    account_from,
    account_of,
    content_from,
    incomplete,
    plain_account,
    plain_of,
    stage_account,
    title_of,
)
from lifecycle.report_opening import against, opens_on
from tests.web.site import a_record

TODAY = date(2027, 1, 8)
TOMORROW = TODAY + timedelta(days=1)
DAYS = st.dates(date(2025, 12, 1), date(2027, 2, 28))
ENTRIES = st.lists(
    st.builds(
        Spending,
        on=DAYS,
        source=st.sampled_from(Source),
        use=st.sampled_from(BudgetUse),
        amount=st.integers(-(10**9), 10**9),
        voucher=st.none(),
        note=st.none(),
    ),
    max_size=12,
)


@given(ENTRIES, DAYS, st.integers(0, 400))
def test_an_account_adds_up_by_source_and_by_use(entries: list[Spending], since: date, days: int) -> None:
    until = since + timedelta(days)
    record = a_record("P", spending=tuple(entries))
    account = stage_account(record, since, until)
    spent = [one for one in entries if one.on <= until]
    within = [one for one in spent if one.on >= since]
    assert account.total.spent == sum(one.amount for one in spent) == sum(one.spent for one in account.uses)
    assert (
        account.total.period == sum(one.amount for one in within) == sum(one.period for one in account.uses)
    )
    assert account.entries == len(spent)
    assert account_from(plain_account(account)) == account


@given(
    st.text(max_size=40),
    st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5)), max_size=4),
    st.booleans(),
)
def test_a_content_is_kept_as_it_was_written(text: str, values: list[tuple[str, str]], nothing: bool) -> None:
    indicators = tuple(Reached(name, value, "") for name, value in values)
    content = Content(text, TODAY, text, text, text, indicators, nothing, text, nothing)
    assert content_from(plain_of(content)) == content


def test_an_annual_account_ends_with_its_year_and_a_stages_begins_after_the_report_before() -> None:
    record = a_record(
        "P",
        milestone_managed=True,
        milestones=(
            Milestone(1, "样机", date(2026, 6, 30), date(2026, 7, 2), None, None),
            Milestone(2, "示范", date(2027, 3, 31), None, None, None),
        ),
        tranches=(Tranche(1, Source.DISTRICT, 14_000_000, None, 14_000_000, date(2026, 2, 1)),),
    )
    annual = account_of(record, ReportKind.ANNUAL, 2026, TODAY)
    assert annual is not None
    assert (annual.since, annual.until, annual.total.received) == (
        date(2026, 1, 1),
        date(2026, 12, 31),
        14_000_000,
    )
    stage = account_of(record, ReportKind.STAGE, 2, TODAY)
    assert stage is not None
    assert (stage.since, stage.until) == (date(2026, 7, 2), TODAY)
    assert account_of(record, ReportKind.EVENT, 1, TODAY) is None


@pytest.mark.parametrize(
    ("kind", "fields", "wrong"),
    [
        (ReportKind.EVENT, {}, {"title", "happened_on", "progress"}),
        (ReportKind.EVENT, {"title": "设备损坏", "happened_on": TOMORROW}, {"happened_on", "progress"}),
        (ReportKind.STAGE, {"indicators": (Reached("速度", "", "尚未测试"),)}, {"progress"}),
        (ReportKind.STAGE, {"indicators": (Reached("速度", "", ""),)}, {"progress", "value_0"}),
        (ReportKind.ANNUAL, {"nothing": True}, {"nothing_reason"}),
        (ReportKind.ANNUAL, {"progress": "长" * 5001}, {"progress"}),
    ],
)  # fmt: skip
def test_what_is_missing_is_said_at_its_field(
    kind: ReportKind, fields: dict[str, Any], wrong: set[str]
) -> None:
    assert set(incomplete(Content(**fields), kind, None, TODAY)) == wrong


def test_no_spending_is_declared_only_where_there_is_none() -> None:
    said = Content(progress="完成总体方案设计和样机试制。")
    empty = stage_account(a_record("P"), date(2026, 1, 1), date(2026, 12, 31))
    spent = replace(empty, entries=2)
    assert set(incomplete(said, ReportKind.ANNUAL, empty, TODAY)) == {"no_spending"}
    assert incomplete(replace(said, no_spending=True), ReportKind.ANNUAL, empty, TODAY) == {}
    assert set(incomplete(replace(said, no_spending=True), ReportKind.ANNUAL, spent, TODAY)) == {
        "no_spending"
    }


@given(st.integers(2020, 2035), st.dates(date(2025, 1, 1), date(2030, 12, 31)))
def test_an_annual_report_opens_on_the_first_of_january_after_a_year_that_owes_it(
    year: int, day: date
) -> None:
    record = a_record("P", start=date(2026, 1, 1), end=date(2028, 12, 31))
    owed = 2026 <= year <= 2028 and day >= opens_on(year)
    assert bool(against(record, ReportKind.ANNUAL, year, day)) is not owed


def test_reports_are_called_by_what_they_are_about() -> None:
    assert title_of(ReportKind.ANNUAL, 2026) == "2026 年度报告"
    assert title_of(ReportKind.STAGE, 1, name="样机") == "第 1 个里程碑阶段报告（样机）"
    assert title_of(ReportKind.EVENT, 2, Content(title="设备损坏")) == "重大事项报告 2：设备损坏"
