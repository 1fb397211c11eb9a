"""Writes an agency's projects as a ledger workbook, in the order in which they came in."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle.columns import PROJECT
from lifecycle.records import load_records
from lifecycle.refusals import Refusal
from reports.ledger.writing import write_ledger


class NotWritable(Refusal):
    """The file cannot be written."""

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(f"无法写入“{path}”，请检查文件夹是否存在、是否有权限、文件是否正被打开（{error.strerror}）。")


def export_ledger(session: Session, agency_id: int, path: Path) -> int:
    """Write all projects of the agency to ``path``; return how many.

    The file appears whole or not at all. Raises ``NotWritable``.
    """
    query = select(PROJECT.c.id).where(PROJECT.c.agency_id == agency_id).order_by(PROJECT.c.id)
    ids = session.scalars(query).all()
    try:
        with NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".xlsx", delete=False) as file:
            try:
                write_ledger(file, (record for _, record in load_records(session, ids)))
                os.replace(file.name, path)
            except BaseException:
                with suppress(OSError):
                    os.unlink(file.name)
                raise
    except OSError as error:
        raise NotWritable(path, error) from error
    return len(ids)
