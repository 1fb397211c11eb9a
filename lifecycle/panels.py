"""Panels of experts: named, replaced, heard with the joint unit, and what they conclude (SPB 20, 26, 32).

``form_panel``, ``conclude_panel`` and ``dissolve_panel`` are steps within the commands of whatever the panel
is about; while a panel is at work it says whose turn that thing is. What one expert does is the business of
``lifecycle.reviews``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle.command import Work, command
from lifecycle.experts import Candidate, candidates, demand_impartial, impartial
from lifecycle.judging import MOST_TEXT
from lifecycle.models import (
    MemberField,
    MemberState,
    Panel,
    PanelMember,
    PanelState,
    PanelSubject,
    Project,
    Report,
    TurnKind,
)
from lifecycle.panel_shown import ASPECTS, PANEL_PERIOD, Aspect, ShownMember, ShownPanel, joint_rule, panel_of
from lifecycle.records import load_record
from lifecycle.refusals import InvalidInput, NotFound, Obstructed
from lifecycle.roles import Actor, Permission, Role
from lifecycle.rules.time_limits import ConclusionWithin, StageReview
from lifecycle.stages import advance
from lifecycle.turns import DutyOf, Waits, hand_on
from lifecycle.visibility import demand_acting_as, visible

__all__ = [
    "ASPECTS",
    "PANEL_PERIOD",
    "Aspect",
    "Candidate",
    "Named",
    "ShownMember",
    "ShownPanel",
    "candidates",
    "conclude_panel",
    "dissolve_panel",
    "form_panel",
    "impartial",
    "joint_opinion",
    "joint_rule",
    "panel_of",
    "replace_member",
]

PANEL_TRANSITIONS: Mapping[PanelState, frozenset[PanelState]] = {
    PanelState.AT_WORK: frozenset({PanelState.CONCLUDED, PanelState.DISSOLVED}),
    PanelState.CONCLUDED: frozenset(),
    PanelState.DISSOLVED: frozenset(),
}

MEMBER_TRANSITIONS: Mapping[MemberState, frozenset[MemberState]] = {
    MemberState.INVITED: frozenset({MemberState.SUBMITTED, MemberState.RECUSED, MemberState.REPLACED}),
    MemberState.RECUSED: frozenset({MemberState.REPLACED}),
    MemberState.SUBMITTED: frozenset(),
    MemberState.REPLACED: frozenset(),
}

MOST_MEMBERS = 15

TURNS: Mapping[PanelSubject, TurnKind] = {
    PanelSubject.STAGE: TurnKind.REPORT,
    PanelSubject.ACCEPTANCE: TurnKind.ACCEPTANCE,
}
"""What a panel is about → the kind of turn that waits while it is at work."""


@dataclass(frozen=True, slots=True)
class Named:
    """An expert who is to sit on a panel, as what, and whether she leads it (组长)."""

    user_id: int
    field: MemberField
    leads: bool = False


def form_panel(
    work: Work,
    project_id: int,
    subject: PanelSubject,
    subject_id: int,
    members: Sequence[Named],
    due: date | None,
    today: date,
) -> int:
    """Name the experts who are to review a milestone or an acceptance; return the panel's id.

    Each finds it on her desk. Raises ``InvalidInput`` at ``members`` or ``due``, ``VerdictRefused`` for an
    expert who takes part in the project, ``Obstructed`` where a panel is at work on the same already.
    """
    _check(work, members, due, today)
    if _at_work(work.session, project_id, subject, subject_id) is not None:
        raise Obstructed(["这一事项的专家组正在评议，请等待结论，或先更换其中的专家"])
    known = candidates(work.session, work.actor.agency_id)
    demand_impartial(work, project_id, [known[one.user_id] for one in members], today)
    panel = Panel(
        project_id=project_id,
        subject_kind=subject,
        subject_id=subject_id,
        state=PanelState.AT_WORK,
        formed_by_id=work.actor.user_id,
        formed_on=today,
        due=due,
        members=[_member(one, known[one.user_id], today) for one in members],
    )
    work.session.add(panel)
    work.session.flush()
    for member in panel.members:
        _invite(work, panel, member, today)
    pass_on(work, panel, today)
    return panel.id


def _check(work: Work, members: Sequence[Named], due: date | None, today: date) -> None:
    errors: dict[str, str] = {}
    known = candidates(work.session, work.actor.agency_id)
    if not members:
        errors["members"] = "请至少指定一名专家。"
    elif len(members) > MOST_MEMBERS:
        errors["members"] = f"专家组最多 {MOST_MEMBERS} 人。"
    elif any(one.user_id not in known for one in members):
        errors["members"] = "所选人员不在本局专家名单中，或账号已停用，请重新选择。"
    elif len({one.user_id for one in members}) < len(members):
        errors["members"] = "同一名专家只能指定一次。"
    elif sum(one.leads for one in members) > 1:
        errors["members"] = "组长只能有一名。"
    if due is not None and due < today:
        errors["due"] = "评议期限不能早于今天。"
    if errors:
        raise InvalidInput(errors)


def _member(named: Named, person: Candidate, today: date) -> PanelMember:
    return PanelMember(
        user_id=person.user_id,
        name=person.name,
        field=named.field,
        leads=named.leads,
        state=MemberState.INVITED,
        invited_on=today,
        scores={},
    )


def _invite(work: Work, panel: Panel, member: PanelMember, today: date) -> None:
    words = f"{panel.subject_kind}：查阅材料、评分并提交意见"
    waits = [Waits(Role.EXPERT, words, member.user_id, panel.due)]
    hand_on(work, panel.project_id, TurnKind.REVIEW, member.id, waits, today)


@command("panel.replace_member", Permission.FORM_PANEL)
def replace_member(work: Work, member_id: int, named: Named | None, note: str, today: date) -> int | None:
    """Replace an expert who has given no opinion, or do without her; return the id of her successor.

    Raises ``NotFound``, ``IllegalTransition``, ``InvalidInput``, ``VerdictRefused``.
    """
    member = work.session.get(PanelMember, member_id)
    panel = find_panel(work.session, work.actor, member.panel_id if member else 0)
    if member is None:  # find_panel has said so already
        raise NotFound("这名专家")
    _demand_at_work(panel)
    member.state = advance(MEMBER_TRANSITIONS, member.state, MemberState.REPLACED)
    if not note.strip():
        raise InvalidInput({"note": "请写明更换的原因。"})
    if len(note) > MOST_TEXT:
        raise InvalidInput({"note": f"最多 {MOST_TEXT} 个字。"})
    if member.note is None:
        member.note = note.strip()
    hand_on(work, panel.project_id, TurnKind.REVIEW, member.id, (), today)
    added = _add(work, panel, named, today) if named else None
    work.session.flush()
    if added is not None:
        _invite(work, panel, added, today)
    pass_on(work, panel, today)
    work.record(
        f"{panel.subject_kind}专家组：{member.name}不再参加" + (f"，改由{added.name}评议" if added else ""),
        project_id=panel.project_id,
        details={
            "note": note.strip(),
            "changes": [{"field": "专家", "old": member.name, "new": added.name if added else "不再增补"}],
        },
    )
    return added.id if added else None


def _add(work: Work, panel: Panel, named: Named, today: date) -> PanelMember:
    if any(one.user_id == named.user_id for one in panel.members):
        raise InvalidInput({"user_id": "这名专家已在或曾在本专家组，请另选一名。"})
    known = candidates(work.session, work.actor.agency_id)
    if named.user_id not in known:
        raise InvalidInput({"user_id": "所选人员不在本局专家名单中，或账号已停用，请重新选择。"})
    demand_impartial(work, panel.project_id, [known[named.user_id]], today)
    sitting = (MemberState.INVITED, MemberState.SUBMITTED)
    if named.leads and any(one.leads and one.state in sitting for one in panel.members):
        raise InvalidInput({"user_id": "组长只能有一名。"})
    added = _member(named, known[named.user_id], today)
    panel.members.append(added)
    return added


@command("panel.joint_opinion", Permission.JOIN_REVIEW)
def joint_opinion(work: Work, panel_id: int, text: str, today: date) -> None:
    """Record what the joint unit, which takes part in the review, has to say (SPB 26, 32).

    Raises ``NotFound``, ``NotTheirs``, ``InvalidInput``, ``Obstructed`` where it has been heard already.
    """
    panel = find_panel(work.session, work.actor, panel_id)
    demand_acting_as(work.session, work.actor, panel.project_id, Role.JOINT_UNIT)
    _demand_at_work(panel)
    if panel.joint_on is not None:
        raise Obstructed(["联合实施单位已经提出意见，不能重复提交"])
    _demand_text("joint_opinion", text, "请写明联合实施单位的意见。")
    panel.joint_opinion = text.strip()
    panel.joint_by_id = work.actor.user_id
    panel.joint_on = today
    pass_on(work, panel, today)
    rule = joint_rule(load_record(work.session, panel.project_id), panel.subject_kind)
    work.record(
        f"联合实施单位对{panel.subject_kind}提出意见",
        project_id=panel.project_id,
        citation=rule.citation if rule else None,
        details={"note": text.strip()},
    )


def conclude_panel(work: Work, panel_id: int, conclusion_text: str, today: date) -> ShownPanel:
    """Close a panel with what it found as a whole; return it with its opinions.

    Everybody named must have answered, somebody with an opinion, and the joint unit where a rule wants it.
    Raises ``Obstructed`` with everything that is missing, ``InvalidInput`` at ``conclusion``.
    """
    panel = work.session.get_one(Panel, panel_id)
    then = advance(PANEL_TRANSITIONS, panel.state, PanelState.CONCLUDED)
    shown = panel_of(work.session, panel.project_id, panel.subject_kind, panel.subject_id)
    assert shown is not None  # noqa: S101 it is the latest one, or not at work
    missing = shown.missing(load_record(work.session, panel.project_id))
    if missing:
        raise Obstructed(missing)
    _demand_text("conclusion", conclusion_text, "请写明专家组的意见。")
    panel.state = then
    panel.conclusion = conclusion_text.strip()
    panel.concluded_by_id, panel.concluded_on = work.actor.user_id, today
    work.session.flush()
    hand_on(work, panel.project_id, TURNS[panel.subject_kind], panel.subject_id, (), today)
    return shown


def dissolve_panel(work: Work, panel_id: int, today: date) -> None:
    """Send the experts home, because what they were asked about has been taken back."""
    panel = work.session.get_one(Panel, panel_id)
    panel.state = advance(PANEL_TRANSITIONS, panel.state, PanelState.DISSOLVED)
    for member in panel.members:
        hand_on(work, panel.project_id, TurnKind.REVIEW, member.id, (), today)


def pass_on(work: Work, panel: Panel, today: date) -> None:
    """Say for whom the thing waits while experts are at it: the joint unit, or the handler."""
    record = load_record(work.session, panel.project_id)
    states = [one.state for one in panel.members]
    waits, duty = [], _duty_of(work, panel)
    if panel.joint_on is None and joint_rule(record, panel.subject_kind):
        waits.append(Waits(Role.JOINT_UNIT, f"对{panel.subject_kind}提出联合实施单位意见", due=panel.due))
    if MemberState.RECUSED in states:
        names = "、".join(one.name for one in panel.members if one.state is MemberState.RECUSED)
        waits.append(Waits(Role.HANDLER, f"{names}已回避，请为{panel.subject_kind}另请专家", duty=duty))
    elif MemberState.INVITED not in states and not waits:
        waits.append(Waits(Role.HANDLER, f"汇总专家意见，形成{panel.subject_kind}结论", duty=duty))
    hand_on(work, panel.project_id, TURNS[panel.subject_kind], panel.subject_id, waits, today)


def _duty_of(work: Work, panel: Panel) -> DutyOf | None:
    """Return the duty of the bureau that speaks of the whole review."""
    if panel.subject_kind is PanelSubject.ACCEPTANCE:
        return DutyOf(ConclusionWithin)
    report = work.session.get(Report, panel.subject_id)
    return DutyOf(StageReview, str(report.subject)) if report else None


def find_panel(session: Session, actor: Actor, panel_id: int) -> Panel:
    """Return a panel of a project that the actor may see. Raises ``NotFound``."""
    query = select(Panel).join(Project, Project.id == Panel.project_id).where(Panel.id == panel_id)
    panel = session.scalar(query.where(visible(actor)))
    if panel is None:
        raise NotFound("这个专家组")
    return panel


def _at_work(session: Session, project_id: int, subject: PanelSubject, subject_id: int) -> int | None:
    return session.scalar(
        select(Panel.id).where(
            Panel.project_id == project_id,
            Panel.subject_kind == subject,
            Panel.subject_id == subject_id,
            Panel.state == PanelState.AT_WORK,
        )
    )


def _demand_at_work(panel: Panel) -> None:
    if panel.state is not PanelState.AT_WORK:
        raise Obstructed([f"专家组{panel.state}，不能再办理"])


def _demand_text(field: str, text: str, empty: str) -> None:
    if not text.strip():
        raise InvalidInput({field: empty})
    if len(text) > MOST_TEXT:
        raise InvalidInput({field: f"最多 {MOST_TEXT} 个字。"})
