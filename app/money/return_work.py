"""Reading a large returned sheet as long work: read and matched line by line; nothing is booked by it."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from flask import url_for

from app import clock
from app.longwork.kinds import Crumb, Kind, Parameters, Task, register
from app.longwork.pages import folder, start
from lifecycle.refusals import Refusal
from lifecycle.roles import Permission
from reports.returned.taking import take_returned

MOST_AT_ONCE = 256 << 10
"""Bytes of a workbook that is read while whoever uploaded it waits: some two thousand lines."""

GONE = "上传的文件已经清理，请重新上传。"


def _read(task: Task) -> dict[str, Any]:
    path = task.folder.workbook(task.digest)
    if not path.exists():
        raise Refusal(GONE)
    given = (task.parameters["batch"], task.parameters["file"], path.read_bytes(), clock.today())
    task.session.rollback()  # nobody waits while it is read

    def tell(done: int, total: int) -> None:
        task.tell(done, total, "逐笔比对回执")

    return {"returned": take_returned(task.session, task.actor, *given, tell)}


def _batch_returns(parameters: Parameters) -> str:
    return url_for("money.returns", batch_id=parameters["batch"])


def _crumbs(parameters: Parameters) -> Sequence[Crumb]:
    return (
        Crumb("经费", url_for("money.index")),
        Crumb("批次", url_for("money.batches")),
        Crumb("回执", _batch_returns(parameters)),
    )


READ = register(
    Kind(
        name="return.read",
        permission=Permission.BOOK_PAYMENT,
        noun="读取",
        title="读取回执",
        promise="读取时不登记任何款项，读完后核对无误再登记。",
        run=_read,
        crumbs=_crumbs,
        word="已读取",
        leads_to=_batch_returns,
    )
)


def begin(batch_id: int, file_name: str, content: bytes) -> str:
    """Begin to read a returned sheet for whoever is signed in; return the address of its progress."""
    digest = folder().keep(BytesIO(content))
    return start(READ, file_name, {"batch": batch_id, "file": file_name}, digest=digest)
