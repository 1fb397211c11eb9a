"""Sheets that came back: filled in as a bank would, read, and booked in one press."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from io import BytesIO
from typing import Any

from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.lookups import find_batch
from finance.models import ReturnedSheet
from finance.returning import book_returned
from finance.states import BatchState, LineResult, ReturnedState
from lifecycle.roles import Actor, Role
from reports.returned.taking import take_returned
from tests.integration.money_paying import Act
from tests.integration.moneying import Deed, Story, pick

FIRST_LINE = 4
"""The row of a sheet's first payment."""


def filled_in(session: Session, actor: Actor, batch_id: int, day: date, every: int) -> bytes:
    """Return a batch's sheet as it comes back: every so manieth line was not paid, the others were."""
    sheet = find_batch(session, actor, batch_id, with_sheet=True).sheet
    session.rollback()
    book = load_workbook(BytesIO(sheet or b""))
    page = book.worksheets[0]
    columns = {str(cell.value): cell.column for cell in page[FIRST_LINE - 1] if cell.value}
    row = FIRST_LINE
    while isinstance(page.cell(row, 1).value, int):
        failed = is_failed(row - FIRST_LINE, every)
        answers = {"办理结果": "未拨出" if failed else "已拨付", "拨付日期": day.isoformat()}
        answers |= {"未拨出原因": "账号有误"} if failed else {"凭证号": f"国库-{batch_id}"}
        for name, value in answers.items():
            page.cell(row, columns[name]).value = value
        row += 1
    kept = BytesIO()
    book.save(kept)
    return kept.getvalue()


def is_failed(place: int, every: int) -> bool:
    """Whether the line at a place, counted from 0, comes back as not paid."""
    return place % every == every - 1


def _take(story: Story, place: int, size: int, hand: int) -> Deed | None:
    batch_id = pick(story.batches(BatchState.ISSUED), place)
    if batch_id is None:
        return None
    every, today, actor = 2 + size % 4, story.today, story.who(Role.FINANCE, hand)
    content = filled_in(story.session, story.bureau.finance, batch_id, today, every)
    said = {
        line: LineResult.FAILED if is_failed(at, every) else LineResult.PAID
        for at, line in enumerate(sorted(story.lines(batch_id), key=lambda one: one.position))
    }

    def count(returned_id: int) -> None:
        story.said[returned_id] = said

    return Deed(
        "return.keep",
        lambda session: take_returned(session, actor, batch_id, "回执.xlsx", content, today),
        count,
    )


def _book(story: Story, place: int, size: int, hand: int) -> Deed | None:
    query = select(ReturnedSheet.id).where(ReturnedSheet.state == ReturnedState.READ)
    found = pick([row[0] for row in story.asked(query.order_by(ReturnedSheet.id))], place)
    today, actor = story.today, story.who(Role.FINANCE, hand)

    def count(_: Any) -> None:
        for line, result in story.said[found].items():
            if line.id not in story.counted.settled:
                story.counted.settle(line, result)

    return found and Deed(
        "return.book", lambda session: book_returned(session, actor, found, bool(size % 2), today), count
    )


RETURNED: Mapping[str, Act] = {"take sheet": _take, "book sheet": _book}
"""Name → act."""
