"""``keguan reconcile``: whether the books tie, as of any day; reads only."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING

import click

from app.cli_ledger import FOUND, as_of_option, format_option, write
from app.console import agency_option, console_session, the_agency
from app.spoken import Spoken

if TYPE_CHECKING:
    from finance.reconcile.difference import Difference
    from finance.reconcile.running import Result


@click.command(cls=Spoken)
@as_of_option
@agency_option
@format_option
def reconcile(as_of: date, agency: str | None, form: str) -> None:
    """对账：逐项目、逐来源、逐批次核对每一笔钱；有不符的列出并以 1 退出。只读，不改任何内容。"""
    from app.clock import today
    from finance.reconcile import running
    from reports.read_back import read_sheet

    with console_session() as session:
        agency_id = the_agency(session, agency).id
        result = running.reconcile(session, agency_id, as_of, today(), read_sheet)
    write([json.dumps(_plain(result), ensure_ascii=False)] if form == "json" else _told(result))
    if not result.ties:
        raise SystemExit(FOUND)


def _told(result: Result) -> Iterator[str]:
    from finance.reconcile.keeping import outcome

    yield f"截至 {result.as_of}，核对 {result.projects} 个项目、{result.batches} 个批次。"
    for source, totals in result.totals.items():
        yield f"{source}（元）"
        for label, fen in _sums(asdict(totals)):
            yield f"  {label}\t{fen}"
    if result.differences:
        yield "不符："
        for one in result.differences:
            yield from _lines(one)
        if result.left_out:
            yield f"  另有 {result.left_out} 处未列出"
    if result.remarks:
        yield "说明（不影响对账结果）："
        for one in result.remarks:
            yield from _lines(one)
        if result.remarks_left_out:
            yield f"  另有 {result.remarks_left_out} 处未列出"
    yield f"对账结果：{outcome(result.count)}。"


def _sums(totals: dict[str, int]) -> Iterator[tuple[str, str]]:
    from finance.reconcile.keeping import TOTALS
    from lifecycle.money import yuan

    for key, label in TOTALS.items():
        yield label, yuan(totals[key])


def _lines(one: Difference) -> Iterator[str]:
    from lifecycle.money import yuan

    source = f" {one.source}" if one.source else ""
    yield f"  {one.where}{source}：{one.what}"
    gap = yuan(one.left.fen - one.right.fen)
    yield f"    {one.left.name} {yuan(one.left.fen)}，{one.right.name} {yuan(one.right.fen)}，相差 {gap} 元"
    yield f"    {one.cause}（{one.path}）"


def _plain(result: Result) -> dict[str, object]:
    from finance.reconcile.difference import to_plain

    return {
        "as_of": result.as_of.isoformat(),
        "ties": result.ties,
        "projects": result.projects,
        "batches": result.batches,
        "totals": {source.value: asdict(totals) for source, totals in result.totals.items()},
        "differences": [to_plain(one) | {"path": one.path} for one in result.differences],
        "left_out": result.left_out,
        "remarks": [to_plain(one) | {"path": one.path} for one in result.remarks],
        "remarks_left_out": result.remarks_left_out,
    }
