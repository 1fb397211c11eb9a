"""The result of an inspection for other departments (检查结果通报)."""

from __future__ import annotations

from reports.papers.paper import Column, Paper

TITLE = "检查结果通报"


def draw(paper: Paper) -> None:
    """Draw what was inspected, what was found and what was ordered."""
    paper.title(TITLE)
    paper.text("{{ opening }}")
    paper.facts(
        [
            ("项目编号", "{{ number }}"),
            ("计划类别", "{{ programme }}"),
            ("项目名称", "{{ title }}"),
            ("承担单位", "{{ lead_unit }}"),
            ("检查方式", "{{ kind }}"),
            ("组织部门", "{{ organiser }}"),
            ("检查日期", "{{ inspected_on|day }}"),
            ("检查人员", "{{ inspectors }}"),
        ]
    )
    paper.heading("一、检查情况")
    with paper.each("line", "summary"):
        paper.text("{{ line }}")
    paper.heading("二、发现的问题")
    with paper.when("findings"):
        paper.table([Column("序号", "{{ loop.index }}", 1.6), Column("问题", "{{ row }}", 14.2)], "findings")
    with paper.when("not findings"):
        paper.text("未发现问题。")
    paper.heading("三、处理")
    with paper.each("line", "orders"):
        paper.text("{{ line }}")
    paper.text("依据：{{ basis }}。")
    paper.signature("{{ agency }}", "经办人")
