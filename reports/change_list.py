"""The list of changes as a workbook: what is filtered, for whoever works on in Excel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import IO

from lifecycle.changes.listing import ListedChange
from reports.lists import Column, day, text, whole, write_list

COLUMNS: Sequence[Column[ListedChange]] = (
    text("项目编号", 20, lambda row: row.project_number),
    text("项目名称", 36, lambda row: row.project_title),
    text("计划类别", 24, lambda row: row.programme),
    text("承担单位", 26, lambda row: row.lead_unit),
    text("项目负责人", 12, lambda row: row.pi_name),
    whole("序号", 6, lambda row: row.number),
    text("变更事项", 12, lambda row: row.kind),
    text("办理方式", 14, lambda row: "承担单位自行办理" if row.self_decided else "报科技局办理"),
    text("变更前", 30, lambda row: row.before),
    text("变更后", 30, lambda row: row.after),
    text("变更理由", 36, lambda row: row.reason),
    text("状态", 18, lambda row: row.state),
    day("起草", lambda row: row.drafted_on),
    day("申请", lambda row: row.applied_on),
    day("联席会议审定", lambda row: row.conference_on),
    day("办结", lambda row: row.decided_on),
    day("平台备案", lambda row: row.filed_on),
    text("批复文号", 20, lambda row: row.approval_number),
)


def write_change_list(
    target: IO[bytes], changes: Iterable[ListedChange], *, agency: str, asked: str, today: date
) -> int:
    """Write the workbook to ``target`` and return how many changes are in it."""
    return write_list(
        target,
        name="变更列表",
        title=f"{agency}变更列表",
        note=f"截至 {today}；{asked}。",
        columns=COLUMNS,
        rows=changes,
    )
