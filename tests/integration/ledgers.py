"""What the tests of the ledger in the database are made of."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle.database import begin_write
from lifecycle.models import Agency, Base, Project
from lifecycle.record import ProjectRecord
from lifecycle.records import load_records
from lifecycle.roles import Actor
from reports.ledger.importing import Imported, import_ledger
from reports.ledger.reading import Ledger, read_ledger
from reports.ledger.schema import SHEETS
from reports.ledger.writing import write_ledger

DATA = Path(__file__).parents[1] / "data" / "ledger"
SAMPLE, MESSY = DATA / "sample.xlsx", DATA / "sample-messy.xlsx"
ALL_SHEETS = frozenset(sheet.name for sheet in SHEETS)


def make_agency(session: Session, name: str = "甲区科学技术局") -> Actor:
    """Store an agency; return who acts in it on the console."""
    begin_write(session)
    agency = Agency(name=name)
    session.add(agency)
    session.flush()
    actor = Actor.system(agency.id)
    session.commit()
    return actor


def workbook(records: Iterable[ProjectRecord], sheets: Collection[str] = ALL_SHEETS) -> bytes:
    """Return a workbook of these records with the sheets of those names."""
    target = BytesIO()
    write_ledger(records, target, sheets)
    return target.getvalue()


def ledger_of(*records: ProjectRecord, without: Collection[str] = ()) -> Ledger:
    """Return the ledger that a workbook of these records holds, some sheets left out."""
    return read_ledger(workbook(records, ALL_SHEETS.difference(without)))


def take_in(session: Session, actor: Actor, *records: ProjectRecord, **more: Any) -> Imported:
    """Import a workbook of these records."""
    return import_ledger(session, actor, ledger_of(*records, **more), name="台账.xlsx")


def kept(session: Session, actor: Actor) -> list[ProjectRecord]:
    """Return the records of the agency's projects, in the order in which they came in."""
    session.rollback()
    query = select(Project.id).where(Project.agency_id == actor.agency_id).order_by(Project.id)
    return [record for _, record in load_records(session, session.scalars(query).all())]


def everything(session: Session, *, but: Collection[str] = ()) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table, row ids and all."""
    session.rollback()
    filled = session.connection().exec_driver_sql(_which_tables_hold_rows()).one()
    return {
        table.name: sorted((tuple(row) for row in session.execute(select(table))), key=repr) if holds else []
        for table, holds in zip(Base.metadata.sorted_tables, filled, strict=True)
        if table.name not in but
    }


@cache
def _which_tables_hold_rows() -> str:
    """Return the statement that asks it of all tables at once: most are empty in most tests."""
    asked = (f'EXISTS (SELECT 1 FROM "{table.name}")' for table in Base.metadata.sorted_tables)
    return f"SELECT {', '.join(asked)}"


def renamed(record: ProjectRecord, number: str) -> ProjectRecord:
    """Return the same project under another number."""
    return replace(record, number=number)
