"""What is tried on the plan of a project while its money is on the way: other tranches, days and funds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from lifecycle.changes.applying import confirm, consent, send, withdraw
from lifecycle.changes.deciding import approve, propose, record_filing, record_own_filing, return_
from lifecycle.changes.drafting import Draft, draft
from lifecycle.changes.requests import OVER
from lifecycle.models import ChangeRequest, ChangeState, Project, Tranche
from lifecycle.money import Fen
from lifecycle.record import BudgetLine, BudgetUse, ChangeKind, Source
from lifecycle.roles import Role
from lifecycle.stages import TrancheState
from lifecycle.terms import Terms, TrancheTerm
from tests.integration.changing import NUMBER, OPINION, REASON
from tests.integration.money_paying import Act
from tests.integration.moneying import Deed, Story, pick
from tests.integration.paying import WAN

Replan = Callable[[Terms, TrancheTerm, Fen], Terms]
"""Terms with another plan: of which tranche, and by how much."""


def _with(now: Terms, old: TrancheTerm, *new: TrancheTerm) -> Terms:
    """Return the terms with others in the place of a tranche."""
    rows = [one for known in now.tranches for one in (new if known is old else (known,))]
    return replace(now, tranches=tuple(rows))


def _next(now: Terms, like: TrancheTerm, fen: Fen) -> TrancheTerm:
    """Return one more tranche of the same source."""
    last = max(one.number for one in now.tranches if one.source is like.source)
    return replace(like, number=last + 1, planned=fen)


def _move(now: Terms, one: TrancheTerm, fen: Fen) -> Terms:
    """Pay a part of a tranche with the next of its source, or as one of its own."""
    less = replace(one, planned=one.planned - fen)
    if less.planned <= 0:
        return _gather(now, one, fen)
    after = [other for other in now.tranches if other.source is one.source and other.number > one.number]
    if not after:
        return _with(now, one, less, _next(now, one, fen))
    more = replace(after[0], planned=after[0].planned + fen)
    return _with(_with(now, one, less), after[0], more)


def _gather(now: Terms, one: TrancheTerm, fen: Fen) -> Terms:
    """Pay the whole of a tranche with another of its source; where there is none, later."""
    others = [other for other in now.tranches if other.source is one.source and other is not one]
    if not others:
        return _put_off(now, one, fen)
    more = replace(others[-1], planned=others[-1].planned + one.planned)
    return _with(_with(now, one), others[-1], more)


def _put_off(now: Terms, one: TrancheTerm, fen: Fen) -> Terms:
    """Pay it later, and not a fen less."""
    day = one.planned_on and one.planned_on + timedelta(days=1 + fen // WAN)
    return _with(now, one, replace(one, planned_on=day))


def _raise(now: Terms, one: TrancheTerm, fen: Fen) -> Terms:
    """Plan what is agreed and not planned yet, or agree on more."""
    planned = sum(other.planned for other in now.tranches if other.source is one.source)
    short = now.funds(one.source) - planned
    if short > 0:
        return _with(now, one, one, _next(now, one, short))
    return _agree(_with(now, one, replace(one, planned=one.planned + fen)), one.source, fen)


def _lower(now: Terms, one: TrancheTerm, fen: Fen) -> Terms:
    """Agree on less."""
    less = min(fen, one.planned)
    return _agree(_with(now, one, replace(one, planned=one.planned - less)), one.source, -less)


def _agree(now: Terms, source: Source, fen: Fen) -> Terms:
    funds = {one: now.funds(one) + (fen if one is source else 0) for one in Source}
    named = {one.name.lower(): amount for one, amount in funds.items()}
    lines = [BudgetLine(one, BudgetUse.EQUIPMENT, amount) for one, amount in funds.items() if amount]
    return replace(now, **named, budget=tuple(lines))


BY_BUREAU = frozenset({ChangeState.WITH_BUREAU, ChangeState.WITH_APPROVER})
"""Where the bureau may return a request."""

REPLANS: tuple[Replan, ...] = (_move, _put_off, _raise, _lower, _gather, _move)


def _draft(story: Story, place: int, size: int, hand: int) -> Deed | None:
    """Draft other terms for a tranche that nobody has proposed yet, now and then for any."""
    one = Tranche
    query = select(one.project_id, Project.number, one.source, one.number.label("stage"), one.state)
    rows = story.asked(query.join(Project, Project.id == one.project_id).order_by(one.id))
    row = pick([one for one in rows if one.state is TrancheState.PLANNED or size % 5 == 4], place)
    if row is None:
        return None
    now = story.office.terms(row.number)
    term = pick([one for one in now.tranches if (one.source, one.number) == (row.source, row.stage)], size)
    if term is None:
        return None
    wanted = REPLANS[place // 3 % len(REPLANS)](now, term, pick((1, WAN, 3 * WAN), size))
    plan: Counter[Source] = Counter()
    for agreed in wanted.tranches:
        plan[agreed.source] += agreed.planned
    today, actor = story.today, story.who(Role.PI, hand)

    def count(request_id: int) -> None:
        story.replanned[request_id] = plan

    return Deed(
        "change.draft",
        lambda session: draft(
            session, actor, row.number, ChangeKind.BUDGET, Draft(wanted, REASON, "", False), today
        ),
        count,
    )


def _step(story: Story, one: Any, hand: int) -> Deed | None:
    """Return the next step of a request's way."""
    today, id_, revision = story.today, one.id, one.revision
    match one.state:
        case ChangeState.DRAFT:
            pi = story.who(Role.PI, hand)
            return Deed("change.send", lambda session: send(session, pi, id_, revision, today))
        case ChangeState.RETURNED:
            pi = story.who(Role.PI, hand)
            return Deed("change.withdraw", lambda session: withdraw(session, pi, id_, "", today))
        case ChangeState.WITH_UNIT:
            unit = story.who(Role.UNIT_MANAGER, hand)
            settled = _effect(story, one) if one.self_decided else lambda _: None
            return Deed(
                "change.confirm", lambda session: confirm(session, unit, id_, revision, today), settled
            )
        case ChangeState.WITH_JOINT_UNIT:
            joint = story.who(Role.JOINT_UNIT, hand)
            return Deed("change.consent", lambda session: consent(session, joint, id_, today))
        case ChangeState.WITH_BUREAU:
            handler = story.who(Role.HANDLER, hand)
            return Deed("change.propose", lambda session: propose(session, handler, id_, OPINION, {}, today))
        case ChangeState.WITH_APPROVER:
            boss = story.who(Role.APPROVER, hand)
            return Deed(
                "change.approve",
                lambda session: approve(session, boss, id_, NUMBER, today),
                _effect(story, one),
            )
    return _filing(story, one, hand)


def _filing(story: Story, one: Any, hand: int) -> Deed:
    today, id_ = story.today, one.id
    if one.self_decided:
        unit = story.who(Role.UNIT_MANAGER, hand)
        return Deed("change.file_own", lambda session: record_own_filing(session, unit, id_, today, today))
    handler = story.who(Role.HANDLER, hand)
    return Deed("change.file", lambda session: record_filing(session, handler, id_, today, today))


def _effect(story: Story, one: Any) -> Callable[[Any], None]:
    def count(_: Any) -> None:
        story.counted.planned[one.project_id] = story.replanned[one.id]

    return count


def _back(story: Story, place: int, size: int, hand: int) -> Deed | None:
    """Return a request, or take it back."""
    one = pick(_under_way(story), place)
    if one is None:
        return None
    today, id_ = story.today, one.id
    if size % 2 or one.state not in BY_BUREAU:
        pi = story.who(Role.PI, hand)
        return Deed("change.withdraw", lambda session: withdraw(session, pi, id_, "", today))
    handler = story.who(Role.HANDLER, hand)
    return Deed("change.return", lambda session: return_(session, handler, id_, "请补充。", today))


def _under_way(story: Story) -> list[Any]:
    one = ChangeRequest
    query = select(one.id, one.project_id, one.state, one.revision, one.self_decided)
    return list(story.asked(query.where(one.state.not_in(OVER)).order_by(one.id)))


def _change(story: Story, place: int, size: int, hand: int) -> Deed | None:
    """Take some change of a plan the next step of its way, or begin one."""
    found = _under_way(story)
    waits = [one for one in found if one.state is ChangeState.DRAFT]
    if found and size % (7 if waits else 29) == 6:
        return _back(story, place, place, hand)
    return _step(story, pick(found, place), hand) if found else _draft(story, place, size, hand)


CHANGING: Mapping[str, Act] = {"change": _change, "draft change": _draft, "change back": _back}
"""Name → act."""
