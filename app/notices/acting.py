"""Where whoever has received a notice does what it asks."""

from __future__ import annotations

from datetime import date

from flask import url_for
from sqlalchemy import case, select
from sqlalchemy.orm import Session

from app.steps import Step, duty_step
from lifecycle.listing import open_duties
from lifecycle.models import KeptDuty, Measure, PaperNotice, Project
from lifecycle.record import MeasureKind
from lifecycle.roles import Actor
from lifecycle.rulebook import rulebook

_LABEL = "去办理"


def act_of(session: Session, actor: Actor, notice: PaperNotice, project: Project, today: date) -> Step | None:
    """Return where the matter of a notice goes on, by one statement.

    ``None`` where nothing is left to do, and for the bureau, which asks it.
    """
    if actor.sees_all_projects or notice.void_on is not None:
        return None
    if notice.measure_number is not None:
        return _measure_step(session, notice)
    query = select(KeptDuty.path, KeptDuty.user_id).where(KeptDuty.project_id == project.id)
    query = query.where(KeptDuty.rule == notice.rule, KeptDuty.subject == notice.subject)
    duty = session.execute(query.where(KeptDuty.due == notice.due, open_duties(today))).one_or_none()
    if duty is None:
        return None
    rule = rulebook().find(notice.rule or "")
    return Step(_LABEL, duty_step(rule, actor, project.number, duty.path, duty.user_id).url)


def _measure_step(session: Session, notice: PaperNotice) -> Step | None:
    """Return the page of what was ordered; money that waits, waits for the rectification in force, if any."""
    rectify = Measure.kind == MeasureKind.RECTIFICATION
    own = Measure.number == notice.measure_number
    query = select(Measure.id).where(Measure.project_id == notice.project_id, Measure.settled_on.is_(None))
    query = query.where(own | rectify)
    found = session.scalar(query.order_by(case((rectify & own, 0), (rectify, 1), else_=2), Measure.number))
    return Step(_LABEL, url_for("oversight.measure", measure_id=found)) if found is not None else None
