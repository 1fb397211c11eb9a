"""Records of which one cell says something else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from lifecycle.record import Conclusion, ProjectRecord, Signatory
from lifecycle.rulebook import rulebook
from reports.ledger.schema import PROJECTS, Sheet
from tests.integration.holding import DAY, USUAL


def altered(sheet: Sheet, line: Any, name: str) -> Any:
    """Return a line, or a record, of which the column of that name says something else."""
    column = sheet.columns[sheet.place(name)]
    value = getattr(line, column.field)
    return replace(line, **{column.field: _other(name, value)}, **_with(column.field, value))


def _with(field: str, value: Any) -> dict[str, Any]:
    """Return what goes with a field: the number of an indicator's value, the day of a conclusion."""
    if field in {"guide_value", "agreed_value"}:
        return {field.replace("value", "number"): Decimal(value) + 1}
    return {"conclusion": {"concluded_on": DAY}, "concluded_on": {"conclusion": Conclusion.PASSED}}.get(
        field, {}
    )


_WANTED: dict[str, Any] = {
    "计划类别": "沙坪坝区科技攻关重大专项",
    "签署方": (Signatory.DISTRICT,),
    "单位所在地": "四川省",
    "所在地": "贵州省",
    "子类": "基地平台",
    "规则编号": next(rule for rule in sorted(rulebook().usual_rules) if rule not in {USUAL, "spb-16-period"}),
    "结论": Conclusion.PASSED,
}


def _other(name: str, value: Any) -> Any:
    if name in _WANTED:
        return _WANTED[name]
    if isinstance(value, StrEnum):
        return next(one for one in type(value) if one is not value)
    if isinstance(value, bool):
        return not value
    if isinstance(value, date):
        return value + timedelta(days=1)
    if isinstance(value, int):
        return value + 7
    if isinstance(value, str):
        return str(int(value) + 1) if value.isdecimal() else f"{value}改"
    return DAY


def cells(sheet: Sheet) -> Iterator[str]:
    """Yield the names of a sheet's columns but the 项目编号."""
    own = sheet.columns[1:]
    for column in own:
        yield column.name


def with_lines(record: ProjectRecord, sheet: Sheet, lines: tuple[Any, ...]) -> ProjectRecord:
    """Return a record with other lines in a sheet."""
    if sheet is PROJECTS:
        return lines[0]  # type: ignore[no-any-return]
    if sheet.attribute == "acceptance":
        return replace(record, acceptance=lines[0] if lines else None)
    return replace(record, **{sheet.attribute: lines})


def lines_of(record: ProjectRecord, sheet: Sheet) -> tuple[Any, ...]:
    """Return what the rows of a sheet say of a record."""
    if sheet is PROJECTS:
        return (record,)
    lines = getattr(record, sheet.attribute)
    if sheet.attribute == "acceptance":
        return () if lines is None else (lines,)
    return tuple(lines)
