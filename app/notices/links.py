"""Where a notice can be drawn up from a duty or a measure, for whoever may do so."""

from __future__ import annotations

from datetime import date

from flask import url_for

from lifecycle.models import NoticeKind
from lifecycle.notice_causes import AHEAD, TO_THE_PROJECT, Cause, kind_for
from lifecycle.roles import Actor, Permission, Role


def draw_url(number: str, cause: Cause) -> str:
    """Return the address at which a notice for a cause is drawn up."""
    return url_for(
        "notices.new",
        number=number,
        kind=cause.kind.value,
        rule=cause.rule,
        subject=cause.subject,
        due=cause.due.isoformat() if cause.due else None,
        measure=cause.measure,
    )


def duty_url(
    actor: Actor, number: str, owner: Role, rule: str, subject: str, due: date, today: date
) -> str | None:
    """Return where a notice of an open duty is drawn up; ``None`` where this is nothing for the actor."""
    if owner not in TO_THE_PROJECT or due > today + AHEAD or not actor.may(Permission.SEND_REMINDERS):
        return None
    return draw_url(number, Cause(kind_for(due, today), rule, subject, due))


def measure_url(number: str, kind: NoticeKind, measure: int) -> str:
    """Return where a notice of a measure in force is drawn up."""
    return draw_url(number, Cause(kind, measure=measure))
