"""What whoever pays has filled in behind a line: liberal in what is understood, and nothing is guessed.

办理结果: the words below, with or without blanks and a full stop. 拨付日期: a date, or text such as 2026-3-5,
2026/3/5, 2026.3.5, 2026年3月5日 or 20260305, with or without a time after it. 凭证号: text, or a number that
Excel has kept whole. Whoever writes only 退汇, 退票, 退回 or 拒付 as the result has given the reason with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from unicodedata import normalize

from finance.booking import MOST_VOUCHER
from finance.returned_lines import CellNote, Heap
from lifecycle.judging import MOST_TEXT
from reports.ledger.cells import number_text
from reports.ledger.xlsx.values import Cell, Flaw
from reports.sheet.marks import DAY, REASON, RESULT, VOUCHER

PAID_WORDS = frozenset(
    [
        "已拨付",
        "已拨",
        "拨付成功",
        "已支付",
        "已付",
        "支付成功",
        "已付款",
        "付款成功",
        "交易成功",
        "汇款成功",
        "已汇出",
        "成功",
    ]
)
SAYS_WHY = frozenset(["退汇", "已退汇", "退票", "已退票", "退回", "已退回", "拒付"])
FAILED_WORDS = SAYS_WHY | frozenset(
    [
        "未拨出",
        "未拨付",
        "未拨",
        "拨付失败",
        "未支付",
        "支付失败",
        "未付",
        "付款失败",
        "交易失败",
        "汇款失败",
        "失败",
        "不成功",
    ]
)
_LARGEST_NUMBER = 10**15
_DAY = re.compile(
    r"(\d{4})(?:-(\d{1,2})-(\d{1,2})|/(\d{1,2})/(\d{1,2})|\.(\d{1,2})\.(\d{1,2})|年(\d{1,2})月(\d{1,2})日|(\d{2})(\d{2}))"
    r"(?:[ T]?\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
)
_DAY_WANTED = "应为日期，如 2026-3-5、2026年3月5日 或 20260305"


@dataclass(slots=True)
class Answer:
    """What was filled in behind one line."""

    heap: Heap
    on: date | None = None
    voucher: str = ""
    reason: str = ""
    notes: list[CellNote] = field(default_factory=list)


class Misread(ValueError):
    """A cell holds what cannot be taken; the message says why."""


@dataclass(frozen=True, slots=True)
class Days:
    """The days on which money of a sheet can have moved."""

    issued_on: date
    today: date

    def wrong(self, day: date) -> str | None:
        """Return what is wrong with a day, if anything."""
        if day > self.today:
            return f"不能晚于今天（{self.today}）"
        if day < self.issued_on:
            return f"不能早于出表日期（{self.issued_on}）"
        return None


def understood(cell: Cell | None) -> Heap | None:
    """Return what a result says; ``None`` for what is not understood. Nothing at all: not answered."""
    if cell is None:
        return Heap.OPEN
    word = "".join(normalize("NFKC", cell).split()).strip("。.;；,，!") if isinstance(cell, str) else ""
    if word in PAID_WORDS:
        return Heap.PAID
    return Heap.FAILED if word in FAILED_WORDS else None


def read_day(cell: Cell) -> date:
    """Return the day that a cell holds. Raises ``Misread``."""
    if isinstance(cell, date):
        return cell
    if isinstance(cell, Flaw):
        raise Misread(f"{_DAY_WANTED}（{cell.message}）")
    text = cell if isinstance(cell, str) else ""
    if isinstance(cell, float) and not isinstance(cell, bool) and len(number_text(cell)) == len("20260305"):
        text = number_text(cell)
    text = re.sub(r"\s*([年月日/.\-:])\s*", r"\1", normalize("NFKC", text)).strip()
    match = _DAY.fullmatch(text)
    if match is None:
        raise Misread(f"“{shown(cell)}”{_DAY_WANTED}")
    year, month, day = (int(part) for part in match.groups() if part)
    try:
        return date(year, month, day)
    except ValueError:
        raise Misread(f"“{shown(cell)}”不是实有的日期") from None


def read_text(cell: Cell) -> str:
    """Return the text of a voucher or a reason. Raises ``Misread``."""
    if isinstance(cell, Flaw):
        raise Misread(cell.message)
    if isinstance(cell, float) and abs(cell) >= _LARGEST_NUMBER:
        raise Misread("超过 15 位的数字已被 Excel 改动，请将单元格设为文本格式后重新填写")
    return shown(cell)


def shown(cell: Cell | None) -> str:
    """Return what stands in a cell, as people would say it."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return number_text(cell)
    return cell.isoformat() if isinstance(cell, date) else cell.message


def read_answer(cells: Mapping[str, Cell | None], places: Mapping[str, str], days: Days) -> Answer:
    """Return what the four cells behind a line say; with notes on cells, it can not be taken as it is."""
    heap = understood(cells[RESULT])
    answer = Answer(heap or Heap.FAULTY)
    if heap is None:
        words = f"“{shown(cells[RESULT])}”不认识，请填“{Heap.PAID}”或“{Heap.FAILED}”"
        answer.notes.append(CellNote(places[RESULT], f"{RESULT}{words}"))
    answer.notes.extend(_taken(answer, cells, places, days))
    if heap is not None:
        answer.notes.extend(_lacking(answer, cells, places))
    if answer.notes:
        answer.heap = Heap.FAULTY
    return answer


def _taken(
    answer: Answer, cells: Mapping[str, Cell | None], places: Mapping[str, str], days: Days
) -> Iterator[CellNote]:
    """Take day, voucher and reason over; yield what is wrong with them."""
    for name in (DAY, VOUCHER, REASON):
        cell = cells[name]
        if cell is None:
            continue
        try:
            if name == DAY:
                answer.on = read_day(cell)
                wrong = days.wrong(answer.on)
            else:
                text = read_text(cell)
                most = MOST_VOUCHER if name == VOUCHER else MOST_TEXT
                wrong = f"不超过 {most} 个字" if len(text) > most else None
                answer.voucher, answer.reason = (
                    (text, answer.reason) if name == VOUCHER else (answer.voucher, text)
                )
        except Misread as misread:
            wrong = str(misread)
        if wrong:
            yield CellNote(places[name], f"{name}{wrong}")


def _lacking(
    answer: Answer, cells: Mapping[str, Cell | None], places: Mapping[str, str]
) -> Iterator[CellNote]:
    """Yield what is missing for the result, or contradicts it."""
    filled = [name for name in (DAY, VOUCHER, REASON) if cells[name] is not None]
    if answer.heap is Heap.OPEN and filled:
        yield CellNote(places[RESULT], f"填写了{'、'.join(filled)}，但没有填写{RESULT}")
    elif answer.heap is Heap.PAID:
        for name in (DAY, VOUCHER):
            if name not in filled:
                yield CellNote(places[name], f"{RESULT}为{Heap.PAID}，请填写{name}")
        if REASON in filled:
            yield CellNote(places[REASON], f"{RESULT}为{Heap.PAID}，却填写了{REASON}，请核对")
    elif answer.heap is Heap.FAILED and REASON not in filled:
        word = "".join(shown(cells[RESULT]).split()).strip("。")
        if word in SAYS_WHY:
            answer.reason = word
        else:
            yield CellNote(places[REASON], f"{RESULT}为{Heap.FAILED}，请填写{REASON}")
