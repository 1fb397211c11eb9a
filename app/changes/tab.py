"""What the tab of changes on a project's page shows: the ledger's rows and the requests, as one list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from app.changes.shown import may_apply, roles_in
from app.extensions import db
from app.permissions import current_actor
from lifecycle.changes.checking import project_obstacles, row_of
from lifecycle.changes.requests import requests_of
from lifecycle.models import ChangeRequest, Project
from lifecycle.overview import Overview
from lifecycle.record import Change
from lifecycle.roles import Permission


class TabRow(NamedTuple):
    """One change: its row of 变更, and the request that it came from, where it came from one here."""

    change: Change
    request: ChangeRequest | None

    @property
    def state(self) -> str:
        """Where it stands, as far as a ledger says it."""
        if self.request is not None:
            return self.request.state.value
        settled = self.change.approved_on or (self.change.self_decided and self.change.applied_on)
        return "已办结" if settled else "办理中"


def changes_of(overview: Overview) -> Mapping[str, Any]:
    """Return what the tab needs beyond the overview, in the order of the numbers."""
    session, actor = db.session(), current_actor()
    requests = {one.number: one for one in requests_of(session, overview.project.id)}
    rows = [TabRow(one, requests.pop(one.number, None)) for one in overview.record.changes]
    rows += [TabRow(row_of(one), one) for one in requests.values()]
    project = session.get_one(Project, overview.project.id)
    may_ask = actor.may(Permission.APPLY_CHANGE) and may_apply(roles_in(session, actor, project))
    return {
        "rows": sorted(rows, key=lambda row: row.change.number),
        "may_apply": may_ask and not list(project_obstacles(overview.record)),
    }
