"""The summaries of a year's workbook: each sum a formula over the lines, with the value it comes to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from finance.views.moved import Book
from finance.views.years import YearEnd
from lifecycle.money import Fen
from reports.year_cells import FIRST_ROW, Counted, Money, Row, Said
from reports.year_lines import KEYS, PAID, RETURNED, SOURCES, UNPAID, Detail, Lines

TIES, DIFFERS = "相符", "不符"


@dataclass(frozen=True, slots=True)
class Summary:
    """One summary: its sheet, the key of the lines it goes by, and its entries."""

    name: str
    head: str
    key: str
    entries: Mapping[int, str]
    """The number of each entry and its name."""

    @property
    def by_source(self) -> bool:
        """Whether the net is divided by source as well."""
        return self.key != "来源"

    @property
    def total_row(self) -> int:
        """The row of the totals."""
        return FIRST_ROW + len(self.entries)


def summaries_of(lines: Lines) -> tuple[Summary, ...]:
    """Return the summaries of a year's lines, in the order of their sheets."""
    months = {month: f"{month} 月" for month in range(1, 13)} | {0: "以前年度及未定日期"}
    return (
        Summary("按项目类别", "计划类别", "类别", _turned(lines.programmes)),
        Summary("按资金来源", "资金来源", "来源", _turned(lines.sources)),
        Summary("按月份", "月份", "月份", months),
        Summary("按承担单位", "承担单位", "单位", _turned(lines.units)),
    )


def _turned(numbers: Mapping[str, int]) -> dict[int, str]:
    return {number: name for name, number in numbers.items()}


@dataclass(frozen=True, slots=True)
class _Column:
    """One column of sums: its header, its formula in a row, and what that comes to for an entry."""

    header: str
    formula: Callable[[int], str]
    value: Callable[[int], Fen]


class Added:
    """What the lines come to, by entry and kind, and by entry and source."""

    def __init__(self, lines: Lines, summary: Summary) -> None:
        self._summary = summary
        self._sums: Counter[tuple[str, int, str, int]] = Counter()
        for detail in (PAID, RETURNED, UNPAID):
            for line, keys in lines.keyed(detail):
                for also in ("类型", "来源"):
                    key, number = keys[KEYS.index(summary.key)], keys[KEYS.index(also)]
                    self._sums[detail.word, key, also, number] += line.amount

    def columns(self) -> tuple[_Column, ...]:
        """Return the columns of sums, from the third column of the sheet on."""
        paid, taken_back = (self._plain(PAID, kind) for kind in PAID.kinds)
        returned = self._plain(RETURNED, RETURNED.kinds[0])
        net = _Column(
            "净拨付",
            lambda row: f"C{row}+D{row}-E{row}",
            _sum_of(paid.value, taken_back.value, returned.value),
        )
        sources = [self._net(number, source) for number, source in enumerate(SOURCES, 1)]
        owed = [self._plain(UNPAID, kind) for kind in UNPAID.kinds]
        return (paid, taken_back, returned, net, *(sources if self._summary.by_source else ()), *owed)

    def _plain(self, detail: Detail, kind: str) -> _Column:
        number = detail.kinds.index(kind) + 1
        return _Column(
            kind,
            lambda row: self._sumifs(detail, row, "类型", number),
            lambda key: self._sums[detail.word, key, "类型", number],
        )

    def _net(self, number: int, source: str) -> _Column:
        def formula(row: int) -> str:
            taken = self._sumifs(RETURNED, row, "来源", number)
            return f"{self._sumifs(PAID, row, '来源', number)}-{taken}"

        return _Column(
            f"净拨付：{source}",
            formula,
            lambda key: (
                self._sums[PAID.word, key, "来源", number] - self._sums[RETURNED.word, key, "来源", number]
            ),
        )

    def _sumifs(self, detail: Detail, row: int, also: str, number: int) -> str:
        word, own = detail.word, self._summary.key
        return f"SUMIFS({word}金额,{word}{own},$A{row},{word}{also},{number})"


def _sum_of(
    paid: Callable[[int], Fen], taken: Callable[[int], Fen], back: Callable[[int], Fen]
) -> Callable[[int], Fen]:
    return lambda key: paid(key) + taken(key) - back(key)


def sum_rows(summary: Summary, columns: Sequence[_Column]) -> Iterator[Row]:
    """Yield the rows of a summary: each entry, then the totals."""
    for row, (key, name) in enumerate(summary.entries.items(), FIRST_ROW):
        yield (key, name, *(Money(one.value(key), one.formula(row)) for one in columns))
    last = max(FIRST_ROW, summary.total_row - 1)
    totals = []
    for letter, one in zip(letters(), columns, strict=False):
        fen = sum(one.value(key) for key in summary.entries)
        formula = f"SUM({letter}{FIRST_ROW}:{letter}{last})" if summary.entries else "0"
        totals.append(Money(fen, formula, total=True))
    yield (None, "合计", *totals)


def letters() -> Iterator[str]:
    """Yield the letters of the columns of sums."""
    yield from "CDEFGHIJKLMN"


def check_rows(year: YearEnd, lines: Lines, summaries: Sequence[Summary]) -> Iterator[Row]:
    """Yield what is checked: each summary against the lines and against what the database adds up itself."""
    moved = year.moved_sums
    known = {
        PAID: moved[Book.PAID] - moved[Book.REVERSED],
        RETURNED: moved[Book.RETURNED],
        UNPAID: year.owed_sum,
    }
    added = {detail: sum(line.amount for line in lines.of[detail.word]) for detail in known}
    row = FIRST_ROW
    for summary in summaries:
        owed = "IJKL" if summary.by_source else "GHIJ"
        cells = {PAID: "CD", RETURNED: "E", UNPAID: owed}
        for detail, of in cells.items():
            refs = "+".join(f"'{summary.name}'!{letter}{summary.total_row}" for letter in of)
            yield (
                f"{summary.name}：{_WHAT[detail]}",
                Money(added[detail], refs),
                Money(added[detail], f"SUM({detail.word}金额)"),
                Money(known[detail]),
                _verdict(row, added[detail] == known[detail]),
            )
            row += 1
    for detail in known:
        count = len(lines.of[detail.word])
        yield (
            f"{detail.name}：笔数",
            Counted(count, f"COUNT({detail.word}金额)"),
            Counted(count, f"COUNT({detail.word}金额)"),
            count,
            _verdict(row, True),
        )
        row += 1
    words = TIES if added == known else DIFFERS
    formula = f'IF(COUNTIF(E{FIRST_ROW}:E{row - 1},"{TIES}")={row - FIRST_ROW},"{TIES}","{DIFFERS}")'
    yield ("全部核对事项", None, None, None, Said(words, formula))


_WHAT = {PAID: "拨付减冲正", RETURNED: "退回", UNPAID: "未拨"}


def _verdict(row: int, ties: bool) -> Said:
    same = f"AND(ROUND(B{row}-C{row},2)=0,ROUND(C{row}-D{row},2)=0)"
    return Said(TIES if ties else DIFFERS, f'IF({same},"{TIES}","{DIFFERS}")')
