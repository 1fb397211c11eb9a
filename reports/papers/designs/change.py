"""The form on which a change is asked for, examined and approved (变更审批表)."""

from __future__ import annotations

from reports.papers.paper import Column, Paper

TITLE = "项目变更审批表"


def draw(paper: Paper) -> None:
    """Draw the request, old and new side by side, the opinions, and where each party signs."""
    paper.title("项目变更审批表{% if mark %}（{{ mark }}）{% endif %}")
    paper.facts(
        [
            ("项目编号", "{{ number }}"),
            ("变更编号", "第 {{ change }} 号"),
            ("项目名称", "{{ title }}"),
            ("计划类别", "{{ programme }}"),
            ("承担单位", "{{ lead_unit }}"),
            ("项目负责人", "{{ pi_name }}"),
            ("变更事项", "{{ kind }}"),
            ("办理方式", "{{ decided_by }}"),
            ("状态", "{{ state }}"),
            ("批复文号", "{{ approval_number or '—' }}"),
        ]
    )
    paper.heading("一、变更内容")
    paper.table(
        [
            Column("事项", "{{ row.field }}", 3.8),
            Column("变更前", "{{ row.old or '—' }}", 6.0),
            Column("变更后", "{{ row.new or '取消' }}", 6.0),
        ],
        "rows",
    )
    paper.heading("二、变更理由")
    with paper.each("line", "reason"):
        paper.text("{{ line }}")
    paper.heading("三、办理步骤")
    paper.table(
        [
            Column("步骤", "{{ row.step }}", 3.4),
            Column("办理人和内容", "{{ row.words }}", 4.4),
            Column("依据", "{{ row.citation }}", 4.6),
            Column("日期", "{{ row.done_on|day }}", 3.4),
        ],
        "steps",
    )
    with paper.when("opinion"):
        paper.heading("四、科技局审查意见")
        paper.text("{{ opinion }}")
    paper.heading("签署")
    with paper.each("party", "parties"):
        paper.signature("{{ party }}", "负责人")
