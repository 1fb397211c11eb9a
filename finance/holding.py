"""Keeping what waits for what: holds on tranches, begun and lifted as the rules say, at once and every day.

Whatever changes a project's money keeps its holds at once; a daily sweep catches up with what time, reports
and supervision have changed. Both are idempotent, and where nothing changed nothing is written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from finance.checking import Candidate
from finance.due import due_by
from finance.held import Hold, Release, holds_on, is_holdable, release_of
from finance.models import TrancheHold
from finance.states import HOLDABLE, PAYABLE_NO_MORE
from lifecycle.command import Work, command
from lifecycle.models import AuditEntry, Measure, Project, Tranche, User
from lifecycle.record import FISCAL, MeasureKind
from lifecycle.records import CHUNK
from lifecycle.roles import Actor, Permission
from lifecycle.whole import WholeProject, load_wholes


@dataclass(frozen=True, slots=True)
class Kept:
    """How many holds began and how many were lifted."""

    begun: int = 0
    lifted: int = 0

    def __bool__(self) -> bool:
        """Whether anything changed."""
        return bool(self.begun or self.lifted)

    def __add__(self, other: Kept) -> Kept:
        """Return both together."""
        return Kept(self.begun + other.begun, self.lifted + other.lifted)


@dataclass(frozen=True, slots=True)
class _Changed:
    """What is to be written of one tranche."""

    project: WholeProject
    place: int
    rows: Sequence[TrancheHold]
    """Every hold that was ever on it."""
    begun: Sequence[Hold]
    lifted: Sequence[tuple[TrancheHold, Release]]

    @property
    def words(self) -> str:
        """The tranche as the history names it."""
        return self.project.tranches[self.place].tranche.name


def keep_holds(work: Work, project_ids: Iterable[int], today: date) -> Kept:
    """Begin and lift holds on the tranches of those projects as the rules say today, for a command.

    What happened goes into the projects' histories as further entries of the same act.
    """
    work.session.flush()
    ids = _affected(work.session, work.actor.agency_id, today, set(project_ids))
    kept = Kept()
    for changed in list(_changes(work.session, ids, today)):
        kept += _write(work, changed)
    return kept


def sweep_holds(session: Session, actor: Actor, today: date) -> Kept:
    """Begin and lift the holds of the whole agency, once a day.

    Looks only at tranches that are due or stopped and at holds that are on, without locking anybody out;
    what is to be written is worked out again under the lock. A day without changes writes nothing.
    """
    ids = _affected(session, actor.agency_id, today, None)
    changed = {one.project.id for one in _changes(session, ids, today)}
    session.rollback()
    try:
        return _sweep(session, actor, sorted(changed), today) if changed else Kept()
    except _NothingChangedError:
        return Kept()


class _NothingChangedError(Exception):
    """Ends a sweep whose work another has done meanwhile, so that its command leaves nothing behind."""


@command("hold.sweep", Permission.SEND_REMINDERS)
def _sweep(work: Work, project_ids: Sequence[int], today: date) -> Kept:
    kept = keep_holds(work, project_ids, today)
    if not kept:
        raise _NothingChangedError
    work.record(
        f"核对暂缓拨付：新增 {kept.begun} 条，解除 {kept.lifted} 条",
        details={"as_of": today, "begun": kept.begun, "lifted": kept.lifted},
    )
    return kept


def _affected(session: Session, agency_id: int, today: date, among: set[int] | None) -> list[int]:
    """Return the projects in which a hold may begin or end: of ``among``, else of the whole agency."""
    holdable = and_(
        Project.agency_id == agency_id,
        Project.stage.not_in(PAYABLE_NO_MORE),
        Tranche.source.in_(FISCAL),
        Tranche.state.in_(HOLDABLE),
        Tranche.planned_fen > 0,
    )
    tranches = select(Tranche.project_id).join(Project, Project.id == Tranche.project_id).where(holdable)
    stops = and_(Measure.kind == MeasureKind.HOLD, Measure.ordered_on <= today)
    stops = and_(stops, or_(Measure.settled_on.is_(None), Measure.settled_on > today))
    asked: list[Select[int]] = [
        tranches.where(due_by(today, today)),
        tranches.join(Measure, Measure.project_id == Tranche.project_id).where(stops),
        select(TrancheHold.project_id).where(TrancheHold.agency_id == agency_id, TrancheHold.until.is_(None)),
    ]
    found: set[int] = set()
    few = among is not None and len(among) <= CHUNK
    for query in asked:
        narrowed = query.where(query.selected_columns[0].in_(among or ())) if few else query
        found.update(session.scalars(narrowed.distinct()))
    return sorted(found if among is None else found & among)


def _changes(session: Session, project_ids: Sequence[int], today: date) -> Iterator[_Changed]:
    """Yield what has changed on the tranches of those projects, by project."""
    for start in range(0, len(project_ids), CHUNK):
        chunk = project_ids[start : start + CHUNK]
        known = _known(session, chunk)
        lifters = _lifters(session, {rows[0].project_id for rows in known.values()})
        for project in load_wholes(session, chunk):
            states = [one.state for one in project.tranches]
            for place, one in enumerate(project.tranches):
                candidate = Candidate(project.record, place, states)
                rows = known.get(one.id, [])
                changed = _changed(project, candidate, rows, lifters.get(project.id, {}), today)
                if changed.begun or changed.lifted:
                    yield changed


def _changed(
    project: WholeProject,
    candidate: Candidate,
    rows: Sequence[TrancheHold],
    lifters: Mapping[int, str],
    today: date,
) -> _Changed:
    on = [row for row in rows if row.until is None]
    holds = {one.rule: one for one in holds_on(candidate, today)} if is_holdable(candidate) else {}
    lifted = [(row, release_of(row.rule, candidate, today, lifters)) for row in on if row.rule not in holds]
    begun = [one for rule, one in holds.items() if rule not in {row.rule for row in on}]
    return _Changed(project, candidate.place, rows, begun, lifted)


def _known(session: Session, project_ids: Sequence[int]) -> dict[int, list[TrancheHold]]:
    """Return the holds, those that are lifted included, by tranche."""
    found: dict[int, list[TrancheHold]] = defaultdict(list)
    query = select(TrancheHold).where(TrancheHold.project_id.in_(project_ids))
    for row in session.scalars(query.order_by(TrancheHold.id)):
        found[row.tranche_id].append(row)
    return found


def _lifters(session: Session, project_ids: Iterable[int]) -> dict[int, dict[int, str]]:
    """Return who lifted what supervision had stopped, by project and number of the measure."""
    found: dict[int, dict[int, str]] = defaultdict(dict)
    query = select(Measure.project_id, Measure.number, User.name).join(User, User.id == Measure.settled_by_id)
    ids = list(project_ids)
    if ids:
        for project_id, number, name in session.execute(query.where(Measure.project_id.in_(ids))):
            found[project_id][number] = name
    return found


def _write(work: Work, changed: _Changed) -> Kept:
    for row, release in changed.lifted:
        row.until, row.released = max(row.since, release.on), release.words
        _tell(work, changed, "hold.release", f"解除暂缓拨付：{changed.words}，{release.words}", row.citation)
    work.touch(changed.project.id)  # what is held is owed by nobody, and from its release on anew
    for hold in changed.begun:
        _begin(work, changed, hold)
        _tell(work, changed, "hold.begin", f"暂缓拨付：{changed.words}，{hold.words}", hold.citation)
    return Kept(len(changed.begun), len(changed.lifted))


def _begin(work: Work, changed: _Changed, hold: Hold) -> None:
    """Put a hold on; one that was lifted and comes back begins where it ended at the earliest."""
    earlier = [row for row in changed.rows if row.rule == hold.rule]
    since = max([hold.since, *(row.until for row in earlier if row.until is not None)])
    row = next((row for row in earlier if row.since == since), None)
    if row is None:
        of = {"agency_id": work.actor.agency_id, "project_id": changed.project.id}
        row = TrancheHold(**of, tranche_id=changed.project.tranches[changed.place].id)
        row.rule, row.since = hold.rule, since
        work.session.add(row)
    row.words, row.citation = hold.words, hold.citation
    row.until = row.released = None


def _tell(work: Work, changed: _Changed, action: str, summary: str, citation: str) -> None:
    entry, one = work.entry, changed.project.tranches[changed.place]
    work.more.append(
        AuditEntry(
            agency_id=entry.agency_id,
            user_id=entry.user_id,
            actor_name=entry.actor_name,
            at=entry.at,
            action=action,
            project_id=changed.project.id,
            project_number=changed.project.record.number,
            summary=summary,
            citation=citation,
            details={"tranche": one.id},
        )
    )
