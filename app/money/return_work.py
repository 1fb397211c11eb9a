"""A large returned sheet as long work: read and matched line by line first, then booked in one press."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from app import clock
from app.longwork.kinds import REASONS, Kind, Task, WorkRefused, register
from app.longwork.pages import folder, start
from app.money import ways
from app.money.return_cells import at_cells
from finance.returning import book_returned, find_returned
from finance.returns import ShownReturn
from finance.states import ReturnedState
from lifecycle.refusals import InvalidInput
from lifecycle.roles import Permission
from reports.returned.taking import take_returned

MOST_AT_ONCE = 256 << 10
"""Bytes of a workbook that is read while whoever uploaded it waits: some two thousand lines."""

MOST_BOOKED_AT_ONCE = 200
"""Lines of a workbook that is booked while whoever pressed waits."""


def _read(task: Task) -> dict[str, Any]:
    content = task.workbook().read_bytes()
    task.session.rollback()  # nobody waits while it is read
    given = (task.parameters["batch"], task.parameters["file"], content, clock.today())
    return {"returned": take_returned(task.session, task.actor, *given, task.step("逐笔比对回执"))}


def _book(task: Task) -> dict[str, Any]:
    """Book the sheet; one that is booked already, as by a press whose end nobody could note, stays so."""
    returned_id, lines = task.parameters["returned"], task.parameters["lines"]
    is_booked = find_returned(task.session, task.actor, returned_id).state is ReturnedState.BOOKED
    task.session.rollback()
    if not is_booked:
        task.step(f"核对并登记 {lines:,} 笔款项")(0, 0)
        try:
            with at_cells(task.session, task.actor, returned_id):
                book_returned(
                    task.session, task.actor, returned_id, task.parameters["leave_out"], clock.today()
                )
        except InvalidInput as refusal:
            raise WorkRefused({REASONS: list(refusal.errors.values())}) from refusal
    return {}


READ = register(
    Kind(
        name="return.read",
        permission=Permission.BOOK_PAYMENT,
        noun="读取",
        title="读取回执",
        promise="读取时不登记任何款项，读完后核对无误再登记。",
        run=_read,
        crumbs=ways.to_returns,
        word="已读取",
        leads_to=ways.returned_page,
    )
)

BOOK = register(
    Kind(
        name="return.book",
        permission=Permission.BOOK_PAYMENT,
        noun="登记",
        title="登记回执",
        run=_book,
        crumbs=ways.to_returned,
        word="已登记",
        leads_to=ways.returned_page,
    )
)


def begin(batch_id: int, file_name: str, content: bytes) -> str:
    """Begin to read a returned sheet for whoever is signed in; return the address of its progress."""
    digest = folder().keep(BytesIO(content))
    return start(READ, file_name, {"batch": batch_id, "file": file_name}, digest=digest)


def is_large(shown: ShownReturn) -> bool:
    """Whether a returned sheet waits to be booked that is to be booked in the background."""
    return shown.is_open and len(shown.bookable) > MOST_BOOKED_AT_ONCE


def begin_booking(shown: ShownReturn, leave_out: bool) -> str:
    """Begin to book a returned sheet for whoever is signed in; return the address of its progress."""
    kept = shown.returned
    asked = {"batch": kept.batch_id, "returned": kept.id, "lines": len(shown.bookable)}
    return start(BOOK, kept.file_name, {**asked, "leave_out": leave_out})
