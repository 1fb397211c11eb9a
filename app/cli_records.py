"""``keguan ledger import`` and ``export``, and ``keguan findings``: the ledger in the database."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import click

from app.cli_ledger import FOUND, as_of_option, format_option, ledger, read_or_refuse, refuse, write
from app.console import agency_option, console_session, the_agency
from app.spoken import Spoken
from lifecycle.roles import Actor

__all__ = ["export", "findings", "import_", "ledger"]


@ledger.command(name="import")
@click.argument("file", type=click.Path(), metavar="文件")
@click.option("--dry-run", is_flag=True, help="只试算，不保存任何内容。")
@agency_option
@format_option
def import_(file: str, dry_run: bool, agency: str | None, form: str) -> None:
    """将台账导入数据库：要么全部导入，要么不作改动。"""
    from app.clock import today
    from finance.holding import sweep_holds
    from reports.ledger.errors import LedgerRefused
    from reports.ledger.importing import import_ledger, rehearse_import

    incoming = read_or_refuse(file, form)
    take_in = rehearse_import if dry_run else import_ledger
    with console_session() as session:
        actor = Actor.system(the_agency(session, agency).id)
        try:
            imported = take_in(session, actor, incoming, name=Path(file).name)
        except LedgerRefused as refused:
            refuse(refused, form)
        if not dry_run:
            sweep_holds(session, actor, today())  # else what is held would be owed until the next morning
    said = "试算完成，没有保存任何内容" if dry_run else "导入完成"
    write([json.dumps(imported.counts) if form == "json" else f"{said}：{imported.summary}。"])


@ledger.command()
@click.argument("file", type=click.Path(), metavar="文件")
@agency_option
def export(file: str, agency: str | None) -> None:
    """将数据库中的项目导出为台账。"""
    from reports.ledger.exporting import export_ledger

    with console_session() as session:
        projects = export_ledger(session, the_agency(session, agency).id, Path(file))
    write([f"已导出 {projects} 个项目：{file}"])


@click.command(cls=Spoken)
@as_of_option
@format_option
@agency_option
def findings(as_of: date, form: str, agency: str | None) -> None:
    """列出数据库中的项目在某一天存在的问题。"""
    from reports.findings import count_projects, kept_findings
    from reports.ledger.check import findings_in

    with console_session() as session:
        chosen = the_agency(session, agency)
        projects = count_projects(session, chosen.id)
        rows = kept_findings(session, chosen.id, as_of)
    write(findings_in(form, as_of, projects, rows))
    if rows:
        raise SystemExit(FOUND)
