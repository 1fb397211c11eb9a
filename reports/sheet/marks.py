"""The marks an office writes into its layout of a disbursement sheet: ``{项目编号}``, ``{合计大写}``, …

A mark of a line stands alone in a cell of the one row that is repeated for every payment; a mark of the whole
may stand anywhere else, within text as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from itertools import repeat

from finance.disbursement import Disbursement, DisbursementLine
from lifecycle.money import YUAN, Fen, in_words, yuan

MARK = re.compile(r"[{｛]\s*([^{}｛｝]*?)\s*[}｝]")
"""A mark within text; braces of either width."""
BRACE = re.compile("[{}｛｝]")


class Holds(Enum):
    """What a cell of a line holds."""

    TEXT = "text"
    NUMBER = "number"
    ANSWER = "answer"
    """Empty: whoever pays fills it in."""


@dataclass(frozen=True, slots=True)
class LineMark:
    """A mark of the row that is repeated."""

    told: str
    """What stands there, in words for the office."""
    holds: Holds = Holds.TEXT
    needed: bool = False
    value: Callable[[DisbursementLine], str] | None = None


def digits(fen: Fen) -> str:
    """Return an amount in yuan as a number cell holds it."""
    return f"{fen // YUAN}.{fen % YUAN:02d}"


def share(part: Fen, whole: Fen) -> str:
    """Return a share to a hundredth of a percent, cut: 69.999% never reads 70%."""
    tenthousandths = part * 10_000 // whole if whole else 0
    return f"{tenthousandths // 10_000}.{tenthousandths % 10_000:04d}"


SEQUENCE, CODE, NUMBER, ACCOUNT, AMOUNT = "序号", "行码", "项目编号", "账号", "本次拨付"
RESULT, DAY, VOUCHER, REASON = "办理结果", "拨付日期", "凭证号", "未拨出原因"
ANSWERS = (RESULT, DAY, VOUCHER, REASON)

LINE_MARKS: Mapping[str, LineMark] = {
    SEQUENCE: LineMark("从 1 起的顺序号", Holds.NUMBER),
    CODE: LineMark("每笔一个的识别码，回执按它认行", needed=True),
    NUMBER: LineMark("项目编号", needed=True, value=lambda line: line.project_number),
    "项目名称": LineMark("项目名称", value=lambda line: line.project_title),
    "资金来源": LineMark("这一笔的资金来源", value=lambda line: line.source),
    "承担单位": LineMark("收款的承担单位", value=lambda line: line.payee),
    "开户行": LineMark("开户银行", value=lambda line: line.bank_name),
    ACCOUNT: LineMark("银行账号", needed=True, value=lambda line: line.bank_account),
    "资助总额": LineMark("该来源资助总额，元", Holds.NUMBER, value=lambda line: digits(line.granted)),
    "已拨": LineMark("此前已拨，元", Holds.NUMBER, value=lambda line: digits(line.paid_before)),
    AMOUNT: LineMark("本次拨付金额，元", Holds.NUMBER, needed=True, value=lambda line: digits(line.amount)),
    "本次大写": LineMark("本次拨付金额的大写", value=lambda line: in_words(line.amount)),
    "累计比例": LineMark(
        "（已拨＋本次拨付）÷资助总额，尾数舍去",
        Holds.NUMBER,
        value=lambda line: share(line.paid_before + line.amount, line.granted),
    ),
    "依据": LineMark("文件和条款", value=lambda line: line.basis),
    RESULT: LineMark("空着，由办理单位填“已拨付”或“未拨出”", Holds.ANSWER, needed=True),
    DAY: LineMark("空着，由办理单位填拨付日期", Holds.ANSWER, needed=True),
    VOUCHER: LineMark("空着，由办理单位填凭证号", Holds.ANSWER, needed=True),
    REASON: LineMark("空着，由办理单位填未拨出的原因", Holds.ANSWER, needed=True),
}


class Whole:
    """A disbursement as the head and the foot of its sheet tell of it."""

    def __init__(self, told: Disbursement) -> None:
        self.told = told
        self.granted = sum(line.granted for line in told.lines)
        self.paid_before = sum(line.paid_before for line in told.lines)
        self.total = told.total

    @cached_property
    def day(self) -> str:
        """The day of issue as it is written on paper."""
        day = self.told.issued_on
        return f"{day.year}年{day.month}月{day.day}日"

    @property
    def share(self) -> str:
        """Paid before and now, of all that is granted."""
        return share(self.paid_before + self.total, self.granted)


@dataclass(frozen=True, slots=True)
class WholeMark:
    """A mark of the head or the foot."""

    told: str
    text: Callable[[Whole], str]
    number: Callable[[Whole], str] | None = None
    """Its digits, where it can be a number; it then is one where it stands alone in its cell."""
    sums: str | None = None
    """The mark of a line that it is the sum of: standing alone it is a formula."""
    needed: bool = False


def _percent(digits_: str) -> str:
    hundredths = int(digits_.replace(".", ""))
    return f"{hundredths // 100}.{hundredths % 100:02d}%"


WHOLE_MARKS: Mapping[str, WholeMark] = {
    "批次号": WholeMark("批次编号，如 2026-003", lambda whole: whole.told.number, needed=True),
    "校验码": WholeMark("整张表的校验码，64 位", lambda whole: whole.told.checksum, needed=True),
    "年度": WholeMark("出表年度", lambda whole: str(whole.told.issued_on.year)),
    "出表日期": WholeMark("如 2026年6月30日", lambda whole: whole.day),
    "拨款单位": WholeMark("拨款单位", lambda whole: whole.told.payer),
    "科技局": WholeMark("本局名称", lambda whole: whole.told.agency),
    "资金来源": WholeMark("各笔的资金来源，用顿号隔开", lambda whole: "、".join(whole.told.sources)),
    "笔数": WholeMark(
        "共几笔", lambda whole: str(len(whole.told.lines)), lambda whole: str(len(whole.told.lines))
    ),
    "合计金额": WholeMark(
        "本次拨付合计，元", lambda whole: yuan(whole.total), lambda whole: digits(whole.total), AMOUNT
    ),
    "合计大写": WholeMark("本次拨付合计的大写", lambda whole: in_words(whole.total)),
    "合计资助总额": WholeMark(
        "资助总额合计，元", lambda whole: yuan(whole.granted), lambda whole: digits(whole.granted), "资助总额"
    ),
    "合计已拨": WholeMark(
        "已拨合计，元", lambda whole: yuan(whole.paid_before), lambda whole: digits(whole.paid_before), "已拨"
    ),
    "合计比例": WholeMark("合计的累计比例", lambda whole: _percent(whole.share), lambda whole: whole.share),
}

SUMMED = {mark.sums: name for name, mark in WHOLE_MARKS.items() if mark.sums}


def names_in(text: str) -> list[str]:
    """Return the marks in a text, by name."""
    return MARK.findall(text)


def alone(text: str) -> str | None:
    """Return the mark that is all of a text, else ``None``."""
    match = MARK.fullmatch(text.strip())
    return match[1] if match else None


def filled(text: str, whole: Whole) -> str:
    """Return a text with its marks of the whole filled in."""
    return MARK.sub(lambda match: WHOLE_MARKS[match[1]].text(whole), text)


def values_of(name: str, told: Disbursement) -> Iterator[str]:
    """Yield what stands under a mark of the line, line by line."""
    value = LINE_MARKS[name].value
    if value is not None:
        return map(value, told.lines)
    if name == SEQUENCE:
        return map(str, range(1, len(told.lines) + 1))
    return iter(told.codes) if name == CODE else repeat("", len(told.lines))
