"""The tables of this floor: how money is paid, accounted for, cleared and reconciled.

Two are of the floor below, where the record is read, and written from here alone.
"""

from finance.models.accounts import SeparateAccount, StageAccount
from finance.models.books import Reconciliation
from finance.models.clearing import ClearingReturn, DisallowedLine
from finance.models.paying import Batch, BatchLine, PaymentReversal
from finance.models.sheets import Payer, ReturnedSheet, SheetLayout
from lifecycle.models import Proposal, TrancheHold

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
