"""The books of a project: what came, less what went, is what is left, of each source and of all of them."""

from __future__ import annotations

import random
import shutil
import subprocess
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from finance.rates import gates_of, steps_to
from finance.spent import all_over_budget, over_after
from finance.stage_figures import changed, figures_of, kept, read
from finance.statement import Entry, Side, flow_of, flows_until, statement
from lifecycle.record import BudgetLine, BudgetUse, Source, Spending, Tranche
from reports.account_statement import account_book, statement_book
from tests.plugins.needs import missing
from tests.unit.rules.records import record

FIRST = date(2026, 1, 1)
DAYS = st.integers(0, 40).map(lambda days: FIRST + timedelta(days))
ENTRIES = st.lists(
    st.builds(
        Entry,
        on=DAYS,
        side=st.sampled_from(Side),
        source=st.sampled_from(Source),
        amount=st.integers(-(10**12), 10**12),
        words=st.just(""),
        use=st.sampled_from(BudgetUse),
        id=st.integers(1, 99),
    ),
    max_size=12,
)
KEY = "沙坪坝区科技攻关重点专项"


@given(entries=ENTRIES, days=st.tuples(DAYS, DAYS), source=st.none() | st.sampled_from(Source))
def test_opening_and_what_moved_is_closing_and_the_last_balance(
    entries: list[Entry], days: tuple[date, date], source: Source | None
) -> None:
    since, until = sorted(days)
    shown = statement(entries, since, until, source)
    mine = [one for one in entries if source in {None, one.source}]
    assert shown.opening == flow_of(one for one in mine if one.on < since).left
    assert shown.closing == flow_of(one for one in mine if one.on <= until).left
    assert shown.closing == shown.opening + shown.flow.received - shown.flow.spent - shown.flow.returned
    assert shown.closing == sum(one.closing for one in shown.sources)
    assert sum(line.entry.effect for line in shown.lines) == shown.flow.left
    assert (shown.lines[-1].left if shown.lines else shown.opening) == shown.closing
    for one in shown.sources:
        of_it = [line for line in shown.lines if line.entry.source is one.source]
        assert (of_it[-1].of_source if of_it else one.opening) == one.closing
    days_listed = [line.entry.on for line in shown.lines]
    assert days_listed == sorted(days_listed)


@given(entries=ENTRIES, middle=DAYS, until=DAYS)
def test_two_statements_end_to_end_are_one(entries: list[Entry], middle: date, until: date) -> None:
    end = max(middle, until)
    first = statement(entries, date.min, middle)
    second = statement(entries, middle + timedelta(1), max(end, middle + timedelta(1)))
    assert second.opening == first.closing


@given(entries=ENTRIES, as_of=DAYS)
def test_a_stage_account_says_what_the_statement_says(entries: list[Entry], as_of: date) -> None:
    figures = figures_of(record(KEY), entries, as_of)
    assert figures.total.left == statement(entries, date.min, as_of).closing
    assert sum(one.left for one in figures.sources) == figures.total.left
    assert sum(one.spent for one in figures.uses) == figures.total.spent
    for source, flow in flows_until(entries, as_of).items():
        (line,) = (one for one in figures.sources if one.source is source)
        assert (line.received, line.spent, line.returned) == (flow.received, flow.spent, flow.returned)
        assert line.spent == sum(one.spent for one in figures.uses if one.source is source)
    assert read(kept(figures)) == figures
    assert changed(figures, figures) == []


def test_what_is_entered_later_shows_and_gives_other_digest() -> None:
    entry = Entry(FIRST, Side.SPENT, Source.DISTRICT, 5, "", "", BudgetUse.LABOUR, 1)
    then = figures_of(record(KEY), [entry], FIRST)
    now = figures_of(record(KEY), [entry, replace(entry, amount=7, id=2)], FIRST)
    assert [(one.what, one.then, one.now) for one in changed(then, now)] == [
        ("区（县）级财政 支出", 5, 12),
        ("区（县）级财政·劳务费 支出", 5, 12),
    ]
    assert then.digest != now.digest
    assert (then.last_row, now.last_row) == (1, 2)


def test_the_last_step_to_a_gate_has_its_figures_at_one_fen_below_at_and_above_the_line() -> None:
    paid = Tranche(1, Source.DISTRICT, 1001, FIRST, 1001, FIRST)
    later = Tranche(2, Source.DISTRICT, 500, FIRST, 0, None)
    for spent, short in ((800, 1), (801, 0), (802, 0)):  # 80 % of 1001 fen is 800.8
        rows = (
            Spending(FIRST, Source.DISTRICT, BudgetUse.LABOUR, spent + 9, "1", None),
            Spending(FIRST, Source.DISTRICT, BudgetUse.LABOUR, -9, "1", None),
            Spending(FIRST, Source.OWN, BudgetUse.LABOUR, 10**6, "2", None),
        )
        of = record(KEY, signed_on=FIRST, district=1501, tranches=(paid, later), spending=rows)
        (gate,) = gates_of(of, FIRST + timedelta(1))
        steps = list(steps_to(of, gate))
        assert (gate.line, gate.short) == (801, short)
        assert (steps[-1].before, steps[-1].so_far, steps[-1].short) == (gate.before, gate.spent, gate.short)
        assert [(one.paid, one.spent) for one in steps] == [(1001, 0), (0, spent + 9), (0, -9)]


def test_a_row_says_what_it_takes_over_the_budget_one_fen_above_and_not_at_it() -> None:
    budget = (
        BudgetLine(Source.DISTRICT, BudgetUse.EQUIPMENT, 100),
        BudgetLine(Source.DISTRICT, BudgetUse.LABOUR, 50),
    )
    of = record(KEY, budget=budget)
    rows = [
        Spending(FIRST, Source.DISTRICT, BudgetUse.EQUIPMENT, 100, "1", None),
        Spending(FIRST, Source.DISTRICT, BudgetUse.EQUIPMENT, 1, "2", None),
        Spending(FIRST, Source.DISTRICT, BudgetUse.LABOUR, 50, "3", None),
    ]
    found = [(place, one.what, one.over) for place, one in over_after(of, rows, FIRST)]
    assert found == [(1, "区（县）级财政·设备费", 1), (2, "区（县）级财政合计", 1)]
    after = all_over_budget(replace(of, spending=tuple(rows)), FIRST)
    assert [(one.what, one.over) for one in after] == [
        ("区（县）级财政·设备费", 1),
        ("区（县）级财政合计", 1),
    ]
    assert list(over_after(record(KEY), rows, FIRST)) == []


def test_libreoffice_works_out_the_same_sums_of_a_statement_and_a_stage_account(tmp_path: Path) -> None:
    office = shutil.which("soffice")
    if office is None:
        missing("no LibreOffice found; install libreoffice-calc")
    dice = random.Random(1)
    entries = [
        Entry(
            on=FIRST + timedelta(dice.randrange(20)),
            side=dice.choice(list(Side)),
            source=dice.choice(list(Source)),
            amount=dice.randrange(-(10**9), 10**12),
            words="=1+1",
            use=dice.choice(list(BudgetUse)),
            id=place,
        )
        for place in range(100)
    ]
    as_of = FIRST + timedelta(15)
    shown, figures = statement(entries, FIRST + timedelta(3), as_of), figures_of(record(KEY), entries, as_of)
    books = {
        "statement.xlsx": statement_book(shown, title="", note=""),
        "account.xlsx": account_book(figures, 1, "", title="", note=""),
    }
    for name, content in books.items():
        (tmp_path / name).write_bytes(content)
    command = [
        office,
        f"-env:UserInstallation=file://{tmp_path}/office",
        "--headless",
        "--convert-to",
        "xlsx",
    ]
    paths = [tmp_path / name for name in books]
    subprocess.run(
        [*command, "--outdir", tmp_path / "out", *paths], check=True, capture_output=True, timeout=120
    )
    rows = [
        list(load_workbook(tmp_path / "out" / name, data_only=True).worksheets[0].iter_rows(values_only=True))
        for name in books
    ]
    flow = shown.flow
    wanted = [shown.opening, flow.received, flow.spent, flow.returned, shown.closing]
    assert [_fen(cell) for cell in rows[0][-1][4:9]] == wanted
    last = rows[0][3 + len(shown.sources) + len(shown.lines) - 1]
    assert (last[3], _fen(last[9])) == ("=1+1", shown.closing)
    total = figures.total
    (found,) = (row for row in rows[1] if row[0] == "合计" and row[1] is not None)
    assert [_fen(cell) for cell in found[2:6]] == [total.received, total.spent, total.returned, total.left]


def _fen(yuan: object) -> int:
    """Return a number of yuan, as a spreadsheet keeps it, as fen."""
    return round(float(str(yuan)) * 100)
