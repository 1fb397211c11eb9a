"""The notices of an agency as a workbook: what is filtered, in its order."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import IO

from lifecycle.notice_list import ListedNotice
from reports.lists import Column, day, text, write_list


def write_notices(target: IO[bytes], rows: Iterable[ListedNotice], *, agency: str, today: date) -> int:
    """Write notices to ``target``; return how many."""
    columns: list[Column[ListedNotice]] = [
        text("文号", 14, lambda row: row.number),
        text("文书", 16, lambda row: row.kind),
        text("项目编号", 20, lambda row: row.project.number),
        text("项目名称", 40, lambda row: row.project.title),
        text("主送单位", 28, lambda row: row.to),
        day("出具日期", lambda row: row.drawn_on),
        day("送出日期", lambda row: row.sent_on),
        text("送出方式", 12, lambda row: row.sent_by),
        day("收到日期", lambda row: row.received_on),
        text("收件人", 14, lambda row: row.received_by),
        text("状态", 12, lambda row: row.state(today)),
    ]
    note = f"导出日期 {today}"
    return write_list(target, name="文书", title=f"{agency}文书清单", note=note, columns=columns, rows=rows)
