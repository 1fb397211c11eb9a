"""What finance looks at: every sum is the sum of the lines it leads to, and of what is handed out of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from io import BytesIO
from random import Random
from typing import Any

from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.models import Batch, BatchLine, ClearingReturn, PaymentReversal, TrancheHold
from finance.parts import parts_by
from finance.states import BatchState, LineResult
from finance.views.asking import Part, When, Which
from finance.views.moved import Book, every_movement, moved_by, moved_page
from finance.views.planned import amount_of, every_plan_line, plan_page, plan_total
from finance.views.plans import MONTHS, PlanCell, year_plan
from finance.views.summing import By, SumRow, summary, total_of
from finance.views.years import count_lines, year_end
from lifecycle.calendar import SHANGHAI
from lifecycle.database import begin_write
from lifecycle.models import Acceptance, Clearing, Payment, Project, Tranche
from lifecycle.money import Fen
from lifecycle.record import Conclusion, Source
from lifecycle.record import Tranche as Plan
from lifecycle.roles import Actor, Role
from reports.money_lists import write_moved, write_plan_lines
from reports.year_end import year_end_workbook
from tests.integration.paying import EA, TODAY, Bureau, a_bureau, approved, drafted, issued
from tests.web.site import store_project

SOURCES = (Source.PROVINCIAL, Source.DISTRICT)
KEY = "沙坪坝区科技攻关重点专项"
UNITS = ("渝州大学", "甲*公司", "=1+1", "甲?公司")
LATE_OR_NOT = ((Part.WAITING, When.LATE), (Part.WAITING, When.NOT_LATE))
PARTS = (Part.PAID, Part.ON_WAY, Part.WAITING, Part.HELD, Part.CANCELLED)


def fill(bureau: Bureau, seed: int) -> None:
    """Store a score of projects whose money has been everywhere."""
    random, session = Random(seed), bureau.session
    for place in range(20):
        plans = tuple(_plans(random))
        ends = random.random() < 0.3
        store_project(
            session,
            bureau.people.agency_a,
            f"随-{place:02d}",
            programme=random.choice([EA, KEY]),
            lead_unit=random.choice(UNITS),
            signed_on=random.choice([None, date(2024, 12, 1), date(2026, 1, 15)]),
            provincial=random.choice([0, 10**8]),
            district=random.choice([0, 10**8]),
            tranches=plans,
            start=date(2024, 1, 1),
            end=date(2027, 12, 31),
        )
        project = session.scalars(select(Project).where(Project.number == f"随-{place:02d}")).one()
        begin_write(session)
        if ends:
            _end(random, session, project.id)
        session.commit()
    _pay(random, bureau)
    session.rollback()


def _plans(random: Random) -> Iterator[Plan]:
    for number in range(1, random.randint(2, 5)):
        day = random.choice([None, date(2024, 11, 1) + timedelta(days=random.randrange(800))])
        planned, paid = random.randint(0, 10**7), 0
        if random.random() < 0.4:
            paid = random.choice([planned, planned + 1, max(planned - 1, 0)])
        paid_on = date(2024, 12, 20) + timedelta(days=random.randrange(430)) if paid else None
        yield Plan(number, random.choice(SOURCES), planned, day, paid, paid_on)


def _end(random: Random, session: Session, project_id: int) -> None:
    returned = random.choice([0, 12_345, 10**6])
    session.add(
        Acceptance(
            project_id=project_id,
            joint_unit_took_part=False,
            conclusion=random.choice([Conclusion.FAILED, Conclusion.PASSED]),
            concluded_on=date(2025, random.randint(1, 12), 3),
            own_fault=False,
            to_return_fen=10**6,
            returned_fen=returned,
        )
    )
    clearing = Clearing(project_id=project_id, opened_on=TODAY, citation="SPB 33", figures={})
    session.add(clearing)
    session.flush()
    for part in range(random.randint(0, 2)):
        session.add(
            ClearingReturn(
                clearing_id=clearing.id,
                source=random.choice(SOURCES),
                amount_fen=random.choice([5_000, -1, 7_345]),
                returned_on=date(2025, 6, 1) + timedelta(days=200 * part),
                voucher=f"退-{part}",
                recorded_at=datetime(2025, 6, 1, tzinfo=SHANGHAI),
            )
        )


def _pay(random: Random, bureau: Bureau) -> None:
    """Hold some tranches, reverse some payments, and have others on their way."""
    session, finance = bureau.session, bureau.finance
    begin_write(session)
    batch = Batch(
        agency_id=finance.agency_id,
        year=2025,
        running=1,
        payer="甲局",
        state=BatchState.BOOKED,
        made_by_id=finance.user_id,
        made_on=date(2025, 1, 1),
        issued_on=date(2025, 1, 2),
    )
    session.add(batch)
    session.flush()
    for place, tranche in enumerate(session.scalars(select(Tranche).order_by(Tranche.id)).all()):
        project = session.get_one(Project, tranche.project_id)
        paid = session.scalar(select(Payment).where(Payment.tranche_id == tranche.id))
        if paid is None and tranche.planned_fen and random.random() < 0.3:
            session.add(_hold(random, project, tranche))
        elif paid is None and tranche.planned_fen and random.random() < 0.5:
            line = _line(batch, place, project, tranche)
            session.add(line)
            session.flush()
            session.add(_reversal(random, tranche, line))
    session.commit()
    issued(bureau, approved(bureau, number="办-1"))
    drafted(bureau, approved(bureau, number="办-2"))
    approved(bureau, number="办-3")


def _hold(random: Random, project: Project, tranche: Tranche) -> TrancheHold:
    return TrancheHold(
        agency_id=project.agency_id,
        project_id=project.id,
        tranche_id=tranche.id,
        rule="spb-29",
        since=date(2025, 12, 1),
        words="支出未达八成",
        citation="SPB 29",
        until=random.choice([None, date(2026, 1, 1), date(2027, 1, 1)]),
    )


def _line(batch: Batch, place: int, project: Project, tranche: Tranche) -> BatchLine:
    return BatchLine(
        batch_id=batch.id,
        position=place,
        tranche_id=tranche.id,
        project_id=project.id,
        project_number=project.number,
        project_title=project.title,
        payee=project.lead_unit,
        bank_name="甲行",
        bank_account="1",
        granted_fen=tranche.planned_fen,
        paid_before_fen=0,
        amount_fen=tranche.planned_fen,
        basis="SPB 23",
        source=tranche.source,
        result=LineResult.REVERSED,
        result_on=date(2025, 3, 1),
    )


def _reversal(random: Random, tranche: Tranche, line: BatchLine) -> PaymentReversal:
    return PaymentReversal(
        tranche_id=tranche.id,
        line_id=line.id,
        amount_fen=tranche.planned_fen,
        paid_on=date(2025, 2, 1),
        voucher="记-1",
        reversed_on=random.choice([date(2025, 3, 1), date(2026, 1, 3), TODAY + timedelta(days=9)]),
        reversal_voucher="冲-1",
        reason="账号有误退汇",
        reversed_by_id=line.batch_id and 1,
    )


def asked() -> Iterator[Which]:
    """Yield what may be asked of the projects."""
    yield Which()
    for unit in UNITS:
        yield Which(unit=unit)
    yield from (Which(programme=EA), Which(source=Source.DISTRICT), Which(text="随 1"), Which(year=2025))


def of_lines(session: Session, actor: Actor, which: Which) -> Fen:
    """Return what the lines come to, and that the page says the same."""
    lines = list(every_plan_line(session, actor, which, TODAY))
    page = plan_page(session, actor, which, TODAY, 1, 20)
    total = sum(line.amount for line in lines)
    assert (page.count, page.total, list(page.rows)) == (len(lines), total, lines[:20])
    return total


def of_book(session: Session, actor: Actor, book: Book, which: Which) -> Fen:
    """Return what the movements come to, and that the page says the same."""
    lines = list(every_movement(session, actor, book, which, TODAY))
    page = moved_page(session, actor, book, which, TODAY, 1, 20)
    total = sum(line.amount for line in lines)
    assert (page.count, page.total, list(page.rows)) == (len(lines), total, lines[:20])
    return total


def test_every_cell_of_a_year_is_the_sum_of_its_lines_and_its_parts_make_up_the_plan(
    session: Session,
) -> None:
    bureau = a_bureau(session)
    fill(bureau, 1)
    actor = bureau.actor(Role.AUDITOR)
    seen: dict[tuple[Part, When | None], list[tuple[Fen, Which]]] = defaultdict(list)
    for year in (2025, 2026):
        which = Which(year=year)
        plan = year_plan(session, actor, which, TODAY)
        for source in (None, *SOURCES):
            for month in (None, *MONTHS):
                cell = plan.cell(month, source)
                _ties(cell)
                for part, when in (*((part, None) for part in Part), *LATE_OR_NOT):
                    narrowed = replace(which, month=month, source=source, part=part, when=when)
                    if fen := cell.amount(part, when):
                        seen[part, when].append((fen, narrowed))
    assert {part for part, _ in seen} == set(Part)
    for cells in seen.values():
        for fen, narrowed in Random(1).sample(cells, min(3, len(cells))):
            assert fen == of_lines(session, actor, narrowed)
    plan = year_plan(session, actor, Which(), TODAY)
    undated = plan.undated.amount(Part.PLANNED)
    assert undated == of_lines(session, actor, Which(undated=True)) > 0
    late = Which(part=Part.OWED, when=When.LATE)
    assert plan.late.amount(Part.OWED) == of_lines(session, actor, late) > 0
    assert sum(
        year_plan(session, actor, Which(year=year), TODAY).cell().amount(Part.PLANNED) for year in plan.years
    ) + undated == of_lines(session, actor, Which())


def _ties(cell: PlanCell) -> None:
    parts = sum(cell.amount(part) for part in PARTS)
    assert cell.amount(Part.PLANNED) == parts - cell.amount(Part.OVER)
    assert cell.amount(Part.WAITING) == cell.amount(Part.WAITING, When.LATE) + cell.amount(
        Part.WAITING, When.NOT_LATE
    )


def test_every_sum_of_a_summary_is_the_sum_of_its_lines_however_it_is_added_up(session: Session) -> None:
    bureau = a_bureau(session)
    fill(bureau, 2)
    actor = bureau.actor(Role.FINANCE)
    totals = set()
    for by in By:
        for crossed in (False, True):
            rows = summary(session, actor, Which(), by, TODAY, crossed=crossed)
            for row in Random(1).sample(list(rows), min(2, len(rows))):
                _leads_to_its_lines(session, actor, row, by)
            whole = total_of(rows)
            totals.add((whole.parts, whole.moved))
    assert len(totals) == 1
    ((parts, moved),) = totals
    assert [((), parts)] == parts_by(session, actor, as_of=TODAY, where=[Tranche.source.in_(SOURCES)])
    assert parts.paid == moved.paid - moved.reversed
    assert all((moved.paid, moved.reversed, moved.returned))
    for which in asked():
        rows = summary(session, actor, which, By.PROGRAMME, TODAY)
        whole = total_of(rows)
        assert whole.moved.net == whole.moved.paid - whole.moved.reversed - whole.moved.returned
        assert amount_of(whole.parts, Part.PLANNED) == of_lines(session, actor, which)
        assert [whole.moved.paid, whole.moved.reversed, whole.moved.returned] == [
            of_book(session, actor, book, which) for book in Book
        ]


def _leads_to_its_lines(session: Session, actor: Actor, row: SumRow, by: By) -> None:
    ways: dict[By, dict[str, Any]] = {
        By.PROGRAMME: {"programme": row.key},
        By.UNIT: {"unit": row.key},
        By.SOURCE: {"source": row.key, "sourceless": row.key is None},
        By.YEAR: {"year": row.key, "undated": row.key is None},
    }
    crossed = {"source": row.source, "sourceless": row.source is None} if row.crossed else {}
    which = Which(**(ways[by] | crossed))
    if not which.sourceless:
        for part in Part:
            narrowed = replace(which, part=part)
            assert amount_of(row.parts, part) == plan_total(session, actor, narrowed, TODAY)[1]
    moved = (row.moved.paid, row.moved.reversed, row.moved.returned)
    assert moved == tuple(of_book(session, actor, book, which) for book in Book)


def test_what_came_back_counts_once_whether_recorded_or_only_in_the_ledger(session: Session) -> None:
    bureau = a_bureau(session)
    for number, in_ledger, recorded in (("甲-1", 900, ()), ("甲-2", 900, (400, 200)), ("甲-3", 0, (300,))):
        _cleared(bureau, number, in_ledger, recorded)
    actor = bureau.finance
    found = list(every_movement(session, actor, Book.RETURNED, Which(), TODAY))
    assert [(one.project_number, one.amount, one.day is None, one.source) for one in found] == [
        ("甲-2", 400, False, Source.DISTRICT),
        ("甲-3", 300, False, Source.DISTRICT),
        ("甲-2", 200, False, Source.DISTRICT),
        ("甲-1", 900, True, Source.DISTRICT),
        ("甲-2", 300, True, Source.DISTRICT),
    ]
    assert moved_by(session, actor, Book.RETURNED, Which(undated=True), TODAY, ()) == {(): 1_200}
    assert moved_by(session, bureau.people.b[Role.FINANCE].actor, Book.RETURNED, Which(), TODAY, ()) == {
        (): 0
    }


def _cleared(bureau: Bureau, number: str, in_ledger: Fen, recorded: Iterable[Fen]) -> None:
    session, id_ = bureau.session, bureau.project(number)
    begin_write(session)
    session.add(
        Acceptance(
            project_id=id_,
            joint_unit_took_part=False,
            own_fault=False,
            to_return_fen=in_ledger,
            returned_fen=in_ledger,
        )
    )
    clearing = Clearing(project_id=id_, opened_on=TODAY, citation="SPB 33", figures={})
    session.add(clearing)
    session.flush()
    for place, fen in enumerate(recorded):
        one = ClearingReturn(
            clearing_id=clearing.id,
            source=Source.DISTRICT,
            amount_fen=fen,
            returned_on=TODAY - timedelta(days=9 - place),
            voucher=f"退-{number}-{place}",
            recorded_at=datetime(2026, 1, 1, tzinfo=SHANGHAI),
        )
        session.add(one)
    session.commit()


def test_what_is_handed_out_comes_to_the_same(session: Session) -> None:
    bureau = a_bureau(session)
    fill(bureau, 3)
    actor = bureau.finance
    told: dict[str, Any] = {"agency": "甲局", "asked": "全部", "today": TODAY}
    for part in Part:
        which = Which(part=part)
        rows = every_plan_line(session, actor, which, TODAY)
        total = plan_total(session, actor, which, TODAY)
        assert (
            _handed(lambda file, p=part, r=rows: write_plan_lines(file, r, part=p, **told), "本项") == total
        )
    for book in Book:
        lines = list(every_movement(session, actor, book, Which(), TODAY))
        found = _handed(lambda file, b=book, r=lines: write_moved(file, r, b, **told), "金额")
        assert found == (len(lines), sum(line.amount for line in lines))


def test_a_year_that_is_over_comes_to_what_it_did_then_and_its_workbook_ties(session: Session) -> None:
    bureau = a_bureau(session)
    fill(bureau, 4)
    found = year_end(session, bureau.finance, 2025, TODAY)
    assert found.as_of == date(2025, 12, 31)
    for book, lines in found.moved.items():
        assert sum(line.amount for line in lines) == found.moved_sums[book] > 0
    assert sum(line.amount for _, line in found.owed) == found.owed_sum > 0
    page = load_workbook(BytesIO(year_end_workbook(found, agency="甲局")), data_only=True)["核对"]
    assert {row[4] for row in page.iter_rows(min_row=4, values_only=True)} == {"相符"}
    later = year_end(session, bureau.finance, 2025, TODAY + timedelta(days=900))
    assert (later.moved_sums, later.owed_sum) == (found.moved_sums, found.owed_sum)
    for year in (2024, 2025, 2026):  # counted as they are listed, and asked for with two statements
        listed = year_end(session, bureau.finance, year, TODAY)
        assert count_lines(session, bureau.finance, year, TODAY) == listed.count > 0


def _handed(write: Callable[[BytesIO], int], head: str) -> tuple[int, Fen]:
    """Return how many rows a workbook has and what its column of that head comes to, in fen."""
    file = BytesIO()
    count = write(file)
    page = load_workbook(file).worksheets[0]
    heads = [str(cell.value) for cell in page[3]]
    place = next(place for place, one in enumerate(heads) if one.startswith(head))
    amounts = [row[place] for row in page.iter_rows(min_row=4, values_only=True)]
    assert len(amounts) == count
    return count, sum(round(amount * 100) for amount in amounts)  # type: ignore[operator]
