"""``keguan remind`` and ``keguan scheduler``: the clock, by hand and by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING

import click

from app.cli_ledger import as_of_option, format_option, write
from app.console import ConsoleError, agency_option, console_session, the_agency
from app.mailer import MailServer

if TYPE_CHECKING:
    from lifecycle.clock import Announcement

STARTED = "定时任务已启动：每天 08:00 发出提醒，每 5 分钟检查待发邮件（按 Ctrl+C 停止）。"


@click.command()
@as_of_option
@format_option
@agency_option
def remind(as_of: date, form: str, agency: str | None) -> None:
    """发出某一天的提醒；同一天再次运行不会重复。"""
    from app.jobs import site_address
    from lifecycle import clock, outbox
    from lifecycle.roles import Actor

    with console_session() as session:
        agency_id = the_agency(session, agency).id
        told = clock.remind(session, Actor.system(agency_id), as_of, site_address())
        waiting = outbox.waiting(session, agency_id)
        stuck = waiting and MailServer.from_environment() is None
    if form == "json":
        write([json.dumps([_plain(one) for one in told], ensure_ascii=False)])
    else:
        write(_in_words(told, as_of))
        if stuck:
            click.echo(f"未设置邮件服务器（KEGUAN_SMTP_HOST），{waiting} 封邮件待发。", err=True)


def _plain(told: Announcement) -> dict[str, str]:
    return asdict(told) | {"due": told.due.isoformat()}


def _in_words(told: Sequence[Announcement], as_of: date) -> Iterator[str]:
    for one in told:
        subject = f"（{one.subject}）" if one.subject else ""
        yield f"{one.step}\t{one.project}\t{one.rule}{subject}\t期限 {one.due}\t告知 {one.to}"
    yield f"{as_of} 发出提醒 {len(told)} 条。" if told else f"{as_of} 没有需要发出的提醒。"


@click.command()
def scheduler() -> None:
    """在前台运行定时任务：每天 08:00 发出提醒，随时发送待发邮件。"""
    from app.database import database_url, open_ready_database
    from app.mailbox import Mailbox
    from app.scheduler import serve
    from lifecycle.refusals import Refusal

    try:
        open_ready_database().dispose()
        MailServer.from_environment()
        Mailbox.from_environment()
    except Refusal as refusal:
        raise ConsoleError(refusal.message) from refusal
    serve(database_url(), lambda: click.echo(STARTED))
    click.echo("定时任务已停止。")
