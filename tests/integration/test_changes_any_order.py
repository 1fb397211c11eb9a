"""Whatever is pressed by whomever, in any order: the way, the versions and the record stay in order."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle.audit_check import verify
from lifecycle.changes import applying, deciding, drafting
from lifecycle.changes.checking import EDITABLE
from lifecycle.changes.requests import load_case
from lifecycle.models import AgreementVersion, ChangeRequest, ChangeState
from lifecycle.record import ChangeKind, ProjectRecord, UnitType
from lifecycle.refusals import Refusal
from lifecycle.roles import Actor, Role
from lifecycle.standing import rebuild, standing_rows
from lifecycle.terms import Terms, differences, from_plain, terms_of
from tests.integration.changing import (
    KEY,
    MAJOR,
    MINUTES,
    NUMBER,
    OPINION,
    REASON,
    Office,
    a_change,
    an_office,
)
from tests.integration.paying import TODAY, WAN, ea_fields

EXCUSE = {
    "sx-2-frozen": "负责人因工作调动离开，经单位研究推荐。",
    "spb-16-period": "设备进口受阻，确需延期。",
}
PROJECTS: dict[str, dict[str, Any]] = {
    "joint major": {"programme": MAJOR, "district": 20 * WAN},
    "key": {"programme": KEY, "joint_unit": None},
    "self": {"programme": KEY, "self_established": True, "district": 0, "tranches": ()},
    "ea": ea_fields(),
    "shanxi": {
        "programme": "山西省科技合作交流专项（2024）",
        "lead_place": "山西省",
        "lead_unit_type": UnitType.UNIVERSITY,
        "provincial": 20 * WAN,
        "district": 0,
        "own": 20 * WAN,
        "joint_unit": None,
        "tranches": (),
    },
}
BY_BUREAU = frozenset({ChangeState.WITH_BUREAU, ChangeState.WITH_CONFERENCE, ChangeState.WITH_APPROVER})
MADE = frozenset({ChangeState.TO_FILE, ChangeState.DONE})
ACTS = (
    *("draft", "save", "carry_over", "send", "confirm", "consent", "propose", "conference", "approve"),
    *("file", "file_own", "send_back", "decline", "return", "reject", "refuse", "withdraw", "wait"),
)
FORWARD = ("draft", "send", "confirm", "consent", "propose", "conference", "approve")
STOPS = ("return", "withdraw", "reject", "go on", "go on")
SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
_numbers = count(1)


@pytest.fixture
def office(session: Session) -> Office:
    return an_office(session)


class Story:
    """One project and everything that is tried on it."""

    def __init__(self, office: Office, which: str) -> None:
        self.office = office
        self.number = office.project(f"沙-{next(_numbers)}", **PROJECTS[which])
        self.today = TODAY
        self.last = office.record(self.number)

    def actor(self, role: Role, everything: bool) -> Actor:
        """Return somebody in a role, or the same person holding every role."""
        one = self.office.actor(role)
        return replace(one, roles=frozenset(Role), units=self._units()) if everything else one

    def _units(self) -> frozenset[tuple[Role, str]]:
        return frozenset(
            one
            for role in (Role.PI, Role.UNIT_MANAGER, Role.JOINT_UNIT)
            for one in self.office.actor(role).units
        )

    def requests(self) -> list[ChangeRequest]:
        """Return the project's requests."""
        self.office.session.rollback()
        query = select(ChangeRequest).where(ChangeRequest.project_id == self.office.id_of(self.number))
        return list(self.office.session.scalars(query.order_by(ChangeRequest.id)))

    def act(self, name: str, actor: Actor, kind: ChangeKind, own: bool) -> None:
        """Try one thing on the request that came last; a refusal changes nothing."""
        if name == "wait":
            self.today += timedelta(days=3)
            return
        one, today = self.office.session, self.today
        now = self.office.terms(self.number)
        wanted = drafting.Draft(replace(now, **a_change(kind, now)), REASON, "联系人改为王工。", own)
        if name == "draft":
            drafting.draft(one, actor, self.number, kind, wanted, today)
            return
        found = self.requests()
        if not found:
            return
        id_, revision = found[-1].id, found[-1].revision
        one.rollback()
        way: dict[str, Any] = {
            "save": lambda: drafting.save(one, actor, id_, revision, wanted),
            "carry_over": lambda: drafting.carry_over(one, actor, id_, today),
            "send": lambda: applying.send(one, actor, id_, revision, today),
            "confirm": lambda: applying.confirm(one, actor, id_, revision, today, EXCUSE),
            "consent": lambda: applying.consent(one, actor, id_, today),
            "propose": lambda: deciding.propose(one, actor, id_, OPINION, EXCUSE, today),
            "conference": lambda: deciding.record_conference(one, actor, id_, today, "", MINUTES, today),
            "approve": lambda: deciding.approve(one, actor, id_, NUMBER, today),
            "file": lambda: deciding.record_filing(one, actor, id_, today, today),
            "file_own": lambda: deciding.record_own_filing(one, actor, id_, today, today),
            "send_back": lambda: applying.send_back(one, actor, id_, "请补充。", today),
            "decline": lambda: applying.decline(one, actor, id_, "不同意。", today),
            "return": lambda: deciding.return_(one, actor, id_, "请补充。", today),
            "reject": lambda: deciding.reject(one, actor, id_, "不准。", today),
            "refuse": lambda: deciding.refuse(one, actor, id_, "不准。", today),
            "withdraw": lambda: applying.withdraw(one, actor, id_, "", today),
        }
        way[name]()

    def holds(self) -> None:
        """Hold what must be so at every moment."""
        record = self.office.record(self.number)
        self._way_in_order()
        self._versions_in_order(record)
        made = {one.number for one in self.requests() if one.state in MADE}
        if made == {one.number for one in self.last.changes}:
            assert replace(record, changes=()) == replace(self.last, changes=())
        else:
            rows = tuple(one for one in record.changes if one.number in made)
            self.last = replace(record, changes=rows)

    def _way_in_order(self) -> None:
        rows = {one.number: one for one in self.office.record(self.number).changes}
        requests = self.requests()
        assert [one.number for one in requests] == list(range(1, len(requests) + 1))
        for one in requests:
            days = [step.done_on for step in load_case(self.office.session, one).route]
            done = [day for day in days if day is not None]
            if one.state not in {ChangeState.REJECTED, ChangeState.WITHDRAWN}:
                assert days[: len(done)] == done, "a later step came before an earlier one"
                assert done == sorted(done)
            assert (one.number in rows) is (one.state in BY_BUREAU | MADE)
            if one.state in EDITABLE:
                assert not done

    def _versions_in_order(self, record: ProjectRecord) -> None:
        self.office.session.rollback()
        query = select(AgreementVersion).where(AgreementVersion.project_id == self.office.id_of(self.number))
        versions = list(self.office.session.scalars(query.order_by(AgreementVersion.number)))
        assert [one.number for one in versions] == list(range(1, len(versions) + 1))
        if not versions:
            return
        *before, last = versions
        assert last.state == "已生效"
        assert all(one.state == "已被替代" and one.superseded_on for one in before)
        told = {one.field for one in differences(from_plain(Terms, last.terms), terms_of(record))}
        assert told <= {"goals", "members"}


@settings(max_examples=12, suppress_health_check=SLOW)
@given(
    which=st.sampled_from(sorted(PROJECTS)),
    tries=st.lists(
        st.tuples(
            st.one_of(st.sampled_from(FORWARD), st.sampled_from(ACTS)),
            st.sampled_from(list(Role)),
            st.booleans(),
            st.sampled_from(list(ChangeKind)),
            st.booleans(),
        ),
        max_size=25,
    ),
)
def test_whatever_is_tried_everything_stays_in_order(
    office: Office, which: str, tries: list[tuple[str, Role, bool, ChangeKind, bool]]
) -> None:
    story = Story(office, which)
    for name, role, everything, kind, own in tries:
        try:
            story.act(name, story.actor(role, everything), kind, own)
        except Refusal:
            office.session.rollback()
        story.holds()
    assert all(one.is_whole for one in verify(office.session))
    office.session.rollback()


@settings(max_examples=12, suppress_health_check=SLOW)
@given(
    which=st.sampled_from(sorted(PROJECTS)),
    kinds=st.lists(st.tuples(st.sampled_from(list(ChangeKind)), st.booleans()), min_size=1, max_size=3),
    stops=st.lists(
        st.sampled_from(["return", "withdraw", "reject", "go on", "go on"]), min_size=3, max_size=3
    ),
)
def test_whole_ways_with_detours_stay_in_order(
    office: Office, which: str, kinds: list[tuple[ChangeKind, bool]], stops: list[str]
) -> None:
    story = Story(office, which)
    roles = {
        **dict.fromkeys(("draft", "send", "withdraw"), Role.PI),
        **dict.fromkeys(("confirm", "file_own"), Role.UNIT_MANAGER),
        **dict.fromkeys(("propose", "conference", "return", "reject", "file"), Role.HANDLER),
        "consent": Role.JOINT_UNIT,
        "approve": Role.APPROVER,
    }
    for (kind, own), stop in zip(kinds, stops, strict=False):
        way = [*FORWARD, "file", "file_own"]
        if stop != "go on":
            way = [*FORWARD[:5], stop, *FORWARD[1:], "file", "file_own"]
        for name in way:
            try:
                story.act(name, office.actor(roles[name]), kind, own)
            except Refusal:
                office.session.rollback()
            story.holds()
    agency = office.people.agency_a
    office.session.rollback()
    kept = list(standing_rows(office.session, agency))
    rebuild(office.session, agency)
    office.session.flush()
    assert list(standing_rows(office.session, agency)) == kept
    office.session.rollback()
