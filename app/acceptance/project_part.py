"""What a project's tab of supervision shows of its acceptance: the way ahead, the case, the clearing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from app.extensions import db
from app.permissions import current_actor
from finance.clearing.figures import state_of
from lifecycle.acceptance.cases import case_of
from lifecycle.acceptance.states import stand, state_words
from lifecycle.acceptance.taking_over import TAKEN_OVER
from lifecycle.acceptance.way import way_of
from lifecycle.models import AcceptanceState, Clearing
from lifecycle.overview import Overview
from lifecycle.roles import Permission, Role
from lifecycle.stages import Stage

_FALLEN = frozenset({Stage.NOT_PASSED, Stage.TERMINATED})


def acceptance_of(overview: Overview) -> Mapping[str, Any]:
    """Return what the tab needs of acceptance beyond the overview."""
    session, actor, record = db.session(), current_actor(), overview.record
    case = case_of(session, overview.project.id)
    clearing = session.scalar(select(Clearing).where(Clearing.project_id == overview.project.id))
    state = case.state if case else AcceptanceState.DRAFT
    stage = overview.project.stage
    theirs = not actor.roles.isdisjoint({Role.PI, Role.UNIT_MANAGER})
    return {
        "case": case,
        "case_words": state_words(state, self_established=record.self_established),
        "way": stand(way_of(record), state),
        "clearing": clearing,
        "clearing_state": clearing
        and state_of(clearing.settled_on, clearing.confirmed_on, record.recovery_done),
        "applies": case is None
        and stage is Stage.UNDER_WAY
        and theirs
        and actor.may(Permission.APPLY_ACCEPTANCE),
        "takes_over": case is None and stage in TAKEN_OVER and actor.may(Permission.HANDLE_ACCEPTANCE),
        "clears": clearing is None and stage in _FALLEN and actor.may(Permission.CLEAR_ACCOUNTS),
        "collects": clearing is None
        and stage in {Stage.CLEARED, Stage.CLOSED}
        and record.acceptance is not None
        and record.acceptance.to_return > record.acceptance.returned
        and actor.may(Permission.CLEAR_ACCOUNTS),
        "deals_with_surplus": clearing is None
        and stage is Stage.CLOSED
        and overview.money.public.paid > 0
        and actor.may(Permission.CLEAR_ACCOUNTS),
    }
