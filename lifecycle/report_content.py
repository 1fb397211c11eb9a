"""What stands in a report, and the stage account worked out from the spending (SPB 26). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from lifecycle.models.report import ReportKind
from lifecycle.money import Fen
from lifecycle.record import BudgetUse, ProjectRecord, Source
from lifecycle.sums import money_of
from lifecycle.terms import from_plain, to_plain

MOST_WORDS = 5000
"""Characters of each of a report's texts."""

MOST_VALUE = 200
"""Characters of a value reached, of a note on it, and of a title."""

LEAST_WORDS = 10
"""Characters below which an account of a year says nothing."""


@dataclass(frozen=True, slots=True)
class Reached:
    """What one indicator has come to so far; values stay as written."""

    indicator: str
    value: str
    note: str


@dataclass(frozen=True, slots=True)
class Content:
    """What is written in a report."""

    title: str = ""
    """Of a serious event: what it is."""
    happened_on: date | None = None
    progress: str = ""
    problems: str = ""
    plan: str = ""
    indicators: tuple[Reached, ...] = ()
    nothing: bool = False
    """本期无进展可报: instead of all else, with the reason."""
    nothing_reason: str = ""
    no_spending: bool = False
    """无支出: declared where no spending has been entered, so that the account is known to be empty."""

    def reached(self, indicator: str) -> Reached:
        """Return what is written of one indicator."""
        found = (one for one in self.indicators if one.indicator == indicator)
        return next(found, Reached(indicator, "", ""))


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One source of money, in fen: agreed, received and spent until the day, spent within the period."""

    source: Source
    agreed: Fen
    received: Fen
    period: Fen
    spent: Fen


@dataclass(frozen=True, slots=True)
class UseLine:
    """One use (科目) of one source, in fen: its budget, spent within the period and in all."""

    source: Source
    use: BudgetUse
    budget: Fen
    period: Fen
    spent: Fen


@dataclass(frozen=True, slots=True)
class StageAccount:
    """The stage account (阶段经费决算) of the days from ``since`` to ``until``."""

    since: date
    until: date
    sources: tuple[SourceLine, ...] = ()
    uses: tuple[UseLine, ...] = ()
    entries: int = 0
    """How many entries of spending it rests on."""

    @property
    def total(self) -> SourceLine:
        """All sources together; the source named is of no meaning."""
        return _sum(self.sources)


def stage_account(record: ProjectRecord, since: date, until: date) -> StageAccount:
    """Work out the account of a project from what was entered of its spending up to ``until``."""
    whole, earlier = money_of(record, until), _spent_before(record, since)
    sources = tuple(
        SourceLine(
            source,
            sums.agreed,
            sums.paid,
            sums.spent - sum(spent for (of, _), spent in earlier.items() if of is source),
            sums.spent,
        )
        for source, sums in whole.sources.items()
    )
    uses = tuple(
        UseLine(one.source, one.use, one.budget, one.spent - earlier.get((one.source, one.use), 0), one.spent)
        for one in whole.uses
    )
    entries = sum(row.on <= until for row in record.spending)
    return StageAccount(since, until, sources, uses, entries)


def _spent_before(record: ProjectRecord, day: date) -> dict[tuple[Source, BudgetUse], Fen]:
    totals: dict[tuple[Source, BudgetUse], Fen] = {}
    for row in record.spending:
        if row.on < day:
            key = row.source, row.use
            totals[key] = totals.get(key, 0) + row.amount
    return totals


def _sum(lines: Iterable[SourceLine]) -> SourceLine:
    total = SourceLine(Source.DISTRICT, 0, 0, 0, 0)
    for one in lines:
        total = SourceLine(
            one.source,
            total.agreed + one.agreed,
            total.received + one.received,
            total.period + one.period,
            total.spent + one.spent,
        )
    return total


def account_of(record: ProjectRecord, kind: ReportKind, subject: int, today: date) -> StageAccount | None:
    """Return the account that belongs to a report as it stands now; a serious event has none.

    An annual one ends with its year; one at a milestone begins after the report before it and ends today.
    """
    if kind is ReportKind.EVENT:
        return None
    if kind is ReportKind.ANNUAL:
        return stage_account(record, date(subject, 1, 1), min(date(subject, 12, 31), today))
    earlier = [
        one.reported_on
        for one in record.milestones
        if one.number < subject and one.reported_on is not None and one.reported_on <= today
    ]
    return stage_account(record, max(earlier, default=record.start), today)


def title_of(kind: ReportKind, subject: int, content: Content | None = None, name: str = "") -> str:
    """Return what a report is called: ``2025 年度报告``; ``name`` is the milestone's."""
    if kind is ReportKind.ANNUAL:
        return f"{subject} 年度报告"
    if kind is ReportKind.STAGE:
        return f"第 {subject} 个里程碑阶段报告" + (f"（{name}）" if name else "")
    told = content.title if content else ""
    return f"重大事项报告 {subject}" + (f"：{told}" if told else "")


def content_from(plain: Mapping[str, Any]) -> Content:
    """Return what is kept of a report's content."""
    return from_plain(Content, plain)


def account_from(plain: Mapping[str, Any]) -> StageAccount | None:
    """Return the account kept with a report, where it has been filed with one."""
    return from_plain(StageAccount, plain) if plain else None


def plain_of(content: Content) -> dict[str, Any]:
    """Return a content as it is kept."""
    plain: dict[str, Any] = to_plain(content)
    return plain


def plain_account(account: StageAccount | None) -> dict[str, Any]:
    """Return an account as it is kept."""
    return {} if account is None else dict(to_plain(account))


def with_indicators(content: Content, names: Iterable[str]) -> Content:
    """Return the content with a line for each of the agreement's indicators, in their order."""
    return replace(content, indicators=tuple(content.reached(name) for name in names))


def incomplete(
    content: Content, kind: ReportKind, account: StageAccount | None, today: date
) -> dict[str, str]:
    """Return what is missing or too much before a report can be filed, by field, in plain Chinese."""
    errors = dict(overlong(content))
    if kind is ReportKind.EVENT:
        errors.update(_event(content, today))
    elif content.nothing:
        if len(content.nothing_reason) < LEAST_WORDS:
            errors["nothing_reason"] = f"请写明本期无进展可报的原因，不少于 {LEAST_WORDS} 个字。"
    else:
        if len(content.progress) < LEAST_WORDS:
            errors["progress"] = (
                f"请写明本期任务进展，不少于 {LEAST_WORDS} 个字；确无进展的，勾选“本期无进展可报”。"
            )
        for place, one in enumerate(content.indicators):
            if not one.value and not one.note:
                errors[f"value_{place}"] = "请填写目前达到的值；尚无数值的，在说明中写明情况。"
    if account is not None and account.entries and content.no_spending:
        errors["no_spending"] = f"截至 {account.until} 已登记支出，不能声明无支出，请取消勾选。"
    if account is not None and not account.entries and not content.no_spending:
        errors["no_spending"] = (
            f"截至 {account.until} 没有登记支出，阶段经费决算是空的。请先登记支出；确无支出的，勾选“无支出”。"
        )
    return errors


def _event(content: Content, today: date) -> Iterator[tuple[str, str]]:
    if not content.title:
        yield "title", "请填写事项名称。"
    if content.happened_on is None:
        yield "happened_on", "请填写发生日期。"
    elif content.happened_on > today:
        yield "happened_on", "发生日期不能晚于今天。"
    if len(content.progress) < LEAST_WORDS:
        yield "progress", f"请写明事项经过和影响，不少于 {LEAST_WORDS} 个字。"


def overlong(content: Content) -> Iterator[tuple[str, str]]:
    """Yield the fields in which too much is written, with what to say there."""
    for name in ("progress", "problems", "plan", "nothing_reason"):
        if len(getattr(content, name)) > MOST_WORDS:
            yield name, f"最多 {MOST_WORDS} 个字，详细材料请作为附件上传。"
    if len(content.title) > MOST_VALUE:
        yield "title", f"最多 {MOST_VALUE} 个字。"
    for place, one in enumerate(content.indicators):
        if len(one.value) > MOST_VALUE:
            yield f"value_{place}", f"最多 {MOST_VALUE} 个字。"
        if len(one.note) > MOST_VALUE:
            yield f"note_{place}", f"最多 {MOST_VALUE} 个字。"
