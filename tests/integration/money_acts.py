"""What units try on money, and what the bureau does to their projects; and everything that is tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from finance.receipts import confirm_receipt, record_receipt, undo_receipt
from finance.spending import enter_spending, import_spending, reverse_spending
from lifecycle.measures import lift, propose_lifting
from lifecycle.models import Inspection, InspectionState, Measure, MeasureState, Outcome, Project
from lifecycle.record import FISCAL, BudgetUse, MeasureKind, Source, Spending
from lifecycle.roles import Role
from lifecycle.stages import TrancheState
from lifecycle.supervision import agree, record_inspection
from tests.integration.money_changing import CHANGING
from tests.integration.money_clearing import CLEARING
from tests.integration.money_paying import PAYING, Act, some_tranche
from tests.integration.money_returned import RETURNED
from tests.integration.moneying import Deed, Story, pick
from tests.integration.overseeing import draft
from tests.integration.paying import REASON, WAN
from tests.integration.spendings import a_file

AMOUNTS = (1, 99, 3_000_00, WAN, 20 * WAN)
"""What is spent at a time, in fen."""


def _receive(story: Story, place: int, size: int, hand: int) -> Deed | None:
    states = (TrancheState.PLANNED,) if size % 5 < 4 else ()
    one = pick([row for row in story.tranches(*states) if row.source not in FISCAL or size % 5 == 4], place)
    if one is None:
        return None
    amount = one.planned_fen if size % 3 else max(1, one.planned_fen // 3)
    role = Role.JOINT_UNIT if one.source is Source.JOINT else Role.UNIT_MANAGER
    today, actor, voucher = story.today, story.who(role, hand), f"银-{next(story.numbers)}"
    return Deed(
        "receipt.record",
        lambda session: record_receipt(session, actor, one.id, amount, today, voucher, today),
        lambda _: story.counted.pay(one.id, one.source, amount),
    )


def _confirm(story: Story, place: int, size: int, hand: int) -> Deed | None:
    one, today = some_tranche(story, place, size, TrancheState.PAID), story.today
    actor = story.who(Role.UNIT_MANAGER, hand)
    return one and Deed(
        "receipt.confirm", lambda session: confirm_receipt(session, actor, one.id, today, today)
    )


def _undo(story: Story, place: int, size: int, hand: int) -> Deed | None:
    del size
    one, today = pick(story.tranches(TrancheState.PAID), place), story.today
    actor = story.who(Role.HANDLER, hand)

    def count(_: Any) -> None:
        if one.source not in FISCAL:
            story.counted.take_back(one.id, one.source)

    return one and Deed(
        "receipt.undo", lambda session: undo_receipt(session, actor, one.id, "有误", today), count
    )


def _spend(story: Story, place: int, size: int, hand: int) -> Deed | None:
    number = pick(_numbers(story), place)
    source, amount = pick(list(Source), place // 3), pick(AMOUNTS, size)
    voucher = f"支-{next(story.numbers)}"
    rows = [
        Spending(story.today, source, BudgetUse.EQUIPMENT, amount + more, voucher, None) for more in range(2)
    ]
    today, actor = story.today, story.who(Role.PI, hand)

    def count(_: Any) -> None:
        story.counted.spent[source] += sum(row.amount for row in rows)

    if size % 2:
        file = a_file(f"{voucher}.xlsx", "abcdef0123456789"[size % 16])
        return Deed(
            "spending.import",
            lambda session: import_spending(session, actor, number, rows, file, today),
            count,
        )
    return Deed("spending.enter", lambda session: enter_spending(session, actor, number, rows, today), count)


def _unspend(story: Story, place: int, size: int, hand: int) -> Deed | None:
    del size
    row, today = pick(story.spending(), place), story.today
    actor = story.who(Role.PI, hand)

    def count(_: Any) -> None:
        story.counted.spent[row.source] -= row.amount_fen

    return row and Deed(
        "spending.reverse", lambda session: reverse_spending(session, actor, row.id, "有误", today), count
    )


def _numbers(story: Story) -> list[str]:
    return [row[0] for row in story.asked(select(Project.number).order_by(Project.id))]


def _inspect(story: Story, place: int, size: int, hand: int) -> Deed | None:
    """Put forward that money be held or the project be ended, or agree to what was put forward."""
    query = select(Inspection.id).where(Inspection.state == InspectionState.PROPOSED)
    waiting, today = pick([row[0] for row in story.asked(query)], place), story.today
    if waiting is not None:
        approver = story.who(Role.APPROVER, hand)
        return Deed("inspection.agree", lambda session: agree(session, approver, waiting, today))
    outcome = Outcome.TERMINATE if size % 4 == 3 else Outcome.HOLD
    wanted = replace(draft(outcome), inspected_on=today)
    number, handler = pick(_numbers(story), place), story.who(Role.HANDLER, hand)
    return Deed(
        "inspection.record", lambda session: record_inspection(session, handler, number, wanted, (), today)
    )


def _lift(story: Story, place: int, size: int, hand: int) -> Deed | None:
    """Put forward that a hold be lifted, or lift it."""
    del size
    query = select(Measure.id, Measure.state).where(
        Measure.kind == MeasureKind.HOLD, Measure.state != MeasureState.SETTLED
    )
    one, today = pick(story.asked(query), place), story.today
    if one is None:
        return None
    if one.state is MeasureState.ANSWERED:
        approver = story.who(Role.APPROVER, hand)
        return Deed("measure.lift", lambda session: lift(session, approver, one.id, today))
    handler = story.who(Role.HANDLER, hand)
    return Deed(
        "measure.propose_lifting",
        lambda session: propose_lifting(session, handler, one.id, REASON, (), today),
    )


ACTS: Mapping[str, Act] = {
    **PAYING,
    **CLEARING,
    **RETURNED,
    **CHANGING,
    "receive": _receive,
    "confirm": _confirm,
    "undo": _undo,
    "spend": _spend,
    "unspend": _unspend,
    "inspect": _inspect,
    "lift": _lift,
}
"""Name → act."""
