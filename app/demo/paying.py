"""Money on its way in the demo bureau: proposed, approved, issued, paid, failed and taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.batching import make_batch
from finance.booking import book_payment, fail_line
from finance.issuing import issue_batch
from finance.models import BatchLine
from finance.proposing import approve, propose
from finance.reversing import reverse_payment
from lifecycle.models import Project, Tranche
from lifecycle.record import Source
from lifecycle.refusals import Refusal
from lifecycle.roles import Actor
from lifecycle.stages import Stage, TrancheState
from reports.sheet import disbursement_sheet


def pay(session: Session, agency_id: int, who: Callable[[str], Actor], today: date) -> None:
    """Take tranches of the district as far as they go: one batch half booked, one a draft, some before."""
    approved = list(_approved(session, agency_id, who, today))
    caiwu = who("caiwu")
    if len(approved) >= 4:
        batch_id = make_batch(session, caiwu, approved[:4], today)
        issue_batch(session, caiwu, batch_id, today, disbursement_sheet)
        query = select(BatchLine.id).where(BatchLine.batch_id == batch_id).order_by(BatchLine.position)
        paid, taken_back, failed, _ = list(session.scalars(query))
        session.rollback()
        book_payment(session, caiwu, paid, "演示-拨付-001", today, today)
        book_payment(session, caiwu, taken_back, "演示-拨付-002", today, today)
        reverse_payment(session, caiwu, taken_back, "账号有误，银行退回。", "演示-冲销-001", today, today)
        fail_line(session, caiwu, failed, "收款户名与账号不符", today, today)
    if len(approved) >= 6:
        make_batch(session, caiwu, approved[4:6], today)


def _approved(session: Session, agency_id: int, who: Callable[[str], Actor], today: date) -> Iterator[int]:
    """Propose first tranches that may be proposed, approve all but the last; yield what is approved."""
    query = (
        select(Tranche.id)
        .join(Project, Project.id == Tranche.project_id)
        .where(
            *(Project.agency_id == agency_id, Project.stage == Stage.UNDER_WAY),
            Project.provincial_fen == 0,  # two sources must go together, which is another story
            *(Tranche.source == Source.DISTRICT, Tranche.number == 1),
            Tranche.state == TrancheState.PLANNED,
        )
        .order_by(Tranche.planned_on, Tranche.id)
    )
    found = list(session.scalars(query))
    session.rollback()
    proposed = []
    for tranche_id in found:
        with suppress(Refusal):
            propose(session, who("jingban"), tranche_id, today - _WAITED, {})
            proposed.append(tranche_id)
        if len(proposed) == _MANY:
            break
    for tranche_id in proposed[:-1]:
        approve(session, who("shenpi"), tranche_id, today)
        yield tranche_id


_MANY = 8
"""Tranches proposed, the last of which waits for the approver."""

_WAITED = timedelta(3)
"""How long ago it was proposed, so that its deadline is near."""
