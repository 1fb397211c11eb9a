"""What the calendar's pages show: a year of months, a month of days, a list."""

from __future__ import annotations

from calendar import Calendar as Weeks
from calendar import monthrange
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import url_for
from werkzeug.datastructures import MultiDict

from app.projects.asking import read_text
from lifecycle.agenda import AgendaDuty, AgendaFilter, DayCount, Whose
from lifecycle.calendar import WorkingDays
from lifecycle.roles import ROLE_NAMES, UNIT_ROLES, Actor, Role

FIRST_YEAR, LAST_YEAR = 2015, 2100
SHOWN_A_DAY = 3
"""Duties named in a day of the month; the others are counted."""

OWNERS = (
    *(Role.HANDLER, Role.APPROVER, Role.FINANCE, Role.PI),
    *(Role.UNIT_MANAGER, Role.UNIT_FINANCE, Role.JOINT_UNIT, Role.EXPERT),
)
"""Who can owe something, for the filter."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a calendar page was asked for."""

    view: str
    """``year``, ``month`` or ``list``."""
    year: int
    month: int
    """0 is the whole year, which only a list shows at once."""
    whose: Whose
    unit: str
    owner: Role | None
    person: str

    @property
    def is_year(self) -> bool:
        """Whether a whole year is looked at."""
        return self.view == "year" or not self.month

    @property
    def span(self) -> tuple[date, date]:
        """The first and the last day shown."""
        if self.is_year:
            return date(self.year, 1, 1), date(self.year, 12, 31)
        return date(self.year, self.month, 1), date(
            self.year, self.month, monthrange(self.year, self.month)[1]
        )

    @property
    def filter(self) -> AgendaFilter:
        """What is asked of the database."""
        return AgendaFilter(*self.span, self.whose, self.unit, self.owner, person=self.person)

    @property
    def words(self) -> str:
        """What is asked, as a list's heading says it."""
        span = f"{self.year} 年" + (f" {self.month} 月" if not self.is_year else "")
        owner = ROLE_NAMES[self.owner] if self.owner else ""
        whose = "由我办理" if self.whose is Whose.MINE else ""
        asked = (("", whose), ("责任人：", owner), ("人员：", self.person), ("单位：", self.unit))
        return "；".join([span, *(f"{label}{words}" for label, words in asked if words)])

    def args(self, **other: object) -> dict[str, Any]:
        """Return what links to another view or time keep."""
        kept: dict[str, Any] = {"view": self.view, "year": self.year, "month": self.month}
        kept |= {"whose": self.whose.value, "unit": self.unit or None, "person": self.person or None}
        kept |= {"owner": self.owner.value if self.owner else None}
        return kept | other

    def moved(self, months: int) -> dict[str, Any]:
        """Return the arguments of so many months (or, of a year, years) later."""
        if self.is_year:
            return self.args(year=self.year + months)
        years, month = divmod(self.month - 1 + months, 12)
        return self.args(year=self.year + years, month=month + 1)


def read_asked(args: MultiDict[str, str], actor: Actor, today: date) -> Asked:
    """Return what the address asks; what makes no sense is as if it were not there."""
    view = args.get("view", "month")
    year = args.get("year", today.year, type=int)
    month = args.get("month", today.month, type=int)
    owner, whose = args.get("owner", ""), args.get("whose", "")
    usual = Whose.MINE if not actor.sees_all_projects or _owes(actor) else Whose.ALL
    return Asked(
        view if view in ("year", "month", "list") else "month",
        min(max(year, FIRST_YEAR), LAST_YEAR),
        min(max(month, 0 if view == "list" else 1), 12),
        Whose(whose) if whose in set(Whose) else usual,
        read_text(args, "unit"),
        Role(owner) if owner in set(OWNERS) else None,
        read_text(args, "person"),
    )


def chips_of(asked: Asked) -> list[dict[str, str]]:
    """Return whose duties are looked at, each with the address of the page without it."""
    named = (("unit", "单位", asked.unit), ("person", "人员", asked.person))
    return [
        {"label": label, "value": words, "url": url_for("agenda.index", **asked.args(**{name: None}))}
        for name, label, words in named
        if words
    ]


def owner_url(asked: Asked, duty: AgendaDuty) -> str:
    """Return the address of everything that whoever owes a duty owes in the span that is shown."""
    whom: dict[str, object] = {
        "whose": Whose.ALL.value,
        "owner": duty.owner.value,
        "person": None,
        "unit": None,
    }
    if duty.owner is Role.PI:
        whom["person"] = duty.pi_name
    elif duty.owner in UNIT_ROLES:
        whom["unit"] = duty.joint_unit if duty.owner is Role.JOINT_UNIT else duty.lead_unit
    return url_for("agenda.index", **asked.args(**whom))


def _owes(actor: Actor) -> bool:
    return not actor.roles.isdisjoint(OWNERS)


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a month."""

    day: date
    in_month: bool
    is_off: bool
    duties: Sequence[AgendaDuty]
    by: date | None
    """Of a day off with duties, the working day on which they are to be done at the latest."""

    @property
    def named(self) -> Sequence[AgendaDuty]:
        """Those that are named."""
        return self.duties[:SHOWN_A_DAY]

    @property
    def more(self) -> int:
        """How many are only counted."""
        return max(0, len(self.duties) - SHOWN_A_DAY)


def weeks_of(asked: Asked, duties: Sequence[AgendaDuty], days: WorkingDays) -> list[list[Day]]:
    """Return the weeks of the month, from Monday on."""
    by_day: dict[date, list[AgendaDuty]] = defaultdict(list)
    for duty in duties:
        by_day[duty.due].append(duty)
    return [
        [
            Day(day, day.month == asked.month, off is not None, by_day[day], off)
            for day in week
            for off in (days.before_day_off(day),)
        ]
        for week in Weeks().monthdatescalendar(asked.year, asked.month)
    ]


@dataclass(frozen=True, slots=True)
class Month:
    """One month of a year, and how many duties fall into it."""

    number: int
    count: int
    owed: int
    late: int
    """Of those still owed, how many are late."""


def months_of(year: int, counts: Mapping[date, DayCount], today: date) -> list[Month]:
    """Return the twelve months with their sums."""
    by_month: dict[int, list[tuple[date, DayCount]]] = defaultdict(list)
    for day, one in counts.items():
        if day.year == year:
            by_month[day.month].append((day, one))
    return [
        Month(
            month,
            sum(one.count for _, one in by_month[month]),
            sum(one.owed for _, one in by_month[month]),
            sum(one.owed for day, one in by_month[month] if day < today),
        )
        for month in range(1, 13)
    ]
