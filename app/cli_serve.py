"""``keguan run``: the server, with the clock beside it."""

from __future__ import annotations

import logging
import os

import click

from app.console import ConsoleError
from app.database import open_ready_database
from lifecycle.refusals import Refusal


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="监听的地址")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="监听的端口")
@click.option("--threads", default=8, show_default=True, type=click.IntRange(1, 64), help="同时处理的请求数")
def run(host: str, port: int, threads: int) -> None:
    """启动服务，并在其中运行定时任务。

    在反向代理之后运行时，用环境变量 KEGUAN_TRUSTED_PROXY 指明代理的地址。
    """
    from waitress.server import create_server

    from app import create_app
    from app.config import MOST_UPLOADED
    from app.scheduler import start

    try:
        open_ready_database().dispose()
    except Refusal as refusal:
        raise ConsoleError(refusal.message) from refusal
    app = create_app()
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a short queue is no news
    options = {"threads": threads, "ident": "", "max_request_body_size": 2 * MOST_UPLOADED, **_proxy()}
    try:
        server = create_server(app, host=host, port=port, **options)
    except OSError as error:
        raise ConsoleError(f"不能在 {host}:{port} 上启动，可能已被占用，请用 --port 换一个端口。") from error
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
