"""The details of an entry in a project's history, in words: old and new, reasons and notes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lifecycle.models import AuditEntry
from lifecycle.rulebook import rulebook
from lifecycle.wording import changes_told


def told(entry: AuditEntry) -> list[str]:
    """Return what an entry's details say that its summary does not."""
    return list(_told(entry.details))


def _told(details: Mapping[str, Any]) -> Iterator[str]:
    old, new = details.get("old", details.get("before")), details.get("new", details.get("after"))
    if isinstance(old, str | int) and isinstance(new, str | int) and old != new:
        yield f"由“{old}”变为“{new}”"
    yield from changes_told(details)
    reasons = details.get("reasons")
    if isinstance(reasons, Mapping):
        for rule_id, reason in reasons.items():
            yield f"对{_citation(str(rule_id))}的说明：{reason}"
    if details.get("note"):
        yield f"意见：{details['note']}"


def _citation(rule_id: str) -> str:
    rule = rulebook().find(rule_id)
    return rule.citation if rule else "一般性规定"
