"""What was ordered of a project: put right by its day and verified; money that waits until it may go on.

A rectification is answered by the unit or the pi with proof and verified by a handler. Lifting a hold is put
forward by a handler and decided by an approver, never the same person.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lifecycle.at_once import tell
from lifecycle.attachments import StoredFile, attach, names_and_digests
from lifecycle.command import Work, command
from lifecycle.inspecting import oversight_basis
from lifecycle.judging import LEAST_REASON, MOST_TEXT
from lifecycle.models import Inspection, Measure, MeasureState, Project, TurnKind
from lifecycle.recipients import AddressBook, parties_of
from lifecycle.record import MeasureKind
from lifecycle.refusals import IllegalTransition, InvalidInput, NotFound, Obstructed, SamePerson
from lifecycle.roles import Actor, Permission, Role
from lifecycle.rules.process import Rectification
from lifecycle.stages import advance
from lifecycle.turns import DutyOf, Waits, hand_on
from lifecycle.visibility import demand_acting_as, visible

MEASURE_TRANSITIONS: Mapping[MeasureState, frozenset[MeasureState]] = {
    MeasureState.ORDERED: frozenset({MeasureState.ANSWERED}),
    MeasureState.ANSWERED: frozenset({MeasureState.SETTLED, MeasureState.ORDERED}),
    MeasureState.SETTLED: frozenset(),
}
"""How a measure may go on. Of a hold, *answered* says that its lifting has been put forward."""

MOST_ORDERED = 300
"""Characters of what is ordered, as duties and checklists repeat it."""

_UNIT = (Role.PI, Role.UNIT_MANAGER)


def find_measure(session: Session, actor: Actor, measure_id: int) -> tuple[Measure, Project]:
    """Return a measure of a project that the actor may see. Raises ``NotFound``."""
    query = select(Measure, Project).join(Project, Project.id == Measure.project_id)
    row = session.execute(query.where(Measure.id == measure_id, visible(actor))).one_or_none()
    if row is None:
        raise NotFound("这项处理")
    return row[0], row[1]


def order_measures(
    work: Work, project: Project, inspection: Inspection, kinds: Iterable[MeasureKind], today: date
) -> Iterator[int]:
    """Order measures of a project as an inspection asks; yield their ids. Called within its command."""
    text = "；".join(one["text"].rstrip("。；") for one in inspection.findings)
    if len(text) > MOST_ORDERED:
        text = f"{text[: MOST_ORDERED - 1]}…"
    for kind in kinds:
        row = Measure(
            project_id=project.id,
            position=_next(work, project.id, "position", -1),
            number=_next(work, project.id, "number", 0),
            kind=kind,
            ordered_on=today,
            due=inspection.due if kind is MeasureKind.RECTIFICATION else None,
            text=text,
            state=MeasureState.ORDERED,
            inspection_id=inspection.id,
            ordered_by_id=work.actor.user_id,
        )
        work.session.add(row)
        work.session.flush()
        work.touch(project.id)
        _announce(work, project, row, today)
        yield row.id


def _next(work: Work, project_id: int, column: str, before: int) -> int:
    highest = func.coalesce(func.max(getattr(Measure, column)), before)
    found = work.session.scalar(select(highest).where(Measure.project_id == project_id))
    return (before if found is None else found) + 1


def _announce(work: Work, project: Project, row: Measure, today: date) -> None:
    if row.kind is MeasureKind.RECTIFICATION:
        _wait_for_unit(work, row, "按要求整改并提交证明材料", today)
        return
    parties = parties_of(project)
    book = AddressBook.of(work.session, work.actor.agency_id, today)
    ids = [user_id for role in _UNIT for user_id in book.told(role, -1, parties).user_ids]
    for user_id in dict.fromkeys(ids):
        tell(work, user_id, project, "后续经费暂缓拨付", today, path=f"/oversight/measures/{row.id}")


def _wait_for_unit(work: Work, row: Measure, words: str, today: date) -> None:
    duty = DutyOf(Rectification, str(row.number))
    waits = [Waits(Role.UNIT_MANAGER, words, due=row.due, duty=duty, also=Role.PI)]
    hand_on(work, row.project_id, TurnKind.MEASURE, row.id, waits, today)


@command("measure.answer", Permission.RECTIFY)
def answer(work: Work, measure_id: int, text: str, files: Sequence[StoredFile], today: date) -> None:
    """Say what was done to put things right, with the proof; by the project's pi or unit.

    Raises ``NotFound``, ``NotTheirs``, ``IllegalTransition`` and ``InvalidInput`` (``text``, ``files``).
    """
    row, project = find_measure(work.session, work.actor, measure_id)
    demand_acting_as(work.session, work.actor, project.id, *_UNIT)
    _demand_kind(row, MeasureKind.RECTIFICATION)
    row.state = advance(MEASURE_TRANSITIONS, row.state, MeasureState.ANSWERED)
    errors = _reason_errors("text", text, "整改情况")
    if not files:
        errors["files"] = "请附整改的证明材料。"
    if errors:
        raise InvalidInput(errors)
    row.answer, row.answered_by_id, row.answered_on = text.strip(), work.actor.user_id, today
    row.note = None
    attach(work, project.id, "measure", row.id, files, "整改证明材料")
    _wait_for_handler(work, row, today)
    _record(work, row, "提交整改情况", note=row.answer, files=files)


def _wait_for_handler(work: Work, row: Measure, today: date) -> None:
    waits = [Waits(Role.HANDLER, "核验整改情况")]
    hand_on(work, row.project_id, TurnKind.MEASURE, row.id, waits, today)


@command("measure.verify", Permission.INSPECT)
def verify(work: Work, measure_id: int, today: date) -> None:
    """Find a rectification done: it is settled on this day.

    Raises ``NotFound``, ``IllegalTransition``, ``SamePerson`` and ``Obstructed``.
    """
    row = _answered(work, measure_id, MeasureKind.RECTIFICATION, MeasureState.SETTLED, "核验")
    _settle(work, row, today)
    _record(work, row, "核验整改，已完成")


@command("measure.send_back", Permission.INSPECT)
def send_back(work: Work, measure_id: int, note: str, today: date) -> None:
    """Find a rectification not done yet, saying what is missing; it is the unit's turn again.

    Raises ``NotFound``, ``IllegalTransition``, ``SamePerson``, ``Obstructed``, ``InvalidInput`` (``note``).
    """
    row = _answered(work, measure_id, MeasureKind.RECTIFICATION, MeasureState.ORDERED, "核验")
    _demand_reason("note", note, "尚未整改到位之处")
    row.note, row.answered_on = note.strip(), None
    _wait_for_unit(work, row, "补充整改并重新提交", today)
    _record(work, row, "核验整改，退回补充", note=row.note)


@command("measure.extend", Permission.APPROVE_MEASURE)
def extend(work: Work, measure_id: int, due: date, reason: str, today: date) -> None:
    """Give more time for a rectification, saying why; the day before stands in the history.

    Raises ``NotFound``, ``IllegalTransition``, ``Obstructed`` and ``InvalidInput`` (``due``, ``reason``).
    """
    row, _ = find_measure(work.session, work.actor, measure_id)
    _demand_kind(row, MeasureKind.RECTIFICATION)
    if row.state is not MeasureState.ORDERED:
        raise IllegalTransition(row.state, MeasureState.ORDERED)
    errors = _reason_errors("reason", reason, "延长期限的理由")
    old = row.due
    if due <= today or (old is not None and due <= old):
        errors["due"] = f"新的期限应晚于今天和原期限（{old}）。"
    if errors:
        raise InvalidInput(errors)
    row.due = due
    work.touch(row.project_id)
    _wait_for_unit(work, row, "按要求整改并提交证明材料", today)
    changes = [{"field": "整改期限", "old": str(old), "new": due.isoformat()}]
    _record(work, row, f"延长整改期限至 {due}", note=reason.strip(), changes=changes)


@command("measure.propose_lifting", Permission.INSPECT)
def propose_lifting(
    work: Work, measure_id: int, reason: str, files: Sequence[StoredFile], today: date
) -> None:
    """Put forward that a hold be lifted, saying why.

    Raises ``NotFound``, ``IllegalTransition``, ``Obstructed`` and ``InvalidInput`` (``reason``).
    """
    row, project = find_measure(work.session, work.actor, measure_id)
    _demand_kind(row, MeasureKind.HOLD)
    row.state = advance(MEASURE_TRANSITIONS, row.state, MeasureState.ANSWERED)
    _demand_reason("reason", reason, "解除的理由")
    row.answer, row.answered_by_id, row.answered_on = reason.strip(), work.actor.user_id, today
    row.note = None
    attach(work, project.id, "measure", row.id, files, "解除暂缓拨付依据")
    waits = [Waits(Role.APPROVER, "审批解除暂缓拨付")]
    hand_on(work, row.project_id, TurnKind.MEASURE, row.id, waits, today)
    _record(work, row, "提请解除暂缓拨付", note=row.answer, files=files)


@command("measure.lift", Permission.APPROVE_MEASURE)
def lift(work: Work, measure_id: int, today: date) -> None:
    """Lift a hold as somebody else put forward.

    Raises ``NotFound``, ``IllegalTransition``, ``SamePerson`` and ``Obstructed``.
    """
    row = _answered(work, measure_id, MeasureKind.HOLD, MeasureState.SETTLED, "审批")
    _settle(work, row, today)
    row.note = row.answer
    _record(work, row, "解除暂缓拨付", note=row.answer)


@command("measure.keep", Permission.APPROVE_MEASURE)
def keep(work: Work, measure_id: int, note: str, today: date) -> None:
    """Leave a hold in force although its lifting was put forward, saying why.

    Raises ``NotFound``, ``IllegalTransition``, ``SamePerson``, ``Obstructed``, ``InvalidInput`` (``note``).
    """
    row = _answered(work, measure_id, MeasureKind.HOLD, MeasureState.ORDERED, "审批")
    _demand_reason("note", note, "不予解除的理由")
    row.note = note.strip()
    hand_on(work, row.project_id, TurnKind.MEASURE, row.id, [], today)
    _record(work, row, "不予解除暂缓拨付", note=row.note)


def _answered(work: Work, measure_id: int, kind: MeasureKind, then: MeasureState, act: str) -> Measure:
    """Return a measure on whose answer somebody else decides, already in the state it is to have."""
    row, _ = find_measure(work.session, work.actor, measure_id)
    _demand_kind(row, kind)
    if row.state is not MeasureState.ANSWERED:
        raise IllegalTransition(row.state, then)
    row.state = advance(MEASURE_TRANSITIONS, row.state, then)
    if work.actor.user_id is None or work.actor.user_id == row.answered_by_id:
        raise SamePerson(f"这一项由您本人提交，须由其他人{act}（本局不相容岗位分离要求）。")
    return row


def _settle(work: Work, row: Measure, today: date) -> None:
    row.settled_on, row.settled_by_id = today, work.actor.user_id
    work.touch(row.project_id)
    hand_on(work, row.project_id, TurnKind.MEASURE, row.id, [], today)


def _demand_kind(row: Measure, kind: MeasureKind) -> None:
    if row.kind is not kind:
        raise Obstructed([f"这一项是{row.kind}，不能这样办理。"])


def _demand_reason(field: str, text: str, words: str) -> None:
    errors = _reason_errors(field, text, words)
    if errors:
        raise InvalidInput(errors)


def _reason_errors(field: str, text: str, words: str) -> dict[str, str]:
    if LEAST_REASON <= len(text.strip()) <= MOST_TEXT:
        return {}
    return {field: f"请写明{words}，{LEAST_REASON} 至 {MOST_TEXT} 字。"}


def _record(
    work: Work,
    row: Measure,
    summary: str,
    *,
    note: str | None = None,
    files: Sequence[StoredFile] = (),
    changes: Sequence[Mapping[str, str]] = (),
) -> None:
    details: dict[str, object] = {"measure": row.id}
    if note:
        details["note"] = note
    if files:
        details["new"] = {"files": names_and_digests(files)}
    if changes:
        details["changes"] = list(changes)
    project = work.session.get_one(Project, row.project_id)
    work.record(
        f"{summary}（第 {row.number} 项）",
        project_id=row.project_id,
        citation=oversight_basis(project.programme, project.signed_on),
        details=details,
    )
