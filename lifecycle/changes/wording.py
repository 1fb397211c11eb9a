"""How a change reads: in the history, on a desk, and in the summary that the ledger carries."""

from __future__ import annotations

from collections.abc import Iterable

from lifecycle.models import ChangeRequest
from lifecycle.terms import Terms
from lifecycle.terms_words import told_differences

MOST_SUMMARY = 240
"""Characters of each side of a summary."""


def name_of(request: ChangeRequest) -> str:
    """Return how a request is called: ``第 3 号变更（延期）``."""
    return f"第 {request.number} 号变更（{request.kind}）"


def act_told(request: ChangeRequest, act: str) -> str:
    """Return what was done with a request, for the history."""
    return f"{act}{name_of(request)}"


def differences_told(old: Terms, new: Terms) -> list[dict[str, str]]:
    """Return what differs as an audit entry's details carry it."""
    return [{"field": one.field, "old": one.old, "new": one.new} for one in told_differences(old, new)]


def summary(old: Terms, new: Terms) -> tuple[str, str]:
    """Return what differs as two short texts, before and after, as 变更前 and 变更后 of the ledger."""
    found = told_differences(old, new)
    if len(found) == 1:
        return _short([found[0].old or "无"]), _short([found[0].new or "取消"])
    before = [f"{one.field}：{one.old or '无'}" for one in found]
    after = [f"{one.field}：{one.new or '取消'}" for one in found]
    return _short(before), _short(after)


def _short(parts: Iterable[str]) -> str:
    text = "；".join(parts)
    return text if len(text) <= MOST_SUMMARY else f"{text[: MOST_SUMMARY - 1]}…"
