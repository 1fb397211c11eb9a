"""依据: the article on which public money is paid, as a sheet, an entry of the history and a page cite it."""

from __future__ import annotations

from lifecycle.record import ProjectRecord
from lifecycle.rulebook import rulebook
from lifecycle.rules.duties import PaymentDeadline
from lifecycle.rules.tranches import PaidAfterSigning, PaidWithinFunds, SinglePayment

_BY_WEIGHT = (PaymentDeadline, SinglePayment, PaidAfterSigning, PaidWithinFunds)
"""Kinds of rule that say when or how much is paid, the most telling first."""


def payment_basis(record: ProjectRecord) -> str:
    """Return document and article of the duty to pay; the document alone where it has no such article."""
    programme = rulebook().programme(record.programme, record.signed_on)
    for kind in _BY_WEIGHT:
        for rule in programme.rules:
            if isinstance(rule.kind, kind) and rule.scope.covers(record):
                return rule.citation
    return programme.document.cited_as


def deadline_rules() -> frozenset[str]:
    """Return the ids of the rules that set the day by which public money begins to be paid."""
    book = rulebook()
    rules = (rule for name in book.programmes for rule in book.programme(name).rules)
    return frozenset(rule.id for rule in rules if isinstance(rule.kind, PaymentDeadline))
