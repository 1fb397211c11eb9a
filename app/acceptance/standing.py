"""Where one acceptance stands for whoever looks: the way, what is asked now, and the one thing to press."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle.acceptance.cases import Found, find_row, still_to_file
from lifecycle.acceptance.checking import apply_check, conclude_check, on_their_way
from lifecycle.acceptance.content import GOALS, Content, content_of
from lifecycle.acceptance.states import DRAFTING, At, stand, state_words
from lifecycle.acceptance.way import StepKey, least_goals, way_of
from lifecycle.attachments import ShownFile, attachments_of
from lifecycle.judging import Check
from lifecycle.models import AcceptanceState, AuditEntry, PanelState, PanelSubject
from lifecycle.overview import WITHIN_THE_BUREAU, load_overview
from lifecycle.panels import ShownPanel, panel_of
from lifecycle.record import Conclusion, Indicator, Review
from lifecycle.roles import ROLE_NAMES, Actor, Permission, Role
from lifecycle.visibility import acting_as

_UNIT_ACTS = {
    AcceptanceState.DRAFT: ("draft", Permission.APPLY_ACCEPTANCE, (Role.PI, Role.UNIT_MANAGER)),
    AcceptanceState.RETURNED: ("draft", Permission.APPLY_ACCEPTANCE, (Role.PI, Role.UNIT_MANAGER)),
    AcceptanceState.WITH_UNIT: ("confirm", Permission.CONFIRM_ACCEPTANCE, (Role.UNIT_MANAGER,)),
}
_BUREAU_ACTS = {
    AcceptanceState.WITH_BUREAU: ("take-up", Permission.HANDLE_ACCEPTANCE),
    AcceptanceState.WITH_CONFERENCE: ("conference", Permission.HANDLE_ACCEPTANCE),
    AcceptanceState.WITH_GOVERNMENT: ("government", Permission.HANDLE_ACCEPTANCE),
    AcceptanceState.WITH_APPROVER: ("conclude", Permission.CONCLUDE_ACCEPTANCE),
}


@dataclass(frozen=True, slots=True)
class ShownIndicator:
    """An indicator with what was reached of it and the files that show it."""

    indicator: Indicator
    value: str
    evidence: Sequence[ShownFile]


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything the page of a case shows."""

    found: Found
    content: Content
    way: Sequence[At]
    panel: ShownPanel | None
    files: Sequence[ShownFile]
    trail: Sequence[AuditEntry]
    check: Check | None
    kept_within: bool
    """Whether what is not decided yet is kept from this person: the project's own people wait for it."""
    act: str
    """What this person can do now: a key of the page's forms; empty where it is another's turn."""

    @property
    def words(self) -> str:
        """The state as it reads."""
        return state_words(self.found.case.state, self_established=self.found.record.self_established)

    @property
    def is_over(self) -> bool:
        """Whether the project got its conclusion elsewhere, so that this acceptance goes no further."""
        case, record = self.found.case, self.found.record
        ended = case.state in {AcceptanceState.TO_FILE, AcceptanceState.DONE}
        return record.concluded_on is not None and not ended

    @property
    def votes(self) -> str:
        """How the experts' opinions stand, in words."""
        if self.panel is None:
            return ""
        passed, failed = self.panel.votes(Review.PASSED), self.panel.votes(Review.FAILED)
        return f"{passed} 人通过，{failed} 人不通过；平均 {self.panel.average or '—'} 分"

    @property
    def waits_for(self) -> str:
        """Who takes the next step."""
        if self.is_over or self.found.case.state is AcceptanceState.DONE:
            return ""
        if (
            self.panel
            and not self.kept_within
            and self.panel.state is PanelState.AT_WORK
            and self.panel.waiting
        ):
            return "、".join(one.name for one in self.panel.waiting)
        return "、".join(dict.fromkeys(ROLE_NAMES[one.step.role] for one in self.way if one.mark == "now"))

    @property
    def indicators(self) -> list[ShownIndicator]:
        """The indicators with what was reached."""
        by_id = {one.id: one for one in self.files}
        return [
            ShownIndicator(
                one,
                self.content.values.get(one.name, one.achieved_value or ""),
                [by_id[id_] for id_ in self.content.evidence.get(one.name, ()) if id_ in by_id],
            )
            for one in self.found.record.indicators
        ]

    def files_of(self, ids: Sequence[int]) -> list[ShownFile]:
        """Return those of the case's files."""
        return [one for one in self.files if one.id in ids]

    @property
    def other_files(self) -> list[ShownFile]:
        """The files that came at a later step."""
        if self.kept_within:
            return []
        return [one for one in self.files if one.id not in self.content.files]

    @property
    def goals(self) -> list[tuple[str, str, bool | None]]:
        """The goals claimed, how they were met, and whether the bureau acknowledges them."""
        accepted = self.content.accepted_goals
        return [
            (GOALS[key], how, None if accepted is None else key in accepted)
            for key, how in self.content.goals.items()
        ]

    @property
    def least_goals(self) -> int | None:
        """How many goals are to be met, where the programme counts them."""
        return least_goals(self.found.record)

    @property
    def has_certificate(self) -> bool:
        """Whether there is a certificate to print: only of what has passed."""
        case = self.found.case
        return bool(case.certificate_number) and case.proposed is Conclusion.PASSED


def standing_of(session: Session, actor: Actor, case_id: int, today: date) -> Standing:
    """Return where a case stands for this person, today. Raises ``NotFound``."""
    case, project = find_row(session, actor, case_id)
    # The overview is kept until something changes: a record is a dozen statements.
    found = Found(case, project, load_overview(session, actor, project.number, today).record)
    content = content_of(found.case.content)
    panel = panel_of(session, found.project.id, PanelSubject.ACCEPTANCE, case_id)
    kept_within = _kept_within(session, actor, found)
    return Standing(
        found=found,
        content=content,
        way=stand(way_of(found.record), found.case.state),
        panel=panel,
        files=attachments_of(session, found.project.id, "acceptance", case_id),
        trail=_trail(session, found, outside=not actor.sees_all_projects),
        kept_within=kept_within,
        check=_check(session, found, content, today),
        act=_act(session, actor, found, panel),
    )


def _check(session: Session, found: Found, content: Content, today: date) -> Check | None:
    """Return the checklist of the next act that has one."""
    state = found.case.state
    if found.record.concluded_on is not None:
        return None
    if state in DRAFTING or state is AcceptanceState.WITH_UNIT:
        return apply_check(found.record, content, on_their_way(session, found.project.id), today)
    if state is AcceptanceState.WITH_APPROVER:
        return conclude_check(found.case, found.record, today)
    return None


def _act(session: Session, actor: Actor, found: Found, panel: ShownPanel | None) -> str:
    state, project_id = found.case.state, found.project.id
    if found.record.concluded_on is not None and state is not AcceptanceState.TO_FILE:
        return ""
    if state in _UNIT_ACTS:
        key, permission, roles = _UNIT_ACTS[state]
        return key if actor.may(permission) and acting_as(session, actor, project_id, *roles) else ""
    if state in _BUREAU_ACTS:
        key, permission = _BUREAU_ACTS[state]
        return key if actor.may(permission) else ""
    if state is AcceptanceState.IN_REVIEW:
        return _act_in_review(session, actor, found, panel)
    if state is AcceptanceState.TO_FILE:
        return _act_to_file(session, actor, found)
    return ""


def _act_in_review(session: Session, actor: Actor, found: Found, panel: ShownPanel | None) -> str:
    if found.record.self_established:
        own = actor.may(Permission.ACCEPT_ONESELF)
        return "own" if own and acting_as(session, actor, found.project.id, Role.UNIT_MANAGER) else ""
    if panel is None:
        return "panel" if actor.may(Permission.FORM_PANEL) else ""
    at_work = panel.state is PanelState.AT_WORK
    joins = actor.may(Permission.JOIN_REVIEW) and found.record.joint_unit and panel.joint_on is None
    if at_work and joins and acting_as(session, actor, found.project.id, Role.JOINT_UNIT):
        return "join"
    if at_work and panel.missing(found.record):
        return ""
    return "propose" if actor.may(Permission.HANDLE_ACCEPTANCE) else ""


def _act_to_file(session: Session, actor: Actor, found: Found) -> str:
    if actor.may(Permission.HANDLE_ACCEPTANCE):
        return "platform" if StepKey.PLATFORM in still_to_file(found.record) else "filing"
    unit = actor.may(Permission.ACCEPT_ONESELF) and found.record.self_established
    return "papers" if unit and acting_as(session, actor, found.project.id, Role.UNIT_MANAGER) else ""


def _kept_within(session: Session, actor: Actor, found: Found) -> bool:
    """Whether the review and what comes of it are not this person's to see before the conclusion.

    The joint unit organises the acceptance together with the bureau (SPB 32).
    """
    if actor.sees_all_projects or found.record.self_established or found.record.concluded_on is not None:
        return False
    return not acting_as(session, actor, found.project.id, Role.JOINT_UNIT)


def _trail(session: Session, found: Found, *, outside: bool) -> Sequence[AuditEntry]:
    query = (
        select(AuditEntry)
        .where(AuditEntry.project_id == found.project.id, AuditEntry.action.startswith("acceptance."))
        .order_by(AuditEntry.serial.desc())
        .limit(50)
    )
    if outside:
        query = query.where(AuditEntry.action.not_in(WITHIN_THE_BUREAU))
    return session.scalars(query).all()
