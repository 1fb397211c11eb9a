"""From a rectification that is overdue to a proposal that money waits or that the project ends (SPB 31)."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from lifecycle.command import Work, command
from lifecycle.inspecting import Draft
from lifecycle.measures import find_measure
from lifecycle.models import Inspection, InspectionKind, InspectionState, Measure, Outcome
from lifecycle.record import MeasureKind
from lifecycle.refusals import InvalidInput, Obstructed
from lifecycle.roles import Permission
from lifecycle.supervision import put_forward_new


@command("inspection.escalate", Permission.INSPECT)
def escalate(work: Work, measure_id: int, outcome: Outcome, today: date, *, own_fault: bool = False) -> int:
    """Put forward that money waits, or that the project ends, since a rectification is overdue.

    Returns the id of the inspection that carries it. Raises ``NotFound``, ``InvalidInput`` (``outcome``),
    ``Obstructed`` and ``IllegalTransition``.
    """
    measure, project = find_measure(work.session, work.actor, measure_id)
    if outcome not in {Outcome.HOLD, Outcome.TERMINATE}:
        raise InvalidInput({"outcome": "请选择暂缓拨付或终止实施。"})
    _demand_overdue(work, measure, outcome, today)
    draft = Draft(
        kind=InspectionKind.SPECIAL,
        organiser="区科技局",
        recognised=False,
        inspected_on=today,
        inspectors=work.actor.name,
        summary=f"{measure.ordered_on} 要求限期整改，期限 {measure.due}，到期未完成。",
        findings=(_overdue_words(measure),),
        outcome=outcome,
        due=None,
        own_fault=own_fault and outcome is Outcome.TERMINATE,
    )
    return put_forward_new(work, project, draft, (), today)


def _overdue_words(measure: Measure) -> str:
    return f"限期整改（第 {measure.number} 项）逾期未完成：{measure.text}"


def _demand_overdue(work: Work, measure: Measure, outcome: Outcome, today: date) -> None:
    is_open = measure.kind is MeasureKind.RECTIFICATION and measure.settled_on is None
    if not is_open or measure.due is None or measure.due >= today:
        raise Obstructed(["只有逾期未完成的限期整改，才能据此提请暂缓拨付或终止实施。"])
    query = select(Inspection).where(
        Inspection.project_id == measure.project_id,
        Inspection.state == InspectionState.PROPOSED,
        Inspection.outcome == outcome,
    )
    if any({"text": _overdue_words(measure)} in one.findings for one in work.session.scalars(query)):
        raise Obstructed([f"已据此提请{outcome}，正在等待审批。"])
