"""``keguan files``: whether every attached file is in the store, whole."""

from __future__ import annotations

import click

from app.cli_ledger import FOUND, write
from app.console import console_session
from app.spoken import SpokenGroup


@click.group(cls=SpokenGroup)
def files() -> None:
    """附件：核对文件库。"""


@files.command()
def verify() -> None:
    """核对每个附件的文件都在文件库中、内容未变；有缺失或损坏的逐一列出。"""
    from app.database import instance_folder
    from lifecycle.files import ContentStore
    from reports.files import check_files

    with console_session() as session:
        checked = check_files(session, ContentStore(instance_folder() / "files"))
    write(f"{lost.number}：{lost.name}（{lost.what}，{lost.sha256}）" for lost in checked.lost)
    unused = f"；另有 {checked.unused} 个文件没有被引用" if checked.unused else ""
    write([f"共核对 {checked.attachments} 个附件，缺失或损坏 {len(checked.lost)} 个{unused}。"])
    if checked.lost:
        raise SystemExit(FOUND)
