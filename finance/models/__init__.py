"""The tables of this floor: how money is paid, accounted for, cleared and reconciled."""

from finance.models.accounts import SeparateAccount, StageAccount
from finance.models.books import Reconciliation
from finance.models.clearing import ClearingReturn, DisallowedLine
from finance.models.paying import Batch, BatchLine, PaymentReversal, Proposal, TrancheHold
from finance.models.sheets import Payer, ReturnedSheet, SheetLayout

__all__ = [
    "Batch",
    "BatchLine",
    "ClearingReturn",
    "DisallowedLine",
    "Payer",
    "PaymentReversal",
    "Proposal",
    "Reconciliation",
    "ReturnedSheet",
    "SeparateAccount",
    "SheetLayout",
    "StageAccount",
    "TrancheHold",
]
