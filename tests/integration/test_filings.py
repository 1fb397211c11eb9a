"""A report's whole way on a real database, and every short cut refused with nothing saved."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from lifecycle.attachments import attachments_of
from lifecycle.filings import accept_report, confirm_report, note_government, return_report, send_back
from lifecycle.models import AuditEntry, InboxMessage, KeptDuty, ReportKind, ReportState, Turn
from lifecycle.record import Direction, Indicator, IndicatorCategory, Review
from lifecycle.refusals import (
    IllegalTransition,
    InvalidInput,
    NotFound,
    NotPermitted,
    NotTheirs,
    Obstructed,
    OutOfDate,
)
from lifecycle.report_content import account_from
from lifecycle.report_writing import Written, file_report, save_report, start_report
from lifecycle.reviews import submit
from lifecycle.roles import Role
from lifecycle.rulebook import rulebook
from lifecycle.stage_review import conclude_review, name_experts
from lifecycle.standing import rebuild, standing_rows
from tests.integration.paying import WAN, Bureau, a_bureau, ea_fields, refused
from tests.integration.reporting import (
    JANUARY,
    MAJOR,
    a_project,
    accepted,
    confirmed,
    content,
    drafted,
    filed,
    reached,
    report,
    state,
)
from tests.integration.test_attachments import stored
from tests.integration.test_panels import SCORES, expert, named, seat
from tests.web.site import Account

LATER = JANUARY + timedelta(days=10)
ARTICLE = "沙科局发〔2023〕41号 第二十六条"
SPEED = Indicator(
    "响应速度", IndicatorCategory.TECHNICAL, Direction.AT_LEAST, "毫秒", None, "5", None, None, None
)


@pytest.fixture
def bureau(session: Session) -> Bureau:
    return a_bureau(session)


def waits(bureau: Bureau) -> list[tuple[Role, str]]:
    found = [
        (one.role, one.words)
        for one in bureau.session.scalars(select(Turn).where(Turn.done_on.is_(None)).order_by(Turn.id))
    ]
    bureau.session.rollback()
    return found


def test_an_annual_report_goes_from_draft_to_accepted_and_counts_when_the_unit_hands_it_in(
    bureau: Bureau,
) -> None:
    session, project_id = bureau.session, a_project(bureau, indicators=(SPEED,))
    pi, unit = bureau.actor(Role.PI), bureau.actor(Role.UNIT_MANAGER)
    report_id = drafted(bureau)
    assert waits(bureau) == [(Role.PI, "填写并提交 2026 年度报告")]
    written = Written(content(indicators=reached("响应速度")), [stored("检测报告.pdf")])
    save_report(session, pi, report_id, 1, written, JANUARY)
    file_report(session, pi, report_id, 2, replace(written, files=[]), JANUARY)
    assert waits(bureau) == [(Role.UNIT_MANAGER, "确认并报出 2026 年度报告")]
    assert bureau.record(project_id).annual_reports == ()
    confirm_report(session, unit, report_id, LATER)
    assert waits(bureau) == [(Role.HANDLER, "审核 2026 年度报告")]
    (row,) = bureau.record(project_id).annual_reports
    assert (row.year, row.submitted_on, row.with_accounts) == (2026, LATER, True)
    duty = select(KeptDuty.done_on).where(KeptDuty.subject == "2026", KeptDuty.rule == "spb-26-annual-report")
    assert session.scalars(duty).all() == [LATER]
    session.rollback()
    accept_report(session, bureau.handler, report_id, LATER)
    assert (state(bureau, report_id), waits(bureau)) == (ReportState.ACCEPTED, [])
    assert [one.name for one in attachments_of(session, project_id, "report", report_id)] == ["检测报告.pdf"]
    entries = session.scalars(select(AuditEntry).where(AuditEntry.action.like("report.%"))).all()
    assert [one.action.partition(".")[2] for one in entries] == ["draft", "save", "file", "confirm", "accept"]
    assert {one.citation for one in entries if one.action != "report.save"} == {ARTICLE}
    assert session.scalars(select(InboxMessage.path).distinct()).all() == [f"/reports/{report_id}"]
    before = list(standing_rows(session, bureau.people.agency_a))
    rebuild(session, bureau.people.agency_a)
    session.flush()
    assert list(standing_rows(session, bureau.people.agency_a)) == before


def test_the_account_is_frozen_when_the_report_is_filed(bureau: Bureau) -> None:
    a_project(bureau)
    account = account_from(report(bureau, filed(bureau, drafted(bureau))).account)
    assert account is not None
    assert (account.since, account.until) == (date(2026, 1, 1), date(2026, 12, 31))
    assert (account.total.period, account.total.spent) == (3 * WAN, 3 * WAN)


@pytest.mark.parametrize(
    ("kind", "subject", "today", "fields", "says"),
    [
        (ReportKind.ANNUAL, 2026, date(2026, 12, 31), {}, "自 2027-01-01 起填报"),
        (ReportKind.ANNUAL, 2025, JANUARY, {}, f"不在项目实施期内，没有年度报告（{ARTICLE}）"),
        (ReportKind.ANNUAL, 2026, JANUARY, {"start": date(2026, 11, 1)}, "不满 3 个月"),
        (ReportKind.ANNUAL, 2026, JANUARY, ea_fields(), "没有要求这个项目提交年度报告"),
        (ReportKind.ANNUAL, 2026, JANUARY, {"self_established": True}, "没有要求这个项目提交年度报告"),
        (ReportKind.ANNUAL, 2026, JANUARY, {"signed_on": None}, "任务书尚未签订"),
        (ReportKind.STAGE, 3, JANUARY, {}, f"没有第 3 个里程碑（{ARTICLE}）"),
        (ReportKind.STAGE, 1, JANUARY, {"milestone_managed": False}, "没有实行里程碑管理"),
        (ReportKind.EVENT, None, JANUARY, {"signed_on": date(2027, 2, 1)}, "任务书尚未签订"),
    ],
)  # fmt: skip
def test_what_is_not_owed_or_not_open_is_not_begun(
    bureau: Bureau, kind: ReportKind, subject: int | None, today: date, fields: dict[str, Any], says: str
) -> None:
    a_project(bureau, **fields)
    assert says in refused(bureau, lambda: drafted(bureau, "沙-1", kind, subject, today), Obstructed).message


def test_the_same_report_is_begun_once_and_events_are_numbered(bureau: Bureau) -> None:
    a_project(bureau)
    assert drafted(bureau) == drafted(bureau)
    events = [drafted(bureau, "沙-1", ReportKind.EVENT, None) for _ in range(2)]
    assert [report(bureau, one).subject for one in events] == [1, 2]


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"progress": ""}, {"progress", "value_0"}),
        ({"progress": "长" * 5001}, {"progress"}),
        ({"nothing": True, "nothing_reason": "没有"}, {"nothing_reason"}),
    ],
)
def test_a_report_that_is_not_whole_is_kept_as_a_draft_and_not_filed(
    bureau: Bureau, fields: dict[str, Any], wrong: set[str]
) -> None:
    a_project(bureau, indicators=(SPEED,))
    report_id = drafted(bureau)
    refusal = refused(bureau, lambda: filed(bureau, report_id, **fields), InvalidInput)
    assert wrong <= set(refusal.errors)


def test_nothing_to_report_is_said_with_a_reason_instead_of_the_rest(bureau: Bureau) -> None:
    project_id = a_project(bureau, indicators=(SPEED,), spending=())
    reason: dict[str, Any] = {
        "progress": "",
        "nothing": True,
        "nothing_reason": "设备采购延后，当年没有开展试验。",
    }
    report_id = drafted(bureau)
    assert set(refused(bureau, lambda: filed(bureau, report_id, **reason), InvalidInput).errors) == {
        "no_spending"
    }
    confirmed(bureau, report_id, **reason, no_spending=True)
    found = report(bureau, report_id)
    assert found.nothing_to_report
    (row,) = bureau.record(project_id).annual_reports
    assert row.with_accounts


def test_short_cuts_are_refused_and_nothing_is_saved(bureau: Bureau) -> None:
    session = bureau.session
    a_project(bureau)
    pi, unit, handler = bureau.actor(Role.PI), bureau.actor(Role.UNIT_MANAGER), bureau.handler
    report_id = drafted(bureau)

    def give_back() -> None:
        return_report(session, handler, report_id, "请补充", False, JANUARY)

    refused(bureau, lambda: confirm_report(session, unit, report_id, JANUARY), IllegalTransition)
    refused(bureau, lambda: accept_report(session, handler, report_id, JANUARY), IllegalTransition)
    refused(bureau, give_back, IllegalTransition)
    filed(bureau, report_id)
    refused(bureau, lambda: filed(bureau, report_id), Obstructed)
    refused(bureau, lambda: accept_report(session, handler, report_id, JANUARY), IllegalTransition)
    refused(bureau, give_back, Obstructed)
    refused(bureau, lambda: confirm_report(session, pi, report_id, JANUARY), NotPermitted)
    refused(bureau, lambda: confirm_report(session, handler, report_id, JANUARY), NotPermitted)
    confirm_report(session, unit, report_id, JANUARY)
    refused(bureau, lambda: confirm_report(session, unit, report_id, JANUARY), IllegalTransition)
    refused(bureau, lambda: send_back(session, unit, report_id, "改", JANUARY), Obstructed)
    refused(bureau, lambda: accept_report(session, unit, report_id, JANUARY), NotPermitted)
    accept_report(session, handler, report_id, JANUARY)
    refused(bureau, lambda: accept_report(session, handler, report_id, JANUARY), IllegalTransition)
    refused(
        bureau, lambda: return_report(session, handler, report_id, "改", True, JANUARY), IllegalTransition
    )


def test_others_have_no_part_in_it(bureau: Bureau) -> None:
    session = bureau.session
    a_project(bureau, lead_unit="别家公司", joint_unit="渝州大学")
    report_id = drafted(bureau)
    filed(bureau, report_id)
    unit, joint = bureau.actor(Role.UNIT_MANAGER), bureau.actor(Role.JOINT_UNIT)
    refused(bureau, lambda: confirm_report(session, unit, report_id, JANUARY), NotFound)
    both = replace(
        unit,
        roles=frozenset({Role.UNIT_MANAGER, Role.JOINT_UNIT}),
        units=unit.units | {(Role.JOINT_UNIT, "渝州大学")},
    )
    refused(bureau, lambda: confirm_report(session, both, report_id, JANUARY), NotTheirs)
    refused(bureau, lambda: start_report(session, both, "沙-1", ReportKind.EVENT, None, JANUARY), NotTheirs)
    refused(bureau, lambda: confirm_report(session, joint, report_id, JANUARY), NotPermitted)
    stranger = bureau.people.b[Role.HANDLER].actor
    refused(bureau, lambda: accept_report(session, stranger, report_id, JANUARY), NotFound)


def test_what_somebody_else_saved_meanwhile_is_not_written_over(bureau: Bureau) -> None:
    a_project(bureau)
    report_id = drafted(bureau)
    pi, unit = bureau.actor(Role.PI), bureau.actor(Role.UNIT_MANAGER)
    save_report(bureau.session, unit, report_id, 1, Written(content()), JANUARY)
    refused(
        bureau, lambda: save_report(bureau.session, pi, report_id, 1, Written(content()), JANUARY), OutOfDate
    )
    refused(
        bureau, lambda: file_report(bureau.session, pi, report_id, 1, Written(content()), JANUARY), OutOfDate
    )


def test_supplementing_keeps_the_day_and_returned_as_not_handed_in_clears_it(
    bureau: Bureau,
) -> None:
    session, project_id = bureau.session, a_project(bureau)
    report_id = confirmed(bureau, drafted(bureau))
    refused(
        bureau, lambda: return_report(session, bureau.handler, report_id, " ", False, LATER), InvalidInput
    )
    return_report(session, bureau.handler, report_id, "请补充检测报告", False, LATER)
    assert report(bureau, report_id).note == "请补充检测报告"
    assert waits(bureau) == [(Role.PI, "补正并重新提交 2026 年度报告")]
    confirmed(bureau, report_id, LATER)
    assert bureau.record(project_id).annual_reports[0].submitted_on == JANUARY
    return_report(session, bureau.handler, report_id, "内容与项目无关", True, LATER)
    assert bureau.record(project_id).annual_reports[0].submitted_on is None
    late = date(2027, 2, 3)
    confirmed(bureau, report_id, late)
    assert bureau.record(project_id).annual_reports[0].submitted_on == late
    found = rulebook().findings(bureau.record(project_id), late)
    assert "spb-26-annual-report" in {one.rule.id for one in found}


def test_the_unit_gives_a_report_back_to_the_pi_before_the_bureau_has_it(bureau: Bureau) -> None:
    project_id = a_project(bureau)
    report_id = filed(bureau, drafted(bureau))
    send_back(bureau.session, bureau.actor(Role.UNIT_MANAGER), report_id, "数据与台账不符", JANUARY)
    assert state(bureau, report_id) is ReportState.RETURNED
    assert bureau.record(project_id).annual_reports == ()


def test_a_major_projects_report_is_followed_until_it_has_gone_to_the_government(
    bureau: Bureau,
) -> None:
    session = bureau.session
    project_id = a_project(bureau, programme=MAJOR, district=20 * WAN)
    report_id = confirmed(bureau, drafted(bureau))

    def gone(on: date | None, today: date = LATER) -> None:
        note_government(session, bureau.handler, report_id, on, "区府办签收", [stored("签收单.pdf")], today)

    refused(bureau, lambda: gone(LATER), Obstructed)
    accept_report(session, bureau.handler, report_id, JANUARY)
    assert waits(bureau) == [(Role.HANDLER, "将 2026 年度报告报区政府")]
    refused(bureau, lambda: gone(None), InvalidInput)
    refused(bureau, lambda: gone(JANUARY - timedelta(days=1)), InvalidInput)
    refused(bureau, lambda: gone(LATER + timedelta(days=1)), InvalidInput)
    gone(LATER)
    assert bureau.record(project_id).annual_reports[0].to_government_on == LATER
    assert waits(bureau) == []
    refused(bureau, lambda: gone(LATER), Obstructed)


def test_a_key_projects_annual_report_does_not_go_to_the_government(bureau: Bureau) -> None:
    a_project(bureau)
    report_id = accepted(bureau, drafted(bureau))
    handler, session = bureau.handler, bureau.session
    refused(
        bureau, lambda: note_government(session, handler, report_id, JANUARY, "", [], JANUARY), Obstructed
    )


def opinion(bureau: Bureau, panel_id: int, who: Account, verdict: Review) -> None:
    words = "阶段目标完成情况清楚，数据可信。"
    mine = seat(bureau, panel_id, who)
    submit(bureau.session, who.actor, mine, LATER, True, SCORES, verdict, words)


def test_a_stage_is_reviewed_and_the_majority_is_overruled_only_with_a_reason(
    bureau: Bureau,
) -> None:
    session, project_id = bureau.session, a_project(bureau)
    one, two = expert(bureau, "e1"), expert(bureau, "e2")
    report_id = confirmed(bureau, drafted(bureau, "沙-1", ReportKind.STAGE, 1))
    assert bureau.record(project_id).milestones[0].reported_on == JANUARY

    def conclude(review: Review | None, reason: str = "") -> None:
        conclude_review(session, bureau.handler, report_id, review, "阶段任务完成。", reason, LATER)

    def early() -> None:
        name_experts(session, bureau.handler, report_id, named(one), None, LATER)

    assert ARTICLE in refused(bureau, early, Obstructed).message
    accept_report(session, bureau.handler, report_id, JANUARY)
    assert waits(bureau) == [(Role.HANDLER, "为第 1 个里程碑阶段报告（样机）指定专家，组织阶段考核")]
    refused(bureau, lambda: conclude(Review.PASSED), Obstructed)
    panel_id = name_experts(session, bureau.handler, report_id, named(one, two), None, LATER)
    opinion(bureau, panel_id, one, Review.FAILED)
    refused(bureau, lambda: conclude(Review.FAILED), Obstructed)
    opinion(bureau, panel_id, two, Review.FAILED)
    refused(bureau, lambda: conclude(None), InvalidInput)
    assert set(refused(bureau, lambda: conclude(Review.PASSED), InvalidInput).errors) == {"reason"}
    conclude(Review.PASSED, "单位已当场补充检测数据，经局务会研究同意通过。")
    milestone = bureau.record(project_id).milestones[0]
    assert (milestone.reviewed_on, milestone.review) == (LATER, Review.PASSED)
    assert waits(bureau) == []
    refused(bureau, lambda: conclude(Review.PASSED), Obstructed)
    refused(bureau, early, Obstructed)


def test_a_closed_project_takes_no_reports(bureau: Bureau) -> None:
    session, project_id = bureau.session, a_project(bureau)
    report_id = drafted(bureau)
    from lifecycle.models import Acceptance
    from lifecycle.record import Conclusion

    session.add(
        Acceptance(
            project_id=project_id,
            joint_unit_took_part=False,
            own_fault=False,
            to_return_fen=0,
            returned_fen=0,
            conclusion=Conclusion.TERMINATED,
            concluded_on=JANUARY,
        )
    )
    session.commit()
    assert "作出结论" in refused(bureau, lambda: filed(bureau, report_id), Obstructed).message


def test_two_who_confirm_at_once_are_one(engine: Engine, bureau: Bureau) -> None:
    a_project(bureau)
    report_id = filed(bureau, drafted(bureau))
    unit = bureau.actor(Role.UNIT_MANAGER)
    bureau.session.close()

    def once(_: int) -> bool:
        with Session(engine) as own:
            try:
                confirm_report(own, unit, report_id, JANUARY)
            except IllegalTransition:
                return False
            return True

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(once, range(3))) == [False, False, True]
    query = select(func.count()).where(AuditEntry.action == "report.confirm")
    assert bureau.session.scalar(query) == 1
