"""The lines of a year's workbook, three sheets of them, with the numbers that its summaries sum by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from openpyxl.utils import get_column_letter

from finance.views.asking import PART_NAMES
from finance.views.moved import BOOK_NAMES, Book, Movement
from finance.views.years import OWED, YearEnd
from lifecycle.money import Fen
from lifecycle.record import FISCAL, Source
from lifecycle.rulebook import rulebook
from reports.year_cells import Money, Row, Value

SOURCES = tuple(source for source in Source if source in FISCAL)


@dataclass(frozen=True, slots=True)
class Line:
    """One line. ``amount`` is fen, below 0 for a reversal; ``month`` is 0 outside the year."""

    day: date | None
    kind: str
    voucher: str
    batch: str
    number: str
    title: str
    programme: str
    unit: str
    source: str
    tranche: int | None
    amount: Fen
    month: int
    note: str


@dataclass(frozen=True, slots=True)
class Detail:
    """One sheet of lines: its word in names of ranges, its columns, the kinds of its lines."""

    word: str
    columns: Sequence[str]
    kinds: Sequence[str]

    @property
    def name(self) -> str:
        """The name of the sheet."""
        return f"明细({self.word})"

    def letter(self, header: str) -> str:
        """Return the letter of a column."""
        return get_column_letter(self.columns.index(header) + 1)


_PROJECT = ("项目编号", "项目名称", "计划类别", "承担单位", "资金来源")
KEYS = ("月份", "类别", "单位", "来源", "类型")
"""What lines are told apart by, each as a number; the ranges of these columns have names."""

_NUMBERS = tuple(f"{key}序号" if key != "月份" else key for key in KEYS)
AMOUNT = "金额（元）"

PAID = Detail(
    "拨付",
    ("序号", "日期", "类型", "凭证号", "批次", *_PROJECT, "期次", AMOUNT, "说明", *_NUMBERS),
    (BOOK_NAMES[Book.PAID], BOOK_NAMES[Book.REVERSED]),
)
RETURNED = Detail(
    "退回",
    ("序号", "日期", "类型", "凭证号", *_PROJECT, AMOUNT, "说明", *_NUMBERS),
    (BOOK_NAMES[Book.RETURNED],),
)
UNPAID = Detail(
    "未拨",
    ("序号", "计划日期", "类型", *_PROJECT, "期次", AMOUNT, *_NUMBERS),
    tuple(PART_NAMES[part] for part in OWED),
)
DETAILS = (PAID, RETURNED, UNPAID)


def header_of_key(key: str) -> str:
    """Return the header of the column that holds a key."""
    return _NUMBERS[KEYS.index(key)]


@dataclass(frozen=True, slots=True)
class Lines:
    """All lines of a year, and the running numbers of the names in them."""

    of: Mapping[str, Sequence[Line]]
    """By the word of their sheet."""
    programmes: Mapping[str, int]
    units: Mapping[str, int]
    sources: Mapping[str, int]

    def keyed(self, detail: Detail) -> Iterator[tuple[Line, tuple[int, ...]]]:
        """Yield the lines of a sheet, each with its numbers in the order of ``KEYS``."""
        kinds = _numbered(detail.kinds)
        for line in self.of[detail.word]:
            programme, unit = self.programmes[line.programme], self.units[line.unit]
            yield line, (line.month, programme, unit, self.sources[line.source], kinds[line.kind])


def lines_of(year: YearEnd) -> Lines:
    """Return the lines of a year."""
    moved = {
        PAID.word: [
            *(_moved(one, Book.PAID) for one in year.moved[Book.PAID]),
            *(_moved(one, Book.REVERSED) for one in year.moved[Book.REVERSED]),
        ],
        RETURNED.word: [_moved(one, Book.RETURNED) for one in year.moved[Book.RETURNED]],
        UNPAID.word: list(_owed(year)),
    }
    every = [line for lines in moved.values() for line in lines]
    known = {name: place for place, name in enumerate(rulebook().programmes)}
    programmes = sorted(
        {line.programme for line in every}, key=lambda name: (known.get(name, len(known)), name)
    )
    return Lines(
        moved,
        _numbered(programmes),
        _numbered(sorted({line.unit for line in every})),
        _numbered(SOURCES),
    )


def _numbered(names: Iterable[str]) -> dict[str, int]:
    return {str(name): number for number, name in enumerate(names, 1)}


def _moved(one: Movement, book: Book) -> Line:
    """Return the line of a movement of the year, which always has its day and its source."""
    if one.day is None or one.source is None:
        raise ValueError("a movement of a year has a day and a source")
    note = f"于 {one.other_day} 冲正" if book is Book.PAID and one.other_day else one.note or ""
    return Line(
        one.day,
        BOOK_NAMES[book],
        one.voucher or "",
        one.batch_number or "",
        one.project_number,
        one.project_title,
        one.programme,
        one.lead_unit,
        str(one.source),
        one.tranche_number,
        -one.amount if book is Book.REVERSED else one.amount,
        one.day.month,
        note,
    )


def _owed(year: YearEnd) -> Iterator[Line]:
    for part, line in year.owed:
        of_year = line.planned_on is not None and line.planned_on.year == year.year
        yield Line(
            line.planned_on,
            PART_NAMES[part],
            "",
            "",
            line.project_number,
            line.project_title,
            line.programme,
            line.lead_unit,
            str(line.source),
            line.number,
            line.amount,
            line.planned_on.month if of_year and line.planned_on else 0,
            "",
        )


_VALUES: Mapping[str, Callable[[Line], Value]] = {
    "日期": lambda line: line.day,
    "计划日期": lambda line: line.day,
    "类型": lambda line: line.kind,
    "凭证号": lambda line: line.voucher,
    "批次": lambda line: line.batch,
    "项目编号": lambda line: line.number,
    "项目名称": lambda line: line.title,
    "计划类别": lambda line: line.programme,
    "承担单位": lambda line: line.unit,
    "资金来源": lambda line: line.source,
    "期次": lambda line: line.tranche,
    AMOUNT: lambda line: Money(line.amount),
    "说明": lambda line: line.note,
}


def detail_rows(lines: Lines, detail: Detail) -> Iterator[Row]:
    """Yield the rows of a sheet of lines."""
    values = [_VALUES[header] for header in detail.columns[1 : -len(KEYS)]]
    for number, (line, keys) in enumerate(lines.keyed(detail), 1):
        yield (number, *(value(line) for value in values), *keys)
