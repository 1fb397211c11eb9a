"""What the tests of the audit trail are made of."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from lifecycle.audit import append
from lifecycle.audit_check import ChainCheck, verify
from lifecycle.command import Work, command
from lifecycle.database import begin_write
from lifecycle.models import AuditEntry
from lifecycle.roles import Permission

AT = datetime(2026, 3, 4, 5, 6, 7, 8, tzinfo=UTC)


def an_entry(agency_id: int | None, number: int) -> AuditEntry:
    return AuditEntry(
        agency_id=agency_id,
        actor_name="李四",
        at=AT + timedelta(seconds=number, microseconds=number),
        action="a.b",
        summary=f"第 {number} 次 “😀”",
        citation=None if number % 2 else "某条",
        details={"new": number, "old": {"b": [1.5, None, "é\ud800"], "a": True}, "7": -0.0},
    )


def write_entries(session: Session, agency_id: int | None, count: int) -> None:
    begin_write(session)
    append(session, [an_entry(agency_id, number) for number in range(count)])
    session.commit()


def checks(session: Session) -> dict[int, ChainCheck]:
    found = {one.chain: one for one in verify(session)}
    session.rollback()
    return found


def faults(session: Session, chain: int) -> set[int]:
    """Return the serials at which something is wrong with a chain."""
    return {serial for one in checks(session)[chain].faults for serial in range(one.first, one.last + 1)}


@command("test.note", Permission.IMPORT_LEDGER)
def note(work: Work, *, fail: bool = False, slow: float = 0) -> None:
    work.record("记一笔", details={"n": 1})
    time.sleep(slow)
    if fail:
        raise ValueError("no")
