"""The page of one change, worked out for whoever looks: its steps, its checklist, whose turn it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle.attachments import ShownFile, attachments_of
from lifecycle.changes.checking import EDITABLE, Case, check_case, row_once_made
from lifecycle.changes.listing import change_trail, names_of
from lifecycle.changes.requests import DECIDED, OVER, find_request, load_case
from lifecycle.changes.routing import STATES, Decision, Remark, RouteStep, Step, decision_of, remarks_on
from lifecycle.judging import Check, verdict_kept
from lifecycle.models import AuditEntry, ChangeState, Project
from lifecycle.roles import BUREAU_ROLES, ROLE_NAMES, Actor, Role
from lifecycle.rules.verdict import Verdict
from lifecycle.terms_words import Told, told_differences
from lifecycle.visibility import visible_as

_OWN_ROLES = (Role.PI, Role.UNIT_MANAGER, Role.JOINT_UNIT)
_GOES_BACK: Mapping[ChangeState, tuple[Role, str]] = {
    ChangeState.WITH_UNIT: (Role.UNIT_MANAGER, "send_back"),
    ChangeState.WITH_JOINT_UNIT: (Role.JOINT_UNIT, "decline"),
    ChangeState.WITH_BUREAU: (Role.HANDLER, "return"),
    ChangeState.WITH_CONFERENCE: (Role.HANDLER, "return"),
    ChangeState.WITH_APPROVER: (Role.HANDLER, "return"),
}
"""State → who may send a request back from there, and by which act."""

_IS_REFUSED: Mapping[ChangeState, tuple[Role, str]] = {
    ChangeState.WITH_BUREAU: (Role.HANDLER, "reject"),
    ChangeState.WITH_CONFERENCE: (Role.HANDLER, "reject"),
    ChangeState.WITH_APPROVER: (Role.APPROVER, "refuse"),
}
"""State → who may decide against a request there, and by which act."""

ENDED = {ChangeState.REJECTED: "不予批准", ChangeState.WITHDRAWN: "已撤回", ChangeState.RETURNED: "已退回"}


@dataclass(frozen=True, slots=True)
class ShownStep:
    """One step as the stepper shows it."""

    step: RouteStep
    state: str
    """``done``, ``now`` or ``next``."""
    by: str

    @property
    def who(self) -> str:
        """The role that takes it."""
        return ROLE_NAMES[self.step.who]


class ChangePage:
    """Everything the page of a change shows."""

    def __init__(self, session: Session, actor: Actor, change_id: int, today: date) -> None:
        self.request, self.project = find_request(session, actor, change_id)
        self.case: Case = load_case(session, self.request)
        self._actor, self._today, self._session = actor, today, session
        self.files: Sequence[ShownFile] = attachments_of(session, self.project.id, "change", change_id)
        self.trail: Sequence[AuditEntry] = change_trail(session, self.request)
        one = self.request
        self._people = (one.drafted_by_id, one.confirmed_by_id, one.consented_by_id, one.proposed_by_id)
        self.names = names_of(session, (*self._people, one.decided_by_id))
        self.roles = roles_in(session, actor, self.project)

    @property
    def decision(self) -> Decision:
        """Who decides a change of this kind."""
        return decision_of(self.case.record, self.request.kind)

    @property
    def remarks(self) -> list[Remark]:
        """What usual rules say against it."""
        return remarks_on(self.case.record, self.request.kind)

    @property
    def is_editable(self) -> bool:
        """Whether its drafter still writes."""
        return self.request.state in EDITABLE

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens to it."""
        return self.request.state in OVER

    @cached_property
    def turn(self) -> RouteStep | None:
        """The step whose turn it is."""
        if self.is_editable:
            return self.case.route[0]
        state = self.request.state
        return next((one for one in self.case.route if STATES[one.step] is state), None)

    @property
    def steps(self) -> list[ShownStep]:
        """The way with what has been done of it."""
        now = None if self.is_over or self.turn is None else self.turn.step
        shown = []
        for one in self.case.route:
            state = "now" if one.step is now else "done" if one.done_on else "next"
            shown.append(ShownStep(one, state, self._by(one.step) if state == "done" else ""))
        return shown

    def _by(self, step: Step) -> str:
        one = self.request
        ids = {
            Step.CONFIRM: one.confirmed_by_id,
            Step.SETTLE: one.confirmed_by_id,
            Step.CONSENT: one.consented_by_id,
            Step.EXAMINE: one.proposed_by_id,
            Step.APPROVE: one.decided_by_id,
        }
        return self.names.get(ids.get(step) or 0, "")

    @cached_property
    def check(self) -> Check | None:
        """What is asked before it goes on; ``None`` once it is decided."""
        if self.request.state in DECIDED:
            return None
        row = row_once_made(self.case, self._today)
        found = check_case(self.case, row, self._today, self.request.reasons)
        missing = tuple(self.case.missing.values()) if self.is_editable else ()
        return Check(found.verdict, (*missing, *found.obstacles, *self._own_part()))

    def _own_part(self) -> tuple[str, ...]:
        if self.act != "approve" or self._actor.user_id not in self._people:
            return ()
        return ("您本人起草或办理过这项变更，须由其他人批准（本局不相容岗位分离要求）。",)

    @property
    def kept(self) -> Verdict | None:
        """The checklist as it was when it was decided."""
        return verdict_kept(self.request.verdict) if self.request.verdict else None

    @property
    def differences(self) -> list[Told]:
        """What it wants to change, old and new; once decided as it was then told."""
        if self.request.state in DECIDED:
            return self._told_then
        return told_differences(self.case.now, self.case.wanted)

    @property
    def _told_then(self) -> list[Told]:
        for entry in self.trail:
            changes = entry.details.get("changes")
            if isinstance(changes, list) and changes:
                return [Told(one["field"], one["old"], one["new"]) for one in changes]
        return []

    @property
    def act(self) -> str:
        """What this person can do to take it on, as the name of the act; empty where it is not her turn."""
        if self.turn is None or self.is_over:
            return ""
        step = self.turn.step
        if step in {Step.CONFIRM, Step.SETTLE}:
            if Role.UNIT_MANAGER in self.roles:
                return "confirm"
            return "send" if self.is_editable and Role.PI in self.roles else ""
        if step is Step.FILE:
            wanted, act = (self.turn.who, "file_own" if self.request.self_decided else "file")
        else:
            wanted, act = self.turn.who, _ACTS[step]
        return act if wanted in self.roles else ""

    @property
    def going_back(self) -> str:
        """The act by which this person may send it back; empty where she may not."""
        role, act = _GOES_BACK.get(self.request.state, (None, ""))
        return act if role in self.roles else ""

    @property
    def refusing(self) -> str:
        """The act by which this person may decide against it."""
        role, act = _IS_REFUSED.get(self.request.state, (None, ""))
        return act if role in self.roles and not self._own_part() else ""

    @property
    def may_edit(self) -> bool:
        """Whether this person may write in it."""
        return self.is_editable and not self.roles.isdisjoint({Role.PI, Role.UNIT_MANAGER})

    @property
    def may_withdraw(self) -> bool:
        """Whether this person may take it back."""
        if self.request.state in DECIDED:
            return False
        drafted = Role.PI in self.roles and self.request.drafted_by_id == self._actor.user_id
        return drafted or Role.UNIT_MANAGER in self.roles

    @property
    def words(self) -> str:
        """What the act does, as its button says."""
        request, number = self.request, self.project.joint_unit
        if self.act == "confirm":
            if request.self_decided:
                return "确认办理，即日生效"
            joint = any(one.step is Step.CONSENT for one in self.case.route)
            return f"确认，送{number}同意" if joint else "确认，报科技局审查"
        return {
            "send": "提交承担单位确认",
            "consent": "同意变更，报科技局审查",
            "propose": "审查通过，" + ("提请联席会议审定" if self._has_conference else "送审批"),
            "conference": "登记审定结果，送审批",
            "approve": "批准变更，新版任务书生效",
            "file": "登记平台备案",
            "file_own": "登记平台备案",
        }.get(self.act, "")

    @property
    def verb(self) -> str:
        """What the act is, as a sentence of the checklist says it."""
        return {"approve": "批准变更", "propose": "审查通过", "consent": "同意变更"}.get(
            self.act, "办理这项变更"
        )

    @property
    def asks_reasons(self) -> bool:
        """Whether the act asks for reasons for usual rules that are not held."""
        return self.act == "propose" or (self.act == "confirm" and self.request.self_decided)

    @property
    def _has_conference(self) -> bool:
        return any(one.step is Step.CONFERENCE for one in self.case.route)


_ACTS: Mapping[Step, str] = {
    Step.CONSENT: "consent",
    Step.EXAMINE: "propose",
    Step.CONFERENCE: "conference",
    Step.APPROVE: "approve",
}


def roles_in(session: Session, actor: Actor, project: Project) -> frozenset[Role]:
    """Return as what the actor acts in a project: her roles at the bureau, and those linked to it."""
    roles = {role for role in actor.roles if role in BUREAU_ROLES}
    held = [role for role in _OWN_ROLES if role in actor.roles]
    for role in held:
        query = select(Project.id).where(Project.id == project.id, visible_as(actor, role))
        if session.scalar(query) is not None:
            roles.add(role)
    return frozenset(roles)


def may_apply(roles: frozenset[Role]) -> bool:
    """Whether somebody in these roles may ask for changes of the project."""
    return not roles.isdisjoint({Role.PI, Role.UNIT_MANAGER})
