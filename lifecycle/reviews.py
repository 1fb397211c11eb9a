"""What one expert does on a panel: declare that she has no part in the project, score, judge, stand aside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle.attachments import attach, names_and_digests
from lifecycle.command import Work, command
from lifecycle.experts import candidates, demand_impartial
from lifecycle.filekinds import StoredFile
from lifecycle.judging import MOST_TEXT
from lifecycle.models import MemberState, Panel, PanelMember, PanelState, PanelSubject, Project, TurnKind
from lifecycle.panels import ASPECTS, MEMBER_TRANSITIONS, pass_on
from lifecycle.record import Review
from lifecycle.refusals import InvalidInput, NotFound, NotPermitted, Obstructed
from lifecycle.roles import Actor, Permission
from lifecycle.stages import advance
from lifecycle.turns import hand_on

MOST_OPINION = 4000
"""Characters of an opinion."""


def find_review(session: Session, actor: Actor, member_id: int) -> PanelMember:
    """Return what the actor herself is, or was, asked for as an expert.

    Raises ``NotFound`` for anybody else's, and for one whose place another has taken.
    """
    query = (
        select(PanelMember)
        .join(Panel, Panel.id == PanelMember.panel_id)
        .join(Project, Project.id == Panel.project_id)
        .where(
            PanelMember.id == member_id,
            PanelMember.user_id == actor.user_id,
            PanelMember.state != MemberState.REPLACED,
            Panel.state != PanelState.DISSOLVED,
            Project.agency_id == actor.agency_id,
        )
    )
    member = session.scalar(query)
    if member is None:
        raise NotFound("这项评议")
    return member


@command("review.submit", Permission.GIVE_OPINION)
def submit(
    work: Work,
    member_id: int,
    today: date,
    no_conflict: bool,
    scores: Mapping[str, int | None],
    verdict: Review | None,
    opinion: str,
    files: Sequence[StoredFile] = (),
) -> None:
    """Hand in an opinion: points by the aspects' keys, a verdict, words, and the declaration of no conflict.

    Whether she has a part in the project is asked once more. Raises ``NotFound``, ``IllegalTransition``,
    ``InvalidInput`` by field, ``VerdictRefused``, and ``NotPermitted`` where she is no expert any more.
    """
    member = find_review(work.session, work.actor, member_id)
    panel = _at_work(member)
    then = advance(MEMBER_TRANSITIONS, member.state, MemberState.SUBMITTED)
    _check(panel.subject_kind, scores, verdict, opinion, no_conflict=no_conflict)
    person = candidates(work.session, work.actor.agency_id).get(member.user_id)
    if person is None:  # her account was closed, or she is no expert any more, at this very moment
        raise NotPermitted(Permission.GIVE_OPINION)
    citation = demand_impartial(work, panel.project_id, [person], today)
    member.state = then
    member.no_conflict_on = member.submitted_on = today
    member.scores = {one.name: int(scores[one.key] or 0) for one in ASPECTS[panel.subject_kind]}
    member.total = sum(member.scores.values())
    member.verdict, member.opinion = verdict, opinion.strip()
    attach(work, panel.project_id, "review", member.id, files, f"{member.name}的评议附件")
    _answered(work, member, today)
    work.record(
        f"专家{member.name}提交{panel.subject_kind}意见：{verdict}，{member.total} 分",
        project_id=panel.project_id,
        citation=citation or None,
        details={
            "new": {"scores": member.scores, "verdict": str(verdict), "opinion": member.opinion},
            "note": "已声明不承担、不参加本项目",
            "files": names_and_digests(files),
        },
    )


def _check(
    subject: PanelSubject,
    scores: Mapping[str, int | None],
    verdict: Review | None,
    opinion: str,
    *,
    no_conflict: bool,
) -> None:
    errors = {}
    if not no_conflict:
        errors["no_conflict"] = "提交意见前，请先声明本人不承担、不参加本项目；有关联的，请选择回避。"
    for one in ASPECTS[subject]:
        points = scores.get(one.key)
        if points is None or not 0 <= points <= one.most:
            errors[one.key] = f"请填写 0 至 {one.most} 之间的整数。"
    if verdict is None:
        errors["verdict"] = "请选择通过或不通过。"
    if not opinion.strip():
        errors["opinion"] = "请写明评议意见。"
    elif len(opinion) > MOST_OPINION:
        errors["opinion"] = f"最多 {MOST_OPINION} 个字。"
    if errors:
        raise InvalidInput(errors)


@command("review.recuse", Permission.GIVE_OPINION)
def recuse(work: Work, member_id: int, today: date, note: str) -> None:
    """Stand aside; the question of who takes her place goes back to the handler.

    Raises ``NotFound``, ``IllegalTransition``, ``InvalidInput`` at ``note``.
    """
    member = find_review(work.session, work.actor, member_id)
    panel = _at_work(member)
    then = advance(MEMBER_TRANSITIONS, member.state, MemberState.RECUSED)
    if not note.strip():
        raise InvalidInput({"note": "请写明回避的原因，如与承担单位有合作关系。"})
    if len(note) > MOST_TEXT:
        raise InvalidInput({"note": f"最多 {MOST_TEXT} 个字。"})
    member.state, member.note = then, note.strip()
    _answered(work, member, today)
    work.record(
        f"专家{member.name}回避{panel.subject_kind}",
        project_id=panel.project_id,
        details={"note": note.strip()},
    )


def _at_work(member: PanelMember) -> Panel:
    if member.panel.state is not PanelState.AT_WORK:
        raise Obstructed(["专家组已经形成结论，不能再提交"])
    return member.panel


def _answered(work: Work, member: PanelMember, today: date) -> None:
    hand_on(work, member.panel.project_id, TurnKind.REVIEW, member.id, (), today)
    work.session.flush()
    pass_on(work, member.panel, today)
