"""Who and what the tests of task agreements are about."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle.agreements import Signing, draft, finalise, save, sign
from lifecycle.attachments import StoredFile
from lifecycle.command import Work, command
from lifecycle.in_force import add_version, put_in_force
from lifecycle.models import AgreementVersion, Project
from lifecycle.record import BudgetLine, BudgetUse, ProjectRecord, Signatory, Source
from lifecycle.roles import Permission
from lifecycle.terms import Terms, TrancheTerm, terms_of
from tests.integration.paying import WAN, Bureau
from tests.web.site import a_record

DAY = date(2026, 1, 10)
LATER = date(2026, 1, 20)
NUMBER = "沙-1"


def awarded(bureau: Bureau, **fields: Any) -> ProjectRecord:
    """Store a project that has been awarded and not signed; return its record."""
    usual = {
        "joint_unit": None,
        "district": 10 * WAN,
        "own": 0,
        "signed_on": None,
        "signatories": (),
        "tranches": (),
    }
    fields = usual | fields
    bureau.project(NUMBER, **fields)
    return a_record(NUMBER, **fields)


def full(record: ProjectRecord, **changes: Any) -> Terms:
    """Return terms of 10 万元 in two tranches that add up."""
    wanted = replace(
        terms_of(record),
        budget=(BudgetLine(Source.DISTRICT, BudgetUse.LABOUR, 10 * WAN),),
        tranches=(
            TrancheTerm(1, Source.DISTRICT, 7 * WAN, date(2026, 2, 10), "签订后 30 日内"),
            TrancheTerm(2, Source.DISTRICT, 3 * WAN, date(2027, 2, 10), "阶段考核通过"),
        ),
    )
    return replace(wanted, **changes)


def scan(words: str = "签") -> StoredFile:
    """Return a scan as it lies in the store."""
    return StoredFile(sha256(words.encode()).hexdigest(), f"{words}.pdf", "application/pdf", 10)


def signing(party: Signatory, day: date = DAY, /, **changes: Any) -> Signing:
    """Return a party's signature."""
    return replace(Signing(party, "王局", day, scan(party)), **changes)


def drafted(bureau: Bureau, terms: Terms | None = None, **fields: Any) -> int:
    """Return a saved draft of a new project's agreement."""
    record = awarded(bureau, **fields)
    version_id = draft(bureau.session, bureau.handler, NUMBER, DAY)
    save(bureau.session, bureau.handler, version_id, 1, terms or full(record))
    return version_id


def awaiting(bureau: Bureau, terms: Terms | None = None, **fields: Any) -> int:
    """Return a version that is before the parties."""
    version_id = drafted(bureau, terms, **fields)
    finalise(bureau.session, bureau.handler, version_id, 2, DAY, {})
    return version_id


def in_force(bureau: Bureau, **fields: Any) -> int:
    """Return a version that every party of a joint project has signed."""
    version_id = awaiting(bureau, **fields)
    joint = (Signatory.JOINT_UNIT,) if fields.get("joint_unit") else ()
    for party in (Signatory.DISTRICT, Signatory.UNIT, *joint):
        sign(bureau.session, bureau.handler, version_id, signing(party), LATER)
    return version_id


def version(session: Session, version_id: int) -> AgreementVersion:
    """Return a version as it is now."""
    session.rollback()
    session.expire_all()
    return session.get_one(AgreementVersion, version_id)


def project_id_of(session: Session) -> int:
    """Return the id of the one project."""
    return session.scalars(select(Project.id).where(Project.number == NUMBER)).one()


@command("test.next", Permission.HANDLE_CHANGE)
def next_version(work: Work, project_id: int, terms: Terms, today: date) -> int:
    """Put the next version into force, as an approved change does."""
    made = add_version(work, project_id, terms, today, change_number=1)
    put_in_force(work, project_id, made, today)
    work.record("变更", project_id=project_id)
    return made.id
