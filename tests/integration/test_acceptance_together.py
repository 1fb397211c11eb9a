"""Two at once, a process killed, any sequence of steps: never two conclusions, and no half of one."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from finance.clearing.returning import record_return
from finance.clearing.settling import Settling, confirm_settlement, settle
from lifecycle.acceptance.applying import (
    confirm,
    file_application,
    return_application,
    send_back,
    take_up,
)
from lifecycle.acceptance.deciding import (
    conclude,
    reconsider,
    record_conference,
    record_government,
    record_platform_filing,
)
from lifecycle.acceptance.own import OwnConclusion, conclude_oneself, confirm_filing
from lifecycle.acceptance.reviewing import name_panel, propose
from lifecycle.acceptance.states import CASE_TRANSITIONS
from lifecycle.models import AcceptanceCase, AcceptanceState, AuditEntry, Clearing, Project
from lifecycle.record import Conclusion
from lifecycle.refusals import Refusal
from lifecycle.roles import Role
from lifecycle.stages import STAGE_TRANSITIONS, Stage
from lifecycle.standing import rebuild, standing_rows
from tests.integration.accepting import DAY, FAILS, PASSES, Accepting, a_file, accepting
from tests.integration.clearings import part
from tests.integration.paying import a_bureau

ROOT = Path(__file__).parents[2]


@pytest.fixture
def it(session: Session) -> Accepting:
    return accepting(a_bureau(session))


def test_two_who_conclude_at_once_conclude_once(it: Accepting, engine: Engine) -> None:
    case_id = it.proposed()
    approver = it.actor(Role.APPROVER)

    def press(_: int) -> str:
        with Session(engine) as session:
            try:
                return str(conclude(session, approver, case_id, DAY))
            except Refusal:
                return "refused"

    with ThreadPoolExecutor(4) as together:
        outcomes = sorted(together.map(press, range(4)))
    assert outcomes == ["refused", "refused", "refused", "通过"]
    assert _count(it, "acceptance.conclude") == 1


def _count(it: Accepting, action: str) -> int:
    it.bureau.session.rollback()
    query = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == action)
    return it.bureau.session.scalar(query) or 0


CONCLUDE = """
import sys
from datetime import date
from sqlalchemy.orm import Session
from lifecycle.acceptance.deciding import conclude
from lifecycle.database import open_database
from lifecycle.roles import Actor, Role

url, agency_id, user_id, case_id = sys.argv[1:]
actor = Actor(int(agency_id), int(user_id), "审批", frozenset({Role.APPROVER}))
with Session(open_database(url)) as session:
    print("begins", flush=True)
    conclude(session, actor, int(case_id), date(2027, 11, 15))
"""


def test_a_process_killed_while_concluding_leaves_all_of_it_or_nothing(
    it: Accepting, migrated_database_url: str
) -> None:
    case_id = it.proposed(proposal=FAILS)
    approver = it.actor(Role.APPROVER)
    words = [sys.executable, "-c", CONCLUDE, migrated_database_url]
    words += [str(approver.agency_id), str(approver.user_id), str(case_id)]
    before = it.bureau.everything()
    chance = Random(11)
    for _ in range(3):
        with subprocess.Popen(words, stdout=subprocess.PIPE, cwd=ROOT) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"begins\n"
            time.sleep(chance.uniform(0, 0.12))
            process.send_signal(signal.SIGKILL)
        if it.state(case_id) is AcceptanceState.DONE:
            break
        assert it.bureau.everything() == before
    else:
        subprocess.run(words, check=True, capture_output=True, cwd=ROOT)
    assert it.state(case_id) is AcceptanceState.DONE
    assert it.project_of(case_id).stage is Stage.CLEARING
    assert _count(it, "acceptance.conclude") == 1


Act = Callable[[], Any]


def acts(it: Accepting, case_id: int, chance: Random) -> dict[str, Act]:
    """Return everything anybody can press, whether it is its turn or not."""
    session, actor = it.bureau.session, it.actor
    handler, unit, pi = actor(Role.HANDLER), actor(Role.UNIT_MANAGER), actor(Role.PI)
    approver, finance = actor(Role.APPROVER), actor(Role.FINANCE)
    agreed = chance.random() < 0.7
    proposal = chance.choice((PASSES, FAILS))
    own = OwnConclusion(chance.choice((Conclusion.PASSED, Conclusion.FAILED)), DAY, "意见", own_fault=True)
    said = (DAY, "文号", [], DAY)

    def cleared(act: Callable[[int], Any]) -> Act:
        def press() -> Any:
            found = session.scalars(select(Clearing.id)).first()
            session.rollback()
            return act(found or 0)

        return press

    return {
        "save": lambda: it.save(case_id),
        "file": lambda: file_application(session, pi, case_id, DAY),
        "send-back": lambda: send_back(session, unit, case_id, "再改", DAY),
        "confirm": lambda: confirm(session, unit, case_id, DAY),
        "take-up": lambda: take_up(session, handler, case_id, DAY),
        "return": lambda: return_application(session, handler, case_id, "补正", DAY),
        "panel": lambda: name_panel(session, handler, case_id, it.members, None, DAY),
        "hear": lambda: it.hear(case_id, *(3 * (proposal.technical,))),
        "join": lambda: it.hear_joint(case_id),
        "propose": lambda: propose(session, handler, case_id, proposal, DAY),
        "conference": lambda: record_conference(session, handler, case_id, *said, agreed=agreed),
        "government": lambda: record_government(session, handler, case_id, *said, agreed=agreed),
        "reconsider": lambda: reconsider(session, approver, case_id, "再核", DAY),
        "conclude": lambda: conclude(session, approver, case_id, DAY),
        "platform": lambda: record_platform_filing(session, handler, case_id, DAY, DAY),
        "own": lambda: conclude_oneself(session, unit, case_id, own, [a_file()], DAY),
        "filing": lambda: confirm_filing(session, handler, case_id, DAY, DAY),
        "settle": cleared(lambda id_: settle(session, finance, id_, Settling(due=DAY), [], DAY)),
        "settled": cleared(lambda id_: confirm_settlement(session, approver, id_, DAY)),
        "returned": cleared(lambda id_: record_return(session, finance, id_, part(1_000, "退"), [], DAY)),
    }


@pytest.mark.parametrize("way", ["key", "major-joint", "ea", "self"])
@pytest.mark.parametrize("seed", range(3))
def test_any_sequence_of_steps_keeps_the_tables_and_concludes_once(
    it: Accepting, way: str, seed: int
) -> None:
    chance = Random(f"{way}{seed}")
    case_id = it.begun(way)
    state, stage, before = it.state(case_id), _stage(it, case_id), it.bureau.everything()
    for _ in range(120):
        possible = acts(it, case_id, chance)
        # One in two presses is likely to be somebody's turn, or nothing would ever come to an end.
        name = chance.choice(list(possible) if chance.random() < 0.5 else _likely(state))
        try:
            possible[name]()
        except (Refusal, AssertionError, KeyError):
            if name == "hear":  # three commands in one
                before = it.bureau.everything()
            else:
                assert it.bureau.everything() == before
        else:
            before = it.bureau.everything()
        then, now = it.state(case_id), _stage(it, case_id)
        assert then is state or then in CASE_TRANSITIONS[state], (name, state, then)
        assert now is stage or now in _reachable(stage), (name, stage, now)
        state, stage = then, now
        if state is AcceptanceState.DONE and stage in {Stage.CLOSED, Stage.FILED, Stage.CLEARED}:
            break
    assert _count(it, "acceptance.conclude") + _count(it, "acceptance.conclude_oneself") <= 1
    agency_id = it.bureau.people.agency_a
    kept = list(standing_rows(it.bureau.session, agency_id))
    rebuild(it.bureau.session, agency_id)
    assert list(standing_rows(it.bureau.session, agency_id)) == kept
    it.bureau.session.rollback()


def _likely(state: AcceptanceState) -> list[str]:
    return {
        AcceptanceState.DRAFT: ["save", "file"],
        AcceptanceState.RETURNED: ["save", "file"],
        AcceptanceState.WITH_UNIT: ["confirm"],
        AcceptanceState.WITH_BUREAU: ["take-up"],
        AcceptanceState.IN_REVIEW: ["panel", "hear", "join", "propose", "own"],
        AcceptanceState.WITH_CONFERENCE: ["conference"],
        AcceptanceState.WITH_GOVERNMENT: ["government"],
        AcceptanceState.WITH_APPROVER: ["conclude"],
        AcceptanceState.TO_FILE: ["platform", "filing", "settle", "settled"],
        AcceptanceState.DONE: ["settle", "settled", "returned"],
    }[state]


def _reachable(stage: Stage) -> set[Stage]:
    """Return what one command can come to: a failure opens its clearing within the conclusion."""
    near = STAGE_TRANSITIONS[stage]
    return {*near, *(then for one in near for then in STAGE_TRANSITIONS[one] if then is Stage.CLEARING)}


def _stage(it: Accepting, case_id: int) -> Stage:
    it.bureau.session.rollback()
    query = select(Project.stage).join(AcceptanceCase, AcceptanceCase.project_id == Project.id)
    found = it.bureau.session.scalars(query.where(AcceptanceCase.id == case_id)).one()
    it.bureau.session.rollback()
    return found
