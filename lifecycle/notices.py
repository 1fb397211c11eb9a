"""What a reminder says: what is owed in which project, by when, and on which article."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple
from urllib.parse import quote

from lifecycle.calendar import is_estimated, last_working_day_on_or_before
from lifecycle.due import DueDuty
from lifecycle.rulebook import rulebook
from lifecycle.wording import day_with_weekday, days_left


class Notice(NamedTuple):
    """A reminder in words; the e-mail says the same and where to go."""

    title: str
    body: str
    mail_body: str


def notice(duty: DueDuty, today: date, site: str) -> Notice:
    """Return what is said of ``duty`` on ``today``; ``site`` is put before the link in the e-mail."""
    kind = "提醒" if today <= duty.due else "催办"
    body = "\n".join((
        f"项目：{duty.number}《{duty.title}》（{duty.lead_unit}）",
        f"事项：{duty.message}",
        f"期限：{_deadline(duty.due, today)}",
        f"依据：{rulebook().rule(duty.rule).citation}",
    ))  # fmt: skip
    return Notice(
        title=f"{kind}：{duty.message}（{days_left(duty.due, today)}）",
        body=body,
        mail_body=f"{body}\n办理：{site.rstrip('/')}{project_path(duty.number)}\n\n本邮件由科管系统自动发出，请勿直接回复。",
    )


def project_path(number: str) -> str:
    """Return the path of a project's page."""
    return f"/projects/{quote(number, safe='')}"


def _deadline(due: date, today: date) -> str:
    words = f"{day_with_weekday(due)}，{days_left(due, today)}"
    announced = last_working_day_on_or_before(due)
    if announced == due or today > announced:
        return words
    estimated = "，放假安排按周末推算，待国务院通知" if is_estimated(due.year) else ""
    return f"{words}；当日放假，请在 {day_with_weekday(announced)}前办理{estimated}"
