"""The tab 任务书 of a project's page: its versions, who signs next, and what this person may do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from flask import url_for

from app.extensions import db
from app.permissions import current_actor
from lifecycle.agreement_versions import missing_parties, parties_to, terms_in_version, versions_of
from lifecycle.agreements import DRAFTERS, drafting_obstacles
from lifecycle.models import AgreementState, AgreementVersion, TurnKind
from lifecycle.overview import Overview
from lifecycle.record import ProjectRecord
from lifecycle.roles import ROLE_NAMES, Permission
from lifecycle.visibility import acting_as

_STEPS: Mapping[AgreementState, str] = {
    AgreementState.DRAFT: "打开草稿",
    AgreementState.AWAITING: "查看签署",
    AgreementState.IN_FORCE: "查看",
    AgreementState.SUPERSEDED: "查看",
}


def agreement_of(overview: Overview) -> dict[str, Any]:
    """Return what the tab needs beyond the overview."""
    session, actor, project_id = db.session(), current_actor(), overview.project.id
    versions = versions_of(session, project_id)
    states = [one.state for one in versions]
    free = not drafting_obstacles(overview.record, {state: states.count(state) for state in states})
    may = free and actor.may(Permission.DRAFT_AGREEMENT)
    return {
        "versions": list(_rows(versions, overview.record)),
        "may_draft": may and acting_as(session, actor, project_id, *DRAFTERS),
        "waiting": [
            f"{ROLE_NAMES[turn.role]}：{turn.words}（{turn.since} 起）"
            for turn in overview.turns
            if turn.kind is TurnKind.AGREEMENT
        ],
    }


def _rows(versions: Sequence[AgreementVersion], record: ProjectRecord) -> Iterator[dict[str, Any]]:
    for version, older in zip_longest(versions, versions[1:]):
        yield {
            "id": version.id,
            "number": version.number,
            "state": version.state,
            "source": _source(version),
            "drafted_on": version.drafted_on,
            "in_force_on": version.in_force_on,
            "signed": _signed(version, record),
            "step": _STEPS[version.state],
            "url": url_for("agreements.show", version_id=version.id),
            "compare_url": url_for("agreements.compare", version_id=version.id, other_id=older.id)
            if older
            else None,
        }


def _source(version: AgreementVersion) -> str:
    if version.change_number is not None:
        return f"变更 {version.change_number}"
    return "起草签订" if version.signatures or version.in_force_on is None else "台账登记"


def _signed(version: AgreementVersion, record: ProjectRecord) -> str:
    if version.state is AgreementState.DRAFT:
        return "定稿后签署"
    if version.state is not AgreementState.AWAITING:
        return "已签齐" if version.signatures else "—"
    missing = missing_parties(parties_to(record, terms_in_version(version)), version.signatures)
    return f"待{'、'.join(missing)}签署"
