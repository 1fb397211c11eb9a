"""Public money in a life: proposed, approved, batched, issued and booked by different people."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from lifecycle.models import Project, Tranche
from lifecycle.record import Source
from tests.web.lives.living import Life, Page


def tranche_path(life: Life, source: Source, number: int) -> str:
    """Return the page of a tranche of the project."""
    query = select(Tranche.id).join(Project, Project.id == Tranche.project_id)
    query = query.where(Project.number == life.number, Tranche.source == source, Tranche.number == number)
    return f"/money/tranches/{life.one(query)}"


def propose(life: Life, path: str, **reasons: str) -> Page:
    """Let the handler propose to pay a tranche."""
    return life.open("handler", path).done("提出拨付", **reasons)


def pay(life: Life, path: str, day: date, *others: str, **reasons: str) -> None:
    """Lead a tranche, and others that go out with it, from proposal to booking, on one day."""
    for one in (path, *others):
        propose(life, one, **reasons)
        life.open("approver", one).done("同意拨付")
    tranches = [one.rpartition("/")[2] for one in (path, *others)]
    answer = life.send("finance", "/money/batches/new", {"tranche": tranches})
    assert answer.status_code == 302, answer.text
    batch = life.open("finance", answer.location).done("出表")
    batch.done("登记拨付", voucher=f"国库-{day}-{tranches[0]}", paid_on=day.isoformat())
