"""The workbook of a year: a small one at once, a large one as long work."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.orm import Session

from app import clock
from app.longwork.exports import Count, agency_of, export
from app.longwork.kinds import Parameters
from app.money import ways
from finance.views.years import year_end
from lifecycle.roles import Actor, Permission
from reports.year_end import year_end_workbook

MOST_AT_ONCE = 2000
"""Lines of a year that are written while whoever pressed waits."""


def _write(session: Session, actor: Actor, parameters: Parameters, path: Path, count: Count) -> int:
    """Write the workbook; reading its lines takes about as long as writing them."""
    expected, agency = parameters["count"], agency_of(session, actor)

    def read(done: int) -> None:
        count(done // 2)

    def wrote(done: int) -> None:
        count((expected + done) // 2)

    year = year_end(session, actor, parameters["year"], clock.today(), read)
    path.write_bytes(year_end_workbook(year, agency=agency, wrote=wrote))
    return year.count


YEAR_END = export(
    "money.year_end",
    Permission.SEE_MONEY,
    "年度汇总表",
    _write,
    unit="笔",
    most=MOST_AT_ONCE,
    crumbs=ways.to_year_end,
)
