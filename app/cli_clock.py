"""``keguan remind``, ``scheduler`` and ``health``: the clock by hand, by itself, and how it fares."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING

import click

from app.cli_ledger import FOUND, as_of_option, format_option, write
from app.console import agency_option, console_session, refusals_said, the_agency
from app.mailer import MailServer
from app.spoken import Spoken

if TYPE_CHECKING:
    from app.condition import Condition
    from lifecycle.clock import Announcement

STARTED = "定时任务已启动：每天 08:00 发出提醒并对账，每 5 分钟发送待发的邮件和群消息（按 Ctrl+C 停止）。"


@click.command(cls=Spoken)
@as_of_option
@format_option
@agency_option
def remind(as_of: date, form: str, agency: str | None) -> None:
    """发出某一天的提醒，同一天再次运行不会重复；邮件由定时任务随后发送。"""
    from app.jobs import site_address
    from lifecycle import clock, outbox
    from lifecycle.roles import Actor

    with console_session() as session:
        agency_id = the_agency(session, agency).id
        told = clock.remind(session, Actor.system(agency_id), as_of, site_address())
        waiting = outbox.queues(session, agency_id).mail.count
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


@click.command(cls=Spoken)
@format_option
def health(form: str) -> None:
    """查看数据库和时钟是否正常，以及有没有发不出去的提醒；时钟没有在运行的以 1 退出。"""
    from app.clock import now
    from app.condition import condition

    with console_session() as session:
        found = condition(session, now())
    if form == "json":
        write([json.dumps(found.plain, ensure_ascii=False)])
    else:
        write(_fares(found))
    if found.stands_still:
        raise SystemExit(FOUND)


def _fares(found: Condition) -> Iterator[str]:
    from lifecycle.calendar import SHANGHAI

    last = found.ticked_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if found.ticked_at else None
    ticked = f"最近一次运行是 {last}" if last else "还没有运行过"
    if found.stands_still:
        yield f"时钟没有在运行，{ticked}。提醒和邮件现在不会发出，请启动 keguan run 或 keguan scheduler。"
    else:
        yield f"数据库正常，时钟正在运行，{ticked}。"
    for one in found.warnings:
        yield f"注意：{one.words}。"


@click.command(cls=Spoken)
def scheduler() -> None:
    """不开网站，只在前台运行定时任务：每天 08:00 发出提醒并对账，每 5 分钟发送待发的邮件和群机器人消息。"""
    from app.database import database_url, open_ready_database
    from app.mailbox import Mailbox
    from app.scheduler import serve

    with refusals_said():
        open_ready_database().dispose()
        MailServer.from_environment()
        Mailbox.from_environment()
    serve(database_url(), lambda: click.echo(STARTED))
    click.echo("定时任务已停止。")
