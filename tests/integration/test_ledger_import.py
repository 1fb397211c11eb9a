"""Taking a ledger into the database: what is there afterwards, and that it is all or nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lifecycle.database import begin_write
from lifecycle.models import Agency, AuditEntry, Payment, Project, Tranche
from lifecycle.record import BudgetUse, ExceptionNote, Signatory, Source, Spending
from lifecycle.record import Tranche as TrancheOf
from lifecycle.refusals import NotPermitted
from lifecycle.roles import GRANTS, Actor, Permission, Role
from lifecycle.stages import TrancheState
from reports.ledger.importing import import_ledger, rehearse_import
from reports.ledger.reading import read_ledger
from tests.integration.ledgers import (
    MESSY,
    SAMPLE,
    everything,
    kept,
    ledger_of,
    make_agency,
    renamed,
    take_in,
)
from tests.web.site import a_record

DAY = date(2026, 3, 1)


def test_every_project_of_the_sample_comes_in_as_it_is_written(session: Session, console: Actor) -> None:
    ledger = read_ledger(SAMPLE)
    imported = import_ledger(session, console, ledger, name="sample.xlsx")
    assert imported.counts == {"added": 300, "updated": 0, "unchanged": 0}
    assert kept(session, console) == ledger.records


def test_a_ledger_kept_as_offices_keep_them_says_the_same(session: Session, console: Actor) -> None:
    import_ledger(session, console, read_ledger(SAMPLE), name="a.xlsx")
    imported = import_ledger(session, console, read_ledger(MESSY), name="b.xlsx")
    assert imported.counts == {"added": 0, "updated": 0, "unchanged": 300}


def test_the_same_ledger_again_changes_no_row(session: Session, console: Actor) -> None:
    ledger = read_ledger(SAMPLE)
    import_ledger(session, console, ledger, name="a.xlsx")
    before = everything(session, but={"agency", "audit_chain", "audit_entry"})
    import_ledger(session, console, ledger, name="a.xlsx")
    assert everything(session, but={"agency", "audit_chain", "audit_entry"}) == before


def test_a_known_project_is_updated_and_never_doubled(session: Session, console: Actor) -> None:
    first = a_record("甲-1")
    take_in(session, console, first)
    (row_id,) = session.scalars(select(Project.id))
    second = replace(first, title="另一个名称", signatories=(Signatory.UNIT,), district=0, own=1)
    assert take_in(session, console, second).counts == {"added": 0, "updated": 1, "unchanged": 0}
    assert kept(session, console) == [second]
    assert session.scalars(select(Project.id)).all() == [row_id]


def test_a_blank_cell_clears(session: Session, console: Actor) -> None:
    first = a_record("甲-1")
    take_in(session, console, first)
    second = replace(first, pi_email=None, requested=None, separate_account=None, signed_on=None)
    take_in(session, console, second)
    assert kept(session, console) == [second]


def test_rows_of_a_sheet_that_is_there_replace_the_projects_rows(session: Session, console: Actor) -> None:
    spent = Spending(DAY, Source.OWN, BudgetUse.LABOUR, -150, None, "冲销")
    first = a_record("甲-1", spending=(spent, replace(spent, amount=300)))
    other = a_record("甲-2", spending=(spent,))
    take_in(session, console, first, other)
    second = replace(first, spending=(replace(spent, amount=300), replace(spent, note=None)))
    take_in(session, console, second, replace(other, spending=(), tranches=()))
    assert kept(session, console) == [second, replace(other, spending=(), tranches=())]


def test_a_sheet_that_is_not_there_leaves_its_rows_alone(session: Session, console: Actor) -> None:
    note = ExceptionNote("spb-16-period", "", "经批准", DAY)
    first = a_record("甲-1", exceptions=(note,))
    take_in(session, console, first)
    bare = replace(first, title="新名称", exceptions=(), tranches=())
    take_in(session, console, bare, without={"拨付", "例外说明"})
    assert kept(session, console) == [replace(first, title="新名称")]
    take_in(session, console, bare, without={"拨付"})
    assert kept(session, console) == [replace(first, title="新名称", exceptions=())]


def test_a_project_that_the_ledger_leaves_out_is_untouched(session: Session, console: Actor) -> None:
    first, second = a_record("甲-1"), a_record("甲-2")
    take_in(session, console, first, second)
    imported = take_in(session, console, a_record("甲-3"), replace(second, title="新名称"))
    assert imported.counts == {"added": 1, "updated": 1, "unchanged": 0}
    assert kept(session, console) == [first, replace(second, title="新名称"), a_record("甲-3")]


def test_another_agencys_project_of_the_same_number_is_another_project(
    session: Session, console: Actor
) -> None:
    take_in(session, console, a_record("甲-1"))
    other = make_agency(session, "乙区科学技术局")
    take_in(session, other, a_record("甲-1", title="乙区的项目"))
    assert kept(session, console) == [a_record("甲-1")]
    assert kept(session, other) == [a_record("甲-1", title="乙区的项目")]


def test_a_tranche_keeps_its_row_while_its_plan_and_payment_change(session: Session, console: Actor) -> None:
    plan = TrancheOf(1, Source.DISTRICT, 700, DAY, 0, None)
    again = replace(plan, planned=800)
    take_in(session, console, a_record("甲-1", tranches=(plan, again)))
    ids = session.scalars(select(Tranche.id).order_by(Tranche.position)).all()
    paid = replace(plan, paid=650, paid_on=DAY)
    new = replace(plan, number=2, source=Source.OWN)
    second = a_record("甲-1", tranches=(new, paid, again))
    take_in(session, console, second)
    assert kept(session, console) == [second]
    rows = session.execute(select(Tranche.id, Tranche.state).order_by(Tranche.position)).all()
    assert [row.id for row in rows[1:]] == ids
    assert [row.state for row in rows] == [TrancheState.PLANNED, TrancheState.PAID, TrancheState.PLANNED]
    take_in(session, console, a_record("甲-1", tranches=(plan,)))
    assert session.scalars(select(Tranche.id)).all() == ids[:1]
    assert session.scalars(select(Payment.id)).all() == []


@pytest.mark.parametrize(
    ("paid", "paid_on", "payments", "state"),
    [
        (0, None, 0, TrancheState.PLANNED),
        (0, DAY, 1, TrancheState.PLANNED),
        (5, None, 1, TrancheState.PAID),
        (5, DAY, 1, TrancheState.PAID),
    ],
)
def test_half_a_payment_is_kept_as_written(
    session: Session, console: Actor, paid: int, paid_on: date | None, payments: int, state: TrancheState
) -> None:
    record = a_record("甲-1", tranches=(TrancheOf(1, Source.DISTRICT, 700, None, paid, paid_on),))
    take_in(session, console, record)
    assert kept(session, console) == [record]
    assert session.scalar(select(func.count()).select_from(Payment)) == payments
    assert session.scalars(select(Tranche.state)).all() == [state]


def test_whatever_people_type_comes_back_character_by_character(session: Session, console: Actor) -> None:
    odd = "𠮷野家 😀 e\u0301 ’; DROP TABLE project;-- 100% _\\ =1+1 第二行"
    record = a_record(f"甲-{odd}", title=odd, pi_name="㐀𪚥", bank_account="00012345678901234567890")
    take_in(session, console, record)
    assert kept(session, console) == [record]


def test_a_name_as_long_as_a_cell_can_be_comes_in(session: Session, console: Actor) -> None:
    record = a_record("甲-1", title="长" * 32_767, lead_unit="位" * 32_767)
    take_in(session, console, record)
    assert kept(session, console) == [record]


def test_the_history_has_one_entry_with_old_and_new(session: Session, console: Actor) -> None:
    first = a_record("甲-1")
    take_in(session, console, first)
    begin_write(session)
    session.execute(AuditEntry.__table__.delete())
    session.commit()
    changed = replace(first, end=date(2028, 6, 30), own=1_500_000, separate_account=False, tranches=())
    take_in(session, console, changed, a_record("甲-2"))
    entry = session.scalars(select(AuditEntry)).one()
    assert entry.action == "ledger.import"
    assert entry.summary == "导入台账“台账.xlsx”：新增 1 个项目，更新 1 个，未变 0 个"
    assert entry.details == {
        "file": "台账.xlsx",
        "added": 1,
        "updated": 1,
        "unchanged": 0,
        "differences": [
            {
                "project": "甲-1",
                "sheet": "项目",
                "column": "实施结束",
                "old": "2027-12-31",
                "new": "2028-06-30",
            },
            {"project": "甲-1", "sheet": "项目", "column": "专账管理", "old": "是", "new": "否"},
            {
                "project": "甲-1",
                "sheet": "项目",
                "column": "自筹资金",
                "old": "5.00 万元",
                "new": "1.50 万元",
            },
            {"project": "甲-1", "sheet": "拨付", "column": "", "old": "1 行", "new": "0 行"},
        ],
    }


def test_the_history_does_not_grow_with_the_ledger(session: Session, console: Actor) -> None:
    ledger = read_ledger(SAMPLE)
    import_ledger(session, console, ledger, name="a.xlsx")
    ledger.records[:] = [replace(one, title=f"{one.title}改", pi_name="改") for one in ledger.records]
    imported = import_ledger(session, console, ledger, name="a.xlsx")
    assert imported.updated == 300
    assert len(imported.differences) == 500


def test_a_rehearsal_says_what_would_be_and_saves_nothing(session: Session, console: Actor) -> None:
    take_in(session, console, a_record("甲-1"), a_record("甲-2"))
    before = everything(session)
    ledger = ledger_of(a_record("甲-1"), a_record("甲-2", title="新名称"), a_record("甲-3"))
    imported = rehearse_import(session, console, ledger, name="a.xlsx")
    assert imported.counts == {"added": 1, "updated": 1, "unchanged": 1}
    assert [one.new for one in imported.differences] == ["新名称"]
    assert everything(session) == before


def test_progress_is_told_up_to_the_end(session: Session, console: Actor) -> None:
    records = [renamed(a_record("甲"), f"甲-{number}") for number in range(1100)]
    ledger = ledger_of(*records)
    told: list[tuple[int, int]] = []
    import_ledger(session, console, ledger, name="a.xlsx", progress=lambda *step: told.append(step))
    assert told[-1] == (1100, 1100)
    told.clear()
    import_ledger(session, console, ledger, name="a.xlsx", progress=lambda *step: told.append(step))
    assert told == [(500, 1100), (1000, 1100), (1100, 1100)]


def test_what_fails_at_the_last_moment_leaves_nothing(session: Session, console: Actor) -> None:
    take_in(session, console, a_record("甲-1"))
    before = everything(session)

    def give_up(done: int, total: int) -> None:
        if done == total:
            raise KeyboardInterrupt

    ledger = ledger_of(a_record("甲-1", title="新名称"), a_record("甲-2"))
    with pytest.raises(KeyboardInterrupt):
        import_ledger(session, console, ledger, name="a.xlsx", progress=give_up)
    assert everything(session) == before


@pytest.mark.parametrize("role", [role for role in Role if Permission.IMPORT_LEDGER not in GRANTS[role]])
def test_who_may_not_import_does_not(session: Session, console: Actor, role: Role) -> None:
    before = everything(session)
    someone = Actor(console.agency_id, 1, "某人", frozenset({role}))
    with pytest.raises(NotPermitted):
        import_ledger(session, someone, ledger_of(a_record("甲-1")), name="a.xlsx")
    assert everything(session) == before


def test_every_import_raises_the_agencys_revision(session: Session, console: Actor) -> None:
    take_in(session, console, a_record("甲-1"))
    take_in(session, console, a_record("甲-1"))
    assert session.scalars(select(Agency.revision)).all() == [2]
