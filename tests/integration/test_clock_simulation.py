"""Three years of the clock, day by day, with everything going wrong that can, held against a calculation.

Every day some of three schedulers run, each in a process of its own, now one, now all at once, now none for
weeks; some are killed in the middle. Meanwhile records grow, are entered late, put right and extended, people
file and decide reports, come and go and choose how they are told, and the agency changes its steps, its time
limits and its days off.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, timedelta
from random import Random

import chinese_calendar
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.demo.records import make_records
from lifecycle.command import Work, command
from lifecycle.database import begin_write, open_database
from lifecycle.days_off import load_days_off
from lifecycle.models import Agency, Reminder
from lifecycle.recomputing import catch_up, recompute
from lifecycle.record import ProjectRecord
from lifecycle.roles import Actor, Permission, Role
from lifecycle.rules.base import Duty
from lifecycle.setting import set_limits, set_steps
from lifecycle.standing import keep, standing_rows
from lifecycle.storing import Known, add_projects, change_projects
from tests.integration.paying import Bureau, a_bureau
from tests.integration.pressing import Desks, wanted
from tests.integration.proving import (
    assert_nobody_was_told_twice,
    assert_only_open_duties_were_told,
    assert_what_ended_was_told_no_more,
    reached,
    told,
)
from tests.integration.reaching import Town, Way
from tests.integration.schedulers import Scheduler, scheduling
from tests.integration.ticking import ByHand, Entry, Life, Plan

SOAK = bool(os.environ.get("KEGUAN_SOAK"))
PROJECTS = int(os.environ.get("KEGUAN_SOAK_PROJECTS", "2000")) if SOAK else 30
SEED = int(os.environ.get("KEGUAN_SOAK_SEED", "4"))
LAST = date(2027, 12, 31)
FIRST = date(2025, 1, 1)
DESKS = 12 + PROJECTS // 50 if SOAK else 8
"""In how many projects besides these people press buttons."""
PRESSES = 4 + DESKS // 8 if SOAK else 2
"""Below how many times a day somebody presses something."""


@command("test.grow", Permission.IMPORT_LEDGER)
def grow(work: Work, known: list[Known]) -> None:
    """Enter what has become known of projects."""
    change_projects(work.session, known)
    for one in known:
        work.touch(one.id)
    work.record("改动")


@command("test.touch", Permission.IMPORT_LEDGER)
def touch(work: Work, ids: list[int]) -> None:
    """Work projects out anew."""
    for id_ in ids:
        work.touch(id_)
    work.record("改动")


class Simulation:
    """The bureau, its schedulers and what happens to both."""

    def __init__(self, bureau: Bureau, shuffle: Random, schedulers: list[Scheduler]) -> None:
        self.session, self.shuffle, self.schedulers = bureau.session, shuffle, schedulers
        self.admin = admin = bureau.actor(Role.ADMIN)
        self.system = Actor.system(admin.agency_id)
        session = self.session
        self.plan = Plan(chinese_days({}))
        self.loaded: dict[date, bool] = {}
        self.lives = list(lives(shuffle))
        self.records = [life.known_on(FIRST) for life in self.lives]
        begin_write(session)
        self.ids = list(add_projects(session, admin.agency_id, self.records))
        keep(session, admin.agency_id, list(zip(self.ids, self.records, strict=True)), fresh=True)
        session.commit()
        self.desks = Desks(bureau, shuffle, DESKS)
        self.town = Town(session, admin.agency_id, shuffle)
        self.town.settle(self.records)
        self.by_hand = ByHand(self._reach)
        self.reached: dict[Entry, set[Way]] = {}
        self.happened: Counter[str] = Counter()

    def _reach(self, entry: Entry, duty: Duty, record: ProjectRecord, offset: int) -> None:
        taken_on_by = self.desks.taken_on_by(duty)
        owner = taken_on_by or duty.rule.owner
        self.happened["told who goes on with it"] += taken_on_by is not None
        assert owner is not None
        self.reached[entry] = self.town.told(duty, owner, record, offset, entry[0])

    def live(self) -> None:
        """Let three years go by."""
        still_until = FIRST
        for many in range((LAST - FIRST).days + 1):
            day = FIRST + timedelta(many)
            if self.shuffle.random() < 0.01:
                self._set(day)
            if self.shuffle.random() < 0.1:
                self._grow(day)
            if self.shuffle.random() < 0.2:
                self.town.change(day)
            for _ in range(self.shuffle.randrange(PRESSES)):
                self.desks.press(day)
            if day < still_until:
                self.happened["still"] += 1
                continue
            if self.shuffle.random() < 0.02:
                still_until = day + timedelta(self.shuffle.randrange(2, 40))
            ended = self._run(day)
            assert_only_open_duties_were_told(self.session, day)
            if ended:
                self.by_hand.tell(day, [*self.records, *self.desks.records], self.plan)

    def _run(self, day: date) -> bool:
        """Let schedulers run; return whether one came to its end, or was killed too late to matter."""
        chance = self.shuffle.random()
        if chance < 0.05:
            return self._kill(day)
        if chance > 0.15:
            one = self.shuffle.choice(self.schedulers)
            one.begin(day)
            one.end()
            return True
        for one in self.schedulers:
            one.begin(day)
        if chance > 0.1:  # what is kept is worked out anew at the same moment
            touch(self.session, self.system, self.shuffle.sample(self.ids, 5))
        for one in self.schedulers:
            one.end()
        self.happened["together"] += 1
        return True

    def _kill(self, day: date) -> bool:
        one, other = self.shuffle.sample(self.schedulers, 2)
        one.begin(day, self.shuffle.random() * (0.5 if SOAK else 0.12))
        if self.shuffle.random() < 0.5:
            other.begin(day)
            one.end()
            other.end()
            self.happened["killed beside another"] += 1
            return True
        one.end()
        begin_write(self.session)  # waits until a server, too, has seen that it is gone
        self.session.scalar(select(Agency.id).where(Agency.id == self.admin.agency_id).with_for_update())
        told = self.session.scalar(select(func.count()).where(Reminder.told_on == day))
        self.session.rollback()
        self.happened["killed after telling" if told else "killed before telling"] += 1
        return bool(told)

    def _grow(self, day: date) -> None:
        new = [life.known_on(day) for life in self.lives]
        known = [Known(*one) for one in zip(self.ids, self.records, new, strict=True) if one[1] != one[2]]
        if known:
            grow(self.session, self.system, known)
            self.records = [old if old == now else now for old, now in zip(self.records, new, strict=True)]
            self.happened["records changed"] += len(known)

    def _set(self, day: date) -> None:
        kind = self.shuffle.choice(("steps", "limits", "days"))
        self.happened[kind] += 1
        if kind == "steps":
            before = self.shuffle.choice(((30, 15, 7, 3, 1, 0), (20, 10, 0), (60, 8, 5, 2, 0), (14, 0)))
            every = self.shuffle.choice((7, 5, 3, 14))
            manager, approver = {7: (7, 15), 5: (5, 9), 3: (20, 20), 14: (30, 60)}[every]
            escalation = {Role.UNIT_MANAGER: manager, Role.APPROVER: approver}
            set_steps(self.session, self.admin, before, every, escalation, day)
            self.plan = replace(self.plan, before=before, every=every, others_from=(manager, approver))
            self.town.manager_from, self.town.approver_from = manager, approver
        elif kind == "limits":
            names = ("local-acceptance-application", "local-stage-review", "local-conclusion")
            days = {name: self.shuffle.choice((5, 10, 45, 90, 200)) for name in names}
            set_limits(self.session, self.admin, days, day)
            local = {name: {"days": many} for name, many in days.items()}
            self.plan = replace(self.plan, local=local)
        else:
            self._load(day)

    def _load(self, day: date) -> None:
        year = self.shuffle.choice((day.year, day.year + 1))
        first = date(year, self.shuffle.randrange(1, 13), self.shuffle.randrange(1, 16))
        last = first + timedelta(self.shuffle.randrange(3, 9))
        works = last + timedelta(self.shuffle.randrange(1, 9))
        load_days_off(self.session, self.admin, year, f"{first} 至 {last} 放假 节日\n{works} 上班 调休", day)
        kept = {one: working for one, working in self.loaded.items() if one.year != year}
        rest = {first + timedelta(more): False for more in range((last - first).days + 1)}
        self.loaded = {**kept, **rest, works: True} if works.year == year else kept
        self.plan = replace(self.plan, is_working=chinese_days(self.loaded))


BY_LAW = {
    *((1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)),
    *((2027, 2, 5), (2027, 2, 6), (2027, 2, 7), (2027, 2, 8), (2027, 4, 5), (2027, 6, 9), (2027, 9, 15)),
    *((2028, 1, 25), (2028, 1, 26), (2028, 1, 27), (2028, 1, 28), (2028, 4, 4), (2028, 5, 28)),
}
"""Festivals that are days off whatever a notice says: those of every year, and those that move."""


def chinese_days(loaded: dict[date, bool]) -> Callable[[date], bool]:
    """Return on which days offices work: as loaded, as announced, else Monday to Friday but festivals."""

    def is_working(day: date) -> bool:
        if day in loaded:
            return loaded[day]
        try:
            return bool(chinese_calendar.is_workday(day))
        except NotImplementedError:
            festival = {(day.month, day.day), (day.year, day.month, day.day)} & BY_LAW
            return day.weekday() < 5 and not festival

    return is_working


def lives(shuffle: Random) -> Iterator[Life]:
    """Yield projects as they will have been by the last day."""
    for serial, whole in enumerate(make_records(PROJECTS, LAST)):
        day = FIRST + timedelta(shuffle.randrange(1095))
        extended = day if shuffle.random() < 0.2 else None
        slip = (day, day + timedelta(shuffle.randrange(5, 60))) if shuffle.random() < 0.2 else None
        yield Life(whole, serial, extended, slip)


if SOAK:

    @pytest.fixture
    def url(migrated_database_url: str) -> str:
        """A database of each kind."""
        return migrated_database_url

else:

    @pytest.fixture
    def url(migrated_sqlite_url: str) -> str:
        """A database."""
        return migrated_sqlite_url


def test_three_years_are_told_step_by_step_and_each_step_once(url: str) -> None:
    engine = open_database(url)
    with Session(engine) as session, ExitStack() as stack:
        bureau = a_bureau(session)
        agency_id = bureau.people.agency_a
        processes = [stack.enter_context(scheduling(url, agency_id)) for _ in range(3)]
        simulation = Simulation(bureau, Random(SEED), processes)
        simulation.live()
        assert told(session) == sorted(simulation.by_hand.entries)
        assert reached(session) == simulation.reached
        assert_nobody_was_told_twice(session)
        assert_what_ended_was_told_no_more(session, simulation.desks)
        catch_up(session, simulation.system)  # the clock may have stood still since settings changed
        before = list(standing_rows(session, agency_id))
        recompute(session, simulation.system)
        assert list(standing_rows(session, agency_id)) == before
        happened = {**simulation.happened, **simulation.desks.pressed}
        logging.getLogger(__name__).info("%d told, %s", len(simulation.by_hand.entries), happened)
        acts = wanted.ALL if PROJECTS >= 1000 else wanted.SURE
        assert acts - set(simulation.desks.pressed) == set()
        assert len(simulation.by_hand.entries) > 5 * PROJECTS
        assert any(rule.startswith("local-turn") for _, _, rule, *_ in simulation.reached)
        assert any(way == "电子邮件" for ways in simulation.reached.values() for way, _ in ways)
    engine.dispose()
