"""What is wrong with lines of a returned sheet, said at the cells that they were read from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from finance.returns import show_returned
from lifecycle.refusals import InvalidInput
from lifecycle.roles import Actor
from reports.sheet.marks import DAY, REASON, VOUCHER

MOST_SAID = 20
"""Cells that are named one by one when a booking is refused."""

_MARKS = {"voucher": VOUCHER, "paid_on": DAY, "reason": REASON}


@contextmanager
def at_cells(session: Session, actor: Actor, returned_id: int) -> Iterator[None]:
    """Let ``InvalidInput`` of a booking name the cells of the workbook instead of the lines."""
    try:
        yield
    except InvalidInput as refusal:
        shown = show_returned(session, actor, returned_id)
        rows = {line.line_id: line.read.row for line in shown.lines if line.line_id}
        said: dict[str, str] = {}
        for name, words in refusal.errors.items():
            field, _, line_id = name.partition("-")
            known = line_id.isdigit() and int(line_id) in rows
            cell = f"{shown.columns[_MARKS[field]]}{rows[int(line_id)]}" if known else ""
            said[name] = f"单元格 {cell}：{words}" if cell else words
        more = len(said) - MOST_SAID
        told = dict(list(said.items())[:MOST_SAID])
        raise InvalidInput(
            told | ({"more": f"另有 {more} 处，改好后重新上传。"} if more > 0 else {})
        ) from None
