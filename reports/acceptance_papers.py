"""The papers of acceptance for Word: opinion form, certificate, list for the conference, filing receipt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from lifecycle.acceptance.cases import Found
from lifecycle.acceptance.content import GOALS, Content, content_of
from lifecycle.acceptance.listing import AwaitingCase, AwaitingChange
from lifecycle.acceptance.way import OWN_PRACTICE, StepKey, way_of
from lifecycle.panels import ShownPanel
from lifecycle.record import Indicator, Review
from reports.papers.rendering import chinese_day, render

BLANK_ROWS = 6
"""Lines on which those at a conference sign."""


def opinion_paper(found: Found, panel: ShownPanel, *, agency: str) -> bytes:
    """Return the opinion form of a case whose experts have been heard."""
    case, content = found.case, content_of(found.case.content)
    accepted = content.goals if content.accepted_goals is None else content.accepted_goals
    return render(
        "acceptance_opinion",
        {
            **_project(found, agency),
            "applied_on": case.confirmed_on,
            "indicators": _indicators(found, content),
            "goals": [{"goal": GOALS[key], "how": content.goals[key]} for key in accepted],
            "account": case.account.get("sources", []),
            "members": [
                {
                    "name": one.name,
                    "field": one.field,
                    "total": one.total,
                    "verdict": one.verdict,
                    "opinion": one.opinion,
                }
                for one in panel.submitted
            ],
            "average": panel.average or "—",
            "passed": panel.votes(Review.PASSED),
            "failed": panel.votes(Review.FAILED),
            "joint_opinion": panel.joint_opinion or "",
            "opinion": (case.opinion or "").splitlines() or ["（待填写）"],
            "technical": case.technical or "—",
            "financial": case.financial or "—",
            "proposed": case.proposed or "—",
        },
    )


def certificate_paper(found: Found, *, agency: str) -> bytes:
    """Return the certificate of a case that has passed; its number must be there."""
    case, record = found.case, found.record
    concluded = chinese_day(record.concluded_on)
    return render(
        "acceptance_certificate",
        {
            **_project(found, agency),
            "certificate": case.certificate_number,
            "fiscal": record.fiscal,
            "statement": f"上述项目已完成任务书约定的任务，经组织验收，于{concluded}作出结论：通过验收。",
            "authorities": list(_authorities(found)),
            "indicators": _indicators(found, content_of(case.content)),
        },
    )


def _authorities(found: Found) -> Iterable[str]:
    acceptance = found.record.acceptance
    if acceptance is not None and acceptance.conference_on is not None:
        yield (
            f"部门联席会议于{chinese_day(acceptance.conference_on)}审议，"
            f"区政府于{chinese_day(acceptance.government_on)}审定。"
        )


def conference_paper(
    cases: Sequence[AwaitingCase],
    changes: Sequence[AwaitingChange],
    *,
    agency: str,
    today: date,
    basis: str,
) -> bytes:
    """Return the list of what is put before the joint conference."""
    return render(
        "conference_list",
        {
            "agency": agency,
            "day": today,
            "cases": cases,
            "changes": changes,
            "basis": basis,
            "attendants": [{} for _ in range(BLANK_ROWS)],
        },
    )


def receipt_paper(found: Found, papers: Iterable[str], *, agency: str) -> bytes:
    """Return the receipt for the papers of a self-established project, by their names."""
    acceptance = found.record.acceptance
    filing = next((one for one in way_of(found.record) if one.key is StepKey.FILING), None)
    return render(
        "filing_receipt",
        {
            **_project(found, agency),
            "conclusion": acceptance.conclusion if acceptance else None,
            "concluded_on": acceptance.concluded_on if acceptance else None,
            "filed_on": acceptance.filed_on if acceptance else None,
            "basis": filing.basis if filing else OWN_PRACTICE,
            "papers": list(papers),
        },
    )


def _project(found: Found, agency: str) -> dict[str, Any]:
    record = found.record
    return {
        "agency": agency,
        "number": record.number,
        "title": record.title,
        "programme": record.programme,
        "lead_unit": record.lead_unit,
        "pi_name": record.pi_name,
        "joint_unit": record.joint_unit or "不涉及",
        "start": record.start,
        "end": record.end,
    }


def _indicators(found: Found, content: Content) -> list[dict[str, Any]]:
    return [
        {
            "name": one.name,
            "agreed": _valued(one),
            "value": f"{one.achieved_value or '—'}{one.unit or ''}",
            "evidence": f"{len(content.evidence.get(one.name, ()))} 份",
        }
        for one in found.record.indicators
    ]


def _valued(one: Indicator) -> str:
    return f"{one.direction} {one.agreed_value or '—'}{one.unit or ''}"
