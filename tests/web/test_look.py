"""The macros every page is made of, rendered by themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import pytest
from flask import Flask, render_template_string
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, DateField, Form, RadioField, SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired

from lifecycle.record import ProjectRecord
from lifecycle.rules.base import Document, Rule, Scope, Strength
from lifecycle.rules.verdict import Line, Mark, Verdict


@pytest.fixture
def pages(app: Flask) -> Iterator[None]:
    """A request within which templates can be rendered."""
    with app.test_request_context("/"):
        yield


class ProjectForm(Form):
    """One field of each sort that is drawn differently."""

    title = StringField("项目名称", [InputRequired("请填写项目名称")], description="与立项通知一致")
    nature = RadioField(
        "项目性质", [InputRequired("请选择项目性质")], choices=[SelectChoice("a", "创新研发")]
    )
    programme = SelectField("计划类别", choices=[SelectChoice("k", "重点专项")])
    start = DateField("实施开始", [InputRequired("请填写日期，如 2026-01-31")])
    separate = BooleanField("已设专账管理")


FORM = """
{% import "macros/field.html" as field %}
{% call field.form(form, "提交区科技局审批") %}
{% for f in form %}{{ field.field(f) }}{% endfor %}
{% endcall %}
"""


@pytest.mark.usefixtures("pages")
def test_the_error_summary_jumps_to_fields_that_exist_and_errors_are_tied_to_them() -> None:
    form = ProjectForm(MultiDict({"start": "二月三十", "programme": "k"}))
    assert not form.validate()
    html = render_template_string(FORM, form=form)
    assert "请检查以下内容" in html
    jumps = re.findall(r'<li><a href="#([^"]+)">', html)
    assert jumps == ["title", "nature-0", "start"]
    for target in (*jumps, *" ".join(re.findall(r'aria-describedby="([^"]+)"', html)).split()):
        assert f'id="{target}"' in html
    assert 'value="二月三十"' in html
    assert html.count("（必填）") == 3


@pytest.mark.usefixtures("pages")
def test_a_form_without_errors_has_no_summary_and_one_primary_button() -> None:
    html = render_template_string(FORM, form=ProjectForm())
    assert "error-summary" not in html
    assert html.count("btn-primary") == 1


class Silent:
    """A kind of rule with nothing to say; only its checklist line is drawn here."""

    def breaches(self, record: ProjectRecord) -> tuple[()]:
        """Find nothing."""
        del record
        return ()

    def figures(self, record: ProjectRecord, day: date) -> None:
        """Say nothing."""
        del record, day


def line(mark: Mark, strength: Strength, reason: str | None = None) -> Line:
    """Return a line of a made-up rule."""
    document = Document("d", "沙科局发〔2023〕41号", "管理办法", "区科技局", date(2024, 1, 1), None, None)
    rule = Rule(
        id="spb-29-spend-gate",
        document=document,
        article="第二十九条",
        strength=strength,
        summary="支出未达 80% 的暂缓拨付",
        kind=Silent(),
        scope=Scope(),
        guards=frozenset(),
        judges=True,
        owner=None,
    )
    return Line(rule, "", mark, "支出率 60.0%", reason)


VERDICT = """
{% import "macros/verdict.html" as verdicts %}
{% set lift = {"who": "承担单位", "what": "补录支出", "by": none, "url": none} %}
{% set grounds = {"spb-29-spend-gate": {"evidence": [], "lift": lift}} %}
{% call verdicts.verdict(v, "提请二期拨付", grounds=grounds) %}
<button>提请二期拨付</button>
{% endcall %}
"""


@pytest.mark.usefixtures("pages")
def test_no_button_stands_under_a_refusal_and_it_says_who_can_lift_it() -> None:
    html = render_template_string(VERDICT, v=Verdict((line(Mark.NOT_HELD, Strength.MUST),)))
    assert "<button>" not in html
    assert "现在不能提请二期拨付" in html
    assert "由承担单位办理：补录支出" in html
    assert "/rulebook/#spb-29-spend-gate" in html
    assert "第二十九条" in html


@pytest.mark.usefixtures("pages")
def test_a_usual_rule_not_held_asks_for_a_reason_and_leaves_the_button() -> None:
    html = render_template_string(VERDICT, v=Verdict((line(Mark.NOT_HELD, Strength.USUAL),)))
    assert "写明理由后可以提请二期拨付" in html
    assert "<button>" in html


@pytest.mark.usefixtures("pages")
@pytest.mark.parametrize(
    ("mark", "word"), [(Mark.HELD, "符合"), (Mark.REASON_GIVEN, "已说明"), (Mark.UNKNOWN, "待定")]
)
def test_every_mark_is_told_by_a_word(mark: Mark, word: str) -> None:
    html = render_template_string(VERDICT, v=Verdict((line(mark, Strength.MUST, "经会议同意"),)))
    assert re.search(rf'class="verdict-mark">.*?{word}</span>', html, re.DOTALL)
    assert "可以提请二期拨付" in html
    assert "经会议同意" in html


TABLE = """
{% import "macros/table.html" as table %}
{{ table.table([{"key": "title", "label": "项目", "kind": "link", "sort": "title"},
                {"key": "fiscal", "label": "财政资金", "kind": "wan", "unit": "万元", "sort": "fiscal"}],
               rows, {"stage": ["实施中"], "page": ["3"]}, sort="fiscal", sums={"fiscal": 600000000}) }}
{{ table.pager(9, 20, {"stage": ["实施中"]}) }}
"""


@pytest.mark.usefixtures("pages")
def test_sorting_and_paging_keep_the_filters() -> None:
    html = render_template_string(TABLE, rows=[{"title": "甲", "url": "/projects/1", "fiscal": 14_000_000}])
    stage = "stage=%E5%AE%9E%E6%96%BD%E4%B8%AD"
    assert f'href="?{stage}&amp;sort=-fiscal"' in html
    assert f'href="?{stage}&amp;sort=title"' in html
    assert 'aria-sort="ascending"' in html
    assert [int(n) for n in re.findall(rf'href="\?{stage}&amp;page=(\d+)">\d', html)] == [1, 7, 8, 10, 11, 20]
    assert "600.00" in html
