"""An acceptance from the application to the conclusion, each way it can go, and what it leaves behind."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle.acceptance.applying import confirm, file_application, return_application, send_back
from lifecycle.acceptance.deciding import (
    conclude,
    reconsider,
    record_conference,
    record_platform_filing,
)
from lifecycle.acceptance.own import OwnConclusion, ask_papers, conclude_oneself, confirm_filing, hand_papers
from lifecycle.acceptance.reviewing import propose
from lifecycle.models import AcceptanceState, AuditEntry, Clearing, Turn, TurnKind
from lifecycle.record import Conclusion
from lifecycle.roles import Role
from lifecycle.rulebook import rulebook
from lifecycle.stages import Stage
from tests.integration.accepting import DAY, FAILS, NASTY, PASSES, Accepting, a_file, accepting
from tests.integration.paying import WAN, a_bureau


@pytest.fixture
def it(session: Session) -> Accepting:
    return accepting(a_bureau(session))


def waiting(it: Accepting) -> set[tuple[Role, str]]:
    """Return for whom acceptances wait."""
    it.bureau.session.rollback()
    query = select(Turn.role, Turn.words).where(Turn.kind == TurnKind.ACCEPTANCE, Turn.done_on.is_(None))
    found = {(row.role, row.words) for row in it.bureau.session.execute(query)}
    it.bureau.session.rollback()
    return found


def findings(it: Accepting, case_id: int) -> set[str]:
    """Return the rules of acceptance that stand as broken after the case."""
    record = it.bureau.record(it.case(case_id).project_id)
    found = {one.rule.id for one in rulebook().findings(record, DAY)}
    return {rule for rule in found if "-32-" in rule or "-17-" in rule}


@pytest.mark.parametrize(
    ("way", "then"),
    [
        ("key", AcceptanceState.DONE),
        ("joint", AcceptanceState.DONE),
        ("major", AcceptanceState.DONE),
        ("major-joint", AcceptanceState.DONE),
        ("ea", AcceptanceState.TO_FILE),
    ],
)
def test_each_way_leads_to_a_conclusion_that_breaks_no_rule(
    it: Accepting, way: str, then: AcceptanceState
) -> None:
    case_id = it.concluded(way)
    assert it.state(case_id) is then
    assert it.project_of(case_id).stage is Stage.CLOSED
    acceptance = it.bureau.record(it.case(case_id).project_id).acceptance
    assert acceptance
    assert (acceptance.conclusion, acceptance.concluded_on) == (Conclusion.PASSED, DAY)
    assert acceptance.joint_unit_took_part is ("joint" in way)
    days = (acceptance.conference_on, acceptance.government_on)
    assert days == ((DAY, DAY) if "major" in way else (None, None))
    assert findings(it, case_id) == ({"ea-17-acceptance-filing"} if way == "ea" else set())


def test_an_enterprise_project_stays_on_the_list_until_it_is_filed_on_the_platform(it: Accepting) -> None:
    case_id = it.concluded("ea")
    assert waiting(it) == {(Role.HANDLER, "提交平台备案并登记日期")}
    record_platform_filing(it.bureau.session, it.actor(Role.HANDLER), case_id, DAY, DAY)
    assert it.state(case_id) is AcceptanceState.DONE
    assert waiting(it) == set()
    assert findings(it, case_id) == set()


def test_shanxi_counts_the_goals_that_were_acknowledged(it: Accepting) -> None:
    case_id = it.heard("shanxi")
    four = ("technology", "transfer", "people", "results")
    proposal = replace(PASSES, goals=four)
    propose(it.bureau.session, it.actor(Role.HANDLER), case_id, proposal, DAY)
    conclude(it.bureau.session, it.actor(Role.APPROVER), case_id, DAY)
    acceptance = it.bureau.record(it.case(case_id).project_id).acceptance
    assert acceptance
    assert acceptance.goals_met == 4


def test_each_step_waits_for_whoever_takes_it(it: Accepting) -> None:
    case_id = it.submitted("key")
    assert waiting(it) == {(Role.UNIT_MANAGER, "确认并报出验收申请")}
    send_back(it.bureau.session, it.actor(Role.UNIT_MANAGER), case_id, "请补充经费说明", DAY)
    assert waiting(it) == {(Role.PI, "修改验收申请后重新提交")}


def test_a_confirmed_application_counts_with_its_values_and_a_frozen_account(it: Accepting) -> None:
    case_id = it.confirmed("key")
    record = it.bureau.record(it.case(case_id).project_id)
    assert {one.name: one.achieved_value for one in record.indicators} == {"发明专利": "4", NASTY: "4"}
    assert it.project_of(case_id).stage is Stage.IN_ACCEPTANCE
    account = it.case(case_id).account
    assert account["sources"] == [
        _sums("区（县）级财政", 10 * WAN, 10 * WAN, 8 * WAN),
        _sums("自筹", 5 * WAN, 0, 0),
    ]


def _sums(source: str, agreed: int, paid: int, spent: int) -> dict[str, object]:
    return {"source": source, "agreed": agreed, "paid": paid, "spent": spent, "left": paid - spent}


def test_a_returned_application_leaves_nothing_but_its_history(it: Accepting) -> None:
    case_id = it.submitted("key")
    before = it.bureau.record(it.case(case_id).project_id)
    confirm(it.bureau.session, it.actor(Role.UNIT_MANAGER), case_id, DAY)
    return_application(it.bureau.session, it.actor(Role.HANDLER), case_id, "总结报告缺少经费决算表", DAY)
    assert it.bureau.record(it.case(case_id).project_id) == before
    assert it.project_of(case_id).stage is Stage.UNDER_WAY
    assert it.state(case_id) is AcceptanceState.RETURNED
    file_application(it.bureau.session, it.actor(Role.PI), case_id, DAY)
    confirm(it.bureau.session, it.actor(Role.UNIT_MANAGER), case_id, DAY)
    assert it.state(case_id) is AcceptanceState.WITH_BUREAU


def test_what_the_conference_or_the_approver_does_not_agree_to_is_proposed_anew(it: Accepting) -> None:
    case_id = it.proposed("major")
    session, handler = it.bureau.session, it.actor(Role.HANDLER)
    record_conference(session, handler, case_id, DAY, "要求补充成果证明", [], DAY, agreed=False)
    assert it.state(case_id) is AcceptanceState.IN_REVIEW
    propose(session, handler, case_id, PASSES, DAY)
    it.agreed(case_id)
    reconsider(session, it.actor(Role.APPROVER), case_id, "与纪要不一致，请核对", DAY)
    acceptance = it.bureau.record(it.case(case_id).project_id).acceptance
    assert acceptance
    assert (acceptance.conference_on, acceptance.government_on) == (None, None)
    propose(session, handler, case_id, PASSES, DAY)
    assert it.state(case_id) is AcceptanceState.WITH_CONFERENCE


def test_a_failure_opens_its_clearing_by_itself(it: Accepting) -> None:
    case_id = it.concluded("key", proposal=FAILS)
    assert it.project_of(case_id).stage is Stage.CLEARING
    assert it.state(case_id) is AcceptanceState.DONE
    assert it.case(case_id).certificate_number is None
    clearing = it.bureau.session.scalars(select(Clearing)).one()
    assert clearing.citation == "沙科局发〔2023〕41号 第三十三条"


def test_a_unit_accepts_its_own_project_and_the_bureau_files_its_papers(it: Accepting) -> None:
    case_id = it.confirmed("self")
    session, unit, handler = it.bureau.session, it.actor(Role.UNIT_MANAGER), it.actor(Role.HANDLER)
    assert it.project_of(case_id).stage is Stage.SELF_ACCEPTANCE
    assert waiting(it) == {(Role.UNIT_MANAGER, "自行组织验收并登记结论")}
    own = OwnConclusion(Conclusion.PASSED, DAY, "单位组织专家验收，同意通过。")
    conclude_oneself(session, unit, case_id, own, [a_file("验收意见.pdf")], DAY)
    assert findings(it, case_id) == {"spb-32-filing"}
    ask_papers(session, handler, case_id, "缺少决算表", DAY)
    assert waiting(it) == {(Role.UNIT_MANAGER, "补交验收资料")}
    hand_papers(session, unit, case_id, [a_file("决算表.pdf")], DAY)
    confirm_filing(session, handler, case_id, DAY, DAY)
    assert it.state(case_id) is AcceptanceState.DONE
    assert it.project_of(case_id).stage is Stage.FILED
    assert findings(it, case_id) == set()


def test_certificates_are_numbered_by_agency_and_year(it: Accepting) -> None:
    first, second = it.concluded("key", "沙-1"), it.concluded("key", "沙-2")
    assert [it.case(one).certificate_number for one in (first, second)] == ["2027-0001", "2027-0002"]


def test_the_history_tells_every_step_with_its_article(it: Accepting) -> None:
    case_id = it.concluded("major")
    it.bureau.session.rollback()
    query = select(AuditEntry).where(AuditEntry.project_id == it.case(case_id).project_id)
    entries = it.bureau.session.scalars(query.order_by(AuditEntry.serial)).all()
    cited = {one.action: one.citation for one in entries}
    for action in ("acceptance.conference", "acceptance.government", "acceptance.conclude"):
        assert cited[action] == "沙科局发〔2023〕41号 第三十二条"
