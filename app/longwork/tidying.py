"""Clearing away the long work that nobody has come back to for a day, with its files.

Done whenever new work begins, and once a day by the clock, so that bank accounts in a ledger do not lie about
on a server that nobody uses.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from app.longwork.job import folder_in
from app.longwork.rows import clear_old


def tidy(session: Session, instance: Path, now: datetime) -> int:
    """Clear away the old work of an installation; return how many files went."""
    return folder_in(instance).clear(clear_old(session, now))
