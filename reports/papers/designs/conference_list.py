"""What is put before the joint conference: acceptances and changes, with room for what it says."""

from __future__ import annotations

from reports.papers.paper import Column, Paper

TITLE = "部门联席会议审议清单"


def draw(paper: Paper) -> None:
    """Draw both lists and the signatures of whoever attends."""
    paper.title(TITLE)
    paper.text("{{ day|day }}　提请部门联席会议审议事项共{{ cases|length + changes|length }}项。")
    with paper.when("cases"):
        paper.heading("项目验收（{{ cases|length }}项）")
        paper.table(
            [
                Column("序号", "{{ loop.index }}", 1.2),
                Column("项目", "{{ row.title }}（{{ row.number }}）", 4.2),
                Column("承担单位", "{{ row.lead_unit }}", 2.6),
                Column("技术／财务", "{{ row.technical }}／{{ row.financial }}", 1.9),
                Column("拟定结论及意见", "{{ row.proposed }}：{{ row.opinion }}", 4.1),
                Column("审议意见", "", 1.8),
            ],
            "cases",
        )
    with paper.when("changes"):
        paper.heading("项目变更（{{ changes|length }}项）")
        paper.table(
            [
                Column("序号", "{{ loop.index }}", 1.2),
                Column("项目", "{{ row.title }}（{{ row.number }}）", 4.2),
                Column("承担单位", "{{ row.lead_unit }}", 2.6),
                Column("变更事项", "{{ row.kind }}：{{ row.before }}→{{ row.after }}", 3.4),
                Column("理由", "{{ row.reason }}", 2.6),
                Column("审议意见", "", 1.8),
            ],
            "changes",
        )
    paper.note("依据：{{ basis }}")
    paper.heading("参会部门签字")
    paper.table(
        [Column("部门", "", 6.4), Column("参会人员签字", "\n", 6.4), Column("日期", "", 3)], "attendants"
    )
