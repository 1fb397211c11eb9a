"""What changed in a known project, column by column, as people read it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

from lifecycle.money import wan
from lifecycle.storing import Known
from reports.ledger.schema import PROJECTS, SHEETS, Column, Kind

MOST_DIFFERENCES = 500
"""As many are kept with the history of an import; its file has the rest."""

MOST_SHOWN = 200
"""Characters shown of a value; a cell may hold 32,767."""


class Difference(NamedTuple):
    """One column of 项目, or one sheet of lines, that is not as it was."""

    project: str
    sheet: str
    column: str
    """Without its unit; empty where rows of a sheet changed."""
    old: str
    new: str

    def as_detail(self) -> dict[str, str]:
        """Return it as the history keeps it."""
        return self._asdict()


def differences(project: Known) -> Iterator[Difference]:
    """Yield what differs between a project's old and new record."""
    _, old, new = project
    for column in PROJECTS.columns:
        before, after = getattr(old, column.field), getattr(new, column.field)
        if before != after:
            yield Difference(
                new.number, PROJECTS.name, column.name, _shown(column, before), _shown(column, after)
            )
    for sheet in SHEETS:
        if sheet.holds_lines:
            before, after = getattr(old, sheet.attribute), getattr(new, sheet.attribute)
            if before != after:
                yield Difference(new.number, sheet.name, "", _rows(before), _rows(after))


def _shown(column: Column, value: Any) -> str:
    if value is None:
        return ""
    if column.kind is Kind.CHOICES:
        return "、".join(value)
    if column.kind is Kind.FLAG:
        return "是" if value else "否"
    if column.kind.is_money:
        return f"{wan(value)} 万元"
    if isinstance(value, date):
        return value.isoformat()
    text = str(value)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"


def _rows(lines: Any) -> str:
    """Say how many rows there are; of acceptances there is one or none."""
    count = len(lines) if isinstance(lines, tuple) else int(lines is not None)
    return f"{count} 行"
