"""Experts are named, heard or stand aside; nobody reviews what she has a part in; a panel concludes once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from lifecycle.attachments import StoredFile, attach, find_attachment
from lifecycle.command import Work, command
from lifecycle.database import begin_write
from lifecycle.models import (
    AgreementState,
    AgreementVersion,
    Attachment,
    AuditEntry,
    InboxMessage,
    MemberField,
    Membership,
    MemberState,
    PanelMember,
    PanelState,
    PanelSubject,
    Turn,
    TurnKind,
    User,
)
from lifecycle.panels import (
    Named,
    ShownPanel,
    conclude_panel,
    dissolve_panel,
    form_panel,
    joint_opinion,
    panel_of,
    replace_member,
)
from lifecycle.record import Review
from lifecycle.refusals import (
    IllegalTransition,
    InvalidInput,
    NotFound,
    NotPermitted,
    NotTheirs,
    Obstructed,
    VerdictRefused,
)
from lifecycle.reviews import recuse, submit
from lifecycle.roles import Actor, Permission, Role
from lifecycle.turns import list_turns
from tests.integration.paying import Bureau, a_bureau, ea_fields, refused
from tests.web.site import UNIT, Account, add_account

TODAY = date(2026, 6, 1)
SUBJECT = 7
SCORES = {"tasks": 36, "indicators": 18, "money": 20, "management": 15}
FINE = "目标任务按期完成，指标达到任务书约定。"


@command("test.form", Permission.FORM_PANEL)
def forming(
    work: Work,
    project_id: int,
    members: list[Named],
    due: date | None = None,
    subject: PanelSubject = PanelSubject.STAGE,
) -> int:
    panel_id = form_panel(work, project_id, subject, SUBJECT, members, due, TODAY)
    work.record("指定专家", project_id=project_id)
    return panel_id


@command("test.conclude", Permission.FORM_PANEL)
def concluding(work: Work, panel_id: int, text: str = "同意通过") -> ShownPanel:
    shown = conclude_panel(work, panel_id, text, TODAY)
    work.record("形成结论", project_id=shown.project_id)
    return shown


@command("test.dissolve", Permission.FORM_PANEL)
def dissolving(work: Work, panel_id: int) -> None:
    dissolve_panel(work, panel_id, TODAY)
    work.record("解散")


@command("test.files", Permission.ADD_PAPERS)
def filing(work: Work, project_id: int) -> list[int]:
    kinds = (("report", SUBJECT), ("report", 8), ("agreement", 1), ("project", 0), ("acceptance", SUBJECT))
    found = [attach(work, project_id, kind, id_, [_file(kind)], "")[0] for kind, id_ in kinds]
    work.record("附", project_id=project_id)
    return found


def _file(name: str) -> StoredFile:
    return StoredFile(sha256(name.encode()).hexdigest(), f"{name}.pdf", "application/pdf", 10)


@pytest.fixture
def bureau(session: Session) -> Bureau:
    return a_bureau(session)


def expert(bureau: Bureau, name: str, unit: str = "", **columns: Any) -> Account:
    """Add an expert of a unit."""
    begin_write(bureau.session)
    made = add_account(bureau.session, name, {bureau.people.agency_a: [Role.EXPERT]}, **columns)
    membership = bureau.session.scalars(select(Membership).where(Membership.user_id == made.id)).one()
    membership.unit = unit
    bureau.session.commit()
    return made


def named(*accounts: Account, leads: bool = True) -> list[Named]:
    return [Named(one.id, MemberField.TECHNICAL, leads and place == 0) for place, one in enumerate(accounts)]


def seat(bureau: Bureau, panel_id: int, who: Account) -> int:
    query = select(PanelMember.id).where(PanelMember.panel_id == panel_id, PanelMember.user_id == who.id)
    found = bureau.session.scalars(query).one()
    bureau.session.rollback()
    return found


def give(bureau: Bureau, member_id: int, who: Actor, **changed: Any) -> None:
    given: dict[str, Any] = {"no_conflict": True, "scores": SCORES, "verdict": Review.PASSED, "opinion": FINE}
    submit(bureau.session, who, member_id, TODAY, **(given | changed))


def shown(bureau: Bureau, project_id: int) -> ShownPanel | None:
    found = panel_of(bureau.session, project_id, PanelSubject.STAGE, SUBJECT)
    bureau.session.rollback()
    return found


def words(bureau: Bureau, kind: TurnKind) -> list[tuple[Role, str]]:
    query = select(Turn.role, Turn.words).where(Turn.kind == kind, Turn.done_on.is_(None)).order_by(Turn.id)
    found = [(role, text) for role, text in bureau.session.execute(query)]
    bureau.session.rollback()
    return found


def test_experts_are_asked_answer_and_a_panel_concludes(bureau: Bureau) -> None:
    session, project_id = bureau.session, bureau.project()
    one, two = expert(bureau, "e1"), expert(bureau, "e2", "西南大学")
    due = TODAY + timedelta(days=10)
    panel_id = forming(session, bureau.handler, project_id, named(one, two), due)
    (waiting,) = list_turns(session, one.actor, 10)
    session.rollback()
    assert (waiting.kind, waiting.ref_id, waiting.due) == (TurnKind.REVIEW, seat(bureau, panel_id, one), due)
    message = session.scalars(select(InboxMessage).where(InboxMessage.user_id == one.id)).one()
    assert message.path == f"/reviews/{waiting.ref_id}"
    session.rollback()

    give(bureau, seat(bureau, panel_id, one), one.actor, files=[_file("意见")])
    assert refused(bureau, lambda: concluding(session, bureau.handler, panel_id), Obstructed).obstacles == (
        "张e2还没有提交评议意见：请催办，或更换专家",
    )
    give(bureau, seat(bureau, panel_id, two), two.actor, verdict=Review.FAILED)
    assert list_turns(session, two.actor, 10) == []
    session.rollback()
    assert words(bureau, TurnKind.REPORT) == [(Role.HANDLER, "汇总专家意见，形成阶段考核结论")]
    before = concluding(session, bureau.handler, panel_id)
    assert (before.average, before.majority) == ("89.0", None)
    panel = shown(bureau, project_id)
    assert panel is not None
    assert (panel.state, panel.conclusion) == (PanelState.CONCLUDED, "同意通过")
    assert panel.members[0].scores["目标任务完成"] == 36
    assert words(bureau, TurnKind.REPORT) == []
    entries = select(AuditEntry.citation).where(AuditEntry.action == "review.submit")
    assert session.scalars(entries).all() == ["沙科局发〔2023〕41号 第七条"] * 2
    session.rollback()
    refused(bureau, lambda: concluding(session, bureau.handler, panel_id), IllegalTransition)


def test_an_opinion_is_given_once_and_by_herself(bureau: Bureau) -> None:
    session, project_id = bureau.session, bureau.project()
    one, two = expert(bureau, "e1"), expert(bureau, "e2")
    mine = seat(bureau, forming(session, bureau.handler, project_id, named(one)), one)
    refused(bureau, lambda: give(bureau, mine, two.actor), NotFound)
    refused(bureau, lambda: recuse(session, two.actor, mine, TODAY, "与单位有合作"), NotFound)
    give(bureau, mine, one.actor)
    refused(bureau, lambda: give(bureau, mine, one.actor), IllegalTransition)
    refused(bureau, lambda: recuse(session, one.actor, mine, TODAY, "与单位有合作"), IllegalTransition)


@pytest.mark.parametrize(
    ("changed", "fields"),
    [
        ({"no_conflict": False}, {"no_conflict"}),
        ({"scores": {**SCORES, "tasks": 41}}, {"tasks"}),
        ({"scores": {**SCORES, "money": -1}}, {"money"}),
        ({"scores": {}}, {"tasks", "indicators", "money", "management"}),
        ({"verdict": None, "opinion": " "}, {"verdict", "opinion"}),
        ({"opinion": "长" * 4001}, {"opinion"}),
    ],
)
def test_an_opinion_is_whole_and_within_bounds(
    bureau: Bureau, changed: dict[str, Any], fields: set[str]
) -> None:
    one = expert(bureau, "e1")
    mine = seat(bureau, forming(bureau.session, bureau.handler, bureau.project(), named(one)), one)
    refusal = refused(bureau, lambda: give(bureau, mine, one.actor, **changed), InvalidInput)
    assert set(refusal.errors) == fields


@pytest.mark.parametrize(
    ("fields", "article"),
    [({}, "沙科局发〔2023〕41号 第七条"), (ea_fields(joint_unit=None), "本局工作要求 专家评议")],
)
def test_whoever_has_a_part_in_the_project_is_refused_when_named(
    bureau: Bureau, fields: dict[str, Any], article: str
) -> None:
    project_id = bureau.project(**fields)
    of_the_unit = expert(bureau, "e1", UNIT)
    refusal = refused(
        bureau,
        lambda: forming(bureau.session, bureau.handler, project_id, named(of_the_unit)),
        VerdictRefused,
    )
    (line,) = refusal.verdict.refusals
    assert line.rule.citation == article
    assert "张e1" in line.text


def test_a_name_in_the_agreement_in_force_and_a_unit_of_another_role_are_a_conflict(bureau: Bureau) -> None:
    session, project_id = bureau.session, bureau.project()
    member, manager = expert(bureau, "e1"), expert(bureau, "e2")
    begin_write(session)
    session.add(
        AgreementVersion(
            project_id=project_id,
            number=1,
            state=AgreementState.IN_FORCE,
            terms={"members": [{"name": "张e1", "unit": "", "title": "", "task": ""}]},
            drafted_on=TODAY,
            reasons={},
            verdict=[],
            in_force_on=TODAY,
        )
    )
    agency_id = bureau.people.agency_a
    session.add(Membership(user_id=manager.id, agency_id=agency_id, role=Role.UNIT_MANAGER, unit=UNIT))
    session.commit()
    for who in (member, manager):
        refused(
            bureau, lambda who=who: forming(session, bureau.handler, project_id, named(who)), VerdictRefused
        )


def test_it_is_asked_once_more_when_the_opinion_comes(bureau: Bureau) -> None:
    session, one = bureau.session, expert(bureau, "e1")
    project_id = bureau.project()
    mine = seat(bureau, forming(session, bureau.handler, project_id, named(one)), one)
    bureau.change(project_id, pi_email=one.email)
    refused(bureau, lambda: give(bureau, mine, one.actor), VerdictRefused)
    session.execute(update(User).where(User.id == one.id).values(is_active=False))
    session.commit()
    refused(bureau, lambda: give(bureau, mine, one.actor), NotPermitted)


def test_only_experts_of_the_agency_with_a_live_account_are_named_each_once(bureau: Bureau) -> None:
    session, project_id = bureau.session, bureau.project()
    one, gone = expert(bureau, "e1"), expert(bureau, "e2", is_active=False)
    stranger, pi = bureau.people.b[Role.EXPERT], bureau.people.a[Role.PI]
    wrong = [[], named(one, one), named(gone), named(stranger), named(pi)]
    wrong.append([Named(one.id, MemberField.TECHNICAL, leads=True)] * 2)
    for members in wrong:
        refused(
            bureau,
            lambda members=members: forming(session, bureau.handler, project_id, members),
            InvalidInput,
        )
    early = TODAY - timedelta(days=1)
    refused(bureau, lambda: forming(session, bureau.handler, project_id, named(one), early), InvalidInput)
    forming(session, bureau.handler, project_id, named(one))
    refused(bureau, lambda: forming(session, bureau.handler, project_id, named(one)), Obstructed)


def test_who_stands_aside_is_replaced_and_sees_nothing_more(bureau: Bureau) -> None:
    session, project_id = bureau.session, bureau.project()
    one, two = expert(bureau, "e1"), expert(bureau, "e2")
    panel_id = forming(session, bureau.handler, project_id, named(one))
    mine = seat(bureau, panel_id, one)
    files = filing(session, bureau.handler, project_id)
    session.rollback()
    assert [_sees(session, one.actor, file) for file in files] == [True, False, True, False, False]
    assert not any(_sees(session, two.actor, file) for file in files)

    refused(bureau, lambda: recuse(session, one.actor, mine, TODAY, " "), InvalidInput)
    recuse(session, one.actor, mine, TODAY, "与承担单位有合作")
    assert words(bureau, TurnKind.REPORT) == [(Role.HANDLER, "张e1已回避，请为阶段考核另请专家")]
    assert not any(_sees(session, one.actor, file) for file in files)
    refused(bureau, lambda: concluding(session, bureau.handler, panel_id), Obstructed)

    stead = Named(two.id, MemberField.TECHNICAL, leads=True)
    again = Named(one.id, MemberField.TECHNICAL)
    refused(bureau, lambda: replace_member(session, bureau.handler, mine, again, "回避", TODAY), InvalidInput)
    added = replace_member(session, bureau.handler, mine, stead, "回避", TODAY)
    assert added is not None
    refused(
        bureau, lambda: replace_member(session, bureau.handler, mine, None, "x", TODAY), IllegalTransition
    )
    give(bureau, added, two.actor)
    refused(
        bureau, lambda: replace_member(session, bureau.handler, added, None, "x", TODAY), IllegalTransition
    )
    concluding(session, bureau.handler, panel_id)
    assert [_sees(session, two.actor, file) for file in files[:2]] == [True, False]


def _sees(session: Session, who: Actor, attachment_id: int) -> bool:
    try:
        find_attachment(session, who, attachment_id)
    except NotFound:
        return False
    finally:
        session.rollback()
    return True


def test_a_file_of_her_own_opinion_is_the_experts_and_not_the_next_ones(bureau: Bureau) -> None:
    session, project_id = bureau.session, bureau.project()
    one, two = expert(bureau, "e1"), expert(bureau, "e2")
    panel_id = forming(session, bureau.handler, project_id, named(one, two))
    give(bureau, seat(bureau, panel_id, one), one.actor, files=[_file("意见")])
    file = session.scalars(select(Attachment.id)).one()
    session.rollback()
    assert _sees(session, one.actor, file)
    assert not _sees(session, two.actor, file)


def test_the_joint_unit_is_heard_before_a_joint_projects_panel_concludes(bureau: Bureau) -> None:
    session = bureau.session
    joint = bureau.actor(Role.JOINT_UNIT)
    unit = next(unit for role, unit in joint.units if role is Role.JOINT_UNIT)
    project_id = bureau.project(joint_unit=unit)
    one = expert(bureau, "e1")
    panel_id = forming(session, bureau.handler, project_id, named(one))
    give(bureau, seat(bureau, panel_id, one), one.actor)
    refusal = refused(bureau, lambda: concluding(session, bureau.handler, panel_id), Obstructed)
    assert "第二十六条" in refusal.message
    assert words(bureau, TurnKind.REPORT) == [(Role.JOINT_UNIT, "对阶段考核提出联合实施单位意见")]
    refused(bureau, lambda: joint_opinion(session, joint, panel_id, " ", TODAY), InvalidInput)
    joint_opinion(session, joint, panel_id, "同意通过", TODAY)
    refused(bureau, lambda: joint_opinion(session, joint, panel_id, "再说一遍", TODAY), Obstructed)
    concluding(session, bureau.handler, panel_id)
    other = forming(session, bureau.handler, bureau.project("沙-2", joint_unit="别家"), named(one))
    refused(bureau, lambda: joint_opinion(session, joint, other, "同意", TODAY), NotFound)
    manager = bureau.actor(Role.UNIT_MANAGER)
    both = Actor(
        *(manager.agency_id, manager.user_id, manager.name),
        frozenset({Role.UNIT_MANAGER, Role.JOINT_UNIT}),
        manager.email,
        manager.units,
    )
    refused(bureau, lambda: joint_opinion(session, both, other, "同意", TODAY), NotTheirs)


def test_a_panel_sent_home_asks_nobody_and_another_may_be_named(bureau: Bureau) -> None:
    session, project_id = bureau.session, bureau.project()
    one = expert(bureau, "e1")
    panel_id = forming(session, bureau.handler, project_id, named(one))
    mine = seat(bureau, panel_id, one)
    dissolving(session, bureau.handler, panel_id)
    assert words(bureau, TurnKind.REVIEW) == []
    assert shown(bureau, project_id) is None
    refused(bureau, lambda: give(bureau, mine, one.actor), NotFound)
    forming(session, bureau.handler, project_id, named(one))


def test_two_presses_at_once_are_one_opinion(engine: Engine, bureau: Bureau) -> None:
    one = expert(bureau, "e1")
    mine = seat(bureau, forming(bureau.session, bureau.handler, bureau.project(), named(one)), one)
    bureau.session.close()

    def once(_: int) -> bool:
        with Session(engine) as own:
            try:
                submit(own, one.actor, mine, TODAY, True, SCORES, Review.PASSED, FINE)
            except IllegalTransition:
                return False
            return True

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(once, range(3))) == [False, False, True]
    query = select(func.count()).where(AuditEntry.action == "review.submit")
    assert bureau.session.scalar(query) == 1


def test_states_of_members_are_what_the_table_allows(bureau: Bureau) -> None:
    one = expert(bureau, "e1")
    mine = seat(bureau, forming(bureau.session, bureau.handler, bureau.project(), named(one)), one)
    give(bureau, mine, one.actor)
    assert bureau.session.get_one(PanelMember, mine).state is MemberState.SUBMITTED
    assert bureau.session.get_one(User, one.id).is_active
