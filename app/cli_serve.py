"""``keguan run``: the server, with the clock beside it."""

from __future__ import annotations

import logging
import os

import click

from app.console import ConsoleError, refusals_said
from app.database import open_ready_database
from app.spoken import Spoken


@click.command(cls=Spoken)
@click.option(
    "--host", default="127.0.0.1", metavar="地址", help="监听的地址，默认 127.0.0.1（仅本机可用）。"
)
@click.option(
    "--port", default=8000, metavar="端口", type=click.IntRange(1, 65535), help="监听的端口，默认 8000。"
)
@click.option(
    "--threads", default=8, metavar="数目", type=click.IntRange(1, 64), help="同时处理的请求数，默认 8。"
)
def run(host: str, port: int, threads: int) -> None:
    """启动网站，并在其中运行定时任务（发出提醒、发送邮件等）。

    在反向代理之后运行时，用环境变量 KEGUAN_TRUSTED_PROXY 指明代理的地址。
    """
    from waitress.server import create_server

    from app import create_app
    from app.config import MOST_UPLOADED
    from app.mailbox import Mailbox
    from app.mailer import BadMailSettings, MailServer
    from app.scheduler import start

    with refusals_said():
        open_ready_database().dispose()
        app = create_app()
    for settings in (MailServer, Mailbox):
        try:
            settings.from_environment()
        except BadMailSettings as refusal:  # no reason to keep everybody out
            click.echo(f"{refusal.message}网站照常启动，改正以前邮件不会收发。", err=True)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a short queue is no news
    options = {"threads": threads, "ident": "", "max_request_body_size": 2 * MOST_UPLOADED, **_proxy()}
    try:
        server = create_server(app, host=host, port=port, **options)
    except OSError as error:
        may = "可能已被占用" if not isinstance(error, PermissionError) else "没有使用这个端口的权限"
        raise ConsoleError(f"不能在 {host}:{port} 上启动，{may}，请用 --port 换一个端口。") from error
    start(app)
    click.echo(f"科管已启动：http://{host}:{port}（按 Ctrl+C 停止）")
    server.run()


def _proxy() -> dict[str, object]:
    """Return how to believe the proxy in front, if there is one, about how the request came to it."""
    address = os.environ.get("KEGUAN_TRUSTED_PROXY")
    if not address:
        return {}
    return {
        "trusted_proxy": address,
        "trusted_proxy_count": 1,
        "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"},
        "clear_untrusted_proxy_headers": True,
    }
