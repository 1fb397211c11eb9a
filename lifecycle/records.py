"""Records in and out of the database: one table of which column holds which field, used both ways."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date
from operator import attrgetter
from typing import Any

from pypinyin import Style, lazy_pinyin
from sqlalchemy import Select, Table, select
from sqlalchemy.orm import Session

from lifecycle import models
from lifecycle.money import Fen
from lifecycle.record import (
    Acceptance,
    AnnualReport,
    BudgetLine,
    Change,
    ExceptionNote,
    Indicator,
    Milestone,
    Partner,
    ProjectRecord,
    Signatory,
    Source,
    Spending,
    Tranche,
)
from lifecycle.stages import stage_of

CHUNK = 500
"""Projects read at a time: keeps memory level and stays below SQLite's limit of bound parameters."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Lines:
    """One table of lines of a project: the field of the record, the class of its items, their columns."""

    attribute: str
    item: type[Any]
    table: Table
    columns: tuple[str, ...]
    """In the order of the item's fields."""

    def rows(self, project_id: int, record: ProjectRecord) -> Iterator[Row]:
        """Yield the rows of ``record``'s lines, in order."""
        values = attrgetter(*(field.name for field in fields(self.item)))
        for position, item in enumerate(getattr(record, self.attribute)):
            row = dict(zip(self.columns, values(item), strict=True))
            row["project_id"] = project_id
            row["position"] = position
            yield row

    def query(self, project_ids: Sequence[int]) -> Select[Any]:
        """Return the statement that reads the lines of those projects: project id first, then the fields."""
        table = self.table
        chosen = [table.c.project_id, *(table.c[name] for name in self.columns)]
        return (
            select(*chosen)
            .where(table.c.project_id.in_(project_ids))
            .order_by(table.c.project_id, table.c.position)
        )


_RENAMED = {
    "share": "share_fen",
    "amount": "amount_fen",
    "on": "spent_on",
    "start": "start_on",
    "end": "end_on",
    "original_end": "original_end_on",
    "requested": "requested_fen",
    "provincial": "provincial_fen",
    "district": "district_fen",
    "joint": "joint_fen",
    "own": "own_fen",
    "to_return": "to_return_fen",
    "returned": "returned_fen",
}
"""Fields whose column says its unit."""


def _columns(item: type[Any], table: Table) -> tuple[str, ...]:
    """Return the columns of ``item``'s fields in ``table``; a field without one is a mistake in the code."""
    names = tuple(_RENAMED.get(field.name, field.name) for field in fields(item))
    missing = set(names) - set(table.c.keys())
    if missing:
        raise TypeError(f"{table.name} lacks {sorted(missing)}")
    return names


def _lines(attribute: str, item: type[Any], model: type[models.Base]) -> Lines:
    table = model.metadata.tables[model.__tablename__]
    return Lines(attribute, item, table, _columns(item, table))


LINES: tuple[Lines, ...] = (
    _lines("partners", Partner, models.Partner),
    _lines("indicators", Indicator, models.Indicator),
    _lines("spending", Spending, models.Spending),
    _lines("budget", BudgetLine, models.BudgetLine),
    _lines("milestones", Milestone, models.Milestone),
    _lines("annual_reports", AnnualReport, models.AnnualReport),
    _lines("changes", Change, models.Change),
    _lines("exceptions", ExceptionNote, models.ExceptionNote),
)
"""Every table of lines that maps field by field. Tranches, parties and the acceptance have their own ways."""

_LINE_FIELDS = {lines.attribute for lines in LINES} | {"tranches", "acceptance", "signatories"}
_PROJECT = models.Base.metadata.tables["project"]
_PROJECT_FIELDS = tuple(field.name for field in fields(ProjectRecord) if field.name not in _LINE_FIELDS)
_PROJECT_COLUMNS = tuple(_RENAMED.get(name, name) for name in _PROJECT_FIELDS)
_ACCEPTANCE = models.Base.metadata.tables["acceptance"]
_ACCEPTANCE_COLUMNS = _columns(Acceptance, _ACCEPTANCE)


def project_row(agency_id: int, record: ProjectRecord) -> Row:
    """Return the row of the project itself, with what is worked out for lists and search."""
    row: Row = dict(zip(_PROJECT_COLUMNS, attrgetter(*_PROJECT_FIELDS)(record), strict=True))
    title, unit = pinyin(record.title), pinyin(record.lead_unit)
    row["agency_id"] = agency_id
    row["stage"] = stage_of(record)
    row["year"] = record.start.year
    row["title_order"] = title
    row["unit_order"] = unit
    row["search_text"] = search_text(record)
    return row


def acceptance_row(project_id: int, acceptance: Acceptance) -> Row:
    """Return the row of a project's acceptance."""
    values = attrgetter(*(field.name for field in fields(Acceptance)))(acceptance)
    return dict(zip(_ACCEPTANCE_COLUMNS, values, strict=True)) | {"project_id": project_id}


def party_rows(project_id: int, signatories: Sequence[Signatory]) -> Iterator[Row]:
    """Yield the rows of the parties that have signed."""
    for position, signatory in enumerate(signatories):
        yield {"project_id": project_id, "position": position, "signatory": signatory}


_PINYIN: dict[str, str] = {}
_INITIALS: dict[str, str] = {}


def pinyin(text: str) -> str:
    """Return ``text`` in lower-case pinyin without tones, character by character."""
    return "".join([_PINYIN.get(char) or _spell(char) for char in text])


def initials(text: str) -> str:
    """Return the first letters of ``text``'s pinyin."""
    pinyin(text)
    return "".join([_INITIALS[char] for char in text])


def _spell(char: str) -> str:
    spelt = "".join(lazy_pinyin(char, style=Style.NORMAL)).lower()
    _PINYIN[char] = spelt
    _INITIALS[char] = spelt[:1]
    return spelt


def search_text(record: ProjectRecord) -> str:
    """Return what a search looks in: characters, pinyin and initials, in lower case."""
    words = (record.title, record.lead_unit, record.pi_name)
    spelt = (form(word) for word in words for form in (pinyin, initials))
    return "\n".join([record.number, *words, *spelt]).lower()


def load_records(session: Session, project_ids: Iterable[int]) -> Iterator[tuple[int, ProjectRecord]]:
    """Yield the records of those projects with their ids, reading a chunk at a time."""
    ids = list(project_ids)
    for start in range(0, len(ids), CHUNK):
        yield from _load_chunk(session, ids[start : start + CHUNK])


def load_record(session: Session, project_id: int) -> ProjectRecord:
    """Return the record of one project. Raises ``LookupError`` when there is none."""
    for _, record in load_records(session, [project_id]):
        return record
    raise LookupError(project_id)


def _load_chunk(session: Session, ids: list[int]) -> Iterator[tuple[int, ProjectRecord]]:
    belongings: dict[int, dict[str, Any]] = {project_id: {} for project_id in ids}
    for lines in LINES:
        for project_id, items in _grouped(session, lines.query(ids), lines.item).items():
            belongings[project_id][lines.attribute] = items
    for project_id, items in _grouped(session, _tranche_query(ids), _tranche).items():
        belongings[project_id]["tranches"] = items
    parties = models.Party.__table__
    query = (
        select(parties.c.project_id, parties.c.signatory)
        .where(parties.c.project_id.in_(ids))
        .order_by(parties.c.project_id, parties.c.position)
    )
    for project_id, items in _grouped(session, query, lambda signatory: signatory).items():
        belongings[project_id]["signatories"] = items
    query = select(_ACCEPTANCE.c.project_id, *(_ACCEPTANCE.c[name] for name in _ACCEPTANCE_COLUMNS))
    for project_id, *values in session.execute(query.where(_ACCEPTANCE.c.project_id.in_(ids))):
        belongings[project_id]["acceptance"] = Acceptance(*values)
    query = select(_PROJECT.c.id, *(_PROJECT.c[name] for name in _PROJECT_COLUMNS))
    for project_id, *values in session.execute(query.where(_PROJECT.c.id.in_(ids)).order_by(_PROJECT.c.id)):
        known = dict(zip(_PROJECT_FIELDS, values, strict=True))
        yield project_id, ProjectRecord(**({"signatories": ()} | known | belongings[project_id]))


def _grouped(session: Session, query: Select[Any], build: Any) -> dict[int, tuple[Any, ...]]:
    groups: dict[int, list[Any]] = defaultdict(list)
    for project_id, *values in session.execute(query):
        groups[project_id].append(build(*values))
    return {project_id: tuple(items) for project_id, items in groups.items()}


def _tranche_query(ids: list[int]) -> Select[Any]:
    tranche, payment = models.Tranche, models.Payment
    query: Select[Any] = select(
        tranche.project_id,
        tranche.number,
        tranche.source,
        tranche.planned_fen,
        tranche.planned_on,
        payment.amount_fen,
        payment.paid_on,
    )
    return (
        query.outerjoin(payment, payment.tranche_id == tranche.id)
        .where(tranche.project_id.in_(ids))
        .order_by(tranche.project_id, tranche.position)
    )


def _tranche(number: int, source: Source, planned: Fen, planned_on: date | None, *paid: Any) -> Tranche:
    amount, paid_on = paid
    return Tranche(number, source, planned, planned_on, amount or 0, paid_on)
