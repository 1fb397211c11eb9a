"""The ways to the pages of the money part, for the long work that is begun there."""

from __future__ import annotations

from collections.abc import Sequence

from flask import url_for

from app.longwork.kinds import Crumb, Parameters, Result


def to_money(_parameters: Parameters) -> Sequence[Crumb]:
    """Return the way to the money part."""
    return (Crumb("经费", url_for("money.index")),)


def to_year_end(parameters: Parameters) -> Sequence[Crumb]:
    """Return the way to a year's end."""
    return (*to_money(parameters), Crumb("年终汇总", url_for("money.year_ended", year=parameters["year"])))


def to_reconciliations(parameters: Parameters) -> Sequence[Crumb]:
    """Return the way to the reconciliations."""
    return (*to_money(parameters), Crumb("对账", url_for("reconcile.index")))


def to_batches(parameters: Parameters) -> Sequence[Crumb]:
    """Return the way to the batches."""
    return (*to_money(parameters), Crumb("批次", url_for("money.batches")))


def to_batch(parameters: Parameters) -> Sequence[Crumb]:
    """Return the way to a batch."""
    return (*to_batches(parameters), Crumb(parameters["name"], batch_page(parameters)))


def to_returns(parameters: Parameters) -> Sequence[Crumb]:
    """Return the way to what came back of a batch."""
    url = url_for("money.returns", batch_id=parameters["batch"])
    return (*to_batches(parameters), Crumb("回执", url))


def to_returned(parameters: Parameters) -> Sequence[Crumb]:
    """Return the way to a returned sheet."""
    return (*to_returns(parameters), Crumb("核对回执", returned_page(parameters, {})))


def batch_page(parameters: Parameters, _result: Result | None = None) -> str:
    """Return the address of a batch."""
    return url_for("money.batch", batch_id=parameters["batch"])


def returned_page(parameters: Parameters, result: Result) -> str:
    """Return the address of a returned sheet: one that was read, or that is being booked."""
    return url_for("money.returned", returned_id={**parameters, **result}["returned"])


def reconciliation_page(_parameters: Parameters, result: Result) -> str:
    """Return the address of a reconciliation that was made."""
    return url_for("reconcile.run", run_id=result["run"])
