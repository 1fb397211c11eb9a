"""The list of projects, desks and a project's overview on real databases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.demo.records import make_records
from lifecycle.database import begin_write
from lifecycle.desk import AHEAD, Urgency, heap, heap_sizes, open_desk
from lifecycle.listing import SORTS, Filter, ListedProject, any_project, every_project, list_projects
from lifecycle.models import Agency, Project
from lifecycle.overview import load_history, load_overview
from lifecycle.record import FISCAL, BudgetUse, ProjectRecord, Source, Spending, Tranche
from lifecycle.records import load_records
from lifecycle.refusals import NotFound
from lifecycle.roles import Actor, Role
from lifecycle.rulebook import rulebook
from lifecycle.rules.base import Strength
from lifecycle.spelling import pinyin
from lifecycle.stages import Stage, stage_of
from lifecycle.standing import keep
from lifecycle.storing import add_projects
from lifecycle.sums import money_of
from lifecycle.whole import load_wholes
from tests.integration.ledgers import make_agency
from tests.plugins.counting import Counting
from tests.web.site import a_record

TODAY = date(2026, 6, 30)
COUNT = 90


def store(session: Session, agency_id: int, records: Iterable[ProjectRecord]) -> Sequence[int]:
    """Store projects with what stands of them, as a command would: the agency's revision rises."""
    new = list(records)
    begin_write(session)
    ids = add_projects(session, agency_id, new)
    keep(session, agency_id, zip(ids, new, strict=True), fresh=True)
    session.get_one(Agency, agency_id).revision += 1
    session.commit()
    return ids


@pytest.fixture
def bureau(session: Session) -> Actor:
    """A handler of an agency with made-up projects; a second agency has some of the same numbers."""
    agency_id = make_agency(session).agency_id
    store(session, agency_id, RECORDS)
    other = make_agency(session, "乙区科学技术局").agency_id
    store(session, other, RECORDS[:5])
    return Actor(agency_id, None, "经办", frozenset({Role.HANDLER}))


RECORDS = list(make_records(COUNT, TODAY))


def numbers(session: Session, actor: Actor, **asked: Any) -> list[str]:
    """Return the numbers on a page that is large enough for everything."""
    page = list_projects(session, actor, Filter(**({"per_page": 100} | asked)), TODAY)
    assert page.totals.count == len(page.rows)
    return [row.number for row in page.rows]


def expected(keep_: Callable[[ProjectRecord], object]) -> list[str]:
    """Return the numbers of the records of which ``keep_`` holds, in the usual order."""
    return sorted(record.number for record in RECORDS if keep_(record))


def judged(record: ProjectRecord) -> list[Strength]:
    """Return the strengths of the findings that stand today."""
    return [finding.rule.strength for finding in rulebook().findings(record, TODAY)]


@pytest.mark.parametrize(
    ("asked", "keep_"),
    [
        ({}, lambda _: True),
        ({"programme": RECORDS[0].programme}, lambda record: record.programme == RECORDS[0].programme),
        ({"stage": Stage.CLOSED}, lambda record: stage_of(record) is Stage.CLOSED),
        ({"stage": Stage.CLEARED}, lambda _: False),
        ({"year": 2025}, lambda record: record.start.year == 2025),
        ({"findings": "any"}, judged),
        ({"findings": "must"}, lambda record: Strength.MUST in judged(record)),
        ({"findings": "none"}, lambda record: not judged(record)),
        (
            {"year": 2025, "findings": "any", "stage": Stage.UNDER_WAY},
            lambda record: (
                record.start.year == 2025 and judged(record) and stage_of(record) is Stage.UNDER_WAY
            ),
        ),
    ],
    ids=lambda value: "-".join(value) or "all" if isinstance(value, dict) else "",
)
def test_a_filter_leaves_what_it_says(
    session: Session, bureau: Actor, asked: dict[str, Any], keep_: Callable[[ProjectRecord], object]
) -> None:
    assert numbers(session, bureau, **asked) == expected(keep_)


def test_a_search_finds_characters_pinyin_and_initials_whatever_the_case(
    session: Session, bureau: Actor
) -> None:
    wanted = replace(RECORDS[0], number="找-1", title="石墨烯导热膜", lead_unit="渝州大学", pi_name="欧阳明")
    store(session, bureau.agency_id, [wanted])
    for text in ("石墨烯", "SHIMOXI", "smx", "找-1", "渝州", "yzdx", "ouyang", "oym 石墨", "  欧阳  渝州 "):
        assert numbers(session, bureau, text=text) == ["找-1"], text
    for text in ("100%", "_", "石墨%烯", "欧阳 清华"):
        assert numbers(session, bureau, text=text) == [], text


def _in_order(name: str, record: ProjectRecord) -> Any:
    return {
        "number": record.number,
        "title": pinyin(record.title),
        "unit": pinyin(record.lead_unit),
        "end": record.end,
        "fiscal": record.fiscal,
    }[name]


@pytest.mark.parametrize("name", SORTS)
@pytest.mark.parametrize("programme", ["", RECORDS[0].programme], ids=["all", "some"])
def test_each_sort_goes_up_and_down(session: Session, bureau: Actor, name: str, programme: str) -> None:
    records = {record.number: record for record in RECORDS}
    for descending in (False, True):
        found = numbers(session, bureau, sort=name, descending=descending, programme=programme)
        values = [_in_order(name, records[number]) for number in found]
        assert values == sorted(values, reverse=descending)
        assert found


def test_pages_hold_everything_once_and_one_beyond_the_last_is_the_last(
    session: Session, bureau: Actor
) -> None:
    seen: list[str] = []
    for number in range(1, 6):
        page = list_projects(session, bureau, Filter(sort="unit", page=number, per_page=20), TODAY)
        assert (page.number, page.pages, page.totals.count) == (number, 5, COUNT)
        seen += [row.number for row in page.rows]
    assert sorted(seen) == expected(lambda _: True)
    assert len(set(seen)) == COUNT
    beyond = list_projects(session, bureau, Filter(page=10**12, per_page=20), TODAY)
    assert (beyond.number, len(beyond.rows)) == (5, COUNT - 80)


def test_totals_are_of_everything_that_is_filtered(session: Session, bureau: Actor) -> None:
    page = list_projects(session, bureau, Filter(year=2025, per_page=20), TODAY)
    wanted = [record.fiscal for record in RECORDS if record.start.year == 2025]
    assert (page.totals.count, page.totals.fiscal) == (len(wanted), sum(wanted))


def test_totals_follow_a_command_at_once(session: Session, bureau: Actor) -> None:
    before = list_projects(session, bureau, Filter(), TODAY).totals
    store(session, bureau.agency_id, [replace(RECORDS[0], number="新-1")])
    after = list_projects(session, bureau, Filter(), TODAY).totals
    assert (after.count, after.fiscal) == (before.count + 1, before.fiscal + RECORDS[0].fiscal)


def test_a_row_says_what_the_record_and_the_rules_say(session: Session, bureau: Actor) -> None:
    records = {record.number: record for record in RECORDS}
    for row in list_projects(session, bureau, Filter(per_page=100), TODAY).rows:
        record = records[row.number]
        public = [one for one in record.tranches if one.source in FISCAL]
        strengths = judged(record)
        due = [duty for duty in rulebook().duties(record) if duty.open_on(TODAY)]
        assert row == ListedProject(
            id=row.id,
            number=record.number,
            title=record.title,
            programme=record.programme,
            lead_unit=record.lead_unit,
            pi_name=record.pi_name,
            stage=stage_of(record),
            start=record.start,
            end=record.end,
            fiscal=record.fiscal,
            planned=sum(one.planned for one in public),
            paid=sum(one.paid for one in public if one.paid_on and one.paid_on <= TODAY),
            must_findings=strengths.count(Strength.MUST),
            usual_findings=strengths.count(Strength.USUAL),
            next_due=min((duty.due for duty in due), default=None),
            next_duty=min(due, key=lambda duty: duty.due).message if due else "",
        )


def test_an_export_is_the_list_and_asks_no_more_for_more_projects(
    session: Session, bureau: Actor, query_count: Counting
) -> None:
    for asked in (Filter(per_page=100), Filter(findings="any", sort="fiscal", descending=True, per_page=100)):
        with query_count() as statements:
            exported = list(every_project(session, bureau, asked, TODAY))
        assert exported == list(list_projects(session, bureau, asked, TODAY).rows)
        assert len(statements) == 4


def test_a_list_asks_no_more_for_more_projects(
    session: Session, bureau: Actor, query_count: Counting
) -> None:
    counts = set()
    for size in (20, 50, 100):
        store(session, bureau.agency_id, [replace(RECORDS[0], number=f"又-{size}")])
        with query_count() as statements:
            list_projects(session, bureau, Filter(per_page=size), TODAY)
        counts.add(len(statements))
    assert counts == {7}


def test_everybody_sees_her_own_projects_and_nobody_anothers(session: Session, bureau: Actor) -> None:
    mine = replace(
        RECORDS[0], number="我-1", pi_email="me@keguan.test", lead_unit="甲大学", joint_unit="乙医院"
    )
    near = replace(RECORDS[1], number="我-2", pi_email="me@keguan.test.cn", lead_unit="甲大学附中")
    store(session, bureau.agency_id, [mine, near])
    agency = bureau.agency_id
    pi = Actor(agency, 1, "李", frozenset({Role.PI}), "me@keguan.test")
    unit = Actor(
        agency, 2, "周", frozenset({Role.UNIT_MANAGER}), None, frozenset({(Role.UNIT_MANAGER, "甲大学")})
    )
    joint = Actor(
        agency, 3, "吴", frozenset({Role.JOINT_UNIT}), None, frozenset({(Role.JOINT_UNIT, "乙医院")})
    )
    for actor in (pi, unit, joint):
        assert numbers(session, actor) == ["我-1"]
        assert list_projects(session, actor, Filter(), TODAY).choices.programmes == [mine.programme]
        assert [row.number for row in every_project(session, actor, Filter(), TODAY)] == ["我-1"]
        assert load_overview(session, actor, "我-1", TODAY).record == mine
        with pytest.raises(NotFound):
            load_overview(session, actor, "我-2", TODAY)
    for role in (Role.ADMIN, Role.EXPERT):
        blind = Actor(agency, 4, "管", frozenset({role}))
        assert numbers(session, blind) == []
        assert not any_project(session, blind)
    elsewhere = Actor(agency + 1, 5, "别", frozenset({Role.AUDITOR}))
    assert numbers(session, elsewhere) == sorted(record.number for record in RECORDS[:5])


@pytest.mark.usefixtures("bureau")
def test_a_whole_project_is_the_record(session: Session) -> None:
    ids = session.scalars(select(Project.id)).all()
    whole = {project.id: project.record for project in load_wholes(session, ids)}
    assert whole == dict(load_records(session, ids))
    assert len(whole) == COUNT + 5


def test_a_desk_holds_what_is_overdue_and_due_the_earliest_first(session: Session, bureau: Actor) -> None:
    owed = [
        (duty.due, record.number)
        for record in RECORDS
        for duty in rulebook().duties(record)
        if duty.open_on(TODAY)
    ]
    overdue = sorted(one for one in owed if one[0] < TODAY)
    coming = sorted(one for one in owed if TODAY <= one[0] <= TODAY + AHEAD)
    assert overdue
    assert coming
    found = {one: heap(session, bureau, one, TODAY, 1000) for one in Urgency}
    for urgency, wanted in ((Urgency.OVERDUE, overdue), (Urgency.COMING, coming)):
        assert sorted((duty.due, duty.number) for duty in found[urgency]) == wanted
        assert [duty.due for duty in found[urgency]] == [day for day, _ in wanted]
    sizes = {Urgency.OVERDUE: len(overdue), Urgency.COMING: len(coming)}
    assert heap_sizes(session, bureau, TODAY) == sizes
    desk = open_desk(session, bureau, TODAY, 2)
    assert desk.sizes == sizes
    assert desk.heaps == {one: duties[:2] for one, duties in found.items()}


def test_a_heap_is_turned_over_page_by_page(session: Session, bureau: Actor) -> None:
    whole = heap(session, bureau, Urgency.OVERDUE, TODAY, 1000)
    pages = [heap(session, bureau, Urgency.OVERDUE, TODAY, 2, first) for first in range(0, len(whole), 2)]
    assert [duty for page in pages for duty in page] == whole


def test_a_desk_follows_a_command_at_once(session: Session, bureau: Actor) -> None:
    before = open_desk(session, bureau, TODAY, 50)
    late = a_record("迟-1", signed_on=date(2020, 1, 1), start=date(2020, 1, 1), end=date(2022, 1, 1))
    store(session, bureau.agency_id, [late])
    after = open_desk(session, bureau, TODAY, 50)
    assert after.sizes[Urgency.OVERDUE] > before.sizes[Urgency.OVERDUE]
    assert after.heaps[Urgency.OVERDUE][0].number == "迟-1"


def test_a_pi_has_her_own_duties_on_the_desk_and_her_units_manager_too(
    session: Session, bureau: Actor
) -> None:
    late = a_record("迟-1", signed_on=date(2024, 1, 15), start=date(2024, 1, 1), joint_unit=None)
    store(session, bureau.agency_id, [late])
    pi = Actor(bureau.agency_id, 1, "李", frozenset({Role.PI}), late.pi_email)
    unit = frozenset({(Role.UNIT_MANAGER, late.lead_unit)})
    manager = Actor(bureau.agency_id, 2, "周", frozenset({Role.UNIT_MANAGER}), None, unit)
    for actor in (pi, manager):
        duties = heap(session, actor, Urgency.OVERDUE, TODAY, 50)
        assert {duty.number for duty in duties} == {"迟-1"}
        assert {duty.owner for duty in duties} == {Role.PI}
        assert {(duty.who, duty.whose_unit) for duty in duties} == {(late.pi_name, late.lead_unit)}
        assert heap_sizes(session, actor, TODAY)[Urgency.OVERDUE] == len(duties) == 2


def test_an_overview_says_what_the_rules_say(session: Session, bureau: Actor) -> None:
    for record in RECORDS[:40]:
        overview = load_overview(session, bureau, record.number, TODAY)
        assert overview.record == record
        assert overview.money == money_of(record, TODAY)
        findings = {(one.rule.id, one.subject, one.message) for one in overview.findings if one.rule}
        assert findings == {
            (one.rule.id, one.subject, one.message) for one in rulebook().findings(record, TODAY)
        }
        duties = [
            (one.due, one.message, one.is_open(TODAY)) for one in overview.duties if one.rule is not None
        ]
        owed = [duty for duty in rulebook().duties(record) if duty.since <= TODAY]
        assert sorted(duties) == sorted((one.due, one.message, one.open_on(TODAY)) for one in owed)
        held = {rule.id for rule in overview.held_rules}
        assert held.isdisjoint(rule_id for rule_id, _, _ in findings)


def test_an_overview_asks_the_same_of_every_project_and_less_the_second_time(
    session: Session, bureau: Actor, query_count: Counting
) -> None:
    for record in RECORDS[:10]:
        with query_count() as first:
            load_overview(session, bureau, record.number, TODAY)
        with query_count() as second:
            load_overview(session, bureau, record.number, TODAY)
        assert (len(first), len(second)) == (6, 1)


def test_a_project_without_history_has_an_empty_one(session: Session, bureau: Actor) -> None:
    overview = load_overview(session, bureau, RECORDS[0].number, TODAY)
    history = load_history(session, overview.project.id, 7, 20)
    assert (list(history.entries), history.count, history.number, history.pages) == ([], 0, 1, 1)


def test_money_is_added_up_by_source_and_use_and_only_what_has_come() -> None:
    tranches = (
        Tranche(1, Source.DISTRICT, 700, date(2026, 1, 1), 700, TODAY),
        Tranche(2, Source.DISTRICT, 300, date(2027, 1, 1), 300, TODAY + timedelta(1)),
        Tranche(1, Source.OWN, 500, None, 0, None),
    )
    spending = (
        Spending(TODAY, Source.DISTRICT, BudgetUse.LABOUR, 900, None, None),
        Spending(TODAY, Source.DISTRICT, BudgetUse.LABOUR, -100, None, "冲销"),
        Spending(TODAY + timedelta(1), Source.DISTRICT, BudgetUse.LABOUR, 50, None, None),
    )
    record = a_record("钱-1", district=1000, own=500, tranches=tranches, spending=spending, budget=())
    money = money_of(record, TODAY)
    assert list(money.sources) == [Source.DISTRICT, Source.OWN]
    public = money.public
    assert (public.agreed, public.planned, public.paid, public.spent, public.left) == (
        1000,
        1000,
        700,
        800,
        -100,
    )
    assert (money.total.agreed, money.total.planned) == (1500, 1500)
    assert [(use.use, use.budget, use.spent) for use in money.uses] == [(BudgetUse.LABOUR, 0, 800)]
