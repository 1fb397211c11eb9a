"""Which column holds which field of the record: one table of it, used to read and to write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import Table

from lifecycle import models
from lifecycle.bulk import Values
from lifecycle.money import Fen
from lifecycle.record import (
    Acceptance,
    AnnualReport,
    BudgetLine,
    Change,
    ExceptionNote,
    Indicator,
    Measure,
    Milestone,
    Partner,
    ProjectRecord,
    Spending,
)
from lifecycle.spelling import by_character, initials, pinyin
from lifecycle.stages import Stage, stage_of

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


def _columns(names: tuple[str, ...], table: Table) -> tuple[str, ...]:
    """Return the columns of those fields in ``table``; a field without one is a mistake in the code."""
    columns = tuple(_RENAMED.get(name, name) for name in names)
    missing = set(columns) - set(table.c.keys())
    if missing:
        raise TypeError(f"{table.name} lacks {sorted(missing)}")
    return columns


def _names(item: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(item))


def _table(model: type[models.Base]) -> Table:
    return model.metadata.tables[model.__tablename__]


@dataclass(frozen=True, slots=True)
class Lines:
    """One table of lines of a project: the field of the record, the class of its items, their columns."""

    attribute: str
    item: type[Any]
    table: Table
    columns: tuple[str, ...]
    """In the order of the item's fields."""
    values: Callable[[Any], Values]
    """Takes an item's values in the order of the columns."""

    def rows(self, project_id: int, record: ProjectRecord) -> Iterator[Values]:
        """Yield the rows of ``record``'s lines: project, position, then the columns."""
        for position, item in enumerate(getattr(record, self.attribute)):
            yield (project_id, position, *self.values(item))


def _lines(attribute: str, item: type[Any], model: type[models.Base]) -> Lines:
    names, table = _names(item), _table(model)
    return Lines(attribute, item, table, _columns(names, table), attrgetter(*names))


LINES: tuple[Lines, ...] = (
    _lines("partners", Partner, models.Partner),
    _lines("indicators", Indicator, models.Indicator),
    _lines("spending", Spending, models.Spending),
    _lines("budget", BudgetLine, models.BudgetLine),
    _lines("milestones", Milestone, models.Milestone),
    _lines("annual_reports", AnnualReport, models.AnnualReport),
    _lines("changes", Change, models.Change),
    _lines("exceptions", ExceptionNote, models.ExceptionNote),
    _lines("measures", Measure, models.Measure),
)
"""Every table of lines that maps field by field. Tranches, parties and the acceptance have their own ways."""

NEVER_KEPT = frozenset({"members", "experts"})
"""Fields of the record that an act fills in for its own checklist."""

ELSEWHERE = frozenset(
    {
        *("tranches", "acceptance", "signatories", "waiting", "receipts", "proposals", "holds"),
        *(lines.attribute for lines in LINES),
        *NEVER_KEPT,
    }
)
"""Fields of the record that the project's own row does not hold."""

PROJECT = _table(models.Project)
PROJECT_FIELDS = tuple(name for name in _names(ProjectRecord) if name not in ELSEWHERE)
PROJECT_COLUMNS = _columns(PROJECT_FIELDS, PROJECT)
project_values: Callable[[ProjectRecord], Values] = attrgetter(*PROJECT_FIELDS)

ACCEPTANCE = _table(models.Acceptance)
ACCEPTANCE_COLUMNS = _columns(_names(Acceptance), ACCEPTANCE)
acceptance_values: Callable[[Acceptance], Values] = attrgetter(*_names(Acceptance))

PARTY = _table(models.Party)
TRANCHE = _table(models.Tranche)
PAYMENT = _table(models.Payment)
TURN = _table(models.Turn)
PROPOSAL = _table(models.Proposal)
HOLD = _table(models.TrancheHold)


class Derived(NamedTuple):
    """The columns of a project that are worked out from the others, for lists and search."""

    stage: Stage
    year: int
    title_order: str
    unit_order: str
    fiscal_fen: Fen
    search_text: str


def derived(record: ProjectRecord) -> Derived:
    """Work out what lists are sorted and filtered by and what a search looks in."""
    words = (_word(record.title), _word(record.lead_unit), _word(record.pi_name))
    searched = "\n".join([record.number.lower(), *(word.searched for word in words)])
    orders = words[0].order, words[1].order
    return Derived(stage_of(record), record.start.year, *orders, record.fiscal, searched)


MOST_ORDER = 200
"""Characters by which names are sorted: an index of PostgreSQL takes no longer ones, and nobody reads on."""


class _Word(NamedTuple):
    order: str
    searched: str


@lru_cache(maxsize=4096)
def _word(text: str) -> _Word:
    """Spell a name; units and people come back in one project after another."""
    spelt = pinyin(text)
    forms = dict.fromkeys([text.lower(), spelt, by_character(text), initials(text)])
    return _Word(spelt[:MOST_ORDER], "\n".join(forms))
