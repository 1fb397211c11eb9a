"""``keguan demo``: a made-up bureau to try everything with."""

from __future__ import annotations

import click

from app.clock import today
from app.console import console_session, refusals_said
from app.database import database_url, migrate
from app.demo.bureau import AGENCY, PASSWORD, load
from app.spoken import Spoken


@click.command(cls=Spoken)
def demo() -> None:
    """建立演示用的科技局、账号和项目；可重复运行，不会改动已有的科技局。"""
    with refusals_said():
        migrate(database_url())
    with console_session() as session:
        accounts = load(session, today())
    if accounts is None:
        click.echo("数据库中已有正式的科技局，没有装入演示数据。")
        return
    click.echo(f"演示单位：{AGENCY}（数据均为虚构）")
    click.echo(f"演示账号（初始密码均为 {PASSWORD}）：")
    for username, role in accounts:
        click.echo(f"  {username:<10}{role}")
