"""What a reminder says: what is owed in which project, by when, and on which article."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from lifecycle.addresses import duty_path
from lifecycle.calendar import WorkingDays
from lifecycle.due import DueDuty
from lifecycle.rulebook import rulebook
from lifecycle.wording import day_with_weekday, days_left


class Notice(NamedTuple):
    """A reminder in words, and the address of the page on which to act."""

    title: str
    body: str
    link: str


def notice(duty: DueDuty, today: date, site: str, days: WorkingDays) -> Notice:
    """Return what is said of ``duty`` on ``today``; ``site`` is put before the link in the e-mail."""
    kind = "提醒" if today <= duty.due else "催办"
    return Notice(
        title=f"{kind}：{duty.message}（{days_left(duty.due, today)}）",
        body="\n".join(_lines(duty, today, days)),
        link=address_of(duty_path(duty.number, duty.path), site),
    )


def address_of(path: str, site: str) -> str:
    """Return the address of a page as an e-mail names it."""
    return f"{site.rstrip('/')}{path}"


def _lines(duty: DueDuty, today: date, days: WorkingDays) -> Iterator[str]:
    yield f"项目：{duty.number}《{duty.title}》（{duty.lead_unit}）"
    yield f"期限：{_deadline(duty.due, today, days)}"
    rule = rulebook().find(duty.rule)
    if rule is not None:
        yield f"依据：{rule.citation}"


def _deadline(due: date, today: date, days: WorkingDays) -> str:
    words = f"{day_with_weekday(due)}，{days_left(due, today)}"
    announced = days.last_on_or_before(due)
    if announced == due or today > announced:
        return words
    estimated = "，放假安排按周末推算，待国务院通知" if days.is_estimated(due.year) else ""
    return f"{words}；当日放假，请最迟于 {day_with_weekday(announced)}办理{estimated}"
