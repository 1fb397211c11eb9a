"""The states of an acceptance: which may follow which, and at which step of the way each stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from lifecycle.acceptance.way import Step, StepKey, way_of
from lifecycle.models import AcceptanceCase, AcceptanceState
from lifecycle.record import ProjectRecord
from lifecycle.refusals import IllegalTransition, Refusal
from lifecycle.roles import ROLE_NAMES

CASE_TRANSITIONS: Mapping[AcceptanceState, frozenset[AcceptanceState]] = {
    AcceptanceState.DRAFT: frozenset({AcceptanceState.WITH_UNIT}),
    AcceptanceState.RETURNED: frozenset({AcceptanceState.WITH_UNIT}),
    # A self-established project goes from its unit's confirmation to its unit's own acceptance.
    AcceptanceState.WITH_UNIT: frozenset(
        {AcceptanceState.WITH_BUREAU, AcceptanceState.IN_REVIEW, AcceptanceState.RETURNED}
    ),
    AcceptanceState.WITH_BUREAU: frozenset({AcceptanceState.IN_REVIEW, AcceptanceState.RETURNED}),
    AcceptanceState.IN_REVIEW: frozenset(
        {AcceptanceState.WITH_CONFERENCE, AcceptanceState.WITH_APPROVER, AcceptanceState.TO_FILE}
    ),
    # Whoever does not agree sends it back to where a conclusion is proposed.
    AcceptanceState.WITH_CONFERENCE: frozenset({AcceptanceState.WITH_GOVERNMENT, AcceptanceState.IN_REVIEW}),
    AcceptanceState.WITH_GOVERNMENT: frozenset({AcceptanceState.WITH_APPROVER, AcceptanceState.IN_REVIEW}),
    AcceptanceState.WITH_APPROVER: frozenset(
        {AcceptanceState.TO_FILE, AcceptanceState.DONE, AcceptanceState.IN_REVIEW}
    ),
    AcceptanceState.TO_FILE: frozenset({AcceptanceState.DONE}),
    AcceptanceState.DONE: frozenset(),
}

STATE_OF: Mapping[StepKey, AcceptanceState] = {
    StepKey.DRAFT: AcceptanceState.DRAFT,
    StepKey.CONFIRM: AcceptanceState.WITH_UNIT,
    StepKey.ACCEPT: AcceptanceState.WITH_BUREAU,
    StepKey.REVIEW: AcceptanceState.IN_REVIEW,
    StepKey.JOINT: AcceptanceState.IN_REVIEW,
    StepKey.CONFERENCE: AcceptanceState.WITH_CONFERENCE,
    StepKey.GOVERNMENT: AcceptanceState.WITH_GOVERNMENT,
    StepKey.CONCLUDE: AcceptanceState.WITH_APPROVER,
    StepKey.SELF_CONCLUDE: AcceptanceState.IN_REVIEW,
    StepKey.PLATFORM: AcceptanceState.TO_FILE,
    StepKey.FILING: AcceptanceState.TO_FILE,
}
"""Step → the state in which it is taken."""

DRAFTING = frozenset({AcceptanceState.DRAFT, AcceptanceState.RETURNED})
"""States in which the application may be edited."""

_AFTER_CONCLUSION = frozenset({StepKey.PLATFORM, StepKey.FILING})
_LABELS: Mapping[StepKey, str] = {
    StepKey.DRAFT: "填写申请",
    StepKey.CONFIRM: "承担单位确认",
    StepKey.ACCEPT: "受理申请",
    StepKey.REVIEW: "专家评议",
    StepKey.CONFERENCE: "联席会议审议",
    StepKey.GOVERNMENT: "区政府审定",
    StepKey.CONCLUDE: "作出验收结论",
    StepKey.SELF_CONCLUDE: "单位自行验收",
}
"""Steps that no project takes once it has a conclusion, as a sentence names them."""

_ORDER = list(StepKey)
_ELSEWHERE: Mapping[StepKey, str] = {
    StepKey.CONCLUDE: "自主设置项目由项目实施单位自行组织验收并作出结论，区科技局不代为作出",
    StepKey.SELF_CONCLUDE: "只有自主设置项目由单位自行验收，本项目的验收结论由区科技局按程序作出",
    StepKey.CONFERENCE: "本项目的验收不经部门联席会议审议",
    StepKey.GOVERNMENT: "本项目的验收不报区政府审定",
    StepKey.PLATFORM: "本项目的验收结果不需要提交平台备案",
    StepKey.FILING: "本项目不是自主设置项目，不办理备查",
    StepKey.ACCEPT: "自主设置项目由单位自行验收，不需要区科技局受理",
    StepKey.REVIEW: "自主设置项目由单位自行组织验收，区科技局不组建专家组",
}


class OutOfOrder(Refusal):
    """A step is taken before an earlier one, or is none of this project's; the message names the article."""


class At(NamedTuple):
    """A step of the way and how it stands: done, now or ahead."""

    step: Step
    mark: str

    @property
    def who(self) -> str:
        """The role that takes it, in words."""
        return ROLE_NAMES[self.step.role]


def stand(way: Sequence[Step], state: AcceptanceState) -> list[At]:
    """Return how every step of the way stands while the case is in ``state``."""
    if state is AcceptanceState.DONE:
        return [At(step, "done") for step in way]
    place = _place(way, state)
    marks = ("done", "now", "ahead")
    return [At(step, marks[_compare(way, index, place)]) for index, step in enumerate(way)]


def _compare(way: Sequence[Step], index: int, place: int) -> int:
    if STATE_OF[way[index].key] is STATE_OF[way[place].key]:
        return 1
    return 0 if index < place else 2


def _place(way: Sequence[Step], state: AcceptanceState) -> int:
    wanted = AcceptanceState.DRAFT if state is AcceptanceState.RETURNED else state
    return next(index for index, step in enumerate(way) if STATE_OF[step.key] is wanted)


def demand_step(case: AcceptanceCase, record: ProjectRecord, key: StepKey) -> Step:
    """Return the step that is being taken, where it is its turn.

    Raises ``OutOfOrder`` where the project's way has no such step or another comes first, and
    ``IllegalTransition`` where it has been taken.
    """
    way = way_of(record)
    if record.concluded_on is not None and key not in _AFTER_CONCLUSION:
        raise IllegalTransition(f"已有结论（{record.concluded_on}）", _LABELS[key])
    step = next((one for one in way if one.key is key), None)
    if step is None:
        raise OutOfOrder(f"{_ELSEWHERE[key]}（{basis_of(way)}）。")
    if case.state is STATE_OF[key] or (key is StepKey.DRAFT and case.state in DRAFTING):
        return step
    if case.state is not AcceptanceState.DONE:
        now = way[_place(way, case.state)]
        if _ORDER.index(now.key) < _ORDER.index(key):
            raise OutOfOrder(
                f"“{step.label}”要在“{now.label}”之后办理，现在还在“{now.label}”（{_cited(step, now)}）。"
            )
    raise IllegalTransition(case.state, step.label)


def _cited(step: Step, now: Step) -> str:
    return step.citation or now.citation or step.basis


def basis_of(way: Sequence[Step]) -> str:
    """Return the article on which a way as a whole rests."""
    return next((one.citation for one in way if one.citation), way[-1].basis)


def state_words(state: AcceptanceState, *, self_established: bool) -> str:
    """Return a state as it reads; what the unit does itself has words of its own."""
    if self_established and state is AcceptanceState.IN_REVIEW:
        return "单位自行验收中"
    if self_established and state is AcceptanceState.TO_FILE:
        return "待备查"
    return state.value
