"""The review: experts named, their findings summed up, a conclusion put forward."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy.orm import Session

from lifecycle.acceptance.cases import (
    Found,
    bring_on,
    find_case,
    keep_acceptance,
    person,
    tell,
    text_of,
)
from lifecycle.acceptance.checking import Proposed, propose_check
from lifecycle.acceptance.content import GOALS, content_of, content_to_plain
from lifecycle.acceptance.states import demand_step
from lifecycle.acceptance.way import OWN_PRACTICE, StepKey, least_goals, way_of
from lifecycle.command import Work, command
from lifecycle.judging import LEAST_REASON, MOST_TEXT, to_keep
from lifecycle.models import AcceptanceState, MemberField, PanelState, PanelSubject
from lifecycle.panels import Named, ShownPanel, conclude_panel, form_panel, panel_of
from lifecycle.record import Conclusion, Review
from lifecycle.refusals import InvalidInput, Obstructed
from lifecycle.roles import Permission

LEAST_EXPERTS = 3
"""Experts who accept a project of public money, and their number is odd. The bureau's own requirement."""


@command("acceptance.name_panel", Permission.FORM_PANEL)
def name_panel(work: Work, case_id: int, members: Sequence[Named], due: date | None, today: date) -> int:
    """Name the experts who review the acceptance; return the panel's id.

    Technical and financial in one (SPB 32), so there is one of each at least. Raises ``NotFound``,
    ``OutOfOrder``, ``IllegalTransition``, ``InvalidInput`` (``members``, ``due``), ``VerdictRefused``,
    ``Obstructed``.
    """
    found = find_case(work.session, work.actor, case_id)
    step = demand_step(found.case, found.record, StepKey.REVIEW)
    wrong = "；".join(_wrong_panel(members, public=found.record.fiscal > 0, basis=step.basis))
    if wrong:
        raise InvalidInput({"members": f"{wrong}。"})
    panel = panel_of_case(work.session, found)
    if panel is not None and panel.state is PanelState.CONCLUDED:
        raise Obstructed(["专家组已经形成结论，不再另组专家组"])
    panel_id = form_panel(work, found.project.id, PanelSubject.ACCEPTANCE, found.case.id, members, due, today)
    named = panel_of_case(work.session, found)
    names = "、".join(f"{one.name}（{one.field}）" for one in named.members) if named else ""
    tell(
        work,
        found,
        f"组建验收专家组：{names}",
        citation=step.citation,
        changes=[{"field": "验收专家", "old": None, "new": names}],
    )
    return panel_id


def _wrong_panel(members: Sequence[Named], *, public: bool, basis: str) -> Iterator[str]:
    fields = {one.field for one in members}
    lacking = [one for one in (MemberField.TECHNICAL, MemberField.FINANCIAL) if one not in fields]
    if lacking:
        yield f"技术和财务验收合并进行，还缺{'、'.join(lacking)}专家（{basis}）"
    if public and (len(members) < LEAST_EXPERTS or len(members) % 2 == 0):
        yield f"有财政资金的项目，专家不少于 {LEAST_EXPERTS} 人且为单数（{OWN_PRACTICE}）"


def panel_of_case(session: Session, found: Found) -> ShownPanel | None:
    """Return the panel of a case, where there is one."""
    return panel_of(session, found.project.id, PanelSubject.ACCEPTANCE, found.case.id)


@command("acceptance.propose", Permission.HANDLE_ACCEPTANCE)
def propose(work: Work, case_id: int, proposed: Proposed, today: date) -> None:
    """Sum up what the experts found and put a conclusion forward; the panel is closed by it.

    Raises ``NotFound``, ``OutOfOrder``, ``IllegalTransition``, ``Obstructed`` (what is missing of the review,
    or a conclusion that cannot stand), ``VerdictRefused`` and ``InvalidInput``.
    """
    found = find_case(work.session, work.actor, case_id)
    step = demand_step(found.case, found.record, StepKey.REVIEW)
    panel = panel_of_case(work.session, found)
    if panel is None:
        raise Obstructed([f"还没有组建专家组，不能提出验收结论（{step.basis}）"])
    missing = panel.missing(found.record) if panel.state is PanelState.AT_WORK else []
    if missing:
        raise Obstructed(missing)
    _demand_words(proposed, panel)
    goals_met = _goals_met(found, proposed)
    check = propose_check(
        found.record,
        proposed,
        joint_took_part=panel.joint_on is not None,
        goals_met=goals_met,
        obstacles=(),
        today=today,
    )
    check.demand()
    if panel.state is PanelState.AT_WORK:
        conclude_panel(work, panel.id, proposed.opinion, today)
    _keep(work, found, proposed, goals_met)
    found.case.verdict = to_keep(check.verdict)
    found.case.proposed_by_id, found.case.proposed_on, found.case.note = person(work), today, None
    found = keep_acceptance(
        work,
        found,
        technical=proposed.technical,
        financial=proposed.financial,
        joint_unit_took_part=panel.joint_on is not None,
    )
    bring_on(work, found, _after_review(found), today)
    _tell_proposal(work, found, proposed, panel, step.citation)


def _demand_words(proposed: Proposed, panel: ShownPanel) -> None:
    text_of("opinion", proposed.opinion, "请写明专家组的综合意见。")
    differs = differs_from_majority(proposed.conclusion, panel)
    if differs and len(proposed.explanation.strip()) < LEAST_REASON:
        raise InvalidInput(
            {"explanation": f"拟定结论与多数专家意见不一致，请写明理由，不少于 {LEAST_REASON} 字。"}
        )
    if len(proposed.explanation) > MOST_TEXT:
        raise InvalidInput({"explanation": f"最多 {MOST_TEXT} 个字。"})


def differs_from_majority(conclusion: Conclusion, panel: ShownPanel) -> bool:
    """Whether a conclusion is another than most experts came to; what is even is no majority for passing."""
    expected = Conclusion.PASSED if panel.majority is Review.PASSED else Conclusion.FAILED
    return conclusion is not expected


def _goals_met(found: Found, proposed: Proposed) -> int | None:
    if least_goals(found.record) is None:
        return found.record.acceptance.goals_met if found.record.acceptance else None
    claimed = content_of(found.case.content).goals
    return sum(1 for key in GOALS if key in proposed.goals and key in claimed)


def _keep(work: Work, found: Found, proposed: Proposed, goals_met: int | None) -> None:
    case, content = found.case, content_of(found.case.content)
    if least_goals(found.record) is not None and goals_met is not None:
        accepted = tuple(key for key in GOALS if key in proposed.goals and key in content.goals)
        case.content = content_to_plain(replace(content, accepted_goals=accepted))
    case.technical, case.financial, case.proposed = (
        proposed.technical,
        proposed.financial,
        proposed.conclusion,
    )
    case.own_fault = proposed.own_fault and proposed.conclusion is not Conclusion.PASSED
    explanation = proposed.explanation.strip()
    case.opinion = proposed.opinion.strip() + (
        f"\n与多数专家意见不一致的理由：{explanation}" if explanation else ""
    )
    work.session.flush()


def _after_review(found: Found) -> AcceptanceState:
    keys = {step.key for step in way_of(found.record)}
    major = StepKey.CONFERENCE in keys
    return AcceptanceState.WITH_CONFERENCE if major else AcceptanceState.WITH_APPROVER


def _tell_proposal(work: Work, found: Found, proposed: Proposed, panel: ShownPanel, citation: str) -> None:
    reviews = f"技术{proposed.technical}，财务{proposed.financial}"
    votes = f"{panel.votes(Review.PASSED)} 人通过、{panel.votes(Review.FAILED)} 人不通过"
    tell(
        work,
        found,
        f"提出验收结论：{proposed.conclusion}（{reviews}；专家 {votes}）",
        citation=citation,
        note=found.case.opinion,
        changes=[
            {"field": "技术验收结论", "old": None, "new": proposed.technical.value},
            {"field": "财务验收结论", "old": None, "new": proposed.financial.value},
            {"field": "拟定结论", "old": None, "new": proposed.conclusion.value},
        ],
    )
