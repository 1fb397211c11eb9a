"""The list of projects as a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from flask import url_for
from sqlalchemy.orm import Session

from app import clock
from app.longwork.exports import Count, agency_of, counted, export
from app.longwork.kinds import Crumb, Parameters
from app.projects.asking import Asked, read_filter
from lifecycle.listing import every_project
from lifecycle.roles import Actor, Permission
from reports.project_list import write_project_list


def _write(session: Session, actor: Actor, parameters: Parameters, path: Path, count: Count) -> int:
    asked, today = Asked(read_filter(parameters["asked"])), clock.today()
    rows = counted(every_project(session, actor, asked.filter, today), count)
    agency = agency_of(session, actor)
    with open(path, "wb") as file:
        return write_project_list(file, rows, agency=agency, asked=asked.sentence, today=today)


def _crumbs(_parameters: Parameters) -> Sequence[Crumb]:
    return (Crumb("项目", url_for("projects.index")),)


PROJECTS = export(
    "projects.export",
    Permission.SEE_PROJECTS,
    "项目列表",
    _write,
    unit="个项目",
    most=5000,
    crumbs=_crumbs,
)
