"""Who pays the money of each fiscal source: the bureau itself, or whom its settings name."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.models import Payer
from lifecycle.command import Work, command
from lifecycle.models import Agency
from lifecycle.record import FISCAL, Source
from lifecycle.refusals import InvalidInput
from lifecycle.roles import Permission

PAID_BY_SOMEBODY = tuple(source for source in Source if source in FISCAL)
"""The sources that a batch may hold, in their order."""

MOST_NAME = 60
"""Characters of a paying body's name: it is printed at the head of its sheets."""


def payers(session: Session, agency_id: int) -> Mapping[Source, str]:
    """Return the paying body of each fiscal source; sources with the same one may share a batch."""
    query = select(Agency.name, Payer.source, Payer.name)
    query = query.outerjoin(Payer, Payer.agency_id == Agency.id).where(Agency.id == agency_id)
    rows = session.execute(query).all()
    named = {source: name for _, source, name in rows if source is not None}
    return {source: named.get(source, rows[0][0]) for source in PAID_BY_SOMEBODY}


def named_payers(session: Session, agency_id: int) -> dict[Source, str]:
    """Return the paying bodies that the settings name; what is not in it the bureau pays itself."""
    named = select(Payer.source, Payer.name).where(Payer.agency_id == agency_id)
    return {row.source: row.name for row in session.execute(named)}


@command("payers.set", Permission.SET_UP_SHEETS)
def set_payers(work: Work, names: Mapping[Source, str]) -> None:
    """Say who pays each fiscal source; an empty name stands for the bureau. Batches that are there stay.

    Raises ``InvalidInput`` by the source's name in code, e.g. ``district``.
    """
    wanted = {source: " ".join(names.get(source, "").split()) for source in PAID_BY_SOMEBODY}
    errors = {
        source.name.lower(): f"名称不超过 {MOST_NAME} 个字。"
        for source, name in wanted.items()
        if len(name) > MOST_NAME
    }
    if errors:
        raise InvalidInput(errors)
    agency_id = work.actor.agency_id
    before = payers(work.session, agency_id)
    _keep(work, wanted)
    after = payers(work.session, agency_id)
    changed = [source for source in PAID_BY_SOMEBODY if before[source] != after[source]]
    told = "；".join(f"{source}由{before[source]}改为{after[source]}" for source in changed)
    work.record(
        f"设置拨款单位：{told or '没有变化'}",
        details={
            "changes": [
                {"field": str(source), "old": before[source], "new": after[source]} for source in changed
            ]
        },
    )


def _keep(work: Work, wanted: Mapping[Source, str]) -> None:
    rows = work.session.scalars(select(Payer).where(Payer.agency_id == work.actor.agency_id))
    known = {row.source: row for row in rows}
    for source, name in wanted.items():
        row = known.get(source)
        if row is not None and not name:
            work.session.delete(row)
        elif row is not None:
            row.name = name
        elif name:
            work.session.add(Payer(agency_id=work.actor.agency_id, source=source, name=name))
    work.session.flush()
