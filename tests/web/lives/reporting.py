"""Reports in a life: written by the pi, confirmed by the unit, accepted by the bureau, then reviewed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.web.lives.living import Life, Page
from tests.web.lives.papers import scan

SCORES = {"tasks": "36", "indicators": "18", "money": "17", "management": "18"}


def row_form(page: Page, kind: str, subject: str) -> Page:
    """Begin the report of a year or a milestone from the project's page."""
    for form in page.document.forms:
        values = dict(form.form_values())
        if (values.get("kind"), values.get("subject")) == (kind, subject):
            answer = page.life.send(page.who, form.get("action"), values)
            return page.life.open(page.who, answer.location)
    raise AssertionError(f"no report of {kind} {subject} can be begun by {page.who}")


def write_report(life: Life, kind: str, subject: str, **values: Any) -> Page:
    """Let the pi write a report and file it with the unit."""
    draft = row_form(life.project("pi", "reports"), kind, subject)
    usual = {"progress": "按任务书推进，样机已完成测试。", "value_0": "95.5", **values}
    return draft.done("提交承担单位确认", {"files": [scan("进展.pdf")]}, **usual)


def report(life: Life, kind: str, subject: str, **values: Any) -> Page:
    """Lead a report from its draft to its acceptance by the bureau; return it as the handler sees it."""
    filed = write_report(life, kind, subject, **values)
    life.open("unit", filed.path).done("确认并报区科技局")
    return life.open("handler", filed.path).done("接收报告")


def name_experts(life: Life, page: Page, experts: Sequence[str]) -> Page:
    """Let the handler name experts, the first of whom leads."""
    ids = [str(life.account(one).id) for one in experts]
    return page.done("指定专家", member=ids, leads=ids[0])


def give_opinion(life: Life, expert: str, verdict: str = "通过", **values: Any) -> Page:
    """Let an expert find her task in her inbox's list and give her opinion."""
    listed = life.open(expert, "/reviews/")
    links = [link.get("href") for link in listed.document.iterfind(".//main//a")]
    review = life.open(expert, next(link for link in links if link.startswith("/reviews/")))
    usual = {"no_conflict": "y", "verdict": verdict, "opinion": "达到任务书约定，同意。", **SCORES}
    return review.done("提交评议意见", **{**usual, **values})
