"""The sheets and columns of the ledger workbook, declared once: reading, writing, template and pages use it.

The columns of a sheet stand in the order of the fields of the record they fill.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum, StrEnum
from functools import cached_property, partial
from typing import Any, NamedTuple

from lifecycle.money import Fen
from lifecycle.record import (
    Acceptance,
    AnnualReport,
    BudgetLine,
    BudgetUse,
    Change,
    ChangeKind,
    Conclusion,
    Direction,
    ExceptionNote,
    Indicator,
    IndicatorCategory,
    Milestone,
    Nature,
    Partner,
    ProjectRecord,
    Review,
    Signatory,
    Source,
    Spending,
    Subcategory,
    Tranche,
    UnitType,
)
from lifecycle.rulebook import rulebook


class Kind(Enum):
    """What a column asks of its cells."""

    TEXT = "文字"
    CODE = "编号"
    """Text of digits that Excel damages where it takes them for a number."""
    VALUE = "指标值"
    """An indicator's value: a number where it is quantified, otherwise any text."""
    WHOLE = "正整数"
    COUNT = "整数"
    DATE = "日期"
    MONEY = "金额"
    REVERSIBLE_MONEY = "金额（可为负）"
    FLAG = "是/否"
    CHOICE = "选项"
    CHOICES = "多个选项"
    HOME_PLACE = "国内地区"
    PLACE = "地区或国家"

    @property
    def is_money(self) -> bool:
        """Whether the header carries a unit."""
        return self in (Kind.MONEY, Kind.REVERSIBLE_MONEY)


class IndicatorValue(NamedTuple):
    """An indicator's value as written, and as a number where it is one."""

    text: str | None
    number: Decimal | None


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its header without unit, the field it fills, and what its cells must be."""

    name: str
    field: str
    kind: Kind
    required: bool = False
    """Neither the column nor a cell of it may be missing."""
    must_exist: bool = False
    """The rules name it: the column may not be missing, its cells may be blank."""
    key: bool = False
    """Part of what tells one row of the sheet from another."""
    choices: Callable[[], Sequence[str]] | None = None
    """What a choice may be; items of a StrEnum or plain names."""
    blank: Any = None
    """The value of a blank cell."""


@dataclass(frozen=True)
class Sheet:
    """One sheet: its columns, 项目编号 first, and what a row of it becomes."""

    name: str
    attribute: str
    """The record's attribute its rows fill; empty for the sheet of the projects themselves."""
    columns: tuple[Column, ...]
    build: Callable[..., Any]
    """Takes the values of the columns in their order; of lines without the 项目编号."""

    @property
    def holds_lines(self) -> bool:
        """Whether its rows belong to projects, rather than being them."""
        return self.attribute != ""

    def place(self, name: str) -> int:
        """Return the place of a column among the columns; raises ``KeyError``."""
        return self._places[name]

    @cached_property
    def _places(self) -> dict[str, int]:
        return {column.name: place for place, column in enumerate(self.columns)}


def _column(name: str, field: str, kind: Kind, *flags: str, **more: Any) -> Column:
    return Column(name, field, kind, **dict.fromkeys(flags, True) | more)


def _choice(name: str, field: str, options: Callable[[], Sequence[str]], *flags: str, **more: Any) -> Column:
    return _column(name, field, Kind.CHOICE, *flags, choices=options, **more)


def _money(name: str, field: str, *flags: str, blank: Fen | None = 0) -> Column:
    return _column(name, field, Kind.MONEY, *flags, blank=blank)


def _flag(name: str, field: str, *flags: str, blank: bool | None = False) -> Column:
    return _column(name, field, Kind.FLAG, *flags, blank=blank)


def _all_of(choices: type[StrEnum]) -> Callable[[], Sequence[str]]:
    return partial(tuple, choices)


def _programmes() -> Sequence[str]:
    return rulebook().programmes


def _usual_rules() -> Sequence[str]:
    return sorted(rulebook().usual_rules)


def _indicator(
    name: str,
    category: IndicatorCategory,
    direction: Direction,
    unit: str | None,
    guide: IndicatorValue,
    agreed: IndicatorValue,
    achieved: IndicatorValue,
) -> Indicator:
    texts = (guide.text, agreed.text, achieved.text)
    return Indicator(name, category, direction, unit, *texts, guide.number, agreed.number)


_BLANK_VALUE = IndicatorValue(None, None)
_NUMBER = _column("项目编号", "number", Kind.CODE, "required")
_KEY_NUMBER = replace(_NUMBER, key=True)
_SOURCE = _choice("资金来源", "source", _all_of(Source), "required")
_USE = _choice("科目", "use", _all_of(BudgetUse), "required")

PROJECTS = Sheet(
    "项目",
    "",
    (
        _KEY_NUMBER,
        _column("项目名称", "title", Kind.TEXT, "required"),
        _choice("计划类别", "programme", _programmes, "required"),
        _choice("项目性质", "nature", _all_of(Nature), "must_exist"),
        _column("承担单位", "lead_unit", Kind.TEXT, "required"),
        _choice("单位类型", "lead_unit_type", _all_of(UnitType), "must_exist"),
        _column("单位所在地", "lead_place", Kind.HOME_PLACE, "must_exist"),
        _column("项目负责人", "pi_name", Kind.TEXT, "required"),
        _column("负责人邮箱", "pi_email", Kind.TEXT),
        _column("联合实施单位", "joint_unit", Kind.TEXT, "must_exist"),
        _flag("自主设置", "self_established", "must_exist"),
        _flag("里程碑管理", "milestone_managed", "must_exist"),
        _choice("子类", "subcategory", _all_of(Subcategory), "must_exist"),
        _column("实施开始", "start", Kind.DATE, "required"),
        _column("实施结束", "end", Kind.DATE, "required"),
        _column("原实施结束", "original_end", Kind.DATE, "must_exist"),
        _column("任务书签订日期", "signed_on", Kind.DATE, "must_exist"),
        _column("签署方", "signatories", Kind.CHOICES, "must_exist", choices=_all_of(Signatory), blank=()),
        _flag("专账管理", "separate_account", "must_exist", blank=None),
        _money("申请财政资金", "requested", "must_exist", blank=None),
        _money("省（市）级财政资金", "provincial", "must_exist"),
        _money("区（县）级财政资金", "district", "must_exist"),
        _money("联合实施单位出资", "joint", "must_exist"),
        _money("自筹资金", "own", "must_exist"),
        _column("开户行", "bank_name", Kind.TEXT),
        _column("银行账号", "bank_account", Kind.CODE),
    ),
    ProjectRecord,
)

SPENDING = Sheet(
    "支出",
    "spending",
    (
        _NUMBER,
        _column("日期", "on", Kind.DATE, "required"),
        _SOURCE,
        _USE,
        _column("金额", "amount", Kind.REVERSIBLE_MONEY, "required"),
        _column("凭证号", "voucher", Kind.TEXT),
        _column("备注", "note", Kind.TEXT),
    ),
    Spending,
)

SHEETS = (
    PROJECTS,
    Sheet(
        "参与单位",
        "partners",
        (
            _KEY_NUMBER,
            _column("单位名称", "name", Kind.TEXT, "required", "key"),
            _choice("单位类型", "unit_type", _all_of(UnitType)),
            _column("所在地", "place", Kind.PLACE, "required"),
            _money("分配财政资金", "share"),
            _column("合作协议生效日期", "agreement_from", Kind.DATE),
            _column("合作协议截止日期", "agreement_until", Kind.DATE),
        ),
        Partner,
    ),
    Sheet(
        "考核指标",
        "indicators",
        (
            _KEY_NUMBER,
            _column("指标名称", "name", Kind.TEXT, "required", "key"),
            _choice("类别", "category", _all_of(IndicatorCategory), "required"),
            _choice("方向", "direction", _all_of(Direction), blank=Direction.AT_LEAST),
            _column("计量单位", "unit", Kind.TEXT),
            _column("基准值", "guide_value", Kind.VALUE, blank=_BLANK_VALUE),
            _column("任务书值", "agreed_value", Kind.VALUE, blank=_BLANK_VALUE),
            _column("完成值", "achieved_value", Kind.VALUE, blank=_BLANK_VALUE),
        ),
        _indicator,
    ),
    Sheet(
        "拨付",
        "tranches",
        (
            _NUMBER,
            _column("期次", "number", Kind.WHOLE, "required"),
            _SOURCE,
            _money("计划金额", "planned", "required"),
            _column("计划日期", "planned_on", Kind.DATE),
            _money("实拨金额", "paid"),
            _column("实拨日期", "paid_on", Kind.DATE),
        ),
        Tranche,
    ),
    SPENDING,
    Sheet(
        "预算",
        "budget",
        (
            _KEY_NUMBER,
            replace(_SOURCE, key=True),
            replace(_USE, key=True),
            _money("预算金额", "amount", "required"),
        ),
        BudgetLine,
    ),
    Sheet(
        "里程碑",
        "milestones",
        (
            _KEY_NUMBER,
            _column("序号", "number", Kind.WHOLE, "required", "key"),
            _column("名称", "name", Kind.TEXT),
            _column("计划日期", "planned_on", Kind.DATE, "required"),
            _column("报告提交日期", "reported_on", Kind.DATE),
            _column("考核日期", "reviewed_on", Kind.DATE),
            _choice("考核结论", "review", _all_of(Review)),
        ),
        Milestone,
    ),
    Sheet(
        "年度报告",
        "annual_reports",
        (
            _KEY_NUMBER,
            _column("年度", "year", Kind.WHOLE, "required", "key"),
            _column("提交日期", "submitted_on", Kind.DATE),
            _flag("含阶段经费决算", "with_accounts"),
            _column("报区政府日期", "to_government_on", Kind.DATE),
        ),
        AnnualReport,
    ),
    Sheet(
        "变更",
        "changes",
        (
            _KEY_NUMBER,
            _column("序号", "number", Kind.WHOLE, "required", "key"),
            _choice("变更类型", "kind", _all_of(ChangeKind), "required"),
            _flag("自主变更", "self_decided"),
            _column("申请日期", "applied_on", Kind.DATE),
            _column("联合实施单位同意日期", "joint_consent_on", Kind.DATE),
            _column("联席会议审定日期", "conference_on", Kind.DATE),
            _column("科技局批准日期", "approved_on", Kind.DATE),
            _column("平台备案日期", "platform_filed_on", Kind.DATE),
            _column("变更前", "before", Kind.TEXT),
            _column("变更后", "after", Kind.TEXT),
            _column("批复文号", "approval_number", Kind.TEXT),
        ),
        Change,
    ),
    Sheet(
        "验收",
        "acceptance",
        (
            _KEY_NUMBER,
            _column("申请日期", "applied_on", Kind.DATE),
            _choice("技术验收结论", "technical", _all_of(Review)),
            _choice("财务验收结论", "financial", _all_of(Review)),
            _flag("联合实施单位参加", "joint_unit_took_part"),
            _column("联席会议审议日期", "conference_on", Kind.DATE),
            _column("区政府审定日期", "government_on", Kind.DATE),
            _choice("结论", "conclusion", _all_of(Conclusion)),
            _column("结论日期", "concluded_on", Kind.DATE),
            _flag("主观原因", "own_fault"),
            _column("备查日期", "filed_on", Kind.DATE),
            _column("平台备案日期", "platform_filed_on", Kind.DATE),
            _column("财务清算日期", "cleared_on", Kind.DATE),
            _column("诚信记录日期", "integrity_on", Kind.DATE),
            _money("应退金额", "to_return"),
            _money("已退金额", "returned"),
            _column("完成任务目标数", "goals_met", Kind.COUNT),
        ),
        Acceptance,
    ),
    Sheet(
        "例外说明",
        "exceptions",
        (
            _KEY_NUMBER,
            _choice("规则编号", "rule", _usual_rules, "required", "key"),
            _column("对象", "subject", Kind.TEXT, "key", blank=""),
            _column("理由", "reason", Kind.TEXT, "required"),
            _column("批准日期", "approved_on", Kind.DATE, "required"),
        ),
        ExceptionNote,
    ),
)
"""Every sheet, in the order in which errors are listed and sheets are written."""

OWN_SPENDING = Sheet(
    "支出",
    "spending",
    (*SPENDING.columns[1:], replace(_NUMBER, required=False)),
    lambda *values: Spending(*values[:-1]),
)
"""The spending of one project, as its unit lists it: the columns of 支出, 项目编号 last and optional."""

SHEET_NAMES = tuple(sheet.name for sheet in SHEETS)
