"""The receipt for the papers of a self-established project's own acceptance (备查回执)."""

from __future__ import annotations

from reports.papers.paper import Column, Paper

TITLE = "自主设置项目验收资料备查回执"


def draw(paper: Paper) -> None:
    """Draw what was received, and when."""
    paper.title(TITLE)
    paper.facts(
        [
            ("项目编号", "{{ number }}"),
            ("计划类别", "{{ programme }}"),
            ("项目名称", "{{ title }}"),
            ("实施单位", "{{ lead_unit }}"),
            ("验收结论", "{{ conclusion }}"),
            ("验收日期", "{{ concluded_on|day }}"),
        ]
    )
    paper.text(
        "{{ lead_unit }}：你单位自行组织验收的上述项目，验收资料已于{{ filed_on|day }}收到，"
        "予以备查（{{ basis }}）。"
    )
    paper.table([Column("序号", "{{ loop.index }}", 1.6), Column("资料名称", "{{ row }}", 14.2)], "papers")
    paper.signature("{{ agency }}", "经办人")
