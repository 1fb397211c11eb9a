"""依据: the article on which public money is paid, as a sheet, an entry of the history and a page cite it."""

from __future__ import annotations

from collections.abc import Iterable

from lifecycle.record import FISCAL, ProjectRecord, Source
from lifecycle.rulebook import rulebook
from lifecycle.rules.base import Kind
from lifecycle.rules.duties import PaymentDeadline, PlannedPayment
from lifecycle.rules.parties import SeparateAccount
from lifecycle.rules.tranches import PaidAfterSigning, PaidWithinFunds, SinglePayment, SpendGate

_BY_WEIGHT = (PaymentDeadline, SinglePayment, PaidAfterSigning, PaidWithinFunds)
"""Kinds of rule that say when or how much is paid, the most telling first."""


def payment_basis(record: ProjectRecord) -> str:
    """Return document and article of the duty to pay; the document alone where it has no such article."""
    return _cited(record, _BY_WEIGHT)


def spending_basis(record: ProjectRecord) -> str:
    """Return the article on how the project's money is spent; the document alone where it has none."""
    return _cited(record, (SpendGate, SeparateAccount))


def receipt_basis(record: ProjectRecord, source: Source) -> str:
    """Return the article on the arrival of a source's money."""
    if source in FISCAL:
        return payment_basis(record)
    for rule in rulebook().programme(record.programme, record.signed_on).rules:
        if isinstance(rule.kind, PlannedPayment) and rule.kind.source is source and rule.scope.covers(record):
            return rule.citation
    return _cited(record, ())


def account_basis(record: ProjectRecord) -> str:
    """Return the article on the separate account."""
    return _cited(record, (SeparateAccount,))


def _cited(record: ProjectRecord, kinds: Iterable[type[Kind]]) -> str:
    programme = rulebook().programme(record.programme, record.signed_on)
    for kind in kinds:
        for rule in programme.rules:
            if isinstance(rule.kind, kind) and rule.scope.covers(record):
                return rule.citation
    return programme.document.cited_as


def deadline_rules() -> frozenset[str]:
    """Return the ids of the rules that set the day by which public money begins to be paid."""
    book = rulebook()
    rules = (rule for name in book.programmes for rule in book.programme(name).rules)
    return frozenset(rule.id for rule in rules if isinstance(rule.kind, PaymentDeadline))
