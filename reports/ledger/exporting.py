"""Writes an agency's projects as a ledger workbook, in the order in which they came in."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle.columns import PROJECT
from lifecycle.database import begin_reading
from lifecycle.record import ProjectRecord
from lifecycle.records import load_records
from lifecycle.refusals import Refusal
from reports.ledger.writing import write_ledger

_EVERY = 100
"""Projects written between two tellings."""


class NotWritable(Refusal):
    """The file cannot be written."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"无法写入“{path}”，请检查文件夹是否存在、是否有权限、磁盘是否已满、文件是否正被打开。"
        )


def export_ledger(
    session: Session, agency_id: int, path: Path, progress: Callable[[int], None] = lambda _done: None
) -> int:
    """Write all projects of the agency, as of one moment, to ``path``; return how many.

    ``progress`` is told now and then how many have been written. The file appears whole or not at all.
    Raises ``NotWritable``.
    """
    if os.path.isdir(path):
        raise NotWritable(path)
    begin_reading(session)
    query = select(PROJECT.c.id).where(PROJECT.c.agency_id == agency_id).order_by(PROJECT.c.id)
    ids = session.scalars(query).all()
    unfinished = path.with_name(f".keguan-{secrets.token_hex(8)}.xlsx")
    try:
        with open(unfinished, "xb") as file:
            write_ledger(_told(load_records(session, ids), progress), file)
        os.replace(unfinished, path)
    except OSError as error:
        raise NotWritable(path) from error
    finally:
        unfinished.unlink(missing_ok=True)
    return len(ids)


def _told(
    records: Iterable[tuple[int, ProjectRecord]], progress: Callable[[int], None]
) -> Iterator[ProjectRecord]:
    for done, (_, record) in enumerate(records):
        if done % _EVERY == 0:
            progress(done)
        yield record
