"""``keguan password``: a new password from whoever runs the server, where no admin can give it."""

from __future__ import annotations

import click

from app.console import console_session
from app.spoken import Spoken
from lifecycle.people import reset_password_of


@click.command(cls=Spoken)
@click.argument("username", metavar="用户名")
def password(username: str) -> None:
    """为某个用户名重置密码，并解除登录暂停；新密码只显示一次。"""
    with console_session() as session:
        new = reset_password_of(session, username)
    click.echo(f"用户名：{username}\n初始密码：{new}\n首次登录时须改为自己的密码。")
