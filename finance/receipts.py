"""Money that arrives: the joint unit's and the unit's own is recorded by them, public money confirmed.

A part that arrives splits its tranche's row: the part is paid in full, the rest stays open, and both together
are what was planned, to the fen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from finance.basis import receipt_basis
from finance.holding import keep_holds
from finance.spent import FIRST_DAY, MOST_VOUCHER
from finance.states import RECEIPT_TRANSITIONS
from lifecycle.attachments import StoredFile, attach, names_and_digests
from lifecycle.command import Work, command
from lifecycle.models import Payment, Project, Tranche
from lifecycle.money import Fen, yuan
from lifecycle.record import FISCAL, ProjectRecord, Source
from lifecycle.refusals import InvalidInput, NotFound, Obstructed
from lifecycle.roles import Actor, Permission, Role
from lifecycle.stages import TrancheState, advance
from lifecycle.visibility import demand_acting_as, visible
from lifecycle.whole import record_of

MOST_REASON = 500
"""Characters."""

WHO: Mapping[Source, tuple[Role, ...]] = {
    Source.JOINT: (Role.JOINT_UNIT, Role.HANDLER),
    Source.OWN: (Role.UNIT_MANAGER, Role.UNIT_FINANCE, Role.HANDLER),
    Source.PROVINCIAL: (Role.UNIT_MANAGER, Role.UNIT_FINANCE, Role.HANDLER),
    Source.DISTRICT: (Role.UNIT_MANAGER, Role.UNIT_FINANCE, Role.HANDLER),
}
"""Whose money it is, or who receives it: the party itself, or a handler on its behalf."""


class Found(NamedTuple):
    """A tranche with its project and its payment, as a command finds them."""

    tranche: Tranche
    project: Project
    payment: Payment | None
    record: ProjectRecord

    @property
    def words(self) -> str:
        """The tranche as the history names it."""
        return f"{self.tranche.source}第 {self.tranche.number} 期"


@command("receipt.record", Permission.RECORD_RECEIPT)
def record_receipt(
    work: Work,
    tranche_id: int,
    amount: Fen,
    on: date,
    voucher: str,
    today: date,
    files: Sequence[StoredFile] = (),
) -> None:
    """Record that a joint unit's or the unit's own money has arrived, all of a tranche's row or a part of it.

    Raises ``NotFound``, ``NotTheirs``, ``Obstructed`` for public money, before signing and after the
    conclusion, ``InvalidInput`` and ``IllegalTransition``.
    """
    found = find_receipt(work.session, work.actor, tranche_id)
    tranche = found.tranche
    demand_acting_as(work.session, work.actor, tranche.project_id, *WHO[tranche.source])
    if tranche.source in FISCAL:
        raise Obstructed(["财政资金由区科技局拨付，请在收到后办理“确认到账”"])
    _demand_running(found.record)
    planned = tranche.planned_fen
    tranche.state = advance(RECEIPT_TRANSITIONS, tranche.state, TrancheState.PAID)
    _demand_sound(amount, on, voucher, planned, today)
    if amount < planned:
        _split(work, tranche, amount)
    payment = found.payment or Payment(tranche_id=tranche.id)
    payment.amount_fen, payment.paid_on, payment.voucher = amount, on, voucher.strip()
    payment.booked_by_id = work.actor.user_id
    work.session.add(payment)
    attach(work, tranche.project_id, "receipt", tranche.id, files, f"{found.words}到账 {yuan(amount)} 元")
    still = f"，尚有 {yuan(planned - amount)} 元未到账" if amount < planned else ""
    work.record(
        f"登记{found.words}资金到账 {yuan(amount)} 元{still}",
        project_id=tranche.project_id,
        citation=receipt_basis(found.record, tranche.source),
        details={
            "tranche": tranche.id,
            "amount_fen": amount,
            "on": on,
            "voucher": voucher.strip(),
            "files": names_and_digests(files),
        },
    )
    work.touch(tranche.project_id)
    keep_holds(work, [tranche.project_id], today)


def _split(work: Work, tranche: Tranche, part: Fen) -> None:
    """Make of a tranche's row the part, and right after it a row for the rest."""
    behind = (Tranche.project_id == tranche.project_id, Tranche.position > tranche.position)
    work.session.execute(update(Tranche).where(*behind).values(position=Tranche.position + 1))
    work.session.add(
        Tranche(
            project_id=tranche.project_id,
            position=tranche.position + 1,
            number=tranche.number,
            source=tranche.source,
            planned_fen=tranche.planned_fen - part,
            planned_on=tranche.planned_on,
            state=TrancheState.PLANNED,
        )
    )
    tranche.planned_fen = part


@command("receipt.confirm", Permission.RECORD_RECEIPT)
def confirm_receipt(work: Work, tranche_id: int, on: date, today: date) -> None:
    """Confirm that public money which was paid has arrived with the unit.

    Raises ``NotFound``, ``NotTheirs``, ``InvalidInput``, and ``Obstructed`` where it has not been paid or has
    been confirmed already.
    """
    found = find_receipt(work.session, work.actor, tranche_id)
    tranche, payment = found.tranche, found.payment
    demand_acting_as(work.session, work.actor, tranche.project_id, *WHO[tranche.source])
    if tranche.source not in FISCAL:
        raise Obstructed(["这一期不是财政资金，请办理“登记到账”"])
    if tranche.state is not TrancheState.PAID or payment is None or payment.paid_on is None:
        raise Obstructed(["这一期尚未拨付，请在区科技局拨付后再确认到账"])
    if payment.received_on is not None:
        raise Obstructed([f"这一期已于 {payment.received_on} 确认到账"])
    if not payment.paid_on <= on <= today:
        raise InvalidInput({"on": f"到账日期应在拨付日期（{payment.paid_on}）与今天之间。"})
    payment.received_on, payment.received_by_id = on, work.actor.user_id
    work.record(
        f"确认{found.words}资金 {yuan(payment.amount_fen)} 元到账",
        project_id=tranche.project_id,
        citation=receipt_basis(found.record, tranche.source),
        details={"tranche": tranche.id, "amount_fen": payment.amount_fen, "on": on},
    )
    work.touch(tranche.project_id)
    keep_holds(work, [tranche.project_id], today)


@command("receipt.undo", Permission.UNDO_RECEIPT)
def undo_receipt(work: Work, tranche_id: int, reason: str, today: date) -> None:
    """Take back what was recorded by mistake: an arrival, or of public money its confirmation.

    A part goes back to the open rest of its tranche. Raises ``NotFound``, ``InvalidInput`` without a reason,
    and ``Obstructed`` where something rests on it.
    """
    found = find_receipt(work.session, work.actor, tranche_id)
    reason = reason.strip()
    if not 1 <= len(reason) <= MOST_REASON:
        raise InvalidInput({"reason": f"请写明撤销原因，不超过 {MOST_REASON} 字。"})
    tranche = found.tranche
    _demand_running(found.record)
    public = tranche.source in FISCAL
    old = _undo_confirmation(found) if public else _undo_arrival(work, found, today)
    act = "到账确认" if public else "到账登记"
    work.record(
        f"撤销{found.words}{act}（{yuan(old[0])} 元，{old[1]}）",
        project_id=tranche.project_id,
        citation=receipt_basis(found.record, tranche.source),
        details={
            "tranche": tranche.id,
            "amount_fen": old[0],
            "on": old[1],
            "voucher": old[2],
            "note": reason,
        },
    )
    work.touch(tranche.project_id)
    keep_holds(work, [tranche.project_id], today)


Undone = tuple[Fen, date | None, str | None]
"""Amount, day and voucher of what was taken back."""


def _undo_confirmation(found: Found) -> Undone:
    payment = found.payment
    if payment is None or payment.received_on is None:
        raise Obstructed(["这一期没有确认到账，不需要撤销"])
    old = payment.amount_fen, payment.received_on, payment.voucher
    payment.received_on = payment.received_by_id = None
    return old


def _undo_arrival(work: Work, found: Found, today: date) -> Undone:
    tranche, payment = found.tranche, found.payment
    if payment is None or tranche.state is not TrancheState.PAID:
        raise Obstructed(["这一期没有登记到账，不需要撤销"])
    if payment.booked_by_id is None:
        raise Obstructed(["这一笔随台账导入，不是在系统中登记的：有误的请在台账“拨付”中更正"])
    _demand_unspent(found, payment.amount_fen, today)
    old = payment.amount_fen, payment.paid_on, payment.voucher
    tranche.state = advance(RECEIPT_TRANSITIONS, tranche.state, TrancheState.PLANNED)
    work.session.delete(payment)
    _rejoin(work, tranche)
    return old


def _demand_unspent(found: Found, amount: Fen, today: date) -> None:
    """Demand that the money which stays still covers what was spent of it."""
    source, record = found.tranche.source, found.record
    received = sum(one.paid for one in record.tranches if one.source is source and one.is_payment)
    spent = sum(one.amount for one in record.spending if one.source is source and one.on <= today)
    if received - amount < spent <= received:
        still = f"撤销后到账只有 {yuan(received - amount)} 元"
        raise Obstructed([f"{source}资金已登记支出 {yuan(spent)} 元，{still}：请先冲销相应支出"])


def _rejoin(work: Work, tranche: Tranche) -> None:
    """Put a part back to the open rest of its tranche, where there is one of the same plan."""
    rest = work.session.scalar(
        select(Tranche)
        .where(
            Tranche.project_id == tranche.project_id,
            Tranche.source == tranche.source,
            Tranche.number == tranche.number,
            Tranche.state == TrancheState.PLANNED,
            Tranche.planned_on.is_not_distinct_from(tranche.planned_on),
            Tranche.id != tranche.id,
        )
        .order_by(Tranche.position)
        .limit(1)
    )
    if rest is not None:
        tranche.planned_fen += rest.planned_fen
        work.session.delete(rest)


def find_receipt(session: Session, actor: Actor, tranche_id: int) -> Found:
    """Return a tranche that the actor may see, with its payment. Raises ``NotFound``."""
    query = (
        select(Tranche, Project, Payment)
        .join(Project, Project.id == Tranche.project_id)
        .outerjoin(Payment, Payment.tranche_id == Tranche.id)
        .where(Tranche.id == tranche_id, visible(actor))
    )
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("这一期资金")
    tranche, project, payment = row
    return Found(tranche, project, payment, record_of(session, project.id))


def arrivals(session: Session, project_id: int) -> dict[int, Payment]:
    """Return the payments of a project's tranches, by tranche."""
    query = select(Payment).join(Tranche, Tranche.id == Payment.tranche_id)
    return {one.tranche_id: one for one in session.scalars(query.where(Tranche.project_id == project_id))}


def _demand_running(record: ProjectRecord) -> None:
    if record.signed_on is None:
        raise Obstructed(["任务书尚未签订：请在各方签署、任务书生效后再登记"])
    if record.concluded_on is not None:
        raise Obstructed([f"项目已于 {record.concluded_on} 作出结论，到账不再变动：有误的请联系区科技局财务"])


def _demand_sound(amount: Fen, on: date, voucher: str, planned: Fen, today: date) -> None:
    errors: dict[str, str] = {}
    if amount <= 0:
        errors["amount"] = "金额应大于 0。"
    elif amount > planned:
        errors["amount"] = f"金额不能超过本期尚未到账的 {yuan(planned)} 元；多到的请登记到下一期。"
    if not FIRST_DAY <= on <= today:
        errors["on"] = f"到账日期应在 {FIRST_DAY.year} 年以后、不晚于今天。"
    if not 1 <= len(voucher.strip()) <= MOST_VOUCHER:
        errors["voucher"] = f"请填写凭证号，不超过 {MOST_VOUCHER} 个字。"
    if errors:
        raise InvalidInput(errors)
