"""Who may not: one person in two roles, another agency, a role without the permission."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from finance.batches import issued_sheet, list_batches, show_batch
from finance.batching import discard_batch, make_batch, remove_line
from finance.booking import Booking, book_batch, book_payment, fail_line
from finance.checking import payment_check, payment_verdict
from finance.due import TrancheFilter, list_tranches
from finance.issuing import issue_batch
from finance.proposing import approve, propose, return_, withdraw
from finance.reversing import reverse_payment
from finance.tranches import project_tranches
from finance.voiding import reissue, void_batch
from lifecycle.models import Tranche
from lifecycle.refusals import (
    NotFound,
    NotPermitted,
    SamePerson,
)
from lifecycle.roles import GRANTS, Actor, Permission, Role
from tests.integration.paying import (
    TODAY,
    Act,
    Bureau,
    a_bureau,
    approved,
    issued,
    refused,
    sheet,
)


@pytest.fixture
def bureau(session: Session) -> Bureau:
    return a_bureau(session)


STEPS = ("propose", "approve", "return", "batch", "issue", "book", "book all", "fail", "void")
PAIRS = [
    ("propose", "approve"),
    ("propose", "return"),
    *(
        (first, second)
        for first in ("propose", "approve")
        for second in ("batch", "issue", "book", "book all", "fail", "void")
    ),
]


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_nobody_does_two_of_propose_approve_and_pay(bureau: Bureau, first: str, second: str) -> None:
    """Whoever took the first step holds every role, and is refused all the same."""
    session, tranche_id = bureau.session, bureau.tranche()
    person = bureau.everywhere(Role.HANDLER)
    who = {step: person if step in (first, second) else None for step in STEPS}
    ids: dict[str, int] = {}

    def do(step: str, otherwise: Role) -> None:
        actor = who[step] or bureau.actor(otherwise)
        acts: dict[str, Act] = {
            "propose": lambda: propose(session, actor, tranche_id, TODAY, {}),
            "approve": lambda: approve(session, actor, tranche_id, TODAY),
            "return": lambda: return_(session, actor, tranche_id, TODAY, "账户有误"),
            "batch": lambda: ids.update(batch=make_batch(session, actor, [tranche_id], TODAY)),
            "issue": lambda: issue_batch(session, actor, ids["batch"], TODAY, sheet),
            "book": lambda: book_payment(session, actor, bureau.lines(ids["batch"])[0], "记-1", TODAY, TODAY),
            "book all": lambda: book_batch(session, actor, ids["batch"], Booking("记-1", TODAY), {}, TODAY),
            "fail": lambda: fail_line(session, actor, bureau.lines(ids["batch"])[0], "退回", TODAY, TODAY),
            "void": lambda: void_batch(session, actor, ids["batch"], "有误", TODAY),
        }
        if step == second:
            refusal = refused(bureau, acts[step], SamePerson)
            assert "您本人" in refusal.message
        else:
            acts[step]()

    way = ("propose", "approve", "batch", "issue")
    roles = (Role.HANDLER, Role.APPROVER, Role.FINANCE, Role.FINANCE)
    if first == "approve":
        who["propose"] = bureau.people.both.actor
    for step, role in zip(way, roles, strict=True):
        if second == step or (second == "return" and step == "approve"):
            break
        do(step, role)
    do(second, Role.FINANCE)


def test_the_machine_moves_no_money(bureau: Bureau) -> None:
    tranche_id = bureau.tranche()
    system = Actor.system(bureau.people.agency_a)
    refused(bureau, lambda: propose(bureau.session, system, tranche_id, TODAY, {}), SamePerson)


def commands(bureau: Bureau, actor: Actor, tranche_id: int, batch_id: int, line_id: int) -> dict[str, Act]:
    """Return every command and every question about one tranche, batch and line."""
    session = bureau.session
    return {
        "propose": lambda: propose(session, actor, tranche_id, TODAY, {}),
        "withdraw": lambda: withdraw(session, actor, tranche_id, TODAY),
        "approve": lambda: approve(session, actor, tranche_id, TODAY),
        "return": lambda: return_(session, actor, tranche_id, TODAY, "账户有误"),
        "make": lambda: make_batch(session, actor, [tranche_id], TODAY),
        "remove": lambda: remove_line(session, actor, line_id),
        "discard": lambda: discard_batch(session, actor, batch_id, TODAY),
        "issue": lambda: issue_batch(session, actor, batch_id, TODAY, sheet),
        "book": lambda: book_payment(session, actor, line_id, "记-1", TODAY, TODAY),
        "book all": lambda: book_batch(session, actor, batch_id, Booking("记-1", TODAY), {}, TODAY),
        "fail": lambda: fail_line(session, actor, line_id, "退回", TODAY, TODAY),
        "reverse": lambda: reverse_payment(session, actor, line_id, "退汇", "冲-1", TODAY, TODAY),
        "void": lambda: void_batch(session, actor, batch_id, "有误", TODAY),
        "reissue": lambda: reissue(session, actor, batch_id, TODAY),
    }


def test_another_agency_finds_nothing(bureau: Bureau) -> None:
    tranche_id = approved(bureau)
    batch_id = issued(bureau, approved(bureau, number="沙-2"))
    (line_id,) = bureau.lines(batch_id)
    roles = frozenset({Role.HANDLER, Role.APPROVER, Role.FINANCE})
    stranger = Actor(bureau.people.agency_b, bureau.people.b[Role.FINANCE].id, "外人", roles)
    for act in commands(bureau, stranger, tranche_id, batch_id, line_id).values():
        refused(bureau, act, NotFound)
    session = bureau.session
    asked: list[Act] = [
        lambda: payment_check(session, stranger, tranche_id, TODAY),
        lambda: payment_verdict(session, stranger, tranche_id, TODAY),
        lambda: show_batch(session, stranger, batch_id),
        lambda: issued_sheet(session, stranger, batch_id),
    ]
    for ask in asked:
        refused(bureau, ask, NotFound)
    project_id = session.get_one(Tranche, tranche_id).project_id
    assert project_tranches(session, stranger, project_id) == []
    assert list_batches(session, stranger).rows == []
    assert list_tranches(session, stranger, TrancheFilter(), TODAY).rows == []


@pytest.mark.parametrize("role", Role)
def test_each_command_asks_its_permission(bureau: Bureau, role: Role) -> None:
    needed = {
        "propose": Permission.PROPOSE_PAYMENT,
        "withdraw": Permission.PROPOSE_PAYMENT,
        "approve": Permission.APPROVE_PAYMENT,
        "return": Permission.APPROVE_PAYMENT,
        "make": Permission.MAKE_BATCH,
        "remove": Permission.MAKE_BATCH,
        "discard": Permission.MAKE_BATCH,
        "issue": Permission.MAKE_BATCH,
        "book": Permission.BOOK_PAYMENT,
        "book all": Permission.BOOK_PAYMENT,
        "fail": Permission.BOOK_PAYMENT,
        "reverse": Permission.BOOK_PAYMENT,
        "void": Permission.MAKE_BATCH,
        "reissue": Permission.MAKE_BATCH,
    }
    acts = commands(bureau, bureau.actor(role), 1, 1, 1)
    assert acts.keys() == needed.keys()
    for name, act in acts.items():
        refused(bureau, act, NotFound if needed[name] in GRANTS[role] else NotPermitted)
