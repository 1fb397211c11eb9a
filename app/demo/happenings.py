"""Things under way in the demo bureau, so that every role finds something on its desk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.demo.paying import pay
from finance.holding import sweep_holds
from finance.stage_account import Bank, draw_account
from lifecycle import agreements, inspecting, notice_causes, paper_notices, supervision
from lifecycle.acceptance import applying
from lifecycle.accounts import load_person
from lifecycle.changes import applying as handing_in
from lifecycle.changes import drafting
from lifecycle.filings import confirm_report
from lifecycle.models import (
    ChangeRequest,
    InspectionKind,
    NoticeKind,
    Outcome,
    Project,
    Report,
    ReportKind,
    User,
)
from lifecycle.notice_delivery import deliver
from lifecycle.record import ChangeKind, ProjectRecord
from lifecycle.records import load_record
from lifecycle.refusals import Refusal
from lifecycle.report_content import Content
from lifecycle.report_writing import Written, file_report, start_report
from lifecycle.roles import Actor
from lifecycle.stages import Stage
from lifecycle.terms import Member, terms_of

Act = Callable[[Session, Callable[[str], Actor], str, ProjectRecord, date], None]

_WORDS = "样机已完成装配和首轮测试，关键参数达到阶段要求。"


def happen(session: Session, agency_id: int, pi_email: str, today: date) -> None:
    """Let the demo people begin a few things in the projects of the demo unit, each where it is possible."""

    def who(username: str) -> Actor:
        user_id = session.scalars(select(User.id).where(User.username == username)).one()
        person = load_person(session, user_id)
        if person is None:
            raise LookupError(username)
        return person.actor_in(agency_id)

    for stage, acts in _ACTS.items():
        numbers = iter(list(_numbers(session, agency_id, pi_email, stage)))
        for act in acts:
            _once(session, who, act, numbers, today)
    pay(session, agency_id, who, today)
    sweep_holds(session, Actor.system(agency_id), today)


def _numbers(session: Session, agency_id: int, pi_email: str, stage: Stage) -> Iterable[str]:
    query = select(Project.number).where(Project.agency_id == agency_id, Project.pi_email == pi_email)
    return session.scalars(query.where(Project.stage == stage).order_by(Project.end_on))


def _once(
    session: Session, who: Callable[[str], Actor], act: Act, numbers: Iterator[str], today: date
) -> None:
    """Do one thing in the first of the projects in which it is not refused."""
    for number in numbers:
        project_id = session.scalars(select(Project.id).where(Project.number == number)).one()
        with suppress(Refusal):
            act(session, who, number, load_record(session, project_id), today)
            return


def _draft(
    session: Session, who: Callable[[str], Actor], number: str, _record: ProjectRecord, today: date
) -> None:
    agreements.draft(session, who("fuzeren"), number, today)


def _report(
    session: Session, who: Callable[[str], Actor], number: str, _record: ProjectRecord, today: date
) -> None:
    pi = who("fuzeren")
    report_id = start_report(session, pi, number, ReportKind.EVENT, None, today)
    content = Content(title="首台样机通过测试", happened_on=today, progress=_WORDS)
    revision = session.get_one(Report, report_id).revision
    file_report(session, pi, report_id, revision, Written(content), today)
    confirm_report(session, who("danwei"), report_id, today)


def _account(
    session: Session, who: Callable[[str], Actor], number: str, _record: ProjectRecord, today: date
) -> None:
    """Draw up a stage account, which waits for the unit's finance person."""
    draw_account(session, who("fuzeren"), number, today, Bank(), today)


def _change(
    session: Session, who: Callable[[str], Actor], number: str, record: ProjectRecord, today: date
) -> None:
    pi = who("fuzeren")
    member = Member("演示成员", record.lead_unit, "工程师", "测试")
    terms = replace(terms_of(record), members=(member,))
    wanted = drafting.Draft(terms, "项目进入测试阶段，增加一名测试人员。")
    request_id = drafting.draft(session, pi, number, ChangeKind.MEMBERS, wanted, today)
    revision = session.get_one(ChangeRequest, request_id).revision
    handing_in.send(session, pi, request_id, revision, today)


def _inspect(
    session: Session, who: Callable[[str], Actor], number: str, _record: ProjectRecord, today: date
) -> None:
    draft = inspecting.Draft(
        kind=InspectionKind.SPOT_CHECK,
        organiser="区科技局",
        recognised=False,
        inspected_on=today,
        inspectors="演示经办",
        summary="抽查项目进展和经费使用，发现部分支出凭证不完整。",
        findings=("两笔设备费缺验收单",),
        outcome=Outcome.RECTIFY,
        due=today + timedelta(20),
        own_fault=False,
    )
    inspection_id = supervision.record_inspection(session, who("jingban"), number, draft, (), today)
    supervision.agree(session, who("shenpi"), inspection_id, today)
    _send_notice(session, who("jingban"), number, today)


def _send_notice(session: Session, handler: Actor, number: str, today: date) -> None:
    """Send the unit the notice of the measure that was just ordered, for which it has to sign."""
    _, offered = notice_causes.offers(session, handler, number, today)
    cause = next(one.cause for one in offered if one.cause.kind is NoticeKind.RECTIFICATION)
    written = notice_causes.draft(session, handler, number, cause, today).text.written
    session.rollback()
    notice_id = paper_notices.draw(session, handler, number, cause, written, today)
    deliver(session, handler, notice_id, "", today)


def _propose_hold(
    session: Session, who: Callable[[str], Actor], number: str, _record: ProjectRecord, today: date
) -> None:
    draft = inspecting.Draft(
        kind=InspectionKind.SPECIAL,
        organiser="区财政局",
        recognised=False,
        inspected_on=today,
        inspectors="演示经办",
        summary="专项检查经费使用，部分资金未单独核算。",
        findings=("专账登记不及时",),
        outcome=Outcome.HOLD,
        due=None,
        own_fault=False,
    )
    supervision.record_inspection(session, who("jingban"), number, draft, (), today)


def _apply(
    session: Session, who: Callable[[str], Actor], number: str, _record: ProjectRecord, today: date
) -> None:
    applying.start(session, who("fuzeren"), number, today)


_ACTS: dict[Stage, tuple[Act, ...]] = {
    Stage.AWAITING_AGREEMENT: (_draft,),
    Stage.UNDER_WAY: (_apply, _report, _change, _inspect, _propose_hold, _account),
}
"""Stage → what is begun, each in another project of that stage."""
