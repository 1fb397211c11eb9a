"""``keguan init`` and ``keguan recompute``: the database made ready, and what it keeps worked out anew."""

from __future__ import annotations

import click

from app.console import agency_option, console_session, refusals_said, the_agency
from app.database import database_url, migrate
from app.spoken import Spoken
from lifecycle.recomputing import recompute as work_out_anew
from lifecycle.roles import Actor
from lifecycle.setup import set_up_agency


@click.command(cls=Spoken)
@click.option("--agency", "name", metavar="名称", help="科技局名称；已有科技局时，用新名称可再增加一个。")
def init(name: str | None) -> None:
    """建立或升级数据库，并建立科技局及其管理员；可重复运行。"""
    with refusals_said():
        migrate(database_url())
    with console_session() as session:
        made = set_up_agency(session, name)
    if made is None:
        click.echo("数据库已就绪，科技局已存在，没有改动。")
        return
    click.echo(f"数据库已就绪，已建立科技局：{made.agency}")
    click.echo(f"管理员账号：{made.username}")
    click.echo(f"初始密码：{made.password}（只显示这一次，首次登录后须修改）")


@click.command(cls=Spoken)
@agency_option
def recompute(agency: str | None) -> None:
    """重新计算所有项目的问题和待办。"""
    with console_session() as session:
        chosen = the_agency(session, agency)
        projects = work_out_anew(session, Actor.system(chosen.id))
    click.echo(f"已重新计算 {projects} 个项目。")
