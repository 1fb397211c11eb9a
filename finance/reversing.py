"""冲正: taking back a booked payment, because the bank sent the money back or it was booked by mistake.

Nothing is overwritten: what was booked is kept as a reversal, the tranche is approved as before and may go
out in another batch, where it is judged anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.batching import demand_others
from finance.booking import MOST_VOUCHER
from finance.lookups import find_line, live_proposals, person
from finance.models import BatchLine, PaymentReversal
from finance.states import PAYABLE_NO_MORE, LineResult
from lifecycle.command import Work, command
from lifecycle.judging import MOST_TEXT
from lifecycle.models import Payment
from lifecycle.money import yuan
from lifecycle.record import ProjectRecord
from lifecycle.refusals import IllegalTransition, InvalidInput, Obstructed
from lifecycle.roles import Actor, Permission
from lifecycle.stages import TRANCHE_TRANSITIONS, TrancheState, advance, stage_of
from lifecycle.whole import record_of


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that must hold before a payment is taken back; ``words`` say how it stands and what to do."""

    held: bool
    title: str
    words: str


@dataclass(frozen=True, slots=True)
class Reversible:
    """A line with its payment, where it is booked, and all that is asked before it is taken back."""

    line: BatchLine
    payment: Payment | None
    conditions: tuple[Condition, ...]

    @property
    def obstacles(self) -> list[str]:
        """What stands against it."""
        return [one.words for one in self.conditions if not one.held]


def reversible(session: Session, actor: Actor, line_id: int) -> Reversible:
    """Return what the page shows before its button. Raises ``NotFound``."""
    line = find_line(session, actor, line_id)
    payment = session.scalar(select(Payment).where(Payment.tranche_id == line.tranche_id))
    if line.result is not LineResult.PAID:
        payment = None
    conditions = _conditions(line, payment, record_of(session, line.project_id))
    return Reversible(line, payment, tuple(conditions))


@command("payment.reverse", Permission.BOOK_PAYMENT)
def reverse_payment(
    work: Work, line_id: int, reason: str, voucher: str, on: date | None, today: date
) -> None:
    """Take back the payment of one line; its tranche is approved as before.

    ``voucher`` and ``on`` are those of the reversal. Raises ``IllegalTransition``, ``SamePerson``,
    ``Obstructed`` (confirmed as arrived, spent, concluded, brought by a ledger) and ``InvalidInput``
    (``reason``, ``voucher``, ``on``).
    """
    found = reversible(work.session, work.actor, line_id)
    line, payment = found.line, found.payment
    if payment is None or payment.paid_on is None:
        raise IllegalTransition(line.result or line.tranche.state, LineResult.REVERSED)
    demand_others(work, live_proposals(work.session, [line.tranche_id]).values())
    if found.obstacles:
        raise Obstructed(found.obstacles)
    reason, voucher = reason.strip(), voucher.strip()
    day = _demand_sound(reason, voucher, on, payment.paid_on, today)
    reversal = PaymentReversal(
        tranche_id=line.tranche_id,
        line_id=line.id,
        amount_fen=payment.amount_fen,
        paid_on=payment.paid_on,
        voucher=payment.voucher or "",
        reversed_on=day,
        reversal_voucher=voucher,
        reason=reason,
        reversed_by_id=person(work),
    )
    work.session.add(reversal)
    work.session.delete(payment)
    line.tranche.state = advance(TRANCHE_TRANSITIONS, line.tranche.state, TrancheState.APPROVED)
    line.result, line.result_on, line.result_note = LineResult.REVERSED, day, reason
    line.result_by_id = person(work)
    _record(work, line, reversal)


def _conditions(line: BatchLine, payment: Payment | None, record: ProjectRecord) -> Iterator[Condition]:
    booked = payment is not None and payment.booked_by_id is not None
    yield Condition(
        booked,
        "在系统中登记的拨付才能冲正",
        "本笔由财务在系统中登记" if booked else "本笔随台账导入，有误的请在台账“拨付”中更正",
    )
    confirmed = payment.received_on if payment else None
    yield Condition(
        confirmed is None,
        "承担单位尚未确认到账",
        f"承担单位已于 {confirmed} 确认到账，请经办人先撤销到账确认" if confirmed else "没有到账确认",
    )
    yield _covered(line, record)
    stage = stage_of(record)
    over = record.concluded_on is not None or stage in PAYABLE_NO_MORE
    yield Condition(
        not over,
        "项目尚未作出结论，也未进入财务清算",
        f"项目处于“{stage}”阶段，款项的退回请在清算中办理" if over else f"项目处于“{stage}”阶段",
    )


def _covered(line: BatchLine, record: ProjectRecord) -> Condition:
    """Return whether what stays of the source still covers what was spent of it."""
    received = sum(one.paid for one in record.tranches if one.source is line.source and one.is_payment)
    spent = sum(one.amount for one in record.spending if one.source is line.source)
    left = received - line.amount_fen
    held = spent <= max(left, 0)
    told = f"冲正后{line.source}已拨 {yuan(max(left, 0))} 元，已登记支出 {yuan(spent)} 元"
    return Condition(
        held, "冲正后的已拨资金仍不少于已登记支出", told if held else f"{told}，请承担单位先冲销相应支出"
    )


def _demand_sound(reason: str, voucher: str, on: date | None, paid_on: date, today: date) -> date:
    """Return the day of the reversal, having seen that all is filled in."""
    errors: dict[str, str] = {}
    if not reason or len(reason) > MOST_TEXT:
        errors["reason"] = f"请写明冲正原因，不超过 {MOST_TEXT} 字。"
    if not voucher or len(voucher) > MOST_VOUCHER:
        errors["voucher"] = f"请填写冲正的凭证号，不超过 {MOST_VOUCHER} 个字。"
    if on is None or not paid_on <= on <= today:
        errors["on"] = f"冲正日期应在拨付日期（{paid_on}）与今天之间。"
    if on is None or errors:
        raise InvalidInput(errors)
    return on


def _record(work: Work, line: BatchLine, reversal: PaymentReversal) -> None:
    what = f"{line.source}第 {line.tranche.number} 期 {yuan(reversal.amount_fen)} 元"
    work.record(
        f"冲正拨付：{what}（原凭证 {reversal.voucher}，{reversal.paid_on} 拨付），"
        f"{reversal.reversed_on} 冲正，凭证号 {reversal.reversal_voucher}，原因：{reversal.reason}",
        project_id=line.project_id,
        citation=line.basis,
        details={
            "tranche": line.tranche_id,
            "amount_fen": reversal.amount_fen,
            "old": TrancheState.PAID,
            "new": TrancheState.APPROVED,
            "paid_on": reversal.paid_on,
            "voucher": reversal.voucher,
            "on": reversal.reversed_on,
            "reversal_voucher": reversal.reversal_voucher,
            "reason": reversal.reason,
        },
    )
    work.touch(line.project_id)
