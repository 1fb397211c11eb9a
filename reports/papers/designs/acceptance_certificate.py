"""The certificate of a project that has passed (验收证书)."""

from __future__ import annotations

from reports.papers.paper import Column, Paper

TITLE = "项目验收证书"


def draw(paper: Paper) -> None:
    """Draw the certificate with the money in figures and words."""
    paper.title(TITLE)
    paper.text("编号：{{ certificate }}", indent=False, centred=True)
    paper.facts(
        [
            ("项目编号", "{{ number }}"),
            ("计划类别", "{{ programme }}"),
            ("项目名称", "{{ title }}"),
            ("承担单位", "{{ lead_unit }}"),
            ("项目负责人", "{{ pi_name }}"),
            ("联合实施单位", "{{ joint_unit }}"),
            ("实施期", "{{ start|day }}至{{ end|day }}"),
            ("财政资金", "{{ fiscal|yuan }}元（{{ fiscal|in_words }}）"),
        ]
    )
    paper.text("{{ statement }}")
    with paper.when("authorities"), paper.each("line", "authorities"):
        paper.text("{{ line }}")
    paper.heading("考核指标完成情况")
    paper.table(
        [
            Column("指标", "{{ row.name }}", 7.4),
            Column("任务书值", "{{ row.agreed }}", 4.4),
            Column("完成值", "{{ row.value }}", 4),
        ],
        "indicators",
    )
    paper.text("特发此证。")
    paper.signature("{{ agency }}", "负责人")
