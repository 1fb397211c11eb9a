"""A bureau's money as a story: what the tests count themselves, held against the books after every step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, NamedTuple

from hypothesis import event
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from finance.models import Batch, BatchLine
from finance.reconcile.running import Result, Totals, reconcile
from finance.states import BatchState, LineResult
from lifecycle.database import begin_write
from lifecycle.models import AuditEntry, Base, Payment, Project, Spending, Tranche
from lifecycle.money import Fen
from lifecycle.record import BudgetLine, BudgetUse, Source
from lifecycle.record import Tranche as Plan
from lifecycle.refusals import Refusal
from lifecycle.roles import Actor, Role
from lifecycle.stages import TrancheState
from reports.read_back import read_sheet
from tests.integration.accepting import FAILS, Accepting, accepting
from tests.integration.changing import KEY, Office
from tests.integration.ledgers import everything
from tests.integration.paying import TODAY, WAN, Bureau, a_bureau, ea_fields
from tests.web.site import JOINT_UNIT

FOR_EVER = date(2035, 1, 1)
"""A day after everything."""


@dataclass
class Count:
    """What the tests themselves count, from nothing but what people were told had been done. Fen."""

    planned: dict[int, Counter[Source]] = field(default_factory=dict)
    paid: dict[int, Fen] = field(default_factory=dict)
    """Tranche → what has been paid on it or has arrived."""
    settled: dict[int, LineResult] = field(default_factory=dict)
    received: Counter[Source] = field(default_factory=Counter)
    spent: Counter[Source] = field(default_factory=Counter)
    disallowed: Counter[Source] = field(default_factory=Counter)
    returned: Counter[Source] = field(default_factory=Counter)

    def pay(self, tranche_id: int, source: Source, amount: Fen) -> None:
        """Count money that was paid or arrived: never twice on one tranche."""
        assert not self.paid.get(tranche_id), "paid twice"
        self.paid[tranche_id] = amount
        self.received[source] += amount

    def take_back(self, tranche_id: int, source: Source) -> None:
        """Count that it was not so after all."""
        self.received[source] -= self.paid.pop(tranche_id)

    def settle(self, line: BatchLine, result: LineResult) -> None:
        """Count what came of a line, once."""
        known = self.settled.get(line.id)
        assert known is None or (known, result) == (LineResult.PAID, LineResult.REVERSED)
        self.settled[line.id] = result
        if result is LineResult.PAID:
            self.pay(line.tranche_id, line.source, line.amount_fen)
        elif result is LineResult.REVERSED:
            self.take_back(line.tranche_id, line.source)

    def totals(self, source: Source) -> tuple[Fen, ...]:
        """Return planned, received, spent, left and returned."""
        planned = sum(one[source] for one in self.planned.values())
        spent = self.spent[source] - self.disallowed[source]
        left = self.received[source] - spent - self.returned[source]
        return planned, self.received[source], spent, left, self.returned[source]


class Deed(NamedTuple):
    """Something that somebody tries: the action by which the history knows it, and what it counts."""

    action: str
    run: Callable[[Session], Any]
    count: Callable[[Any], None] = lambda _: None


class Story:
    """A bureau with some projects and everything that is tried on their money."""

    def __init__(self, engine: Engine) -> None:
        wipe(engine)
        self.engine = engine
        self.session = Session(engine)
        self.bureau: Bureau = a_bureau(self.session)
        self.office = Office(self.session, self.bureau.people)
        self.accepting: Accepting = accepting(self.bureau)
        self.today = TODAY
        self.counted = Count()
        self.numbers = iter(range(10_000))
        self.log: list[str] = []
        self.said: dict[int, dict[BatchLine, LineResult]] = {}
        """Returned sheet → what it says came of each line."""
        self.replanned: dict[int, Counter[Source]] = {}
        """Change → what is planned of each source once it is approved. Fen."""
        for number, fields in PROJECTS.items():
            self.add(self.bureau.project(number, **fields))
        self.before = everything(self.session)

    def add(self, project_id: int) -> None:
        """Count a project as it is stored, with what a ledger says was paid and spent."""
        record = self.bureau.record(project_id)
        self.counted.planned[project_id] = Counter()
        for id_, one in zip(self.bureau.tranches(project_id), record.tranches, strict=True):
            self.counted.planned[project_id][one.source] += one.planned
            if one.paid:
                self.counted.pay(id_, one.source, one.paid)
        for row in record.spending:
            self.counted.spent[row.source] += row.amount

    def one_fails(self) -> None:
        """Have another project fail its acceptance: of it there is money to come back."""
        self.log.append("one fails")
        number = "沙-败"
        self.accepting.concluded("key", number, FAILS)
        self.add(self.office.id_of(number))
        self.holds()

    def close(self) -> None:
        """Let go of the database."""
        self.session.close()

    def who(self, role: Role, hand: int) -> Actor:
        """Return who tries it: mostly whoever should, now and then somebody who should not."""
        right = self.bureau.actor(role)
        wrong = {
            7: self.bureau.actor(list(Role)[hand % len(Role)]),
            8: replace(self.bureau.handler, roles=frozenset(Role)),
            9: self.bureau.people.b[role].actor,
        }
        return wrong.get(hand, right)

    def asked(self, query: Any) -> Any:
        """Return the rows of a statement, as they stand."""
        self.session.rollback()
        rows = list(self.session.execute(query))
        self.session.rollback()
        return rows

    def tranches(self, *states: TrancheState) -> list[Any]:
        """Return the tranches in those states (in any): id, project, number, source, plan, state, amount."""
        one = Tranche
        query = (
            select(one.id, one.project_id, Project.number, one.source, one.planned_fen, one.state)
            .add_columns(Payment.amount_fen, Payment.received_on)
            .join(Project, Project.id == one.project_id)
            .outerjoin(Payment, Payment.tranche_id == one.id)
            .order_by(one.id)
        )
        return self.asked(query.where(one.state.in_(states)) if states else query)

    def batches(self, *states: BatchState) -> list[int]:
        """Return the batches in those states, or all."""
        query = select(Batch.id).order_by(Batch.id)
        return [row[0] for row in self.asked(query.where(Batch.state.in_(states)) if states else query)]

    def lines(self, batch_id: int | None = None) -> list[BatchLine]:
        """Return the lines of a batch, or all."""
        query = select(BatchLine).order_by(BatchLine.id)
        self.session.rollback()
        found = self.session.scalars(query.where(BatchLine.batch_id == batch_id) if batch_id else query).all()
        self.session.expunge_all()
        self.session.rollback()
        return list(found)

    def spending(self) -> list[Any]:
        """Return the rows of spending: id, source, amount."""
        return self.asked(select(Spending.id, Spending.source, Spending.amount_fen).order_by(Spending.id))

    def do(self, deed: Deed) -> bool:
        """Try something; where it is refused, every table is as it was. Return whether it took effect."""
        try:
            result = deed.run(self.session)
        except Refusal as refusal:
            self.session.rollback()
            event(f"{deed.action} refused")
            self.log.append(f"{deed.action}: {type(refusal).__name__}")
            assert everything(self.session) == self.before, self.log
            return False
        event(deed.action)
        self.log.append(deed.action)
        deed.count(result)
        self.holds()
        return True

    def together(self, deeds: Sequence[Deed], outcomes: Sequence[Any], since: int) -> None:
        """Count what took effect of things tried at once, in the order in which it did."""
        done = [action for (action,) in self.asked(_entries(since))]
        went = [
            (done.index(deed.action), place, deed, result)
            for place, (deed, result) in enumerate(zip(deeds, outcomes, strict=True))
            if not isinstance(result, Refusal)
        ]
        self.log.append(f"together: {[deed.action for deed in deeds]} {outcomes}")
        event(f"at once: {len(went)} of {len(deeds)}")
        for _, _, deed, result in sorted(went, key=lambda one: one[:2]):
            deed.count(result)
        if not went:
            assert everything(self.session) == self.before, self.log
        self.holds()

    def last_serial(self) -> int:
        """Return the number of the newest entry of the history."""
        return max((row[0] for row in self.asked(select(AuditEntry.serial))), default=0)

    def holds(self) -> None:
        """Hold that the books tie, and that they say what was counted."""
        result = self.result()
        assert not result.differences, (self.log, result.differences)
        for source in Source:
            told = result.totals.get(source, Totals())
            sums = (told.planned, told.received, told.spent, told.balance, told.returned)
            assert sums == self.counted.totals(source), (self.log, source)
            assert told.planned == told.paid + told.held + told.open + told.cancelled, self.log
        self.before = everything(self.session)

    def result(self) -> Result:
        """Reconcile."""
        agency_id = self.bureau.people.agency_a
        return reconcile(self.session, agency_id, FOR_EVER, FOR_EVER, read_sheet)


def _entries(since: int) -> Any:
    """Return the actions of the history after an entry, in their order."""
    return select(AuditEntry.action).where(AuditEntry.serial > since).order_by(AuditEntry.serial)


def wipe(engine: Engine) -> None:
    """Take every row out of every table."""
    tables = Base.metadata.sorted_tables
    with Session(engine) as session:
        begin_write(session)
        if engine.dialect.name == "postgresql":
            session.execute(text(f"TRUNCATE {', '.join(table.name for table in tables)} CASCADE"))
        else:
            for table in reversed(tables):
                session.execute(table.delete())
        session.commit()


def pick(found: Sequence[Any], place: int) -> Any:
    """Return one of them, or ``None`` where there is none."""
    return found[place % len(found)] if found else None


def budget_of(**funds: Fen) -> tuple[BudgetLine, ...]:
    """Return a budget that makes up those funds."""
    return tuple(BudgetLine(Source[name.upper()], BudgetUse.EQUIPMENT, fen) for name, fen in funds.items())


def _plans() -> Iterator[Plan]:
    yield Plan(1, Source.DISTRICT, 7 * WAN, date(2026, 2, 10), 0, None)
    yield Plan(2, Source.DISTRICT, 3 * WAN, TODAY + timedelta(days=20), 0, None)
    yield Plan(1, Source.JOINT, 5 * WAN, date(2026, 5, 1), 0, None)
    yield Plan(1, Source.OWN, 4 * WAN, date(2026, 5, 1), 0, None)


_JOINT: dict[str, Any] = {
    "programme": KEY,
    "district": 10 * WAN,
    "joint": 5 * WAN,
    "own": 4 * WAN,
    "joint_unit": JOINT_UNIT,
    "tranches": tuple(_plans()),
    "budget": budget_of(district=10 * WAN, joint=5 * WAN, own=4 * WAN),
}
PROJECTS: dict[str, dict[str, Any]] = {
    "沙-合": _JOINT,
    "沙-企": ea_fields(
        tranches=(*ea_fields()["tranches"], Plan(1, Source.OWN, 60 * WAN, date(2026, 2, 10), 0, None)),
        budget=budget_of(provincial=20 * WAN, district=20 * WAN, own=60 * WAN),
    ),
    "沙-独": {},
}
"""Projects in which there is money of every source, in one tranche and in several."""
