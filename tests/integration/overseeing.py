"""What the tests of supervision are made of: an inspection as it is written down, and the ways it goes on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from lifecycle.filekinds import PDF, StoredFile
from lifecycle.inspecting import Draft
from lifecycle.models import (
    Inspection,
    InspectionKind,
    IntegrityEntry,
    Measure,
    Outcome,
    Project,
    Turn,
    TurnKind,
)
from lifecycle.record import MeasureKind
from lifecycle.roles import Role
from lifecycle.supervision import agree, record_inspection
from tests.integration.paying import TODAY, Bureau

DUE = TODAY + timedelta(days=20)
FACTS = "设备采购合同与发票金额不一致，相差两万元。"
ANSWER = "已更正合同并补齐发票，差额两万元原渠道退回。"
PROOF = (StoredFile("a" * 64, "整改报告.pdf", PDF.media_type, 9),)

DRAFT = Draft(
    kind=InspectionKind.SPECIAL,
    organiser="区财政局",
    recognised=False,
    inspected_on=TODAY,
    inspectors="张三、李四",
    summary="查阅账簿和合同，现场查看设备。",
    findings=(FACTS, "未见设备验收记录。"),
    outcome=Outcome.RECTIFY,
    due=DUE,
    own_fault=False,
)


def draft(outcome: Outcome, **more: Any) -> Draft:
    """Return an inspection that wants this outcome."""
    due = DUE if outcome is Outcome.RECTIFY else None
    findings = () if outcome is Outcome.NOTHING else DRAFT.findings
    return replace(DRAFT, outcome=outcome, **({"due": due, "findings": findings} | more))


def number_of(bureau: Bureau, project_id: int) -> str:
    """Return the number of a project."""
    found = bureau.session.get_one(Project, project_id).number
    bureau.session.rollback()
    return found


def recorded(bureau: Bureau, project_id: int, outcome: Outcome = Outcome.RECTIFY, **more: Any) -> int:
    """Return an inspection that a handler has put forward."""
    number = number_of(bureau, project_id)
    return record_inspection(bureau.session, bureau.handler, number, draft(outcome, **more), (), TODAY)


def ordered(bureau: Bureau, project_id: int, outcome: Outcome = Outcome.RECTIFY, **more: Any) -> list[int]:
    """Return the measures that an agreed inspection has ordered, by kind."""
    inspection_id = recorded(bureau, project_id, outcome, **more)
    return list(agree(bureau.session, bureau.approver, inspection_id, TODAY).measures)


def inspection(bureau: Bureau, inspection_id: int) -> Inspection:
    """Return an inspection's row as it is now."""
    bureau.session.rollback()
    return bureau.session.get_one(Inspection, inspection_id)


def measure(bureau: Bureau, measure_id: int) -> Measure:
    """Return a measure's row as it is now."""
    bureau.session.rollback()
    return bureau.session.get_one(Measure, measure_id)


def kinds(bureau: Bureau, project_id: int) -> list[MeasureKind]:
    """Return what is in force of a project on the day."""
    return [one.kind for one in bureau.record(project_id).measures if one.open_on(TODAY)]


def waiting(bureau: Bureau, kind: TurnKind, ref_id: int) -> set[Role]:
    """Return for whom something waits."""
    bureau.session.rollback()
    query = select(Turn.role, Turn.also).where(
        Turn.kind == kind, Turn.ref_id == ref_id, Turn.done_on.is_(None)
    )
    return {role for both in bureau.session.execute(query) for role in both if role is not None}


def entry_of(bureau: Bureau, entry_id: int) -> IntegrityEntry:
    """Return the row of an entry of integrity as it is now."""
    bureau.session.rollback()
    return bureau.session.get_one(IntegrityEntry, entry_id)
