"""What finance and the approver try once a project has failed or was ended: not allowed, settled, back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from finance.clearing.disallowing import Disallowed, disallow
from finance.clearing.figures import ClearingState, from_plain, state_of
from finance.clearing.returning import Part, record_return, reverse_return
from finance.clearing.settling import Settling, confirm_settlement, send_settlement_back, settle
from finance.models import ClearingReturn, DisallowedLine
from lifecycle.models import Clearing, Project, Spending
from lifecycle.record import FISCAL
from lifecycle.roles import Role
from tests.integration.accepting import DAY
from tests.integration.money_paying import Act
from tests.integration.moneying import Deed, Story, pick


def _clearings(story: Story) -> list[Any]:
    """Return the clearings: id, project, figures, and where they stand."""
    one = Clearing
    query = select(
        one.id, one.project_id, one.figures, one.settled_on, one.confirmed_on, Project.recovery_done
    )
    return story.asked(query.join(Project, Project.id == one.project_id).order_by(one.id))


def _one(story: Story, place: int, size: int, wanted: ClearingState) -> Any:
    """Return a clearing that stands where it is wanted, now and then any."""
    found = _clearings(story)
    return pick([one for one in found if state_of(*one[3:]) is wanted or size % 5 == 4], place)


def _disallow(story: Story, place: int, size: int, hand: int) -> Deed | None:
    one, day = _one(story, place, size, ClearingState.OPEN), max(story.today, DAY)
    if one is None:
        return None
    public = (Spending.project_id == one.project_id, Spending.source.in_(FISCAL))
    row = pick(story.asked(select(Spending.id, Spending.amount_fen).where(*public)), place)
    if row is None:
        return None
    amount = None if size % 2 else max(1, row.amount_fen // 3)
    lines, actor = {row.id: Disallowed(amount, "与项目无关")}, story.who(Role.FINANCE, hand)
    return Deed("clearing.disallow", lambda session: disallow(session, actor, one.id, lines, day))


def _settle(story: Story, place: int, size: int, hand: int) -> Deed | None:
    one, day = _one(story, place, size, ClearingState.OPEN), max(story.today, DAY)
    settling, actor = Settling(day + timedelta(days=60)), story.who(Role.FINANCE, hand)
    return one and Deed("clearing.settle", lambda session: settle(session, actor, one.id, settling, [], day))


def _confirm(story: Story, place: int, size: int, hand: int) -> Deed | None:
    one, day = _one(story, place, size, ClearingState.SETTLED), max(story.today, DAY)
    if one is None:
        return None
    actor = story.who(Role.APPROVER, hand)
    if size % 7 == 0:
        return Deed(
            "clearing.send_back", lambda session: send_settlement_back(session, actor, one.id, "有误", day)
        )
    line = DisallowedLine
    lines = story.asked(select(line.source, line.amount_fen).where(line.clearing_id == one.id))

    def count(_: Any) -> None:
        for source, fen in lines:
            story.counted.disallowed[source] += fen

    return Deed("clearing.confirm", lambda session: confirm_settlement(session, actor, one.id, day), count)


def _give_back(story: Story, place: int, size: int, hand: int) -> Deed | None:
    one, day = _one(story, place, size, ClearingState.RETURNING), max(story.today, DAY)
    if one is None:
        return None
    part = ClearingReturn
    query = select(part.source, func.sum(part.amount_fen)).where(part.clearing_id == one.id)
    back = {source: int(fen) for source, fen in story.asked(query.group_by(part.source))}
    owed = {row.source: row.to_return - back.get(row.source, 0) for row in from_plain(one.figures).sources}
    source = pick(sorted(owed), place)
    if source is None:
        return None
    amount = owed[source] if size % 2 else max(1, owed[source] // 3)
    told, actor = Part(source, amount, day, f"退-{next(story.numbers)}"), story.who(Role.FINANCE, hand)

    def count(_: Any) -> None:
        story.counted.returned[source] += amount

    return Deed(
        "clearing.record_return", lambda session: record_return(session, actor, one.id, told, [], day), count
    )


def _take_again(story: Story, place: int, size: int, hand: int) -> Deed | None:
    del size
    part, day = ClearingReturn, max(story.today, DAY)
    row = pick(story.asked(select(part.id, part.source, part.amount_fen).order_by(part.id)), place)
    actor = story.who(Role.FINANCE, hand)

    def count(_: Any) -> None:
        story.counted.returned[row.source] -= row.amount_fen

    return row and Deed(
        "clearing.reverse_return", lambda session: reverse_return(session, actor, row.id, "有误", day), count
    )


def _clear(story: Story, place: int, size: int, hand: int) -> Deed | None:
    """Take some clearing the next step of its way."""
    one = pick(_clearings(story), place)
    if one is None:
        return None
    ways = {
        ClearingState.OPEN: _settle,
        ClearingState.SETTLED: _confirm,
        ClearingState.RETURNING: _give_back,
        ClearingState.DONE: _take_again,
    }
    return ways[state_of(*one[3:])](story, place, size - size % 5, hand)


CLEARING: Mapping[str, Act] = {
    "clear": _clear,
    "disallow": _disallow,
    "settle": _settle,
    "confirm settlement": _confirm,
    "give back": _give_back,
    "take again": _take_again,
}
"""Name → act."""
