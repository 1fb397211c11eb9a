"""The form of an application, with what was saved of it and the files it holds."""

from __future__ import annotations

from typing import Any

from app import clock
from app.acceptance.forms import DraftForm, draft_form
from app.extensions import db
from app.permissions import current_actor
from lifecycle.acceptance.cases import SUBJECT, Found, find_case
from lifecycle.acceptance.checking import EARLY
from lifecycle.acceptance.content import content_of
from lifecycle.acceptance.states import demand_step
from lifecycle.acceptance.way import StepKey, least_goals
from lifecycle.attachments import attachments_of
from lifecycle.roles import Role
from lifecycle.visibility import demand_acting_as


def edit_form(case_id: int, *, fresh: bool = False) -> tuple[DraftForm, Found, dict[str, Any]]:
    """Return the form, its case and what else the page shows.

    ``fresh``: as it was saved, not as it was just typed. Raises ``NotFound``, ``NotTheirs`` and
    ``IllegalTransition``.
    """
    session, actor = db.session(), current_actor()
    found = find_case(session, actor, case_id)
    demand_acting_as(session, actor, found.project.id, Role.PI, Role.UNIT_MANAGER)
    demand_step(found.case, found.record, StepKey.DRAFT)
    content = content_of(found.case.content)
    files = [
        one for one in attachments_of(session, found.project.id, SUBJECT, case_id) if one.id in content.files
    ]
    least = least_goals(found.record)
    form = draft_form(
        found.record,
        content,
        found.case.revision,
        files,
        counts_goals=least is not None,
        **({"formdata": None} if fresh else {}),
    )
    early = clock.today() < found.record.end - EARLY
    return form, found, {"content": content, "files": files, "least_goals": least, "early": early}
