"""What a ledger may not change: tranches whose payment is in process or was booked in Keguan itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.models import BatchLine, Proposal
from finance.states import IN_PROCESS
from lifecycle.models import Tranche as TrancheModel
from lifecycle.record import Tranche
from lifecycle.storing import Known, TrancheKey, TrancheRow, tranche_keys, tranche_rows
from reports.ledger.errors import CellError
from reports.ledger.reading import Ledger
from reports.ledger.schema import SHEETS, Column

TRANCHES = next(sheet for sheet in SHEETS if sheet.attribute == "tranches")

ErrorAt = tuple[int, int, CellError]
"""Row and place of the column, by which errors are put in order, and the error."""


def errors_of(session: Session, ledger: Ledger, projects: Sequence[Known]) -> list[ErrorAt]:
    """Return the cells in which the ledger differs from what Keguan itself has under way or has booked."""
    changed = {one.id: one for one in projects if one.old.tranches != one.new.tranches}
    if not changed:
        return []
    proposed = _pointed_to(session, Proposal, changed)
    in_batch = _pointed_to(session, BatchLine, changed)
    errors: list[ErrorAt] = []
    for project_id, rows in tranche_rows(session, list(changed)).items():
        new = changed[project_id].new
        incoming = {
            key: (position, tranche)
            for position, (key, tranche) in enumerate(
                zip(tranche_keys(new.tranches), new.tranches, strict=True)
            )
        }
        for key, row in rows.items():
            settled = row.state in IN_PROCESS or row.booked_by_id is not None or row.id in in_batch
            if key not in incoming and (settled or row.id in proposed):
                errors.append(_left_out(new.number, key))
            elif key in incoming and settled and incoming[key][1] != row.tranche:
                position, tranche = incoming[key]
                errors += _altered(ledger.tranche_row(new.number, position), row, tranche)
    return errors


def _pointed_to(
    session: Session, model: type[Proposal] | type[BatchLine], projects: Mapping[int, Known]
) -> set[int]:
    """Return the tranches of those projects that rows of ``model`` point to."""
    query = select(model.tranche_id).join(TrancheModel, TrancheModel.id == model.tranche_id)
    return set(session.scalars(query.where(TrancheModel.project_id.in_(projects))))


def _altered(row_number: int, row: TrancheRow, new: Tranche) -> Iterator[ErrorAt]:
    what = "正在系统中办理拨付" if row.state in IN_PROCESS else "已在系统中登记拨付"
    for place, column in _differing(row.tranche, new):
        message = (
            f"这一期{what}（{row.state}），与系统中的记录不一致；请与系统保持一致，或先在系统中办结、撤回"
        )
        yield row_number, place, CellError(TRANCHES.name, row_number, column.name, message)


def _differing(old: Tranche, new: Tranche) -> Iterable[tuple[int, Column]]:
    return (
        (place, column)
        for place, column in enumerate(TRANCHES.columns)
        if place and getattr(old, column.field) != getattr(new, column.field)
    )


def _left_out(project_number: str, key: TrancheKey) -> ErrorAt:
    source, number, _ = key
    message = f"项目 {project_number} 第 {number} 期（{source}）已在系统中办理拨付，不能从台账中删去这一行"
    return 0, 0, CellError(TRANCHES.name, None, None, message)
