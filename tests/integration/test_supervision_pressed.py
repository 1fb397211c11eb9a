"""Any sequence of commands of supervision keeps the tables of stages and states, and the record in order."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle import measures as ways
from lifecycle.audit_check import verify
from lifecycle.escalation import escalate
from lifecycle.models import Inspection, InspectionState, Measure, MeasureState, Outcome, Project
from lifecycle.record import MeasureKind
from lifecycle.refusals import Refusal
from lifecycle.roles import Role
from lifecycle.stages import STAGE_TRANSITIONS, Stage, stage_of
from lifecycle.standing import rebuild, standing_rows
from lifecycle.supervision import INSPECTION_TRANSITIONS, agree, send_back
from tests.integration.overseeing import ANSWER, PROOF, recorded
from tests.integration.paying import TODAY, Bureau, a_bureau

NOTE = "请补充核实有关情况后再报。"
Press = Callable[[Bureau, int, int, Any], Any]

PRESSES: dict[str, Press] = {
    "record": lambda b, project, _, outcome: recorded(b, project, outcome),
    "agree": lambda b, _, id_, day: agree(b.session, b.approver, id_, day),
    "send back": lambda b, _, id_, day: send_back(b.session, b.approver, id_, NOTE, day),
    "answer": lambda b, _, id_, day: ways.answer(b.session, b.actor(Role.PI), id_, ANSWER, PROOF, day),
    "verify": lambda b, _, id_, day: ways.verify(b.session, b.handler, id_, day),
    "return": lambda b, _, id_, day: ways.send_back(b.session, b.handler, id_, NOTE, day),
    "propose": lambda b, _, id_, day: ways.propose_lifting(b.session, b.handler, id_, NOTE, (), day),
    "lift": lambda b, _, id_, day: ways.lift(b.session, b.approver, id_, day),
    "keep": lambda b, _, id_, day: ways.keep(b.session, b.approver, id_, NOTE, day),
    "escalate": lambda b, _, id_, day: escalate(b.session, b.handler, id_, Outcome.HOLD, day),
}
"""What somebody may press; the last argument is an outcome for the first, else a day."""


steps = st.lists(
    st.tuples(
        st.sampled_from([*PRESSES, *["record", "agree"] * 3]),
        st.integers(0, 3),
        st.sampled_from(list(Outcome)),
        st.integers(0, 40),
    ),
    max_size=14,
)


class _Life:
    """One project's rows, as they were before a press, to be compared with what they are after it."""

    def __init__(self, bureau: Bureau, project_id: int) -> None:
        self.bureau, self.project_id = bureau, project_id
        self.stage, self.inspections, self.measures = self._now()

    def _now(self) -> tuple[Stage, dict[int, InspectionState], dict[int, MeasureState]]:
        session = self.bureau.session
        session.rollback()
        inspections = select(Inspection).where(Inspection.project_id == self.project_id)
        measures = select(Measure).where(Measure.project_id == self.project_id)
        found = (
            session.get_one(Project, self.project_id).stage,
            {one.id: one.state for one in session.scalars(inspections)},
            {one.id: one.state for one in session.scalars(measures)},
        )
        session.rollback()
        return found

    def press(self, name: str, place: int, outcome: Outcome, days: int) -> None:
        """Press something at one of the project's rows; a refusal is as good as anything."""
        rows = list(self.inspections if name in {"agree", "send back"} else self.measures)
        if not rows and name != "record":
            return
        id_ = rows[place % len(rows)] if rows else 0
        given = outcome if name == "record" else TODAY + timedelta(days)
        with suppress(Refusal):
            PRESSES[name](self.bureau, self.project_id, id_, given)
        self._demand_allowed()

    def _demand_allowed(self) -> None:
        stage, inspections, measures = self._now()
        way = {self.stage, stage}
        ended = {Stage.TERMINATED, Stage.CLEARING}
        assert len(way) == 1 or stage in STAGE_TRANSITIONS[self.stage] or stage in ended
        for id_, state in inspections.items():
            before = self.inspections.get(id_, InspectionState.RECORDED)
            assert state is before or state in INSPECTION_TRANSITIONS[before]
        for id_, now in measures.items():
            was = self.measures.get(id_, MeasureState.ORDERED)
            # A termination settles whatever was still open.
            assert now is was or now in ways.MEASURE_TRANSITIONS[was] or stage in ended
        self.stage, self.inspections, self.measures = stage, inspections, measures

    def demand_in_order(self) -> None:
        """Demand that record, states and stage say the same."""
        record = self.bureau.record(self.project_id)
        assert stage_of(record) is self.stage
        settled = [one.settled_on is not None for one in record.measures]
        assert settled == [state is MeasureState.SETTLED for state in self.measures.values()]
        assert [one.number for one in record.measures] == list(range(1, len(record.measures) + 1))
        assert all((one.due is None) is (one.kind is MeasureKind.HOLD) for one in record.measures)
        if record.concluded_on is not None:
            assert all(settled)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(presses=steps)
def test_whatever_is_pressed_states_and_stages_follow_their_tables(
    session: Session, presses: list[tuple[str, int, Outcome, int]]
) -> None:
    session.rollback()
    bureau = _bureau(session)
    life = _Life(bureau, bureau.project(f"沙-{len(_made)}"))
    _made.append(life.project_id)
    for press in presses:
        life.press(*press)
    life.demand_in_order()
    agency = bureau.people.agency_a
    kept = list(standing_rows(session, agency))
    session.rollback()
    rebuild(session, agency)
    assert list(standing_rows(session, agency)) == kept
    session.rollback()
    assert not any(check.faults for check in verify(session))


_made: list[int] = []
_bureaus: dict[int, Bureau] = {}


def _bureau(session: Session) -> Bureau:
    """Return the bureau of this test's database, made with its first example."""
    if id(session) not in _bureaus:
        _bureaus.clear()
        _bureaus[id(session)] = a_bureau(session)
    return _bureaus[id(session)]
