"""Ending a project before its time: its conclusion, and what follows by itself (SPB 31, EA 17)."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from lifecycle.aftermath import Opened, follow_conclusion
from lifecycle.command import Work
from lifecycle.models import Acceptance, AcceptanceCase, AcceptanceState, Project, TurnKind
from lifecycle.record import Conclusion
from lifecycle.records import load_record
from lifecycle.stages import STAGE_TRANSITIONS, Stage, advance, stage_of
from lifecycle.turns import hand_on


def terminate(work: Work, project: Project, *, own_fault: bool, today: date) -> Opened:
    """Conclude a project as terminated on ``today`` and open what follows; an acceptance on its way is over.

    Raises ``IllegalTransition`` where its stage cannot be left so.
    """
    advance(STAGE_TRANSITIONS, stage_of(load_record(work.session, project.id)), Stage.TERMINATED)
    row = _acceptance(work, project.id)
    row.conclusion, row.concluded_on, row.own_fault = Conclusion.TERMINATED, today, own_fault
    _end_case(work, project.id, today)
    work.touch(project.id)
    return follow_conclusion(work, project.id, today)


def _acceptance(work: Work, project_id: int) -> Acceptance:
    row = work.session.scalar(select(Acceptance).where(Acceptance.project_id == project_id))
    if row is None:
        row = Acceptance(
            project_id=project_id,
            joint_unit_took_part=False,
            own_fault=False,
            to_return_fen=0,
            returned_fen=0,
        )
        work.session.add(row)
    return row


def _end_case(work: Work, project_id: int, today: date) -> None:
    case = work.session.scalar(select(AcceptanceCase).where(AcceptanceCase.project_id == project_id))
    if case is not None and case.state is not AcceptanceState.DONE:
        case.state, case.note = AcceptanceState.DONE, "项目已终止实施，验收不再进行"
        hand_on(work, project_id, TurnKind.ACCEPTANCE, case.id, [], today)
