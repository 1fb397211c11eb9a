"""Who pays the money of each fiscal source: the bureau itself, or whom its settings name."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.models import Payer
from lifecycle.models import Agency
from lifecycle.record import FISCAL, Source


def payers(session: Session, agency_id: int) -> Mapping[Source, str]:
    """Return the paying body of each fiscal source; sources with the same one may share a batch."""
    agency = session.get_one(Agency, agency_id)
    named = select(Payer.source, Payer.name).where(Payer.agency_id == agency_id)
    known = {row.source: row.name for row in session.execute(named)}
    return {source: known.get(source, agency.name) for source in Source if source in FISCAL}
