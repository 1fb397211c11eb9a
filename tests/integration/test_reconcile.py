"""Reconciliation finds what was altered behind everybody's back: each kind of row, and exactly that."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from app.cli import main
from finance.booking import Booking, book_batch, book_payment, fail_line
from finance.clearing.disallowing import Disallowed, disallow
from finance.clearing.returning import Part, record_return
from finance.clearing.settling import Settling, confirm_settlement, settle
from finance.receipts import confirm_receipt, record_receipt
from finance.reconcile.keeping import (
    find_run,
    last_run,
    list_runs,
    open_differences,
    reconcile_and_keep,
)
from finance.reconcile.running import Result, reconcile
from finance.spending import enter_spending, reverse_spending
from finance.states import BatchState
from lifecycle.database import begin_write
from lifecycle.models import AuditEntry, Base, InboxMessage
from lifecycle.record import BudgetUse, Source, Spending
from lifecycle.record import Tranche as Plan
from lifecycle.refusals import NotFound, NotPermitted
from lifecycle.roles import Role
from lifecycle.stages import TrancheState
from reports.read_back import read_sheet
from tests.integration.accepting import DAY, FAILS, accepting
from tests.integration.paying import TODAY, WAN, Bureau, a_bureau, approve_one, drafted, ea_fields, issued

LATER = TODAY + timedelta(days=10)
NUMBER = "沙-账"


@dataclass(frozen=True)
class Books:
    """A bureau in whose books there is something of every kind, all of which ties."""

    bureau: Bureau
    ids: dict[str, int]

    def result(self, as_of: date = LATER) -> Result:
        """Reconcile."""
        session = self.bureau.session
        return reconcile(session, self.bureau.people.agency_a, as_of, LATER, read_sheet)

    def found(self) -> set[tuple[str, str, int]]:
        """Return what does not tie: where, what was compared, and by how much."""
        return {
            (one.project or one.batch, one.what, one.left.fen - one.right.fen)
            for one in self.result().differences
        }

    @contextmanager
    def altered(self, name: str, id_: int, **values: Any) -> Iterator[None]:
        """Alter a row behind everybody's back (without values: take it out), and put it back."""
        session, table = self.bureau.session, Base.metadata.tables[name]
        begin_write(session)
        old = session.execute(select(table).where(table.c.id == id_)).one()._asdict()
        mine = table.c.id == id_
        session.execute(update(table).where(mine).values(**values) if values else delete(table).where(mine))
        session.commit()
        yield
        begin_write(session)
        session.execute(update(table).where(mine).values(**old) if values else insert(table).values(**old))
        session.commit()

    @contextmanager
    def added(self, name: str, **values: Any) -> Iterator[None]:
        """Add a row behind everybody's back, and take it out again."""
        session, table = self.bureau.session, Base.metadata.tables[name]
        begin_write(session)
        id_ = session.scalar(insert(table).values(**values).returning(table.c.id))
        session.commit()
        yield
        begin_write(session)
        session.execute(delete(table).where(table.c.id == id_))
        session.commit()


@pytest.fixture
def books(session: Session) -> Books:
    """Money in every state: paid, failed, on a sheet, in a draft, approved; own money in parts; spending."""
    bureau = a_bureau(session)
    finance, unit, pi = bureau.finance, bureau.actor(Role.UNIT_MANAGER), bureau.actor(Role.PI)
    main = bureau.project(NUMBER, **ea_fields(tranches=(*ea_fields()["tranches"], _own(60 * WAN))))
    provincial, district, own = bureau.tranches(main)
    batch = issued(bureau, approve_one(bureau, provincial), approve_one(bureau, district))
    paid, failed = bureau.lines(batch)
    book_payment(session, finance, paid, "记-1", LATER, LATER)
    fail_line(session, finance, failed, "账号有误", LATER, LATER)
    confirm_receipt(session, unit, provincial, LATER, LATER)
    record_receipt(session, unit, own, 13 * WAN, LATER, "银-1", LATER)
    rows = [_spent(20 * WAN - 1), _spent(30_00), _spent(7 * WAN, Source.OWN)]
    bought, wrong, _ = enter_spending(session, pi, NUMBER, rows, LATER)
    taken_back = reverse_spending(session, pi, wrong, "科目有误", LATER)
    other = issued(bureau, approve_one(bureau, bureau.tranche(number="沙-表")))
    whole = issued(bureau, approve_one(bureau, bureau.tranche(number="沙-全")))
    book_batch(session, finance, whole, Booking("记-2", LATER), {}, LATER)
    draft = drafted(bureau, approve_one(bureau, bureau.tranche(number="沙-编")))
    approve_one(bureau, bureau.tranche(number="沙-批"))
    ids = {"main": main, "provincial": provincial, "district": district, "own": own, "batch": batch}
    ids |= {"paid": paid, "failed": failed, "bought": bought, "taken_back": taken_back, "other": other}
    return Books(bureau, ids | {"whole": whole, "draft": draft})


def _own(amount: int) -> Plan:
    return Plan(1, Source.OWN, amount, date(2026, 3, 1), 0, None)


def _spent(amount: int, source: Source = Source.PROVINCIAL) -> Spending:
    return Spending(LATER, source, BudgetUse.EQUIPMENT, amount, f"记-{amount}", None)


def test_everything_ties_and_every_fen_is_in_the_totals(books: Books) -> None:
    result = books.result()
    assert not result.differences
    assert (result.projects, result.batches) == (5, 4)
    for totals in result.totals.values():
        assert totals.planned == totals.paid + totals.held + totals.open + totals.cancelled
        assert totals.received == totals.spent + totals.balance + totals.returned
    public, own = result.totals[Source.PROVINCIAL], result.totals[Source.OWN]
    assert (public.paid, public.spent, public.balance) == (20 * WAN, 20 * WAN - 1, 1)
    assert (own.planned, own.paid, own.open, own.balance) == (60 * WAN, 13 * WAN, 47 * WAN, 6 * WAN)
    assert {one.what for one in result.remarks} == {"各期计划之和与资助总额"}


def test_the_books_of_a_day_leave_out_what_came_later(books: Books) -> None:
    result = books.result(LATER - timedelta(days=1))
    assert not result.differences
    assert sum(totals.paid + totals.spent for totals in result.totals.values()) == 0
    assert result.totals[Source.PROVINCIAL].open == 20 * WAN


FIRST, SECOND, OWN = "省（市）级财政第 1 期：", "区（县）级财政第 1 期：", "自筹第 1 期："
PLAN, BATCH = "计划与已拨、暂缓、未拨、取消之和", "2026-001"
PAID, PAST = "状态（已拨付）与拨付登记", "办理记录与拨付、到账登记"
LINE, ASKED, APPROVED = "拨付登记与批次行", "状态（已拨付）与拨付申请", "状态（已拨付）与审批"
ALL = 20 * WAN
FOUND: dict[str, set[tuple[str, str, int]]] = {
    "payment: amount": {
        (NUMBER, FIRST + PAST, 1),
        (NUMBER, FIRST + LINE, -1),
        (NUMBER, FIRST + PAID, 1),
    },
    "payment: day": {(NUMBER, FIRST + "拨付登记与批次 2026-001 的资金来源、日期", ALL)},
    "payment: gone": {
        (NUMBER, FIRST + PAST, ALL),
        (NUMBER, FIRST + LINE, -ALL),
        (NUMBER, FIRST + PAID, ALL),
    },
    "tranche: paid that was not": {
        (NUMBER, SECOND + APPROVED, -ALL),
        (NUMBER, SECOND + ASKED, -ALL),
        (NUMBER, SECOND + PAID, ALL),
    },
    "tranche: planned that was paid": {(NUMBER, FIRST + "状态（计划）与拨付登记", -ALL)},
    "tranche: plan": {
        (NUMBER, FIRST + APPROVED, -1),
        (NUMBER, FIRST + ASKED, -1),
        (NUMBER, FIRST + PAID, -1),
        (NUMBER, PLAN, -1),
    },
    "tranche: own plan": {(NUMBER, OWN + PAID, -1), (NUMBER, PLAN, -1)},
    "line: amount": {
        (BATCH, "各笔内容与出表时的校验码（办理记录）", 2 * ALL + 1),
        (BATCH, "各笔内容与出表时的校验码（批次登记）", 2 * ALL + 1),
        (BATCH, "批次各笔与出表时的办理记录", 1),
        (BATCH, "批次各笔与拨付表逐行", ALL + 1),
        (BATCH, "批次各笔合计与拨付表", 1),
        (NUMBER, FIRST + LINE, -1),
    },
    "line: result": {
        (BATCH, "批次状态（已登记）与各笔结果", ALL),
        (NUMBER, SECOND + "办理记录与未拨出、作废登记", ALL),
        (NUMBER, SECOND + "状态（已批准）与批次中的款项", -ALL),
    },
    "line: account": {
        (BATCH, "各笔内容与出表时的校验码（办理记录）", 2 * ALL),
        (BATCH, "各笔内容与出表时的校验码（批次登记）", 2 * ALL),
    },
    "batch: discarded": {
        ("2026-002", "批次状态（已作废）与各笔结果", 7 * WAN),
        ("沙-表", SECOND + "状态（已出表）与批次状态（已作废）", 7 * WAN),
    },
    "batch: booked": {
        ("2026-002", "批次状态（已登记）与各笔结果", 7 * WAN),
        ("沙-表", SECOND + "状态（已出表）与批次状态（已登记）", 7 * WAN),
    },
    "batch: checksum": {
        ("2026-002", "各笔内容与出表时的校验码（批次登记）", 7 * WAN),
        ("2026-002", "批次登记的校验码与拨付表所印", 7 * WAN),
    },
    "batch: sheet of another": {
        ("2026-002", "批次各笔与拨付表逐行", 7 * WAN),
        ("2026-002", "批次登记的校验码与拨付表所印", 7 * WAN),
    },
    "batch: no sheet": {("2026-002", "批次各笔与拨付表", 7 * WAN)},
    "proposal: amount": {(NUMBER, FIRST + APPROVED, 1), (NUMBER, FIRST + ASKED, 1)},
    "proposal: gone": {(NUMBER, FIRST + APPROVED, ALL), (NUMBER, FIRST + ASKED, ALL)},
    "proposal: not approved": {(NUMBER, FIRST + APPROVED, ALL)},
    "spending: amount": {(NUMBER, "支出（凭证 记-19999999）：登记时与现在", -1)},
    "spending: source": {(NUMBER, "支出（凭证 记-19999999）：登记时与现在", ALL - 1)},
    "spending: reversal": {(NUMBER, "支出冲销（凭证 记-3000）：与原支出、办理记录", 1)},
    "spending: reversal gone": {(NUMBER, "支出冲销（凭证 已删去）：与原支出、办理记录", -1)},
    "spending: nobody entered it": {(NUMBER, "支出登记与办理记录", -5)},
    "project: funds": {(NUMBER, "各期计划之和与资助总额", -1)},
}
"""Alteration → where the books do not tie, what was compared, and by how many fen."""


def _alterations(books: Books) -> Iterator[tuple[str, Any]]:
    """Yield one alteration of each kind of row, by name."""
    session, ids = books.bureau.session, books.ids

    def row(name: str, **where: int) -> int:
        table = Base.metadata.tables[name]
        query = select(table.c.id).where(*(table.c[key] == value for key, value in where.items()))
        return session.scalars(query.order_by(table.c.id).limit(1)).one()

    provincial = {"tranche_id": ids["provincial"]}
    payment, proposal = row("payment", **provincial), row("proposal", **provincial)
    alter = books.altered
    yield "payment: amount", alter("payment", payment, amount_fen=20 * WAN - 1)
    yield "payment: day", alter("payment", payment, paid_on=TODAY)
    yield "payment: gone", alter("payment", payment)
    yield "tranche: paid that was not", alter("tranche", ids["district"], state=TrancheState.PAID)
    yield "tranche: planned that was paid", alter("tranche", ids["provincial"], state=TrancheState.PLANNED)
    yield "tranche: plan", alter("tranche", ids["provincial"], planned_fen=20 * WAN - 1)
    yield "tranche: own plan", alter("tranche", ids["own"], planned_fen=13 * WAN - 1)
    yield "line: amount", alter("batch_line", ids["paid"], amount_fen=20 * WAN + 1)
    yield "line: result", alter("batch_line", ids["failed"], result=None)
    yield "line: account", alter("batch_line", ids["paid"], bank_account="622")
    yield "batch: discarded", alter("batch", ids["other"], state=BatchState.DISCARDED)
    yield "batch: booked", alter("batch", ids["other"], state=BatchState.BOOKED)
    yield "batch: checksum", alter("batch", ids["other"], checksum="0" * 64)
    yield "batch: sheet of another", alter("batch", ids["other"], sheet=_sheet(session, ids["whole"]))
    yield "batch: no sheet", alter("batch", ids["other"], sheet=b"no workbook")
    yield "proposal: amount", alter("proposal", proposal, amount_fen=20 * WAN - 1)
    yield "proposal: gone", alter("proposal", proposal)
    yield "proposal: not approved", alter("proposal", proposal, approved_by_id=None, approved_on=None)
    yield "spending: amount", alter("spending", ids["bought"], amount_fen=20 * WAN)
    yield "spending: source", alter("spending", ids["bought"], source=Source.DISTRICT)
    yield "spending: reversal", alter("spending", ids["taken_back"], amount_fen=-30_01)
    yield "spending: reversal gone", alter("spending", ids["taken_back"])
    stray = {"project_id": ids["main"], "position": 99, "spent_on": LATER, "source": Source.PROVINCIAL}
    stray |= {"use": BudgetUse.LABOUR, "amount_fen": 5, "entered_at": datetime(2026, 2, 15, tzinfo=UTC)}
    yield "spending: nobody entered it", books.added("spending", **stray)
    yield "project: funds", alter("project", ids["main"], provincial_fen=20 * WAN - 1)


def test_whatever_is_altered_is_found_and_nothing_else(books: Books) -> None:
    for name, alteration in _alterations(books):
        with alteration:
            assert books.found() == FOUND[name], name
        assert not books.found(), name


def _sheet(session: Session, batch_id: int) -> bytes:
    table = Base.metadata.tables["batch"]
    return session.scalars(select(table.c.sheet).where(table.c.id == batch_id)).one()


def test_finance_is_told_once_of_what_is_new_and_every_run_is_kept(books: Books) -> None:
    session, finance, auditor = books.bureau.session, books.bureau.finance, books.bureau.actor(Role.AUDITOR)
    alterations = dict(_alterations(books))

    def told() -> list[str]:
        reconcile_and_keep(session, finance, LATER, read_sheet)
        messages = [one.title for one in session.scalars(select(InboxMessage).order_by(InboxMessage.id))]
        session.rollback()
        return messages

    assert last_run(session, finance) is None
    assert told() == []
    with alterations["payment: day"]:
        assert told() == ["对账发现 1 处不符，请核对"]
        assert told() == ["对账发现 1 处不符，请核对"], "nothing is told twice"
        assert open_differences(session, finance) == 1
        assert open_differences(session, auditor) == 0, "only who clears it up is shown it at once"
        with alterations["line: account"]:
            assert told()[1:] == ["对账发现 3 处不符，请核对"]
    assert len(told()) == 2
    last = last_run(session, auditor)
    assert last is not None
    assert not last.count
    runs = list_runs(session, auditor)
    assert [one.count for one in runs.rows] == [0, 3, 1, 1, 0]
    old = find_run(session, auditor, runs.rows[1].id)
    assert {one.what for one in old.differences} > {FIRST + "拨付登记与批次 2026-001 的资金来源、日期"}
    with pytest.raises(NotFound):
        find_run(session, books.bureau.people.b[Role.AUDITOR].actor, old.id)
    with pytest.raises(NotPermitted):
        reconcile_and_keep(session, auditor, LATER, read_sheet)


def test_the_console_lists_what_does_not_tie_and_ends_with_1(
    books: Books, migrated_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEGUAN_DATABASE_URL", migrated_database_url)
    words = ["reconcile", "--as-of", LATER.isoformat(), "--agency", "沙坪坝区科技局"]
    with dict(_alterations(books))["spending: amount"]:
        said = CliRunner().invoke(main, words, catch_exceptions=False)
        told = CliRunner().invoke(main, [*words, "--format", "json"], catch_exceptions=False)
    assert said.exit_code == told.exit_code == 1
    assert "办理记录 199,999.99，现有登记 200,000.00，相差 -0.01 元" in said.output
    assert said.output.endswith("对账结果：1 处不符。\n")
    (one,) = json.loads(told.output)["differences"]
    assert (one["project"], one["left_fen"], one["right_fen"]) == (NUMBER, ALL - 1, ALL)
    assert CliRunner().invoke(main, words, catch_exceptions=False).exit_code == 0


def test_what_is_altered_of_a_clearing_is_found(session: Session) -> None:
    it = accepting(a_bureau(session))
    it.concluded("key", "沙-败", FAILS)
    finance, books = it.actor(Role.FINANCE), Books(it.bureau, {})

    def row(name: str) -> int:
        table = Base.metadata.tables[name]
        return session.scalars(select(table.c.id).order_by(table.c.id).limit(1)).one()

    clearing, spent = row("clearing"), row("spending")
    session.rollback()
    disallow(session, finance, clearing, {spent: Disallowed(WAN, "与项目无关")}, DAY)
    settle(session, finance, clearing, Settling(DAY + timedelta(days=60)), [], DAY)
    confirm_settlement(session, it.actor(Role.APPROVER), clearing, DAY)
    record_return(session, finance, clearing, Part(Source.DISTRICT, WAN, DAY, "退-1"), [], DAY)

    def found() -> set[tuple[str, int]]:
        result = reconcile(session, it.bureau.people.agency_a, DAY, DAY, read_sheet)
        return {(one.what, one.left.fen - one.right.fen) for one in result.differences}

    assert not found()
    with books.altered("disallowed_line", row("disallowed_line"), amount_fen=WAN - 1):
        assert found() == {("财务清算核准的不予认可与现有登记", 1)}
    with books.altered("clearing_return", row("clearing_return"), amount_fen=WAN + 1):
        assert found() == {("验收结论中的已退金额与财务清算", -1), (REFUND, -1)}
    with books.altered("acceptance", row("acceptance"), to_return_fen=3 * WAN + 1):
        assert found() == {("验收结论中的应退金额与财务清算", 1)}
    with books.altered("spending", spent, amount_fen=6 * WAN + 1):
        assert found() == {("财务清算核准的支出与现有登记", -1)}
    with books.altered("payment", row("payment"), amount_fen=10 * WAN - 1):
        assert ("财务清算核准的拨付与现有登记", 1) in found()
    assert not found()
    _refunds_are_proved(books, row("clearing_return"), found)
    entry = select(AuditEntry.id, AuditEntry.details).where(AuditEntry.action == "clearing.record_return")
    id_, told = session.execute(entry).one()
    session.rollback()
    with books.altered("audit_entry", id_, details={key: told[key] for key in told if key != "returns"}):
        result = reconcile(session, it.bureau.people.agency_a, DAY, DAY, read_sheet)
        older = {(one.what, one.right.fen) for one in result.remarks}
        assert not result.differences, "an entry written before it bore amounts says nothing against the row"
        assert ("较早登记的退款与办理记录", WAN) in older


REFUND = "退款（凭证 退-1）：登记时与现在"


def _refunds_are_proved(books: Books, id_: int, found: Callable[[], set[tuple[str, int]]]) -> None:
    """Hold that what the sums of a clearing cannot show is shown by the history."""
    with books.altered("clearing_return", id_, source=Source.PROVINCIAL):
        assert found() == {(REFUND, WAN)}
    with books.altered("clearing_return", id_, voucher="退-9"):
        assert found() == {(REFUND, WAN)}
    stray = {"source": Source.DISTRICT, "returned_on": DAY, "recorded_at": datetime(2026, 2, 15, tzinfo=UTC)}
    stray |= {"clearing_id": 1, "recorded_by_id": books.bureau.finance.user_id}
    more, less = {"voucher": "添", "amount_fen": 5}, {"voucher": "减", "amount_fen": -5}
    with books.added("clearing_return", **stray, **more), books.added("clearing_return", **stray, **less):
        assert found() == {("退款（凭证 添）与办理记录", -5), ("退款（凭证 减）与办理记录", 5)}
