"""The paper of a clearing or of a surplus: what was paid and spent, what comes back, and who signs for it."""

from __future__ import annotations

from reports.papers.paper import Column, Paper

TITLE = "财政资金清算表"


def draw(paper: Paper) -> None:
    """Draw the project, the sums by source, the lines behind them, and where each party signs."""
    paper.title("{{ heading }}")
    paper.facts(
        [
            ("项目编号", "{{ number }}"),
            ("计划类别", "{{ programme }}"),
            ("项目名称", "{{ title }}"),
            ("承担单位", "{{ lead_unit }}"),
            ("项目负责人", "{{ pi_name }}"),
            ("项目结论", "{{ conclusion or '—' }}（{{ concluded_on|day }}）"),
            ("依据", "{{ citation }}"),
            ("退回期限", "{{ due_on|day }}"),
        ]
    )
    paper.heading("一、资金使用情况")
    _sums(paper)
    paper.heading("二、应退和已退")
    paper.table(
        [
            Column("资金来源", "{{ row.source }}", 4.1),
            Column("应退（元）", "{{ row.to_return|yuan }}", 3.9, right=True),
            Column("已退（元）", "{{ row.returned|yuan }}", 3.9, right=True),
            Column("还应退（元）", "{{ row.owed|yuan }}", 3.9, right=True),
        ],
        "sources",
        last=("合计", "{{ to_return|yuan }}", "{{ returned|yuan }}", "{{ owed|yuan }}"),
    )
    paper.text("应退合计（大写）：人民币{{ to_return|in_words }}。")
    _details(paper)
    with paper.when("note"):
        paper.heading("说明")
        paper.text("{{ note }}")
    paper.heading("签署")
    paper.text(
        "核定：{{ settled_by or '—' }}（{{ settled_on|day }}）；"
        "核准：{{ confirmed_by or '—' }}（{{ confirmed_on|day }}）。"
    )
    paper.signature("{{ agency }}", "财务负责人、分管领导")
    paper.signature("承担单位：{{ lead_unit }}", "法定代表人或授权代表")


def _sums(paper: Paper) -> None:
    plain = [
        Column("资金来源", "{{ row.source }}", 3.4),
        Column("已拨（元）", "{{ row.paid|yuan }}", 3.1, right=True),
        Column("已支出（元）", "{{ row.spent|yuan }}", 3.1, right=True),
        Column("结余（元）", "{{ row.left|yuan }}", 3.1, right=True),
        Column("不予认可（元）", "{{ row.disallowed|yuan }}", 3.1, right=True),
    ]
    sums = ("合计", "{{ paid|yuan }}", "{{ spent|yuan }}", "{{ left|yuan }}", "{{ disallowed|yuan }}")
    paper.table(plain, "sources", last=sums)
    with paper.when("kept"):
        paper.text("结余中留给承担单位用于后续研发 {{ kept|yuan }} 元。")
    paper.note("应退＝结余－留用＋不予认可；结余＝已拨－用财政拨款列支的支出。")


def _details(paper: Paper) -> None:
    with paper.when("lines"):
        paper.heading("三、不予认可的支出")
        paper.table(
            [
                Column("序号", "{{ loop.index }}", 1.2),
                Column("资金来源", "{{ row.source }}", 2.6),
                Column("日期", "{{ row.on|day }}", 2.4),
                Column("科目和凭证号", "{{ row.use or '未分明细' }} {{ row.voucher or '' }}", 3.0),
                Column("不予认可（元）", "{{ row.amount|yuan }}", 2.6, right=True),
                Column("原因", "{{ row.reason }}", 4.0),
            ],
            "lines",
        )
    with paper.when("returns"):
        paper.heading("四、退款记录")
        paper.table(
            [
                Column("序号", "{{ loop.index }}", 1.2),
                Column("资金来源", "{{ row.source }}", 3.2),
                Column("日期", "{{ row.on|day }}", 2.8),
                Column("凭证号", "{{ row.voucher }}", 3.2),
                Column("金额（元）", "{{ row.amount|yuan }}", 2.8, right=True),
                Column("备注", "{{ row.note or '' }}", 2.6),
            ],
            "returns",
        )
