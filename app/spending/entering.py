"""The project whose spending is entered, by hand or from a workbook."""

from __future__ import annotations

from typing import NamedTuple

from app.extensions import db
from app.permissions import current_actor
from finance.spending import demand_entering
from lifecycle.models import Project
from lifecycle.record import ProjectRecord
from lifecycle.visibility import find_project
from lifecycle.whole import record_of


class Entered(NamedTuple):
    """The project whose spending is entered, as it is now."""

    project: Project
    record: ProjectRecord


def to_enter(number: str) -> Entered:
    """Return a project of which the actor may enter spending now; raises what stands against it."""
    session, actor = db.session(), current_actor()
    project = find_project(session, actor, number)
    record = record_of(session, project.id)
    demand_entering(session, actor, project.id, record)
    return Entered(project, record)
