"""A person's open duties as an iCalendar feed: one event a duty, on the day it is announced for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from hashlib import sha256

from icalendar import Calendar, Event

from lifecycle.addresses import duty_path
from lifecycle.agenda import AgendaDuty
from lifecycle.calendar import WorkingDays
from lifecycle.rulebook import cited
from lifecycle.wording import day_with_weekday

REFRESH = timedelta(hours=6)
"""How often a calendar is asked to look again."""


def calendar_of(
    duties: Sequence[AgendaDuty], name: str, days: WorkingDays, site: str, now: datetime
) -> bytes:
    """Return the feed. An event keeps its identity when its day moves; a duty that is done has none.

    ``site`` is the address of this installation; ``now`` the moment the feed is asked for.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//科管//待办日历//ZH")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT6H")
    alike: Counter[tuple[int, str, str]] = Counter()
    for duty in duties:
        key = (duty.project_id, duty.rule, duty.subject)
        calendar.add_component(_event(duty, alike[key], days, site, now))
        alike[key] += 1
    content: bytes = calendar.to_ical()
    return content


def _event(duty: AgendaDuty, place: int, days: WorkingDays, site: str, now: datetime) -> Event:
    event = Event()
    day = days.last_on_or_before(duty.due)
    event.add("uid", _uid(duty, place))
    event.add("dtstamp", now)
    event.add("dtstart", day)
    event.add("dtend", day + timedelta(1))
    event.add("summary", f"{duty.message}（{duty.number}）")
    event.add("description", "\n".join(_lines(duty, day, days.doubt_of(duty.due))))
    event.add("url", f"{site.rstrip('/')}{duty_path(duty.number, duty.path)}")
    event.add("transp", "TRANSPARENT")
    return event


def _uid(duty: AgendaDuty, place: int) -> str:
    """Return what names the duty whatever day it falls on; ``place`` tells apart those alike in all else."""
    told = f"{duty.project_id}/{duty.rule}/{duty.subject}/{place}"
    return f"{sha256(told.encode()).hexdigest()[:32]}@keguan"


def _lines(duty: AgendaDuty, day: date, doubt: str) -> list[str]:
    basis = cited(duty.rule, duty.asked_by)
    off = [f"期限当日放假，请最迟于 {day_with_weekday(day)}办理"] if day != duty.due else []
    return [
        f"项目：{duty.number}《{duty.title}》（{duty.lead_unit}）",
        f"期限：{day_with_weekday(duty.due)}",
        *off,
        *([doubt] if doubt else []),
        f"责任人：{duty.who}",
        *([f"依据：{basis}"] if basis else []),
    ]
