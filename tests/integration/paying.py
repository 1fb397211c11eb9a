"""Who and what the tests of payments are about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.batching import make_batch
from finance.issuing import issue_batch
from finance.models import BatchLine
from finance.proposing import approve, propose
from lifecycle.models import Project, Tranche
from lifecycle.record import Nature, ProjectRecord, Signatory, Source, UnitType
from lifecycle.record import Tranche as Plan
from lifecycle.records import load_record
from lifecycle.refusals import Refusal
from lifecycle.roles import Actor, Role
from lifecycle.stages import TrancheState
from reports.sheet import disbursement_sheet
from tests.integration.ledgers import everything
from tests.web.site import People, make_people, store_project

TODAY = date(2026, 2, 5)
WAN = 1_000_000
Act = Callable[[], Any]
ALL_ROLES = frozenset({Role.HANDLER, Role.APPROVER, Role.FINANCE})
"""Every role that a payment needs, in one person."""

REASON = "项目采购周期较长，经局务会研究同意按六成先行拨付。"
EA = "企业科技攻关联合行动计划"


@dataclass(frozen=True)
class Bureau:
    """A bureau, its people, and another bureau's."""

    session: Session
    people: People

    def actor(self, role: Role) -> Actor:
        """Return who holds a role here."""
        return self.people.a[role].actor

    @property
    def handler(self) -> Actor:
        """Who proposes."""
        return self.actor(Role.HANDLER)

    @property
    def approver(self) -> Actor:
        """Who approves."""
        return self.actor(Role.APPROVER)

    @property
    def finance(self) -> Actor:
        """Who makes batches and books."""
        return self.actor(Role.FINANCE)

    def everywhere(self, role: Role) -> Actor:
        """Return the same person, holding all three roles."""
        return replace(self.actor(role), roles=ALL_ROLES)

    def project(self, number: str = "沙-1", **fields: Any) -> int:
        """Store a signed project of 10 万元 (its first tranche 7 万元); return its id."""
        plan = (Plan(1, Source.DISTRICT, 7 * WAN, date(2026, 2, 10), 0, None),)
        usual = {"district": 10 * WAN, "tranches": plan, "joint_unit": None}
        return store_project(self.session, self.people.agency_a, number, **(usual | fields)).id

    def tranches(self, project_id: int) -> list[int]:
        """Return the ids of a project's tranches."""
        query = select(Tranche.id).where(Tranche.project_id == project_id).order_by(Tranche.position)
        return self._asked(lambda: list(self.session.scalars(query)))

    def tranche(self, **fields: Any) -> int:
        """Store a project; return the id of its first tranche."""
        return self.tranches(self.project(**fields))[0]

    def state(self, tranche_id: int) -> TrancheState:
        """Return where a tranche stands."""
        return self._asked(lambda: self.session.get_one(Tranche, tranche_id).state)

    def lines(self, batch_id: int) -> list[int]:
        """Return the ids of a batch's lines."""
        query = select(BatchLine.id).where(BatchLine.batch_id == batch_id).order_by(BatchLine.position)
        return self._asked(lambda: list(self.session.scalars(query)))

    def record(self, project_id: int) -> ProjectRecord:
        """Return a project's record."""
        return self._asked(lambda: load_record(self.session, project_id))

    def change(self, project_id: int, **columns: Any) -> None:
        """Change a project behind everybody's back."""
        project = self.session.get_one(Project, project_id)
        for name, value in columns.items():
            setattr(project, name, value)
        self.session.commit()

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return every row of every table."""
        return everything(self.session)

    def _asked(self, ask: Callable[[], Any]) -> Any:
        self.session.rollback()
        answer = ask()
        self.session.rollback()
        return answer


def a_bureau(session: Session) -> Bureau:
    """Store two bureaus and everybody in them."""
    return Bureau(session, make_people(session))


def ea_fields(**more: Any) -> dict[str, Any]:
    """Return the fields of an enterprise plan project of 20 + 20 万元 that holds every rule."""
    plans = (
        Plan(1, Source.PROVINCIAL, 20 * WAN, date(2026, 2, 10), 0, None),
        Plan(1, Source.DISTRICT, 20 * WAN, date(2026, 2, 10), 0, None),
    )
    return {
        "programme": EA,
        "nature": Nature.RESEARCH,
        "lead_unit_type": UnitType.ENTERPRISE,
        "provincial": 20 * WAN,
        "district": 20 * WAN,
        "own": 60 * WAN,
        "signatories": (Signatory.MUNICIPAL, Signatory.DISTRICT, Signatory.UNIT),
        "tranches": plans,
        **more,
    }


def sheet(_: object) -> bytes:
    """Print nothing much."""
    return b"sheet"


def refused(bureau: Bureau, act: Act, kind: type[Refusal]) -> Any:
    """Return the refusal of ``act``, having seen that not one row of any table changed."""
    before = bureau.everything()
    with pytest.raises(kind) as refusal:
        act()
    assert refusal.type is kind
    assert bureau.everything() == before
    return refusal.value


def approve_one(bureau: Bureau, tranche_id: int) -> int:
    """Have a tranche proposed and approved; return its id."""
    propose(bureau.session, bureau.handler, tranche_id, TODAY, {})
    approve(bureau.session, bureau.approver, tranche_id, TODAY)
    return tranche_id


def approved(bureau: Bureau, **fields: Any) -> int:
    """Return an approved tranche of a new project."""
    return approve_one(bureau, bureau.tranche(**fields))


def drafted(bureau: Bureau, *tranche_ids: int) -> int:
    """Return a draft of approved tranches."""
    return make_batch(bureau.session, bureau.finance, tranche_ids, TODAY)


def issued(bureau: Bureau, *tranche_ids: int) -> int:
    """Return an issued batch of approved tranches."""
    batch_id = drafted(bureau, *tranche_ids)
    issue_batch(bureau.session, bureau.finance, batch_id, TODAY, disbursement_sheet)
    return batch_id


def proposing(bureau: Bureau, tranche_id: int, reasons: dict[str, str] | None = None) -> Act:
    """Return the act of proposing."""
    return lambda: propose(bureau.session, bureau.handler, tranche_id, TODAY, reasons or {})
