"""A change from its draft to the next version: what each step does, and what leaves no trace."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lifecycle.changes.applying import decline, send_back, withdraw
from lifecycle.changes.deciding import record_filing, record_own_filing, refuse, reject, return_
from lifecycle.changes.drafting import Draft, carry_over, save
from lifecycle.models import (
    AgreementVersion,
    ChangeRequest,
    ChangeState,
    InboxMessage,
    KeptDuty,
    Project,
    Turn,
)
from lifecycle.models import Change as ChangeRow
from lifecycle.record import Change, ChangeKind, ExceptionNote, Milestone, UnitType
from lifecycle.refusals import Obstructed
from lifecycle.roles import Role
from lifecycle.rulebook import rulebook
from lifecycle.terms import MilestoneTerm
from tests.integration.changing import MAJOR, NEW_END, REASON, Office, an_office
from tests.integration.paying import TODAY, ea_fields

LATER = TODAY + timedelta(days=20)
EXCUSE = "负责人因工作调动离开，经单位研究推荐新的负责人。"


@pytest.fixture
def office(session: Session) -> Office:
    return an_office(session)


def _turns(office: Office) -> list[tuple[Role, str]]:
    office.session.rollback()
    rows = office.session.scalars(select(Turn).where(Turn.done_on.is_(None)).order_by(Turn.id)).all()
    return [(turn.role, turn.words) for turn in rows]


def test_an_extension_of_a_joint_major_project_goes_all_the_way(office: Office) -> None:
    number = office.project(programme=MAJOR, district=20_000_000)
    before = office.record(number)
    request_id = office.draft(number, end=NEW_END)
    assert office.record(number) == before
    office.send(request_id)
    assert _turns(office) == [(Role.UNIT_MANAGER, "确认第 1 号变更（延期）")]
    office.confirm(request_id, TODAY)
    assert office.record(number) == before
    assert _turns(office) == [(Role.JOINT_UNIT, "同意第 1 号变更（延期）")]
    office.consent(request_id, LATER)
    (change,) = office.record(number).changes
    assert (change.applied_on, change.joint_consent_on, change.approved_on) == (LATER, LATER, None)
    assert (change.before, change.after) == ("2027-12-31", "2028-06-30")
    office.propose(request_id, LATER)
    assert _turns(office) == [(Role.HANDLER, "登记联席会议审定第 1 号变更（延期）")]
    office.conference(request_id, LATER, LATER)
    assert _turns(office) == [(Role.APPROVER, "批准第 1 号变更（延期）")]
    assert office.record(number).end == before.end
    office.approve(request_id, LATER)
    after = office.record(number)
    assert (after.end, after.original_end) == (NEW_END, before.end)
    assert after.changes[0].approved_on == LATER
    assert after.changes[0].conference_on == LATER
    assert office.versions(number) == [(1, "已被替代"), (2, "已生效")]
    assert office.state(request_id) is ChangeState.DONE
    assert _turns(office) == []
    assert not [one for one in rulebook().findings(after, LATER) if one.rule.article == "第二十八条"]
    told = office.session.scalars(select(InboxMessage.title)).all()
    assert "第 1 号变更（延期）已批准" in told


def test_the_first_extension_keeps_the_end_first_agreed(office: Office) -> None:
    number = office.project()
    first = office.record(number).end
    office.approved(number, end=NEW_END)
    office.approved(number, end=NEW_END + timedelta(days=100))
    assert office.record(number).original_end == first
    assert [one.number for one in office.record(number).changes] == [1, 2]
    assert office.versions(number) == [(1, "已被替代"), (2, "已被替代"), (3, "已生效")]


def test_an_extension_adds_what_is_owed_and_takes_nothing_away(office: Office) -> None:
    number = office.project(
        start=date(2024, 6, 1),
        end=date(2026, 6, 30),
        signed_on=date(2024, 6, 10),
        joint_unit="沙坪坝区人民医院",
    )

    def owed() -> dict[str, date]:
        office.session.rollback()
        rows = office.session.scalars(select(KeptDuty).where(KeptDuty.rule == "spb-26-annual-report"))
        return {row.subject: row.due for row in rows}

    before = owed()
    office.approved(number, end=date(2028, 6, 30))
    assert before == {"2024": date(2025, 1, 31), "2025": date(2026, 1, 31), "2026": date(2027, 1, 31)}
    assert owed() == before | {"2027": date(2028, 1, 31), "2028": date(2029, 1, 31)}
    late = [one for one in rulebook().findings(office.record(number), TODAY) if "annual" in one.rule.id]
    assert {one.subject for one in late} == {"2024", "2025"}


@pytest.mark.parametrize("kind", list(ChangeKind))
def test_every_kind_makes_the_next_version_with_what_it_wants(office: Office, kind: ChangeKind) -> None:
    number = office.project(joint_unit="沙坪坝区人民医院")
    old = office.terms(number)
    request_id = office.approved(number, kind)
    request = office.request(request_id)
    (change,) = office.record(number).changes
    assert (change.kind, change.approved_on, change.self_decided) == (kind, TODAY, False)
    assert change.after
    if kind is ChangeKind.OTHER:
        assert office.terms(number) == old
        assert office.versions(number) == [(1, "已生效")]
        return
    assert office.terms(number) != old
    assert office.versions(number) == [(1, "已被替代"), (2, "已生效")]
    query = select(AgreementVersion.change_number).where(AgreementVersion.state == "已生效")
    assert office.session.scalars(query).one() == request.number


def test_milestones_keep_what_was_reported_of_them(office: Office) -> None:
    done = Milestone(1, "样机", date(2026, 1, 20), date(2026, 1, 18), None, None)
    number = office.project(milestone_managed=True, milestones=(done,))
    later = MilestoneTerm(2, "定型", date(2027, 3, 1), "完成定型试验")
    office.approved(number, ChangeKind.CONTENT, milestones=(*office.terms(number).milestones, later))
    first, second = office.record(number).milestones
    assert first.reported_on == date(2026, 1, 18)
    assert (second.number, second.reported_on) == (2, None)


def test_what_the_unit_may_settle_itself_is_in_force_at_once(office: Office) -> None:
    number = office.project()
    request_id = office.draft(number, ChangeKind.MEMBERS, by=Role.UNIT_MANAGER, self_decided=True)
    office.confirm(request_id)
    (change,) = office.record(number).changes
    assert (change.self_decided, change.applied_on, change.approved_on) == (True, TODAY, None)
    assert office.state(request_id) is ChangeState.DONE
    assert office.versions(number) == [(1, "已被替代"), (2, "已生效")]


def test_a_self_established_project_is_changed_by_its_unit(office: Office) -> None:
    number = office.project(programme=MAJOR, self_established=True, district=0, tranches=())
    request_id = office.draft(number, end=NEW_END)
    office.send(request_id)
    office.confirm(request_id)
    after = office.record(number)
    assert (after.end, after.original_end) == (NEW_END, date(2027, 12, 31))
    assert after.changes[0].self_decided
    assert office.state(request_id) is ChangeState.DONE


def test_ea_files_a_big_change_once_approved_and_the_units_own_by_itself(office: Office) -> None:
    number = office.project(**ea_fields())
    big = office.draft(number, end=date(2028, 12, 31))
    office.send(big)
    office.confirm(big)
    office.propose(big, reasons={})
    office.approve(big)
    assert office.state(big) is ChangeState.TO_FILE
    assert [one.rule.id for one in _change_findings(office, number)] == ["ea-17-change-filing"]
    record_filing(office.session, office.actor(Role.HANDLER), big, LATER, LATER)
    own = office.draft(number, ChangeKind.MEMBERS, by=Role.UNIT_MANAGER)
    assert office.request(own).self_decided
    office.confirm(own)
    assert office.state(own) is ChangeState.TO_FILE
    assert _filing_duties(office) == [
        ("local-platform-filing", "1", Role.HANDLER, LATER),
        ("local-own-change-filing", "2", Role.UNIT_MANAGER, None),
    ]
    waits = select(Turn.role, Turn.duty).where(Turn.done_on.is_(None))
    assert office.session.execute(waits).all() == [(Role.UNIT_MANAGER, "platform-filing-within/2")]
    office.session.rollback()
    record_own_filing(office.session, office.actor(Role.UNIT_MANAGER), own, TODAY, LATER)
    assert office.state(own) is ChangeState.DONE
    assert _change_findings(office, number) == []


def _filing_duties(office: Office) -> list[tuple[object, ...]]:
    kept = KeptDuty
    query = select(kept.rule, kept.subject, kept.owner, kept.done_on).where(kept.rule.contains("filing"))
    found = [tuple(row) for row in office.session.execute(query.order_by(kept.subject))]
    office.session.rollback()
    return found


def _change_findings(office: Office, number: str) -> list[object]:
    findings = rulebook().findings(office.record(number), LATER)
    return [one for one in findings if "change" in one.rule.id or "28" in one.rule.id]


def test_shanxi_wants_a_reason_which_becomes_a_note_on_the_change(office: Office) -> None:
    number = office.project(
        programme="山西省科技合作交流专项（2024）",
        lead_place="山西省",
        lead_unit_type=UnitType.UNIVERSITY,
        provincial=20_000_000,
        district=0,
        own=20_000_000,
        joint_unit=None,
        tranches=(),
    )
    request_id = office.draft(number, ChangeKind.PI)
    office.send(request_id)
    office.confirm(request_id)
    office.propose(request_id, reasons={"sx-2-frozen": EXCUSE})
    assert office.record(number).exceptions == ()
    office.approve(request_id)
    assert office.record(number).exceptions == (ExceptionNote("sx-2-frozen", "1", EXCUSE, TODAY),)
    (found,) = (one for one in rulebook().findings(office.record(number), TODAY) if "frozen" in one.rule.id)
    assert (found.subject, found.reason) == ("1", EXCUSE)


def test_what_was_returned_is_written_anew_and_takes_every_step_again(office: Office) -> None:
    number = office.project()
    before = office.record(number)
    request_id = office.draft(number, end=NEW_END)
    office.send(request_id)
    office.confirm(request_id)
    office.consent(request_id)
    return_(office.session, office.actor(Role.HANDLER), request_id, "请补充设备合同。", TODAY)
    assert office.record(number) == before
    request = office.request(request_id)
    assert (request.state, request.consented_on, request.applied_on) == (ChangeState.RETURNED, None, None)
    pi = office.actor(Role.PI)
    assert [turn.user_id for turn in office.session.scalars(select(Turn).where(Turn.done_on.is_(None)))] == [
        pi.user_id
    ]
    wanted = Draft(replace(office.terms(number), end=date(2028, 3, 31)), REASON)
    save(office.session, pi, request_id, office.revision(request_id), wanted)
    office.confirm(request_id)
    office.consent(request_id, LATER)
    assert office.record(number).changes[0].joint_consent_on == LATER
    assert office.record(number).changes[0].after == "2028-03-31"


@pytest.mark.parametrize("ending", ["reject", "refuse", "withdraw", "decline", "send_back"])
def test_what_came_to_nothing_leaves_the_record_as_it_was(office: Office, ending: str) -> None:
    number = office.project()
    before = office.record(number)
    request_id = office.draft(number)
    office.send(request_id)
    acts = {
        "send_back": (send_back, Role.UNIT_MANAGER),
        "decline": (decline, Role.JOINT_UNIT),
        "reject": (reject, Role.HANDLER),
        "refuse": (refuse, Role.APPROVER),
        "withdraw": (withdraw, Role.PI),
    }
    if ending != "send_back":
        office.confirm(request_id)
    if ending not in {"send_back", "decline"}:
        office.consent(request_id)
    if ending in {"refuse", "withdraw"}:
        office.propose(request_id)
    act, role = acts[ending]
    act(office.session, office.actor(role), request_id, "暂不宜变更。", TODAY)
    assert office.record(number) == before
    assert office.versions(number) == [(1, "已生效")]
    assert office.request(request_id).note == "暂不宜变更。"
    if ending in {"reject", "refuse", "withdraw"}:
        assert _turns(office) == []
        again = office.draft(number)
        assert office.request(again).number == 2


def test_a_draft_on_an_older_version_is_carried_over(office: Office) -> None:
    number = office.project()
    request_id = office.draft(number, ChangeKind.TITLE, title="新的名称")
    office.approved(number, end=NEW_END)
    carry_over(office.session, office.actor(Role.PI), request_id, TODAY)
    office.send(request_id)
    office.confirm(request_id)
    office.consent(request_id)
    office.propose(request_id)
    office.approve(request_id)
    after = office.record(number)
    assert (after.title, after.end) == ("新的名称", NEW_END)
    numbers = office.session.scalars(select(ChangeRequest.number).order_by(ChangeRequest.id)).all()
    assert numbers == [1, 2]


def test_what_a_ledger_put_right_is_kept_and_makes_a_version_of_its_own(office: Office) -> None:
    number = office.project()
    office.approved(number, ChangeKind.TITLE)
    put_right = update(Project).where(Project.number == number).values(bank_account="6222029999")
    office.session.execute(put_right)
    office.session.commit()
    office.approved(number, end=NEW_END)
    after = office.record(number)
    assert (after.bank_account, after.end) == ("6222029999", NEW_END)
    assert [state for _, state in office.versions(number)] == ["已被替代", "已被替代", "已被替代", "已生效"]


def test_a_ledger_that_changes_the_same_thing_makes_a_request_be_drafted_anew(office: Office) -> None:
    number = office.project()
    request_id = office.draft(number, end=NEW_END)
    office.session.execute(update(Project).where(Project.number == number).values(end_on=date(2028, 3, 31)))
    office.session.commit()
    with pytest.raises(Obstructed):
        office.send(request_id)
    carry_over(office.session, office.actor(Role.PI), request_id, TODAY)
    office.send(request_id)
    assert (office.request(request_id).before, office.request(request_id).after) == (
        "2028-03-31",
        "2028-06-30",
    )


def test_a_change_that_came_with_a_ledger_keeps_its_number(office: Office) -> None:
    number = office.project()
    request_id = office.draft(number, end=NEW_END)
    office.send(request_id)
    blank = dict.fromkeys(Change.__dataclass_fields__)
    values = blank | {"number": 1, "kind": ChangeKind.PI, "self_decided": False}
    office.session.add(ChangeRow(project_id=office.id_of(number), position=0, **values))
    office.session.commit()
    office.confirm(request_id)
    office.consent(request_id)
    assert [(one.number, one.kind) for one in office.record(number).changes] == [
        (1, ChangeKind.PI),
        (2, ChangeKind.EXTENSION),
    ]
