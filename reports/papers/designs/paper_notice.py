"""A notice to a unit: 提醒, 催办, 整改, 暂缓拨付, 终止建议, with its receipt (回执) on a page of its own."""

from __future__ import annotations

from reports.papers.paper import Column, Paper

TITLE = "项目管理文书"


def draw(paper: Paper) -> None:
    """Draw to whom it goes, what it rests on, what is asked for, what follows; then the receipt."""
    paper.title("{{ kind }}")
    paper.text("{{ number }}", indent=False, centred=True)
    paper.text("{{ to }}：", indent=False)
    paper.text("{{ lead }}")
    paper.heading("一、有关情况")
    _lines(paper, "facts")
    paper.facts([(f"{{{{ project[{place}][0] }}}}", f"{{{{ project[{place}][1] }}}}") for place in range(8)])
    with paper.when("articles"):
        paper.heading("二、依据")
        columns = [Column("文件和条款", "{{ row.citation }}", 5.6), Column("要求", "{{ row.summary }}", 10.2)]
        paper.table(columns, "articles")
    with paper.together():
        _asked(paper)
    _receipt(paper)


def _asked(paper: Paper) -> None:
    """What is to be done, what follows, and the seal: no seal stands alone on a page."""
    paper.heading("{{ '三' if articles else '二' }}、请办事项")
    _lines(paper, "asked")
    with paper.when("by"):
        paper.text("办理期限：{{ by|day }}。")
    with paper.when("otherwise"):
        paper.heading("{{ '四' if articles else '三' }}、不按要求办理的后果")
        with paper.each("one", "otherwise"):
            paper.text("{{ loop.index }}. {{ one.words }}（{{ one.citation }}）。")
    with paper.when("remark"):
        paper.heading("补充说明")
        _lines(paper, "remark")
    paper.closing(["{{ agency }}（盖章）", "{{ drawn_on|day }}"])
    with paper.when("cc"):
        paper.note("抄送：{{ cc }}")
    paper.note("经办人：{{ handler }}")


def _lines(paper: Paper, name: str) -> None:
    with paper.each("line", name):
        paper.text("{{ line }}")


def _receipt(paper: Paper) -> None:
    paper.title("回　执", on_new_page=True)
    paper.text("{{ agency }}：", indent=False)
    paper.text("贵局出具的{{ kind }}（{{ number }}，项目编号：{{ project[0][1] }}）已收到。")
    paper.facts(
        [
            ("收到日期", "    年  月  日"),
            ("收到方式", "□当面送达 □邮寄 □平台 □电子邮件"),
            ("联系电话", ""),
        ],
        columns=1,
    )
    paper.text("对通知内容的意见：", indent=False)
    for _ in range(4):
        paper.text("")
    paper.signature("{{ to }}", "收件人")
