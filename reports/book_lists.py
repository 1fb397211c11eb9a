"""Spending, own and joint money, stage accounts and what is over the budget, as the lists show them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import IO

from finance.overspent import Overspent
from finance.own_money import OwnTranche
from finance.spending_list import SpentRow
from finance.stage_accounts import ListedAccount
from reports.lists import Column, day, text, whole, write_list
from reports.money_lists import MONEY, digits, money


def write_spending(
    target: IO[bytes], rows: Iterable[SpentRow], *, agency: str, said: str, today: date
) -> int:
    """Write spending to ``target``; return how many rows. ``said`` is what was filtered, in words."""
    columns: Sequence[Column[SpentRow]] = (
        text("项目编号", 20, lambda row: row.project_number),
        text("项目名称", 40, lambda row: row.project_title),
        text("承担单位", 28, lambda row: row.lead_unit),
        day("日期", lambda row: row.on),
        text("资金来源", 16, lambda row: row.source),
        text("科目", 12, lambda row: row.use),
        money("金额（元）", lambda row: row.amount),
        text("凭证号", 18, lambda row: row.voucher),
        text("备注", 36, lambda row: row.note),
        text("冲销", 10, lambda row: "冲销" if row.reversal_of else "已冲销" if row.reversed_by else ""),
        text("登记人", 12, lambda row: row.entered_by),
    )
    note = f"截至 {today}；{said}。金额单位为元。"
    return write_list(
        target, name="支出明细", title=f"{agency}支出明细", note=note, columns=columns, rows=rows
    )


def write_own(target: IO[bytes], rows: Iterable[OwnTranche], *, agency: str, said: str, today: date) -> int:
    """Write own and joint money to ``target``; return how many tranches."""
    columns: Sequence[Column[OwnTranche]] = (
        text("项目编号", 20, lambda row: row.project_number),
        text("项目名称", 40, lambda row: row.project_title),
        text("出资单位", 28, lambda row: row.payer),
        text("资金来源", 16, lambda row: row.source),
        whole("期次", 8, lambda row: row.number),
        day("应到日期", lambda row: row.planned_on),
        money("应到（元）", lambda row: row.planned),
        money("已到（元）", lambda row: row.arrived),
        money("未到（元）", lambda row: row.missing),
        day("最近到账", lambda row: row.arrived_on),
        whole("逾期（天）", 10, lambda row: row.days_late or None),
        text("依据", 36, lambda row: row.citation or "任务书约定"),
    )
    note = f"截至 {today}；{said}。金额单位为元。"
    title = f"{agency}自筹和联合资金到位情况"
    return write_list(target, name="自筹和联合资金", title=title, note=note, columns=columns, rows=rows)


def write_accounts(
    target: IO[bytes], rows: Iterable[ListedAccount], *, agency: str, said: str, today: date
) -> int:
    """Write stage accounts to ``target``; return how many."""
    columns: Sequence[Column[ListedAccount]] = (
        text("项目编号", 20, lambda row: row.project_number),
        text("项目名称", 40, lambda row: row.project_title),
        text("承担单位", 28, lambda row: row.lead_unit),
        day("截止日期", lambda row: row.as_of),
        text("状态", 16, lambda row: row.state),
        money("到账（元）", lambda row: row.figures.total.received),
        money("支出（元）", lambda row: row.figures.total.spent),
        money("退回（元）", lambda row: row.figures.total.returned),
        money("账面结余（元）", lambda row: row.figures.total.left),
        Column("专户余额（元）", 16, "n", MONEY, lambda row: None if row.bank is None else digits(row.bank)),
        text("支出率", 10, lambda row: row.figures.total.rate),
        day("编制日期", lambda row: row.drawn_on),
        day("单位确认", lambda row: row.confirmed_on),
        day("接收日期", lambda row: row.accepted_on),
    )
    note = f"截至 {today}；{said}。金额单位为元。"
    return write_list(
        target, name="阶段账目", title=f"{agency}阶段账目", note=note, columns=columns, rows=rows
    )


def write_overspent(target: IO[bytes], rows: Iterable[Overspent], *, agency: str, today: date) -> int:
    """Write everything over its budget to ``target``; return how many lines."""
    columns: Sequence[Column[Overspent]] = (
        text("项目编号", 20, lambda row: row.project_number),
        text("项目名称", 40, lambda row: row.project_title),
        text("承担单位", 28, lambda row: row.lead_unit),
        text("资金来源", 16, lambda row: row.source),
        text("科目", 12, lambda row: row.use or "合计"),
        money("预算（元）", lambda row: row.budget),
        money("已支出（元）", lambda row: row.spent),
        money("超出（元）", lambda row: row.over),
    )
    note = f"截至 {today}。金额单位为元。"
    return write_list(
        target, name="超预算支出", title=f"{agency}超预算支出", note=note, columns=columns, rows=rows
    )
