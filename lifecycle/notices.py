"""What a reminder says: what is owed in which project, by when, and on which article."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

from lifecycle.addresses import duty_path
from lifecycle.calendar import WorkingDays
from lifecycle.due import DueDuty
from lifecycle.recipients import NO_FOLLOWERS, Followers
from lifecycle.roles import ROLE_NAMES, Role
from lifecycle.rulebook import cited
from lifecycle.wording import day_with_weekday, days_left


class Notice(NamedTuple):
    """A reminder in words, and the address of the page on which to act."""

    title: str
    body: str
    link: str


def notice(
    duty: DueDuty, today: date, site: str, days: WorkingDays, followers: Followers = NO_FOLLOWERS
) -> Notice:
    """Return what is said of ``duty`` on ``today``; ``site`` is put before the link in the e-mail.

    ``followers`` are those who are told besides because it is late.
    """
    kind = "提醒" if today <= duty.due else "催办"
    return Notice(
        title=f"{kind}：{duty.message}（{days_left(duty.due, today)}）",
        body="\n".join(_lines(duty, today, days, followers)),
        link=address_of(duty_path(duty.number, duty.path), site),
    )


IN_KEGUAN = "请登录科管，从“消息”里打开"
"""Where a page is found by whoever has been given no address."""


def address_of(path: str, site: str) -> str:
    """Return the address of a page as an e-mail names it; in words where nobody has said where Keguan is."""
    return f"{site.rstrip('/')}{path}" if site else IN_KEGUAN


def _lines(duty: DueDuty, today: date, days: WorkingDays, followers: Followers) -> Iterator[str]:
    yield f"项目：{duty.number}《{duty.title}》（{duty.lead_unit}）"
    yield f"期限：{deadline_words(duty.due, today, days)}"
    basis = cited(duty.rule, duty.asked_by)
    if basis:
        yield f"依据：{basis}"
    if followers.from_now:
        yield f"逾期升级：本次起同时告知{_names(followers.from_now)}"
    if followers.before:
        yield f"同时告知：{_names(followers.before)}"


def _names(roles: Sequence[Role]) -> str:
    return "、".join("审批人" if role is Role.APPROVER else ROLE_NAMES[role] for role in roles)


def deadline_words(due: date, today: date, days: WorkingDays) -> str:
    """Return a deadline as messages say it, with the working day before where it falls on a day off."""
    words = f"{day_with_weekday(due)}，{days_left(due, today)}"
    announced = days.last_on_or_before(due)
    if today > announced:
        return words
    off = f"；当日放假，请最迟于 {day_with_weekday(announced)}办理" if announced != due else ""
    doubt = days.doubt_of(due)
    return f"{words}{off}（{doubt}）" if doubt else f"{words}{off}"
