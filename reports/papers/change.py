"""The form of a change (变更审批表) as a Word file."""

from __future__ import annotations

from collections.abc import Sequence

from lifecycle.changes.checking import Case
from lifecycle.changes.requests import OVER
from lifecycle.changes.routing import Step
from lifecycle.models import ChangeState
from lifecycle.terms_words import Told
from reports.papers.rendering import render


def change_paper(case: Case, told: Sequence[Told], *, agency: str) -> bytes:
    """Return the form of a change with what it changes as ``told`` and the days of its steps so far."""
    request, record = case.request, case.record
    rows = list(told) or [Told(request.kind, request.before or "", request.after or "尚未填写")]
    steps = [
        {"step": one.step, "words": one.words, "citation": one.citation, "done_on": one.done_on}
        for one in case.route
    ]
    return render(
        "change",
        {
            "agency": agency,
            "mark": "" if request.state in OVER - {ChangeState.WITHDRAWN} else "办理中",
            "number": record.number,
            "change": request.number,
            "title": record.title,
            "programme": record.programme,
            "lead_unit": record.lead_unit,
            "pi_name": record.pi_name,
            "kind": request.kind,
            "decided_by": "承担单位自行办理" if request.self_decided else "报科技局办理",
            "state": request.state,
            "approval_number": request.approval_number,
            "rows": rows,
            "reason": (request.reason or "尚未填写").split("\n"),
            "steps": steps,
            "opinion": request.opinion,
            "parties": _parties(case, agency),
        },
    )


def _parties(case: Case, agency: str) -> list[str]:
    steps = {one.step for one in case.route}
    parties = [f"承担单位：{case.record.lead_unit}"]
    if Step.CONSENT in steps:
        parties.append(f"联合实施单位：{case.record.joint_unit}")
    if Step.CONFERENCE in steps:
        parties.append("部门联席会议办公室")
    if Step.APPROVE in steps:
        parties.append(agency)
    return parties
