"""Working out anew what is kept of an agency: when asked, and once rules, settings or days off are others."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lifecycle.command import Work, command
from lifecycle.models import Project
from lifecycle.roles import Actor, Permission
from lifecycle.standing import is_outdated, rebuild

AT_ONCE = 2_000
"""Up to so many projects what is kept is worked out anew at once; of more by the clock, within minutes."""


class _UpToDateError(Exception):
    """Ends a run that has nothing to do, so that its command leaves nothing behind."""


@command("agency.recompute", Permission.MANAGE_SETTINGS)
def recompute(work: Work) -> int:
    """Work out anew the findings, duties and list columns of every project; return how many there are."""
    return _recompute(work, "重新计算")


def catch_up(session: Session, actor: Actor) -> int:
    """Do the same where rules, settings or days off have changed since; return of how many projects."""
    outdated = is_outdated(session, actor.agency_id)
    session.rollback()
    if not outdated:
        return 0
    try:
        return _catch_up(session, actor)
    except _UpToDateError:
        return 0


@command("agency.catch_up", Permission.MANAGE_SETTINGS)
def _catch_up(work: Work) -> int:
    if not is_outdated(work.session, work.actor.agency_id):
        raise _UpToDateError  # another scheduler did it meanwhile
    return _recompute(work, "规则、设置或放假安排有变，重新计算")


def _recompute(work: Work, why: str) -> int:
    projects = rebuild(work.session, work.actor.agency_id)
    work.record(f"{why} {projects} 个项目的问题和待办", details={"projects": projects})
    return projects


def restate_now(work: Work) -> None:
    """Work out anew what rests on settings just changed: at once where that is quick, else the clock does."""
    agency_id = work.actor.agency_id
    count = select(func.count()).select_from(Project).where(Project.agency_id == agency_id)
    if (work.session.scalar(count) or 0) <= AT_ONCE:
        rebuild(work.session, agency_id)
