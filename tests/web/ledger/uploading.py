"""Uploading a ledger, waiting for its check, and reading what is downloaded."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from openpyxl import load_workbook
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from lifecycle.models import LongWork
from lifecycle.record import ProjectRecord
from reports.ledger.writing import write_ledger
from tests.web.site import Browser
from tests.web.working import settle

LEDGERS = Path(__file__).parents[2] / "data" / "ledger"
SAMPLE = LEDGERS / "sample.xlsx"
AS_OF = "2026-06-30"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def send(browser: Browser, content: bytes, name: str = "台账.xlsx", as_of: str = AS_OF) -> TestResponse:
    """Upload a file by the form."""
    return browser.post("/ledger/", data={"file": (BytesIO(content), name), "as_of": as_of})


def checked(browser: Browser, content: bytes, as_of: str = AS_OF) -> tuple[str, TestResponse]:
    """Upload a ledger; return the address of its page and the page after the check."""
    answer = send(browser, content, as_of=as_of)
    assert answer.status_code == 302, answer.text
    return answer.location, settle(browser, answer.location)


def ledger(*records: ProjectRecord, sheets: tuple[str, ...] | None = None) -> bytes:
    """Return a workbook of these records."""
    file = BytesIO()
    write_ledger(records, file, **({} if sheets is None else {"sheets": sheets}))
    return file.getvalue()


def rows_of(answer: TestResponse) -> list[tuple[object, ...]]:
    """Return the rows of a downloaded workbook's first sheet."""
    assert (answer.status_code, answer.mimetype) == (200, XLSX)
    return list(load_workbook(BytesIO(answer.data)).worksheets[0].iter_rows(values_only=True))


def upload_of(session: Session, address: str) -> LongWork:
    session.rollback()
    key = address.rpartition("/")[2]
    return session.scalars(select(LongWork).where(LongWork.key == key)).one()


def count(session: Session, model: type) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(model)) or 0
