"""Every short cut to a conclusion is refused with its article, and not one row of any table changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle.acceptance.applying import confirm, file_application, save, start, take_up
from lifecycle.acceptance.checking import Proposed
from lifecycle.acceptance.deciding import (
    conclude,
    record_conference,
    record_government,
    record_platform_filing,
)
from lifecycle.acceptance.own import OwnConclusion, conclude_oneself, confirm_filing
from lifecycle.acceptance.reviewing import name_panel, propose
from lifecycle.acceptance.states import OutOfOrder
from lifecycle.models import Acceptance, AcceptanceState, Measure, MeasureState, MemberField, Project
from lifecycle.panels import Named
from lifecycle.record import Conclusion, MeasureKind, Review, Source, Tranche
from lifecycle.refusals import (
    IllegalTransition,
    InvalidInput,
    NotFound,
    NotPermitted,
    NotTheirs,
    Obstructed,
    OutOfDate,
    Refusal,
    SamePerson,
    VerdictRefused,
)
from lifecycle.roles import Role
from lifecycle.stages import Stage
from tests.integration.accepting import (
    DAY,
    PASSES,
    WAYS,
    Accepting,
    a_file,
    accepting,
)
from tests.integration.paying import WAN, Bureau, a_bureau, refused

SPB_32 = "沙科局发〔2023〕41号 第三十二条"
SELF = OwnConclusion(Conclusion.PASSED, DAY, "同意通过。")


@pytest.fixture
def it(session: Session) -> Accepting:
    return accepting(a_bureau(session))


def no(it: Accepting, kind: type[Refusal], act: Callable[..., Any], *args: Any, by: Role) -> Any:
    """Return the refusal of an act; nothing was saved."""
    return refused(it.bureau, lambda: act(it.bureau.session, it.actor(by), *args), kind)


def articles(refusal: Any) -> set[str]:
    """Return the articles for which a verdict refuses."""
    return {line.rule.citation for line in refusal.verdict.refusals}


def test_the_government_does_not_decide_before_the_conference_deliberated(it: Accepting) -> None:
    case_id = it.proposed("major")
    words = no(it, OutOfOrder, record_government, case_id, DAY, "批复", [], DAY, by=Role.HANDLER).message
    assert "“区政府审定”要在“部门联席会议审议”之后办理" in words
    assert SPB_32 in words
    record_conference(it.bureau.session, it.actor(Role.HANDLER), case_id, DAY, "纪要", [], DAY)
    early = DAY - timedelta(days=1)
    refusal = no(it, InvalidInput, record_government, case_id, early, "批复", [], DAY, by=Role.HANDLER)
    assert SPB_32 in refusal.errors["day"]


@pytest.mark.parametrize("step", ["confirmed", "taken_up", "with_panel", "heard"])
def test_nothing_is_concluded_before_the_experts_findings_are_put_forward(it: Accepting, step: str) -> None:
    case_id = getattr(it, step)("key")
    assert SPB_32 in no(it, OutOfOrder, conclude, case_id, DAY, by=Role.APPROVER).message


def test_a_major_project_is_not_concluded_before_both_authorities(it: Accepting) -> None:
    case_id = it.proposed("major")
    assert SPB_32 in no(it, OutOfOrder, conclude, case_id, DAY, by=Role.APPROVER).message
    record_conference(it.bureau.session, it.actor(Role.HANDLER), case_id, DAY, "纪要", [], DAY)
    assert "区政府审定" in no(it, OutOfOrder, conclude, case_id, DAY, by=Role.APPROVER).message


def test_what_was_put_behind_everybodys_back_is_refused_by_the_article_itself(it: Accepting) -> None:
    case_id = it.proposed("major")
    it.case(case_id).state = AcceptanceState.WITH_APPROVER
    it.bureau.session.commit()
    assert articles(no(it, VerdictRefused, conclude, case_id, DAY, by=Role.APPROVER)) == {SPB_32}


def test_nobody_concludes_what_she_put_forward_herself(it: Accepting) -> None:
    case_id = it.heard()
    both = replace(it.actor(Role.HANDLER), roles=frozenset({Role.HANDLER, Role.APPROVER}))
    propose(it.bureau.session, both, case_id, PASSES, DAY)
    refused(it.bureau, lambda: conclude(it.bureau.session, both, case_id, DAY), SamePerson)


@pytest.mark.parametrize("way", ["key", "ea", "shanxi"])
def test_a_project_whose_finances_failed_does_not_pass(it: Accepting, way: str) -> None:
    case_id = it.heard(way)
    proposal = replace(PASSES, financial=Review.FAILED, goals=tuple(it.filled(case_id).goals))
    if way == "key":
        assert articles(no(it, VerdictRefused, propose, case_id, proposal, DAY, by=Role.HANDLER)) == {SPB_32}
    else:
        words = no(it, Obstructed, propose, case_id, proposal, DAY, by=Role.HANDLER).message
        assert "本局工作要求" in words


def test_a_joint_project_is_not_concluded_without_its_joint_unit(it: Accepting) -> None:
    case_id = it.with_panel("joint")
    it.hear(case_id)
    words = no(it, Obstructed, propose, case_id, PASSES, DAY, by=Role.HANDLER).message
    assert SPB_32 in words


def test_nothing_is_put_forward_while_an_expert_has_not_answered(it: Accepting) -> None:
    case_id = it.with_panel()
    words = no(it, Obstructed, propose, case_id, PASSES, DAY, by=Role.HANDLER).message
    assert all(one.name in words for one in it.experts)
    assert (
        SPB_32
        in no(it, Obstructed, propose, it.taken_up("key", "沙-2"), PASSES, DAY, by=Role.HANDLER).message
    )


def test_shanxi_does_not_pass_with_three_goals_acknowledged(it: Accepting) -> None:
    case_id = it.heard("shanxi")
    three = replace(PASSES, goals=("technology", "transfer", "people"))
    refusal = no(it, VerdictRefused, propose, case_id, three, DAY, by=Role.HANDLER)
    assert articles(refusal) == {"2024年度山西省科技合作交流专项申报通知 一"}
    never_claimed = replace(PASSES, goals=("technology", "transfer", "people", "platform"))
    no(it, VerdictRefused, propose, case_id, never_claimed, DAY, by=Role.HANDLER)


@pytest.mark.parametrize(
    ("verdicts", "proposal"),
    [
        ((Review.PASSED, Review.PASSED, Review.FAILED), Conclusion.FAILED),
        ((Review.FAILED, Review.PASSED, Review.FAILED), Conclusion.PASSED),
        ((Review.PASSED, Review.PASSED, Review.PASSED), Conclusion.TERMINATED),
    ],
)
def test_another_conclusion_than_the_majoritys_needs_a_written_reason(
    it: Accepting, verdicts: tuple[Review, ...], proposal: Conclusion
) -> None:
    case_id = it.heard("key", "沙-1", *verdicts)
    other = Proposed(Review.PASSED, Review.PASSED, proposal, opinion="综合意见。")
    refusal = no(it, InvalidInput, propose, case_id, other, DAY, by=Role.HANDLER)
    assert set(refusal.errors) == {"explanation"}
    explained = replace(other, explanation="会后补交的检测报告与专家意见不同，见附件。")
    propose(it.bureau.session, it.actor(Role.HANDLER), case_id, explained, DAY)


def test_a_self_established_project_is_not_concluded_by_the_bureau(it: Accepting) -> None:
    case_id = it.confirmed("self")
    assert SPB_32 in no(it, OutOfOrder, conclude, case_id, DAY, by=Role.APPROVER).message
    assert SPB_32 in no(it, OutOfOrder, take_up, case_id, DAY, by=Role.HANDLER).message
    assert SPB_32 in no(it, OutOfOrder, name_panel, case_id, it.members, None, DAY, by=Role.HANDLER).message
    assert SPB_32 in no(it, OutOfOrder, confirm_filing, case_id, DAY, DAY, by=Role.HANDLER).message


def test_no_unit_accepts_a_project_of_the_bureaus_itself(it: Accepting) -> None:
    case_id = it.taken_up()
    files = [a_file()]
    refusal = no(it, OutOfOrder, conclude_oneself, case_id, SELF, files, DAY, by=Role.UNIT_MANAGER)
    assert SPB_32 in refusal.message


def test_a_units_own_acceptance_comes_with_its_papers(it: Accepting) -> None:
    case_id = it.confirmed("self")
    refusal = no(it, InvalidInput, conclude_oneself, case_id, SELF, [], DAY, by=Role.UNIT_MANAGER)
    assert SPB_32 in refusal.errors["papers"]


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ({"report": []}, "还没有上传验收总结报告"),
        ({"evidence": {}}, "没有佐证材料的考核指标"),
    ],
)
def test_an_application_without_its_papers_is_not_confirmed(
    it: Accepting, missing: dict[str, Any], words: str
) -> None:
    case_id = it.submitted(filled=missing)
    assert words in no(it, Obstructed, confirm, case_id, DAY, by=Role.UNIT_MANAGER).message


BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "report": ({"annual_reports": ()}, "沙科局发〔2023〕41号 第二十六条"),
    "spending": ({"spending": ()}, "沙科局发〔2023〕41号 第二十九条"),
    "money": (
        {
            "tranches": (
                *WAYS["key"]["tranches"],
                Tranche(1, Source.OWN, 5 * WAN, date(2026, 3, 1), 0, None),
            )
        },
        "沙科局发〔2023〕41号 第二十三条",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_an_application_that_breaks_a_rule_is_refused_with_its_article(it: Accepting, name: str) -> None:
    fields, article = BROKEN[name]
    case_id = it.submitted(**fields)
    assert articles(no(it, VerdictRefused, confirm, case_id, DAY, by=Role.UNIT_MANAGER)) == {article}


def test_every_indicator_needs_its_value(it: Accepting) -> None:
    case_id = it.submitted(filled={"values": {"发明专利": "3"}})
    refusal = no(it, VerdictRefused, confirm, case_id, DAY, by=Role.UNIT_MANAGER)
    assert articles(refusal) == {SPB_32}


def test_an_application_well_before_the_end_says_why(it: Accepting) -> None:
    case_id = it.submitted(end=DAY + timedelta(days=91))
    words = no(it, Obstructed, confirm, case_id, DAY, by=Role.UNIT_MANAGER).message
    assert "提前 90 天以上申请验收的，请写明理由" in words
    other = it.submitted("key", "沙-2", end=DAY + timedelta(days=90))
    confirm(it.bureau.session, it.actor(Role.UNIT_MANAGER), other, DAY)
    early = {"early_reason": "研发任务已全部完成，产品已经投产。"}
    third = it.submitted("key", "沙-3", end=DAY + timedelta(days=200), filled=early)
    confirm(it.bureau.session, it.actor(Role.UNIT_MANAGER), third, DAY)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ([MemberField.TECHNICAL] * 3, "还缺财务专家"),
        ([MemberField.FINANCIAL] * 3, "还缺技术专家"),
        ([MemberField.TECHNICAL, MemberField.FINANCIAL], "不少于 3 人且为单数"),
        ([], "还缺技术、财务专家"),
    ],
)
def test_a_panel_is_technical_and_financial_and_odd(
    it: Accepting, fields: list[MemberField], words: str
) -> None:
    case_id = it.taken_up()
    members = [Named(one.id, field) for one, field in zip(it.experts, fields, strict=False)]
    refusal = no(it, InvalidInput, name_panel, case_id, members, None, DAY, by=Role.HANDLER)
    assert words in refusal.errors["members"]


def test_an_enterprise_projects_filing_cannot_come_before_its_conclusion(it: Accepting) -> None:
    case_id = it.proposed("ea")
    words = no(it, OutOfOrder, record_platform_filing, case_id, DAY, DAY, by=Role.HANDLER).message
    assert "渝科局发〔2024〕92号 第十七条" in words
    other = it.concluded("key", "沙-2")
    assert (
        "不需要提交平台备案"
        in no(it, OutOfOrder, record_platform_filing, other, DAY, DAY, by=Role.HANDLER).message
    )


def test_there_are_never_two_conclusions(it: Accepting) -> None:
    case_id = it.concluded()
    no(it, IllegalTransition, conclude, case_id, DAY, by=Role.APPROVER)
    no(it, IllegalTransition, propose, case_id, PASSES, DAY, by=Role.HANDLER)
    no(it, IllegalTransition, file_application, case_id, DAY, by=Role.PI)


def test_only_whoever_it_is_for_takes_a_step(it: Accepting) -> None:
    case_id = it.submitted("joint")
    session = it.bureau.session
    stranger = it.bureau.people.b[Role.UNIT_MANAGER].actor
    refused(it.bureau, lambda: confirm(session, stranger, case_id, DAY), NotFound)
    no(it, NotPermitted, confirm, case_id, DAY, by=Role.PI)
    other = replace(
        it.actor(Role.JOINT_UNIT),
        roles=frozenset({Role.JOINT_UNIT, Role.UNIT_MANAGER}),
    )
    refused(it.bureau, lambda: confirm(session, other, case_id, DAY), NotTheirs)
    for act, by in ((conclude, Role.HANDLER), (take_up, Role.APPROVER)):
        no(it, NotPermitted, act, case_id, DAY, by=by)


def test_a_project_that_is_not_under_way_does_not_apply(it: Accepting) -> None:
    it.project("key", "沙-1", signed_on=None)
    no(it, IllegalTransition, start, "沙-1", DAY, by=Role.PI)


def test_an_older_draft_does_not_overwrite_a_newer_one(it: Accepting) -> None:
    case_id = it.begun()
    it.save(case_id)
    no(it, OutOfDate, save, case_id, 1, it.filled(case_id), DAY, by=Role.PI)


def test_a_project_terminated_meanwhile_goes_no_further(it: Accepting) -> None:
    case_id = it.heard()
    project_id = it.case(case_id).project_id
    _terminate(it.bureau, project_id)
    no(it, IllegalTransition, propose, case_id, PASSES, DAY, by=Role.HANDLER)


def _terminate(bureau: Bureau, project_id: int) -> None:
    query = select(Acceptance).where(Acceptance.project_id == project_id)
    row = bureau.session.scalars(query).one()
    row.conclusion, row.concluded_on = Conclusion.TERMINATED, DAY
    bureau.session.get_one(Project, project_id).stage = Stage.TERMINATED
    bureau.session.commit()


def test_an_open_rectification_stands_in_the_way_of_an_application(it: Accepting) -> None:
    case_id = it.submitted()
    measure = Measure(
        project_id=it.case(case_id).project_id,
        position=0,
        number=1,
        kind=MeasureKind.RECTIFICATION,
        ordered_on=date(2027, 5, 1),
        due=date(2027, 6, 1),
        text="补齐凭证",
        state=MeasureState.ORDERED,
    )
    it.bureau.session.add(measure)
    it.bureau.session.commit()
    refusal = no(it, VerdictRefused, confirm, case_id, DAY, by=Role.UNIT_MANAGER)
    assert articles(refusal) == {"沙科局发〔2023〕41号 第三十一条"}
