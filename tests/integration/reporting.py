"""What the tests of reports share: a project that owes some, and a report at each step of its way."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import select

from lifecycle.filings import accept_report, confirm_report
from lifecycle.models import Report, ReportKind, ReportState
from lifecycle.record import BudgetUse as Use
from lifecycle.record import Milestone, Source, Spending
from lifecycle.report_content import Content, Reached
from lifecycle.report_writing import Written, file_report, start_report
from lifecycle.roles import Role
from tests.integration.paying import WAN, Bureau

JANUARY = date(2027, 1, 8)
"""A day on which the report of 2026 is owed and not late."""

MAJOR = "沙坪坝区科技攻关重大专项"
FINE = "完成总体方案设计和样机试制，关键部件通过台架测试。"
SPENT = Spending(date(2026, 5, 6), Source.DISTRICT, Use.EQUIPMENT, 3 * WAN, "V-1", None)


def a_project(bureau: Bureau, number: str = "沙-1", **fields: Any) -> int:
    """Store a signed project with two milestones and some spending; return its id."""
    usual = {
        "milestone_managed": True,
        "milestones": (
            Milestone(1, "样机", date(2026, 9, 30), None, None, None),
            Milestone(2, "示范", date(2027, 6, 30), None, None, None),
        ),
        "spending": (SPENT,),
    }
    return bureau.project(number, **(usual | fields))


def content(**fields: Any) -> Content:
    """Return a content that can be filed."""
    return Content(**({"progress": FINE} | fields))


def drafted(
    bureau: Bureau,
    number: str = "沙-1",
    kind: ReportKind = ReportKind.ANNUAL,
    subject: int | None = 2026,
    today: date = JANUARY,
) -> int:
    """Return a report begun by the pi."""
    return start_report(bureau.session, bureau.actor(Role.PI), number, kind, subject, today)


def filed(bureau: Bureau, report_id: int, today: date = JANUARY, **fields: Any) -> int:
    """File a draft in the pi's name; return its id."""
    revision = report(bureau, report_id).revision
    bureau.session.rollback()
    written = Written(content(**fields))
    file_report(bureau.session, bureau.actor(Role.PI), report_id, revision, written, today)
    return report_id


def confirmed(bureau: Bureau, report_id: int, today: date = JANUARY, **fields: Any) -> int:
    """File and confirm a draft; return its id."""
    filed(bureau, report_id, today, **fields)
    confirm_report(bureau.session, bureau.actor(Role.UNIT_MANAGER), report_id, today)
    return report_id


def accepted(bureau: Bureau, report_id: int, today: date = JANUARY, **fields: Any) -> int:
    """File, confirm and accept a draft; return its id."""
    confirmed(bureau, report_id, today, **fields)
    accept_report(bureau.session, bureau.handler, report_id, today)
    return report_id


def report(bureau: Bureau, report_id: int) -> Report:
    """Return a report as it is now."""
    bureau.session.rollback()
    bureau.session.expire_all()
    return bureau.session.scalars(select(Report).where(Report.id == report_id)).one()


def state(bureau: Bureau, report_id: int) -> ReportState:
    """Return where a report stands."""
    found = report(bureau, report_id).state
    bureau.session.rollback()
    return found


def reached(*names: str) -> tuple[Reached, ...]:
    """Return lines that say something of indicators."""
    return tuple(Reached(name, "5", "") for name in names)
