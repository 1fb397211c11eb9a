"""The opinion form of an acceptance (验收意见书): what was reached, the money, every expert's opinion."""

from __future__ import annotations

from reports.papers.paper import Column, Paper

TITLE = "项目验收意见书"


def draw(paper: Paper) -> None:
    """Draw the form that experts sign."""
    paper.title(TITLE)
    paper.facts(
        [
            ("项目编号", "{{ number }}"),
            ("计划类别", "{{ programme }}"),
            ("项目名称", "{{ title }}"),
            ("承担单位", "{{ lead_unit }}"),
            ("项目负责人", "{{ pi_name }}"),
            ("联合实施单位", "{{ joint_unit }}"),
            ("实施期", "{{ start|day }}至{{ end|day }}"),
            ("申请日期", "{{ applied_on|day }}"),
        ]
    )
    paper.heading("一、考核指标完成情况")
    paper.table(
        [
            Column("指标", "{{ row.name }}", 5.6),
            Column("任务书值", "{{ row.agreed }}", 4.2),
            Column("完成值", "{{ row.value }}", 3.4),
            Column("佐证材料", "{{ row.evidence }}", 2.6),
        ],
        "indicators",
    )
    with paper.when("goals"):
        paper.heading("任务目标")
        paper.table(
            [Column("任务目标", "{{ row.goal }}", 6.4), Column("完成情况", "{{ row.how }}", 9.4)], "goals"
        )
    paper.heading("二、经费决算（元）")
    paper.table(
        [
            Column("资金来源", "{{ row.source }}", 4.6),
            Column("任务书约定", "{{ row.agreed|yuan }}", 2.8, right=True),
            Column("到账", "{{ row.paid|yuan }}", 2.8, right=True),
            Column("支出", "{{ row.spent|yuan }}", 2.8, right=True),
            Column("结余", "{{ row.left|yuan }}", 2.8, right=True),
        ],
        "account",
    )
    paper.heading("三、专家评议")
    paper.table(
        [
            Column("专家", "{{ row.name }}", 2.6),
            Column("方面", "{{ row.field }}", 1.6),
            Column("得分", "{{ row.total }}", 1.6, right=True),
            Column("结论", "{{ row.verdict }}", 2),
            Column("意见", "{{ row.opinion }}", 8),
        ],
        "members",
    )
    paper.text("平均得分：{{ average }}分；{{ passed }}人通过，{{ failed }}人不通过。")
    with paper.when("joint_opinion"):
        paper.text("联合实施单位意见：{{ joint_opinion }}")
    paper.heading("四、验收意见")
    with paper.each("line", "opinion"):
        paper.text("{{ line }}")
    paper.text("技术验收：{{ technical }}　　财务验收：{{ financial }}　　拟定结论：{{ proposed }}")
    paper.heading("五、专家签字")
    paper.table(
        [
            Column("专家", "{{ row.name }}（{{ row.field }}）", 5.2),
            Column("签字", "\n", 6.6),
            Column("日期", "", 4),
        ],
        "members",
    )
    with paper.when("joint_unit != '不涉及'"):
        paper.signature("{{ joint_unit }}", "负责人")
    paper.signature("{{ agency }}", "负责人")
