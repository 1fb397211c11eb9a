"""The rows and cells of a task agreement's lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from wtforms import StringField

from app.forms import ChoiceField, DayField, MoneyField, WholeField, at_most, chosen, placed, required
from app.rows import Row
from lifecycle.money import Fen
from lifecycle.place_names import place
from lifecycle.record import BudgetLine, BudgetUse, Direction, IndicatorCategory, Source, UnitType
from lifecycle.terms import IndicatorTerm
from reports.ledger.cells import plain_decimal

_PLACE_WANTED = "请填写省级地区或国家的名称，如 四川省、新加坡。"


class MemberRow(Row):
    """One of the people."""

    name = StringField("姓名", [required("请填写姓名。"), at_most(50)])
    unit = StringField("单位", [at_most(200)])
    title = StringField("职称或职务", [at_most(100)])
    task = StringField("承担的任务", [at_most(500)])


class PartnerRow(Row):
    """A partner with its share and the days of its cooperation agreement."""

    name = StringField("单位名称", [required("请填写单位名称。"), at_most(200)])
    unit_type = ChoiceField("类型", UnitType, blank="未登记")
    place = StringField("所在地", [required("请填写所在地。"), placed(place, _PLACE_WANTED)])
    share = MoneyField("分配财政资金（元）")
    agreement_from = DayField("合作协议自")
    agreement_until = DayField("合作协议至")


class IndicatorRow(Row):
    """An indicator. Its values may be numbers or words."""

    name = StringField("指标名称", [required("请填写指标名称。"), at_most(200)])
    category = ChoiceField("类别", IndicatorCategory, [chosen("请选择类别。")])
    direction = ChoiceField("方向", Direction, [chosen("请选择方向。")])
    guide_value = StringField("指南要求", [at_most(200)])
    agreed_value = StringField("约定值", [at_most(200)])
    unit = StringField("单位", [at_most(50)])


class MilestoneRow(Row):
    """What is to be reached by when."""

    number = WholeField("序号", [chosen("请填写序号。")])
    name = StringField("里程碑", [at_most(200)])
    planned_on = DayField("计划完成日期", [chosen("请填写日期。")])
    goal = StringField("应达到的目标", [at_most(1000)])


class TrancheRow(Row):
    """A tranche of one source with its condition."""

    source = ChoiceField("资金来源", Source, [chosen("请选择资金来源。")])
    number = WholeField("期次", [chosen("请填写期次。")])
    planned = MoneyField("金额（元）", [chosen("请填写金额。")])
    planned_on = DayField("计划日期")
    condition = StringField("拨付条件", [at_most(500)])


def _cell_name(source: Source, use: BudgetUse) -> str:
    return f"{source.name}_{use.name}".lower()


_CELLS: Mapping[str, tuple[Source, BudgetUse]] = {
    _cell_name(source, use): (source, use) for source in Source for use in BudgetUse
}


class _Cells(Row):
    """The budget: an amount for each source and use."""

    drop = None

    def of(self, source: Source, use: BudgetUse) -> Any:
        """Return the cell of a source and a use."""
        return self[_cell_name(source, use)]

    uses = tuple(BudgetUse)
    sources = tuple(Source)


BudgetGrid: type[_Cells] = type(
    "BudgetGrid",
    (_Cells,),
    {name: MoneyField(f"{source}{use}") for name, (source, use) in _CELLS.items()},
)


def budget_values(lines: Iterable[BudgetLine]) -> dict[str, Fen]:
    """Return what the grid begins with."""
    return {_cell_name(line.source, line.use): line.amount for line in lines}


def budget_in(grid: _Cells, base: Sequence[BudgetLine]) -> tuple[BudgetLine, ...]:
    """Return the lines of the cells that are filled, those known before in their old order."""
    order = {(line.source, line.use): place for place, line in enumerate(base)}
    filled = [(key, grid[name].data) for name, key in _CELLS.items() if grid[name].data is not None]
    filled.sort(key=lambda one: order.get(one[0], len(order)))
    return tuple(BudgetLine(*key, amount) for key, amount in filled)


def indicator_in(row: Mapping[str, Any]) -> IndicatorTerm:
    """Return the indicator of a row; what reads as a plain number is one, as in a ledger."""
    texts = {name: row[name] or None for name in ("unit", "guide_value", "agreed_value")}
    return IndicatorTerm(
        **{**row, **texts},
        guide_number=plain_decimal(texts["guide_value"] or ""),
        agreed_number=plain_decimal(texts["agreed_value"] or ""),
    )
