"""The task agreement (任务书) with its annexed plan and a place for every party to sign."""

from __future__ import annotations

from reports.papers.paper import Column, Paper

TITLE = "项目任务书"


def draw(paper: Paper) -> None:
    """Draw cover, plan, money, clauses and signatures."""
    _cover(paper)
    _plan(paper)
    _people(paper)
    _money(paper)
    _clauses(paper)
    _signatures(paper)


def _cover(paper: Paper) -> None:
    paper.title("项目任务书{% if mark %}（{{ mark }}）{% endif %}")
    paper.facts(
        [
            ("项目编号", "{{ number }}"),
            ("版本", "第 {{ version }} 版"),
            ("项目名称", "{{ terms.title }}"),
            ("计划类别", "{{ programme }}"),
            ("项目性质", "{{ terms.nature or '—' }}"),
            ("实施期", "{{ terms.start|day }}至{{ terms.end|day }}"),
        ]
    )
    with paper.each("party", "parties"):
        paper.text("{{ party.ordinal }}：{{ party.name }}（{{ party.role }}）", indent=False)
    paper.text("{{ opening }}")
    paper.heading("一、基本情况")
    paper.facts(
        [
            ("承担单位", "{{ terms.lead_unit }}"),
            ("单位类型", "{{ terms.lead_unit_type or '—' }}"),
            ("单位所在地", "{{ terms.lead_place or '—' }}"),
            ("联合实施单位", "{{ terms.joint_unit or '无' }}"),
            ("项目负责人", "{{ terms.pi_name }}"),
            ("电子邮箱", "{{ terms.pi_email or '—' }}"),
            ("开户银行", "{{ terms.bank_name or '—' }}"),
            ("银行账号", "{{ terms.bank_account or '—' }}"),
            ("专账管理", "{{ separate_account }}"),
            ("里程碑管理", "{{ '是' if terms.milestone_managed else '否' }}"),
        ]
    )


def _plan(paper: Paper) -> None:
    paper.heading("二、研究内容和目标")
    with paper.each("line", "goals"):
        paper.text("{{ line }}")
    paper.heading("三、考核指标")
    paper.table(
        [
            Column("指标名称", "{{ row.name }}", 5.2),
            Column("类别", "{{ row.category }}", 2.2),
            Column("指南要求", "{{ row.guide_value or '—' }}", 2.8, right=True),
            Column("约定值", "{{ row.direction }} {{ row.agreed_value or '—' }}", 3.6, right=True),
            Column("单位", "{{ row.unit or '—' }}", 2.0),
        ],
        "terms.indicators",
    )
    paper.heading("四、进度安排")
    paper.table(
        [
            Column("序号", "{{ row.number }}", 1.4),
            Column("里程碑", "{{ row.name or '—' }}", 4.2),
            Column("计划完成日期", "{{ row.planned_on|day }}", 3.6),
            Column("应达到的目标", "{{ row.goal or '—' }}", 6.6),
        ],
        "terms.milestones",
    )


def _people(paper: Paper) -> None:
    paper.heading("五、项目组成员和参与单位")
    paper.table(
        [
            Column("姓名", "{{ row.name }}", 2.6),
            Column("单位", "{{ row.unit }}", 5.0),
            Column("职称或职务", "{{ row.title or '—' }}", 2.8),
            Column("承担的任务", "{{ row.task or '—' }}", 5.4),
        ],
        "people",
    )
    with paper.when("terms.partners"):
        paper.table(
            [
                Column("参与单位", "{{ row.name }}", 5.4),
                Column("所在地", "{{ row.place }}", 2.8),
                Column("分配财政资金（元）", "{{ row.share|yuan }}", 3.6, right=True),
                Column("合作协议有效期", "{{ row.agreed }}", 4.0),
            ],
            "partners",
        )


def _money(paper: Paper) -> None:
    paper.heading("六、经费")
    paper.text(
        "本项目总经费 {{ total|yuan }} 元（大写：人民币{{ total|in_words }}），"
        "其中财政资金 {{ fiscal|yuan }} 元（大写：人民币{{ fiscal|in_words }}）。"
    )
    paper.table(
        [
            Column("资金来源", "{{ row.source }}", 4.4),
            Column("金额（元）", "{{ row.amount|yuan }}", 4.0, right=True),
            Column("大写", "人民币{{ row.amount|in_words }}", 7.4),
        ],
        "funds",
        last=("合计", "{{ total|yuan }}", "人民币{{ total|in_words }}"),
    )
    paper.text("预算（元）：", indent=False)
    paper.table(
        [
            Column("资金来源", "{{ row.source }}", 2.6),
            *(
                Column(f"{{{{ uses[{place}] }}}}", f"{{{{ row.amounts[{place}]|yuan }}}}", 2.6, right=True)
                for place in range(4)
            ),
            Column("小计", "{{ row.total|yuan }}", 2.8, right=True),
        ],
        "budget.rows",
        last=("合计", *(f"{{{{ budget.sums[{place}]|yuan }}}}" for place in range(5))),
    )
    paper.text("拨款和到账计划（元）：", indent=False)
    paper.table(
        [
            Column("资金来源", "{{ row.source }}", 3.4),
            Column("期次", "{{ row.number }}", 1.3),
            Column("金额（元）", "{{ row.planned|yuan }}", 2.9, right=True),
            Column("计划日期", "{{ row.planned_on|day if row.planned_on else '—' }}", 3.2),
            Column("拨付条件", "{{ row.condition or '按本任务书约定' }}", 5.0),
        ],
        "terms.tranches",
        last=("合计", "", "{{ planned|yuan }}", "", ""),
    )


def _clauses(paper: Paper) -> None:
    paper.heading("七、共同约定")
    with paper.each("clause", "clauses"):
        paper.text("{{ loop.index }}. {{ clause }}")


def _signatures(paper: Paper) -> None:
    paper.heading("八、签署", on_new_page=True)
    paper.text("各方已阅读并同意本任务书全部内容，自最后一方签字盖章之日起生效。")
    with paper.each("party", "parties"):
        paper.signature("{{ party.ordinal }}：{{ party.name }}", "{{ party.signer }}")
