"""Taking a returned sheet in: read, matched with what was issued, and kept to be looked at."""

from __future__ import annotations

from datetime import date
from functools import partial

from sqlalchemy.orm import Session

from finance.returning import keep_returned, sheet_to_match, whose
from lifecycle.roles import Actor
from reports.returned.matching import read_returned
from reports.sheet.rows import Progress, nobody


def take_returned(
    session: Session,
    actor: Actor,
    batch_id: int,
    file_name: str,
    workbook: bytes,
    today: date,
    progress: Progress = nobody,
) -> int:
    """Read a workbook that came back of a batch and keep it with what was found; return its id.

    Nothing is booked. Raises ``NotFound``, ``IllegalTransition``, ``NotAWorkbook``, ``NotTheSheet`` and
    ``Obstructed`` (the same file twice). The reading is done before the command: it holds nobody up.
    """
    issued = sheet_to_match(session, actor, batch_id)
    read = read_returned(issued, workbook, today, partial(whose, session, actor), progress)
    session.rollback()
    return keep_returned(session, actor, batch_id, file_name, workbook, read, today)
