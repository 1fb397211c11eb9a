"""A notice delivered through Keguan, and signed for there by whom it is made out to."""

from __future__ import annotations

from datetime import date

from lifecycle.addresses import turn_path
from lifecycle.at_once import tell
from lifecycle.command import Work, command
from lifecycle.models import PaperNotice, Project, TurnKind
from lifecycle.notice_settings import notice_settings_of
from lifecycle.notice_telling import (
    Addressees,
    addressees_of,
    delivery_words,
    keep_told,
    roles_addressed,
)
from lifecycle.notice_words import KEGUAN, named_notice
from lifecycle.paper_notices import find_notice, record_act, standing_notice
from lifecycle.refusals import Obstructed
from lifecycle.roles import Permission
from lifecycle.turns import Waits, hand_on
from lifecycle.visibility import demand_acting_as


@command("notice.deliver", Permission.SEND_REMINDERS)
def deliver(work: Work, notice_id: int, site: str, today: date) -> int:
    """Send a notice through Keguan to the unit it is made out to; return how many letters go with it.

    ``site`` is the address of this installation as people reach it, for the letters. Raises ``NotFound`` and
    ``Obstructed``: it is void, received or delivered already, or nobody of the unit can be reached.
    """
    row, project = standing_notice(work, notice_id)
    if row.received_on is not None:
        raise Obstructed([f"这份文书已于 {row.received_on} 由{row.received_by}收到，无须再送。"])
    if row.sent_by == KEGUAN:
        raise Obstructed([f"已于 {row.sent_on} 通过科管送达，请等待签收；无人签收的，可改用其他方式送出。"])
    found = addressees_of(work.session, row, project, today)
    obstacle = unreachable(row, project, found)
    if obstacle:
        raise Obstructed([obstacle])
    sign_by = today + notice_settings_of(work.session, row.agency_id).receipt_within
    old = f"{row.sent_on} {row.sent_by}" if row.sent_on else None
    row.sent_on, row.sent_by = today, KEGUAN
    words = f"签收{named_notice(row)}"
    waits = [Waits(found.roles[0], words, due=sign_by, also=next(iter(found.roles[1:]), None))]
    heard = hand_on(work, project.id, TurnKind.NOTICE, row.id, waits, today)
    letter = delivery_words(row, project, sign_by, site)
    run = keep_told(work, row, found.people, letter, today, heard=heard)
    told = [{"name": one.label, "user": one.user_id, "address": one.email} for one in found.people]
    names = "、".join(dict.fromkeys(one.label for one in found.people))
    details = {"on": today, "old": old, "new": f"{today} {KEGUAN}", "told": told, **run.details}
    record_act(work, row, f"通过科管送达{named_notice(row)}：{names}", details)
    return run.letters


def unreachable(notice: PaperNotice, project: Project, found: Addressees) -> str:
    """Return why a notice cannot go through Keguan and what to do instead; empty where it can."""
    if not roles_addressed(notice, project):
        return f"{_no_party(notice)}，请作废后重新出具。"
    if found.roles:
        return ""
    return (
        f"“{notice.content['to']}”还没有可以签收的账号。请改用当面送达、邮寄等方式送出并登记；"
        "或者请管理员在“设置—人员”中为该单位开设账号后再送。"
    )


def _no_party(notice: PaperNotice) -> str:
    return f"主送单位“{notice.content['to']}”已不是本项目的承担单位或联合实施单位"


@command("notice.sign", Permission.SIGN_FOR_NOTICE)
def sign(work: Work, notice_id: int, today: date) -> None:
    """Sign for a notice as the unit it is made out to, once, whichever way it was sent.

    Raises ``NotFound``, ``NotTheirs`` and ``Obstructed``: it is void, not sent yet, or was received already.
    """
    row, project = find_notice(work.session, work.actor, notice_id)
    roles = roles_addressed(row, project)
    if not roles:
        raise Obstructed([f"{_no_party(row)}，不能在这里签收，请与科技局联系。"])
    demand_acting_as(work.session, work.actor, project.id, *roles)
    obstacle = _unsignable(row)
    if obstacle:
        raise Obstructed([obstacle])
    row.received_on, row.received_by, row.received_by_id = today, work.actor.name, work.actor.user_id
    hand_on(work, project.id, TurnKind.NOTICE, row.id, [], today)
    words = f"{work.actor.name}已签收{named_notice(row)}"
    tell(work, row.drawn_by_id, project, words, today, path=turn_path(TurnKind.NOTICE, row.id))
    record_act(work, row, words, {"on": today, "new": {"by": work.actor.name}})


def _unsignable(row: PaperNotice) -> str:
    if row.void_on is not None:
        return f"这份文书已于 {row.void_on} 作废，无须签收。"
    if row.received_on is not None:
        return f"已于 {row.received_on} 由{row.received_by}签收，无须重复签收。"
    return "" if row.sent_on is not None else "这份文书还没有送出，不能签收。"
