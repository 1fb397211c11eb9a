"""How a tranche becomes a line of a batch: whom it is paid to, what was paid before, on which article."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from finance.basis import payment_basis
from finance.checking import Candidate
from finance.models import BatchLine, Proposal
from lifecycle.models import Tranche
from lifecycle.money import Fen
from lifecycle.record import Source
from lifecycle.rules.reading import funds_of
from lifecycle.stages import TrancheState

Transit = dict[tuple[int, Source], Fen]
"""Project and source → money on issued sheets that nobody has booked yet."""


def in_transit(session: Session, project_ids: Sequence[int]) -> Transit:
    """Return what is on its way to those projects, by source."""
    query = (
        select(BatchLine.project_id, Tranche.source, func.sum(BatchLine.amount_fen))
        .join(Tranche, Tranche.id == BatchLine.tranche_id)
        .where(Tranche.project_id.in_(set(project_ids)), BatchLine.result.is_(None))
        .where(Tranche.state == TrancheState.ISSUED)
        .group_by(BatchLine.project_id, Tranche.source)
    )
    return defaultdict(int, {(row[0], row[1]): int(row[2]) for row in session.execute(query)})


def line_of(tranche: Tranche, candidate: Candidate, proposal: Proposal, transit: Transit) -> BatchLine:
    """Return the line of a tranche as its project stands now, not yet in a batch.

    Its amount then counts as on its way for the lines after it: one sheet may pay a project twice.
    """
    line = BatchLine(tranche_id=tranche.id, project_id=tranche.project_id, amount_fen=proposal.amount_fen)
    restate_line(line, candidate, transit)
    return line


def restate_line(line: BatchLine, candidate: Candidate, transit: Transit) -> None:
    """Bring a line up to its project as it stands now; see ``line_of``."""
    record = candidate.record
    source = record.tranches[candidate.place].source
    line.project_number, line.project_title = record.number, record.title
    line.payee = record.lead_unit
    line.bank_name, line.bank_account = record.bank_name or "", record.bank_account or ""
    line.granted_fen = funds_of(record, source)
    paid = sum(tranche.paid for tranche in record.tranches if tranche.source is source)
    line.source = source
    line.paid_before_fen = paid + transit[line.project_id, source]
    line.basis = payment_basis(record)
    transit[line.project_id, source] += line.amount_fen
