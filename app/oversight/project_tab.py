"""What a project's tab of supervision shows: its inspections, what they ordered, entries of integrity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app import clock
from app.extensions import db
from app.oversight.standing import state_word
from app.permissions import current_actor
from lifecycle.notice_list import list_notices
from lifecycle.overview import Overview
from lifecycle.roles import Permission
from lifecycle.supervised import Asked, list_entries, list_inspections, list_measures


def oversight_of(overview: Overview) -> Mapping[str, Any]:
    """Return what the tab needs beyond the overview."""
    session, actor, everything = db.session(), current_actor(), Asked()
    its, today = overview.project.id, clock.today()
    return {
        "inspections": list_inspections(session, actor, everything, whole=True, project_id=its).rows,
        "measures": list_measures(session, actor, everything, today, whole=True, project_id=its).rows,
        "entries": list_entries(session, actor, everything, whole=True, project_id=its).rows,
        "notices": list_notices(session, actor, everything, today, whole=True, project_id=its).rows,
        "draws": actor.may(Permission.SEND_REMINDERS),
        "state_word": state_word,
        "inspects": actor.may(Permission.INSPECT),
        "enters": actor.may(Permission.RECORD_INTEGRITY),
    }
