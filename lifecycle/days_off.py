"""Days off as an agency loads them: a year's notice of the State Council, line by line.

Keguan knows the notices of past years. A year whose notice it does not know yet goes by weekends and is
marked as estimated, until its lines are loaded here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from lifecycle.command import Work, command
from lifecycle.models import CalendarDay
from lifecycle.recomputing import restate_now
from lifecycle.refusals import InvalidInput
from lifecycle.roles import Permission


@dataclass(frozen=True, slots=True)
class DayOff:
    """One line of a notice about days off: from which day to which offices rest, or work, and why."""

    first: date
    last: date
    working: bool
    name: str

    @property
    def days(self) -> Iterator[date]:
        """Every day of it."""
        for many in range((self.last - self.first).days + 1):
            yield self.first + timedelta(many)


_LINE = re.compile(
    r"(?P<first>\d{4}-\d{1,2}-\d{1,2})(?:\s*(?:至|到|~|～|—|–)\s*(?P<last>\d{4}-\d{1,2}-\d{1,2}))?"
    r"[\s,，]+(?P<what>放假|休息|上班|补班)(?:[\s,，]+(?P<name>.{0,40}))?"
)
_LONGEST = 20
"""Days of one line at most: a longer one is a slip of the pen."""


def read_days_off(text: str, year: int) -> list[DayOff]:
    """Read lines like ``2027-10-01 至 2027-10-07 放假 国庆节`` and ``2027-10-09 上班 国庆节调休``.

    Blank lines are passed over. Raises ``InvalidInput`` (``lines``) naming every line that is no such line,
    lies outside the year, or speaks of a day twice.
    """
    found: list[DayOff] = []
    wrong: list[str] = []
    seen: set[date] = set()
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        one = _read_line(line.strip())
        if one is None:
            wrong.append(f"第 {number} 行看不懂，应如“{year}-10-01 至 {year}-10-07 放假 国庆节”")
        elif {one.first.year, one.last.year} != {year}:
            wrong.append(f"第 {number} 行不在 {year} 年内")
        elif seen & set(one.days):
            wrong.append(f"第 {number} 行与前面的日期重复")
        else:
            seen.update(one.days)
            found.append(one)
    if wrong:
        raise InvalidInput({"lines": "；".join(wrong[:10]) + "。"})
    return found


def _read_line(line: str) -> DayOff | None:
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    try:
        first = _day(match["first"])
        last = _day(match["last"]) if match["last"] else first
    except ValueError:
        return None
    if not 0 <= (last - first).days < _LONGEST:
        return None
    return DayOff(first, last, match["what"] in ("上班", "补班"), (match["name"] or "").strip())


def _day(text: str) -> date:
    return date(*(int(part) for part in text.split("-")))


@command("settings.days_off", Permission.MANAGE_SETTINGS)
def load_days_off(work: Work, year: int, text: str, today: date) -> int:
    """Load a year's days off out of the lines of a notice, in place of what was loaded; return how many days.

    No lines take back what was loaded. Raises ``InvalidInput`` (``year``, ``lines``).
    """
    if not today.year - 1 <= year <= today.year + 5:
        raise InvalidInput({"year": f"年份应在 {today.year - 1} 至 {today.year + 5} 之间。"})
    lines = read_days_off(text, year)
    agency_id = work.actor.agency_id
    work.session.execute(
        delete(CalendarDay).where(
            CalendarDay.agency_id == agency_id,
            CalendarDay.day.between(date(year, 1, 1), date(year, 12, 31)),
        )
    )
    rows = [
        CalendarDay(
            agency_id=agency_id, day=day, working=one.working, name=one.name, loaded_by_id=work.actor.user_id
        )
        for one in lines
        for day in one.days
    ]
    work.session.add_all(rows)
    work.session.flush()
    restate_now(work)
    said = f"载入 {year} 年放假安排，共 {len(rows)} 天" if rows else f"撤回 {year} 年放假安排"
    work.record(said, details={"year": year, "lines": [_told(one) for one in lines]})
    return len(rows)


def _told(one: DayOff) -> str:
    return f"{one.first} 至 {one.last} {'上班' if one.working else '放假'} {one.name}".strip()


def loaded_days(session: Session, agency_id: int, year: int) -> list[CalendarDay]:
    """Return what was loaded of a year, by day."""
    query = select(CalendarDay).where(
        CalendarDay.agency_id == agency_id,
        CalendarDay.day.between(date(year, 1, 1), date(year, 12, 31)),
    )
    return list(session.scalars(query.order_by(CalendarDay.day)))
