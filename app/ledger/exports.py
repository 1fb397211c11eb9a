"""The ledger and the findings as files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from flask import url_for
from sqlalchemy.orm import Session

from app import clock
from app.ledger.asking import Asked
from app.longwork.exports import Count, agency_of, counted, export
from app.longwork.kinds import Crumb, Parameters
from lifecycle.roles import Actor, Permission
from reports.finding_list import every_finding
from reports.finding_sheet import write_findings
from reports.ledger.exporting import export_ledger


def _ledger(session: Session, actor: Actor, _asked: Parameters, path: Path, count: Count) -> int:
    return export_ledger(session, actor.agency_id, path, count)


def _findings(session: Session, actor: Actor, parameters: Parameters, path: Path, count: Count) -> int:
    asked = Asked(parameters["asked"], clock.today())
    rows = counted(every_finding(session, actor, asked.filter, asked.as_of), count)
    whose = agency_of(session, actor)
    with open(path, "wb") as file:
        return write_findings(file, rows, whose=whose, asked=asked.sentence, as_of=asked.as_of)


def _to_ledger(_parameters: Parameters) -> Sequence[Crumb]:
    return (Crumb("台账", url_for("ledger.index")),)


def _to_findings(parameters: Parameters) -> Sequence[Crumb]:
    return (*_to_ledger(parameters), Crumb("当前问题清单", url_for("ledger.findings")))


LEDGER = export(
    "ledger.export",
    Permission.SEE_LEDGER,
    "台账",
    _ledger,
    unit="个项目",
    most=1000,
    crumbs=_to_ledger,
)

FINDINGS = export(
    "findings.export",
    Permission.SEE_LEDGER,
    "问题清单",
    _findings,
    unit="个问题",
    most=5000,
    crumbs=_to_findings,
)
