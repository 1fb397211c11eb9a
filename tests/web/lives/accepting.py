"""Acceptance in a life: applied for, confirmed, reviewed, concluded by the authorities in their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.web.lives.living import Life, Page
from tests.web.lives.papers import scan
from tests.web.lives.reporting import give_opinion


def write_application(life: Life, values: Sequence[str], who: str = "pi", **more: Any) -> Page:
    """Let the pi write the application with evidence for every indicator; return it before it is filed."""
    draft = life.project(who, "oversight").done("填写验收申请")
    typed: dict[str, Any] = {"summary": "任务书约定的内容已全部完成。", **more}
    files = {"report": [scan("验收总结报告.pdf")]}
    for place, value in enumerate(values):
        typed[f"value-{place}"] = value
        files[f"evidence-{place}"] = [scan(f"检测报告{place + 1}.pdf")]
    draft.done("保存验收申请", files, **typed)
    return life.open(who, draft.path.removesuffix("/edit"))


def apply(life: Life, values: Sequence[str], **more: Any) -> Page:
    """Lead the application until the bureau has taken it up; return it as the handler sees it."""
    filed = write_application(life, values, **more).done("提交承担单位确认")
    life.open("unit", filed.path).done("确认")
    return life.open("handler", filed.path).done("受理")


def review(life: Life, path: str, panel: Mapping[str, str], verdict: str = "通过", joint: str = "") -> Page:
    """Let the handler name a panel (expert → field) and everybody give her opinion."""
    fields = {f"field-{life.account(one).id}": field for one, field in panel.items()}
    leader = str(life.account(next(iter(panel))).id)
    life.open("handler", path).done("专家", leader=leader, **fields)
    for expert in panel:
        give_opinion(life, expert, verdict)
    if joint:
        life.open("joint", path).done("意见", joint_opinion=joint)
    return life.open("handler", path)


def put_forward(page: Page, conclusion: str = "通过", review: str = "通过", **more: Any) -> Page:
    """Let the handler put a conclusion forward on the experts' opinions."""
    usual = {
        "technical": review,
        "financial": review,
        "conclusion": conclusion,
        "opinion": "专家组意见一致。",
    }
    return page.done("提出", **{**usual, **more})
