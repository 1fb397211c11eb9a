"""The rows of the list of projects as its table shows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from flask import url_for
from markupsafe import Markup

from app.filters import days_left, due_word, short_day, tone
from lifecycle.addresses import number_to_path
from lifecycle.listing import ListedProject

COLUMNS: list[dict[str, str]] = [
    {"key": "title", "label": "项目名称", "kind": "link", "sub": "programme", "sort": "title"},
    {"key": "number", "label": "项目编号", "kind": "code", "sort": "number"},
    {"key": "unit", "label": "承担单位", "kind": "unit", "sub": "pi", "sort": "unit"},
    {"key": "stage", "label": "阶段", "kind": "status"},
    {"key": "end", "label": "实施期至", "kind": "date", "sort": "end"},
    {"key": "fiscal", "label": "财政资金", "kind": "wan", "unit": "万元", "sort": "fiscal"},
    {"key": "paid", "label": "已拨", "kind": "wan", "unit": "万元"},
    {"key": "findings", "label": "问题"},
    {"key": "next", "label": "最近期限"},
]
"""See templates/macros/table.html."""


def rows(projects: Iterable[ListedProject], today: date) -> Iterator[Mapping[str, Any]]:
    """Yield one mapping a project with the keys of ``COLUMNS``."""
    root = url_for("projects.index")
    for project in projects:
        yield {
            "url": root + number_to_path(project.number),
            "title": project.title,
            "number": project.number,
            "programme": project.programme,
            "unit": project.lead_unit,
            "pi": project.pi_name,
            "stage": project.stage,
            "end": project.end,
            "fiscal": project.fiscal,
            "paid": project.paid,
            "findings": _findings(project),
            "next": _next(project, today),
        }


def _findings(project: ListedProject) -> Markup | None:
    badges = [
        f'<span class="status tone-{tone}">{count} 项{word}</span>'
        for count, word, tone in (
            (project.must_findings, "不符合", "bad"),
            (project.usual_findings, "需说明", "soon"),
        )
        if count
    ]
    if project.on_hold:
        badges.append('<span class="status tone-held">暂缓拨付</span>')
    return Markup("<br>".join(badges)) if badges else None  # noqa: S704 numbers and our own words


def _next(project: ListedProject, today: date) -> Markup | None:
    due = project.next_due
    if due is None:
        return None
    return Markup('<span class="status tone-{}">{}</span><small>{} {}</small>').format(
        tone(due_word(due, today)), days_left(due, today), short_day(due), project.next_duty
    )
