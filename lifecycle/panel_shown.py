"""A panel as pages and papers show it: who sits on it, what each thinks, what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from lifecycle.models import (
    MemberField,
    MemberState,
    Panel,
    PanelMember,
    PanelState,
    PanelSubject,
)
from lifecycle.record import ProjectRecord, Review
from lifecycle.rulebook import rulebook
from lifecycle.rules.acceptance import JointOrganiser
from lifecycle.rules.base import Kind, Rule
from lifecycle.rules.duties import StageReports

PANEL_PERIOD = timedelta(days=14)
"""How long experts are given where nobody says otherwise."""


@dataclass(frozen=True, slots=True)
class Aspect:
    """One aspect that experts score: ``key`` names it in forms, ``most`` is what it is worth in points."""

    key: str
    name: str
    most: int


_USUAL = (
    Aspect("tasks", "目标任务完成", 40),
    Aspect("indicators", "指标水平", 20),
    Aspect("money", "经费使用", 20),
    Aspect("management", "组织管理", 20),
)

ASPECTS: Mapping[PanelSubject, tuple[Aspect, ...]] = {
    PanelSubject.STAGE: _USUAL,
    PanelSubject.ACCEPTANCE: _USUAL,
}
"""What is scored, by what the panel is about; an opinion keeps points by the aspect's name."""

_JOINT: Mapping[PanelSubject, type[Kind]] = {
    PanelSubject.STAGE: StageReports,
    PanelSubject.ACCEPTANCE: JointOrganiser,
}
"""The kinds of rule by which the joint unit takes part (SPB 26, SPB 32)."""


def joint_rule(record: ProjectRecord, subject: PanelSubject) -> Rule | None:
    """Return the rule by which the joint unit takes part in this review; ``None``: there is none."""
    if not record.joint_unit:
        return None
    rules = rulebook().programme(record.programme, record.signed_on).rules
    wanted = (one for one in rules if isinstance(one.kind, _JOINT[subject]) and one.scope.covers(record))
    return next(wanted, None)


@dataclass(frozen=True, slots=True)
class ShownMember:
    """One expert and what she thinks."""

    id: int
    user_id: int
    name: str
    field: MemberField
    leads: bool
    state: MemberState
    no_conflict_on: date | None
    scores: Mapping[str, int]
    total: int | None
    verdict: Review | None
    opinion: str | None
    submitted_on: date | None
    note: str | None


@dataclass(frozen=True, slots=True)
class ShownPanel:
    """A panel with its members and what came of it."""

    id: int
    project_id: int
    subject: PanelSubject
    subject_id: int
    state: PanelState
    formed_on: date
    due: date | None
    joint_opinion: str | None
    joint_on: date | None
    conclusion: str | None
    concluded_on: date | None
    members: tuple[ShownMember, ...]

    @property
    def submitted(self) -> tuple[ShownMember, ...]:
        """The members whose opinions are in."""
        return tuple(one for one in self.members if one.state is MemberState.SUBMITTED)

    @property
    def waiting(self) -> tuple[ShownMember, ...]:
        """The members who have not answered."""
        return tuple(one for one in self.members if one.state is MemberState.INVITED)

    @property
    def average(self) -> str | None:
        """The mean of the totals with one decimal, cut; ``None`` before the first opinion."""
        totals = [one.total for one in self.submitted if one.total is not None]
        if not totals:
            return None
        tenths = sum(totals) * 10 // len(totals)
        return f"{tenths // 10}.{tenths % 10}"

    def votes(self, verdict: Review) -> int:
        """Return how many opinions come to this verdict."""
        return sum(one.verdict is verdict for one in self.submitted)

    @property
    def majority(self) -> Review | None:
        """What more than half of the opinions say; ``None`` where they are even."""
        passed, failed = self.votes(Review.PASSED), self.votes(Review.FAILED)
        if passed == failed:
            return None
        return Review.PASSED if passed > failed else Review.FAILED

    def missing(self, record: ProjectRecord) -> list[str]:
        """Return what must come in before the panel can conclude, as sentences."""
        found = []
        if self.waiting:
            names = "、".join(one.name for one in self.waiting)
            found.append(f"{names}还没有提交评议意见：请催办，或更换专家")
        elif not self.submitted:
            found.append("还没有一名专家提交评议意见：请另请专家")
        rule = joint_rule(record, self.subject)
        if rule is not None and self.joint_on is None:
            found.append(f"{record.joint_unit}还没有提出意见（{rule.citation}要求联合实施单位共同参加）")
        return found


def panel_of(session: Session, project_id: int, subject: PanelSubject, subject_id: int) -> ShownPanel | None:
    """Return the panel that is or was at work on something, the latest; those dissolved do not count."""
    query = (
        select(Panel)
        .where(
            Panel.project_id == project_id,
            Panel.subject_kind == subject,
            Panel.subject_id == subject_id,
            Panel.state != PanelState.DISSOLVED,
        )
        .order_by(Panel.id.desc())
        .limit(1)
        .options(selectinload(Panel.members))
    )
    panel = session.scalar(query)
    return None if panel is None else shown_panel(panel)


def shown_panel(panel: Panel) -> ShownPanel:
    """Return a panel's row with its members' as a plain value."""
    return ShownPanel(
        panel.id,
        panel.project_id,
        panel.subject_kind,
        panel.subject_id,
        panel.state,
        panel.formed_on,
        panel.due,
        panel.joint_opinion,
        panel.joint_on,
        panel.conclusion,
        panel.concluded_on,
        tuple(shown_member(one) for one in panel.members),
    )


def shown_member(row: PanelMember) -> ShownMember:
    """Return one member's row as a plain value."""
    return ShownMember(
        row.id,
        row.user_id,
        row.name,
        row.field,
        row.leads,
        row.state,
        row.no_conflict_on,
        dict(row.scores),
        row.total,
        row.verdict,
        row.opinion,
        row.submitted_on,
        row.note,
    )
