"""Layouts (拨付表版式): workbooks of the office's own to print sheets into, one in use per paying body."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session, undefer

from finance.lookups import person
from finance.models import Batch, SheetLayout
from finance.payers import payers
from lifecycle.command import Work, command
from lifecycle.models import User
from lifecycle.refusals import InvalidInput, NotFound
from lifecycle.roles import Actor, Permission

MOST_NAME = 60
"""Characters of a layout's name."""
EVERYBODY = "没有单独版式的拨款单位"
"""Whose sheets a layout without a paying body is for."""


@dataclass(frozen=True, slots=True)
class ListedLayout:
    """A layout as a page shows it."""

    id: int
    name: str
    payer: str | None
    in_use: bool
    made_by: str
    made_on: date
    sheets: int
    """How many issued sheets were printed in it."""


@command("layout.keep", Permission.SET_UP_SHEETS)
def keep_layout(work: Work, payer: str | None, name: str, workbook: bytes, today: date) -> int:
    """Keep a layout, which was read and found fit, for a paying body or for all; it is not in use yet.

    Raises ``InvalidInput`` (``name``, ``payer``).
    """
    name = name.strip()
    errors: dict[str, str] = {}
    if not name or len(name) > MOST_NAME:
        errors["name"] = f"请填写版式名称，不超过 {MOST_NAME} 个字。"
    if payer is not None and payer not in payers(work.session, work.actor.agency_id).values():
        errors["payer"] = "请从列表中选择拨款单位。"
    if errors:
        raise InvalidInput(errors)
    layout = SheetLayout(agency_id=work.actor.agency_id, payer=payer, name=name, workbook=workbook)
    layout.in_use, layout.made_by_id, layout.made_on = False, person(work), today
    work.session.add(layout)
    work.session.flush()
    work.record(f"上传拨付表版式“{name}”（{payer or EVERYBODY}）", details={"layout": layout.id})
    return layout.id


@command("layout.use", Permission.SET_UP_SHEETS)
def use_layout(work: Work, layout_id: int) -> None:
    """Print from now on in this layout, be it new or an earlier one. Raises ``NotFound``."""
    layout = find_layout(work.session, work.actor, layout_id)
    before = _put_away(work, layout.payer)
    layout.in_use = True
    work.record(
        f"启用拨付表版式“{layout.name}”（{layout.payer or EVERYBODY}）",
        details={"layout": layout.id, "before": before},
    )


@command("layout.standard", Permission.SET_UP_SHEETS)
def use_standard(work: Work, payer: str | None) -> None:
    """Use no layout of their own for a paying body any more; for ``None``: the one that comes with Keguan."""
    before = _put_away(work, payer)
    whose = f"{payer}不再单独使用拨付表版式" if payer else f"{EVERYBODY}改回标准拨付表版式"
    work.record(whose, details={"before": before})


def _put_away(work: Work, payer: str | None) -> list[int]:
    """Take the layout in use for a paying body, if any, out of use; return its id."""
    used = (SheetLayout.agency_id == work.actor.agency_id, SheetLayout.in_use, _of(payer))
    found = list(work.session.scalars(select(SheetLayout.id).where(*used)))
    work.session.execute(update(SheetLayout).where(SheetLayout.id.in_(found)).values(in_use=False))
    return found


def _of(payer: str | None) -> ColumnElement[bool]:
    return SheetLayout.payer.is_(None) if payer is None else SheetLayout.payer == payer


def find_layout(
    session: Session, actor: Actor, layout_id: int, *, with_workbook: bool = False
) -> SheetLayout:
    """Return a layout of the actor's agency. Raises ``NotFound``."""
    query = select(SheetLayout).where(SheetLayout.id == layout_id, SheetLayout.agency_id == actor.agency_id)
    layout = session.scalar(query.options(undefer(SheetLayout.workbook)) if with_workbook else query)
    if layout is None:
        raise NotFound("这个版式")
    return layout


def layout_for(session: Session, agency_id: int, payer: str) -> SheetLayout | None:
    """Return the layout in which a paying body's sheets are printed; ``None``: the standard one."""
    query = select(SheetLayout).where(SheetLayout.agency_id == agency_id, SheetLayout.in_use)
    query = query.where(or_(SheetLayout.payer == payer, SheetLayout.payer.is_(None)))
    found = session.scalars(query.options(undefer(SheetLayout.workbook))).all()
    return max(found, key=lambda one: one.payer is not None, default=None)


def list_layouts(session: Session, actor: Actor) -> Sequence[ListedLayout]:
    """Return every layout the agency has ever had, the newest first."""
    printed = select(func.count()).where(Batch.layout_id == SheetLayout.id).scalar_subquery()
    query = select(SheetLayout, User.name, printed).join(User, User.id == SheetLayout.made_by_id)
    query = query.where(SheetLayout.agency_id == actor.agency_id).order_by(SheetLayout.id.desc())
    return [
        ListedLayout(one.id, one.name, one.payer, one.in_use, name, one.made_on, sheets)
        for one, name, sheets in session.execute(query)
    ]
