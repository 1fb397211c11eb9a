"""Days off as an agency loads them: a year's notice of the State Council, line by line.

Keguan knows the notices of past years. A year whose notice it does not know yet goes by weekends and the
festivals that are law, and is marked as estimated, until an admin has loaded the whole notice here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import NamedTuple
from unicodedata import normalize

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from lifecycle.calendar import WorkingDays, is_announced
from lifecycle.command import Work, command
from lifecycle.festivals import announced_days, festivals
from lifecycle.models import AgencySetting, CalendarDay
from lifecycle.recomputing import restate_now
from lifecycle.refusals import InvalidInput
from lifecycle.roles import Permission
from lifecycle.setting_kept import Opened, demand_unchanged, keep_setting
from lifecycle.settings import YEARS, settings_of


class OneDay(NamedTuple):
    """A day on which offices rest, or work, otherwise than the week says, and the festival it belongs to."""

    day: date
    working: bool
    name: str


@dataclass(frozen=True, slots=True)
class DayOff:
    """One line of a notice about days off: from which day to which offices rest, or work, and why."""

    first: date
    last: date
    working: bool
    name: str

    @property
    def line(self) -> str:
        """The line that says it."""
        span = f"{self.first}" if self.first == self.last else f"{self.first} 至 {self.last}"
        return f"{span} {'上班' if self.working else '放假'} {self.name}".strip()

    @property
    def days(self) -> Iterator[date]:
        """Every day of it."""
        for many in range((self.last - self.first).days + 1):
            yield self.first + timedelta(many)


_AFTER_A_DAY = r"(?:\s*\([^()]{0,6}\))?(?:\s+0?0:00(?::00)?)?"
"""A weekday in brackets, and the hour that a worksheet adds."""

_LINE = re.compile(
    r"(?:(?P<y1>\d{4})[-/.年])?(?P<m1>\d{1,2})[-/.月](?P<d1>\d{1,2})日?"
    + _AFTER_A_DAY
    + r"(?:(?:\s*(?:至|到|~|—+|–|-)\s*|[\s,]+)"
    r"(?:(?:(?P<y2>\d{4})[-/.年])?(?P<m2>\d{1,2})[-/.月](?P<d2>\d{1,2})日?|(?P<d3>\d{1,2})日)"
    + _AFTER_A_DAY
    + r")?[\s,]*(?P<what>放假|休息|上班|补班)(?:[\s,]+(?P<name>.{0,40}))?"
)
_LONGEST = 20
"""Days of one line at most: a longer one is a slip of the pen."""


def read_days_off(text: str, year: int) -> list[DayOff]:
    """Read lines like ``2027-10-01 至 2027-10-07 放假 国庆节`` and ``2027-10-09 上班 国庆节调休``.

    Rows of a worksheet (``2027/10/1⇥2027/10/7⇥放假⇥国庆节``) and days as a notice writes them
    (``2027年10月1日至7日放假``, ``10月9日上班``) do as well. Blank lines are passed over. Raises
    ``InvalidInput`` (``lines``) naming every line that is no such line, lies outside the year, or speaks of a
    day twice.
    """
    found: list[DayOff] = []
    wrong: list[str] = []
    seen: set[date] = set()
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        one = _read_line(normalize("NFKC", line).strip(), year)
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


def _read_line(line: str, year: int) -> DayOff | None:
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    try:
        first = date(int(match["y1"] or year), int(match["m1"]), int(match["d1"]))
        last = first
        if day := match["d2"] or match["d3"]:
            last = date(int(match["y2"] or first.year), int(match["m2"] or first.month), int(day))
    except ValueError:
        return None
    if not 0 <= (last - first).days < _LONGEST:
        return None
    return DayOff(first, last, match["what"] in ("上班", "补班"), (match["name"] or "").strip())


def as_lines(days: Iterable[OneDay]) -> list[str]:
    """Return days, by day, as lines: neighbouring ones of one kind and name together."""
    return [one.line for one in _as_runs(days)]


def _as_runs(days: Iterable[OneDay]) -> list[DayOff]:
    runs: list[DayOff] = []
    for day, working, name in days:
        if runs and runs[-1] == replace(runs[-1], last=day - timedelta(1), working=working, name=name):
            runs[-1] = replace(runs[-1], last=day)
        else:
            runs.append(DayOff(day, day, working, name))
    return runs


def _in_words(days: Iterable[date]) -> str:
    """Return days of a year as a notice writes them: ``1月1日、10月1日至3日``."""
    runs = _as_runs(OneDay(day, False, "") for day in sorted(days))
    return "、".join(f"{_month_and_day(one.first)}{_until(one)}" for one in runs)


def _until(one: DayOff) -> str:
    if one.last == one.first:
        return ""
    same = one.last.month == one.first.month
    return f"至{one.last.day}日" if same else f"至{_month_and_day(one.last)}"


def _month_and_day(day: date) -> str:
    return f"{day.month}月{day.day}日"


def loadable_years(today: date) -> range:
    """Return the years whose days off may be loaded."""
    return range(today.year - 1, today.year + 6)


@dataclass(frozen=True, slots=True)
class YearOff:
    """What is known of a year's days off."""

    year: int
    loaded: Sequence[OneDay]
    """What the agency has loaded itself, by day."""
    complete: bool
    """Whether it has loaded the year's whole notice."""

    @property
    def is_known(self) -> bool:
        """Whether Keguan itself knows the year's notice."""
        return is_announced(self.year)

    @property
    def lines(self) -> list[str]:
        """What holds, as far as it is known: what was loaded, over what Keguan knows."""
        known = announced_days(self.year) if self.is_known and not self.complete else []
        by_day = {one.day: one for one in (*map(OneDay._make, known), *self.loaded)}
        return as_lines(by_day[day] for day in sorted(by_day))

    @property
    def estimated(self) -> str:
        """What is worked out of a year whose notice is not known, in words: its festivals."""
        return "" if self.complete or self.is_known else _in_words(festivals(self.year))

    @property
    def shown(self) -> Opened:
        """What a form shows of what was loaded."""
        return {"complete": self.complete, **dict.fromkeys(as_lines(self.loaded), "已录入")}


def year_off(session: Session, agency_id: int, year: int) -> YearOff:
    """Return what is known of a year's days off, by two statements."""
    query = select(CalendarDay.day, CalendarDay.working, CalendarDay.name).where(*_of(agency_id, year))
    loaded = [OneDay(*row) for row in session.execute(query.order_by(CalendarDay.day))]
    own = (AgencySetting.agency_id == agency_id, AgencySetting.key == YEARS)
    complete = session.scalar(select(AgencySetting.value).where(*own)) or []
    return YearOff(year, loaded, year in complete)


def _of(agency_id: int, year: int) -> tuple[ColumnElement[bool], ...]:
    in_year = CalendarDay.day.between(date(year, 1, 1), date(year, 12, 31))
    return CalendarDay.agency_id == agency_id, in_year


@command("settings.days_off", Permission.MANAGE_SETTINGS)
def load_days_off(
    work: Work,
    year: int,
    text: str,
    today: date,
    *,
    complete: bool = False,
    opened: Opened | None = None,
) -> int:
    """Load a year's days off out of the lines of a notice, in place of what was loaded; return how many days.

    ``complete`` says that the whole notice is there. No lines are no notice: what was loaded is taken back by
    ``clear_days_off``. Raises ``InvalidInput`` (``year``, ``lines``, ``complete``), and ``SettingChanged``
    where ``opened`` is not what is loaded any more.
    """
    _demand_loadable(year, today)
    lines = read_days_off(text, year)
    rows = [OneDay(day, one.working, one.name) for one in lines for day in one.days]
    if not rows:
        raise InvalidInput({"lines": f"请填写放假和调休的日期；要撤回已录入的，请用“清除 {year} 年录入”。"})
    if complete and (missing := _missing(rows, year)):
        raise InvalidInput({"complete": f"还没有录入这些法定节假日：{missing}。请补齐，或不勾选这一项。"})
    _replace(work, year, rows, today, complete=complete, opened=opened)
    whole = "，本年度已全部录入" if complete else ""
    details = {"year": year, "lines": [one.line for one in lines], "complete": complete}
    work.record(f"载入 {year} 年放假安排，共 {len(rows)} 天{whole}", details=details)
    return len(rows)


@command("settings.clear_days_off", Permission.MANAGE_SETTINGS)
def clear_days_off(work: Work, year: int, today: date, *, opened: Opened | None = None) -> None:
    """Take back everything that was loaded of a year.

    Raises ``InvalidInput`` (``year``), and ``SettingChanged`` where ``opened`` is not what is loaded now.
    """
    _demand_loadable(year, today)
    old = _replace(work, year, [], today, complete=False, opened=opened)
    work.record(f"清除 {year} 年放假安排", details={"year": year, "lines": as_lines(old.loaded)})


def _demand_loadable(year: int, today: date) -> None:
    years = loadable_years(today)
    if year not in years:
        raise InvalidInput({"year": f"年份应在 {years[0]} 至 {years[-1]} 之间。"})


def _missing(rows: Sequence[OneDay], year: int) -> str:
    """Return the days off by law that a year's notice, if it is that, must speak of and these days do not."""
    days = WorkingDays({one.day: one.working for one in rows}, frozenset({year}))
    return _in_words(day for day in festivals(year) if days.is_working(day))


def _replace(
    work: Work, year: int, rows: Sequence[OneDay], today: date, *, complete: bool, opened: Opened | None
) -> YearOff:
    """Put these days in place of what was loaded; return what that was."""
    agency_id, by = work.actor.agency_id, work.actor.user_id
    old = year_off(work.session, agency_id, year)
    demand_unchanged(opened, old.shown, {"complete": "已全部录入"})
    work.session.execute(delete(CalendarDay).where(*_of(agency_id, year)))
    work.session.add_all(CalendarDay(agency_id=agency_id, loaded_by_id=by, **one._asdict()) for one in rows)
    if old.complete is not complete:
        years = set(settings_of(work.session, agency_id).clockwork.days.complete) - {year}
        keep_setting(work, YEARS, sorted(years | {year} if complete else years), today)
    work.session.flush()
    restate_now(work)
    return old
