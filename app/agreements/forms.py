"""The form of a task agreement's terms, whole or in part: changes show the parts that they may change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields, replace
from typing import Any

from wtforms import BooleanField, EmailField, Field, StringField, TextAreaField
from wtforms.validators import Optional, Regexp

from app.agreements.term_rows import (
    BudgetGrid,
    IndicatorRow,
    MemberRow,
    MilestoneRow,
    PartnerRow,
    TrancheRow,
    budget_in,
    budget_values,
    indicator_in,
)
from app.forms import ChoiceField, DayField, FlagField, Form, MoneyField, at_most, chosen, placed, required
from app.rows import GridField, RowsField
from lifecycle.place_names import home_place
from lifecycle.record import Nature, Partner, UnitType
from lifecycle.terms import Member, MilestoneTerm, Terms, TrancheTerm

EMAIL = r"[^@\s]+@[^@\s]+\.[^@\s]+\Z"


class TermsForm(Form):
    """Everything that a task agreement lays down; fields bear the names of ``Terms``.

    ``keep_only`` takes away what is not to be shown; ``terms_in`` then reads only what is left.
    """

    title = StringField("项目名称", [required("请填写项目名称。"), at_most(200)])
    nature = ChoiceField("项目性质", Nature, blank="未登记")
    lead_unit = StringField("承担单位", [required("请填写承担单位。"), at_most(200)])
    lead_unit_type = ChoiceField("单位类型", UnitType, blank="未登记")
    lead_place = StringField(
        "单位所在地",
        [placed(home_place, "请填写省、自治区、直辖市或港澳台地区的名称，如 重庆市。")],
        description="省、自治区、直辖市或港澳台地区",
    )
    joint_unit = StringField("联合实施单位", [at_most(200)], description="没有联合实施单位的不填")
    pi_name = StringField("项目负责人", [required("请填写项目负责人。"), at_most(50)])
    pi_email = EmailField(
        "负责人邮箱",
        [Optional(), at_most(200), Regexp(EMAIL, message="邮箱格式不正确。")],
        description="负责人凭这个邮箱的账号办理本项目",
    )
    start = DayField("实施开始", [chosen("请填写实施开始日期。")])
    end = DayField("实施结束", [chosen("请填写实施结束日期。")])
    milestone_managed = BooleanField("实行里程碑管理", description="按节点报送阶段报告并接受阶段考核")
    separate_account = FlagField("资金专账管理")
    goals = TextAreaField("研究内容和目标", [at_most(20_000)], description="可以分段书写")
    members = RowsField("项目组成员", MemberRow)
    partners = RowsField("参与单位", PartnerRow)
    indicators = RowsField("考核指标", IndicatorRow)
    milestones = RowsField("进度安排", MilestoneRow)
    provincial = MoneyField("省（市）级财政资金")
    district = MoneyField("区（县）级财政资金")
    joint = MoneyField("联合实施单位出资")
    own = MoneyField("自筹资金")
    bank_name = StringField("开户银行", [at_most(200)])
    bank_account = StringField("银行账号", [at_most(50)])
    budget = GridField(BudgetGrid, "经费预算")
    tranches = RowsField("拨款和到账计划", TrancheRow)

    sections: Mapping[str, tuple[str, ...]] = {
        "basics": (
            *("title", "nature", "start", "end", "lead_unit", "lead_unit_type"),
            *("lead_place", "joint_unit", "pi_name", "pi_email", "milestone_managed"),
        ),
        "goals": ("goals",),
        "indicators": ("indicators",),
        "milestones": ("milestones",),
        "people": ("members", "partners"),
        "funds": (
            *("provincial", "district", "joint", "own", "separate_account", "bank_name", "bank_account"),
        ),
        "budget": ("budget",),
        "tranches": ("tranches",),
    }
    """Part of the form → its fields, in the order in which they are shown."""

    def keep_only(self, names: Iterable[str]) -> None:
        """Take away every field of the terms but those."""
        kept = frozenset(names)
        for name in TERM_NAMES - kept:
            del self[name]

    def has(self, section: str) -> bool:
        """Whether anything of a part is left."""
        return any(name in self for name in self.sections[section])

    @property
    def terms_fields(self) -> dict[str, Field]:
        """The fields of the terms that the form has."""
        return {name: self[name] for names in self.sections.values() for name in names if name in self}

    def more_of(self, name: str) -> bool:
        """Add blank rows to the list of that name; whether there is such a list."""
        if name not in self or not isinstance(self[name], RowsField):
            return False
        self[name].add_blanks()
        return True

    def validate(self, extra_validators: Any = None) -> bool:
        """Validate each field, and that no line of a list is there twice."""
        fine = super().validate(extra_validators)
        for name, (column, words) in _UNIQUE.items():
            if name in self:
                fine = self[name].demand_unique(column, words) and fine
        return bool(fine)


TERM_NAMES = frozenset(field.name for field in fields(Terms))

_UNIQUE = {
    "partners": ("name", "这家单位上面已有一行。"),
    "indicators": ("name", "这项指标上面已有一行，名称不能重复。"),
    "milestones": ("number", "序号不能重复。"),
}
"""List → the column by which its lines are known, and what to say where one comes again."""

SECTION_TITLES: Mapping[str, str] = {
    "basics": "基本情况",
    "goals": "研究内容和目标",
    "indicators": "考核指标",
    "milestones": "进度安排",
    "people": "人员和参与单位",
    "funds": "资金来源",
    "budget": "经费预算",
    "tranches": "拨款和到账计划",
}

_BLANK_IS_NONE = frozenset({"lead_place", "joint_unit", "pi_email", "bank_name", "bank_account"})
_AMOUNTS = frozenset({"provincial", "district", "joint", "own"})


def values_of(terms: Terms) -> dict[str, Any]:
    """Return what the form of these terms begins with."""
    values: dict[str, Any] = {name: getattr(terms, name) for name in TERM_NAMES}
    for name in ("members", "partners", "indicators", "milestones", "tranches"):
        values[name] = [asdict(one) for one in getattr(terms, name)]
    values["budget"] = budget_values(terms.budget)
    return values


def terms_in(form: TermsForm, base: Terms) -> Terms:
    """Return the terms that a valid form lays down; what it has no field for is as in ``base``."""
    return replace(base, **{name: _read(name, field, base) for name, field in form.terms_fields.items()})


def _read(name: str, field: Field, base: Terms) -> Any:
    if name in _LISTS:
        return _LISTS[name](field.data, base)
    if name == "budget":
        return budget_in(field.form, base.budget)
    if name in _AMOUNTS:
        return field.data or 0
    if name in _BLANK_IS_NONE:
        return field.data or None
    return field.data.replace("\r\n", "\n") if name == "goals" and field.data else field.data


_LISTS: Mapping[str, Any] = {
    "members": lambda rows, _: tuple(Member(**row) for row in rows),
    "partners": lambda rows, _: tuple(Partner(**(row | {"share": row["share"] or 0})) for row in rows),
    "indicators": lambda rows, _: tuple(indicator_in(row) for row in rows),
    "milestones": lambda rows, _: tuple(
        MilestoneTerm(**(row | {"name": row["name"] or None})) for row in rows
    ),
    "tranches": lambda rows, _: tuple(
        TrancheTerm(**(row | {"planned": row["planned"] or 0})) for row in rows
    ),
}
"""List → how its terms are made of the rows that count."""
