"""A change in a life: asked for, consented to, deliberated and approved in its order."""

from __future__ import annotations

from typing import Any

from tests.web.lives.living import Life, Page


def ask(life: Life, kind: str, reason: str = "设备到货推迟，需要延长试验时间。", **values: Any) -> Page:
    """Let the pi draft a change and send it to her unit; return it as she sees it."""
    draft = life.open("pi", f"/changes/draft/{kind}/{life.number}")
    return draft.done("保存并核对", reason=reason, **values).done("提交承担单位确认")


def consent(life: Life, path: str) -> Page:
    """Let the joint unit consent; return the change as the handler sees it."""
    life.open("joint", path).done("同意变更")
    return life.open("handler", path)


def hand_in(life: Life, path: str, *, joint: bool = False) -> Page:
    """Let the unit confirm and, where there is one, the joint unit consent; return it for the handler."""
    life.open("unit", path).done("确认")
    return consent(life, path) if joint else life.open("handler", path)
