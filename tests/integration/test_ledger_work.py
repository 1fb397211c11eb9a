"""An upload's work and the list of findings on a real database, SQLite and PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.ledger.found import read_findings
from app.ledger.shown import ShownUpload, past_imports
from app.ledger.work import CHECK, IMPORT
from app.longwork.background import Tell
from app.longwork.folder import KEPT, Folder
from app.longwork.job import Job, folder_in
from app.longwork.rows import add, begin, clear_old, find
from app.longwork.shown import ShownWork
from lifecycle.database import begin_write
from lifecycle.models import Membership, User, WorkState
from lifecycle.refusals import NotFound
from lifecycle.roles import Actor, Role
from reports.finding_list import FindingFilter, every_finding, list_findings
from reports.findings import count_projects, kept_findings
from tests.integration.ledgers import DATA, MESSY

AS_OF = date(2026, 6, 30)
NOW = datetime(2026, 6, 30, 1, tzinfo=UTC)
Told = list[tuple[int, int, str]]


@pytest.fixture
def handler(session: Session, console: Actor) -> Actor:
    """Somebody who may import."""
    begin_write(session)
    user = User(username="a", name="王经办", password_hash="", session_stamp="", created_at=NOW)
    session.add(user)
    session.flush()
    session.add(Membership(user_id=user.id, agency_id=console.agency_id, role=Role.HANDLER, unit=""))
    actor = Actor(console.agency_id, user.id, user.name, frozenset({Role.HANDLER}))
    session.commit()
    return actor


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return folder_in(tmp_path)


def upload(session: Session, handler: Actor, folder: Folder, path: Path) -> str:
    with open(path, "rb") as file:
        digest = folder.keep(file)
    key, is_new = add(session, handler, CHECK, path.name, {"as_of": f"{AS_OF}"}, NOW, digest=digest)
    assert is_new
    return key


def seen(session: Session, handler: Actor, folder: Folder, key: str) -> ShownWork:
    session.rollback()
    return ShownWork(find(session, handler, key), folder)


def done(engine: Engine, tmp_path: Path, work: ShownWork, tell: Tell = lambda *_: None) -> None:
    Job(engine, tmp_path, work.id, work.changed_at)(tell)


def test_a_ledger_is_checked_and_then_taken_in(
    engine: Engine, session: Session, handler: Actor, folder: Folder, tmp_path: Path
) -> None:
    key = upload(session, handler, folder, MESSY)
    told: Told = []
    done(engine, tmp_path, seen(session, handler, folder, key), lambda *progress: told.append(progress))
    checked = seen(session, handler, folder, key)
    assert (checked.word, ShownUpload(checked).findings.all) == ("待导入", 660)
    assert count_projects(session, handler.agency_id) == 0
    assert {words for _, _, words in told} == {
        "第 1 步，共 3 步：读取工作簿",
        "第 2 步，共 3 步：对照规定核对",
    }
    assert all(0 <= done <= total for done, total, _ in told)

    assert begin(session, checked, IMPORT, NOW + timedelta(seconds=1))
    assert not begin(session, checked, IMPORT, NOW + timedelta(seconds=2))
    done(engine, tmp_path, seen(session, handler, folder, key), lambda *progress: told.append(progress))
    assert seen(session, handler, folder, key).result["added"] == 300
    assert (300, 300, "第 2 步，共 2 步：导入项目") in told
    assert [entry.actor_name for entry in past_imports(session, handler, 10)] == ["王经办"]

    found = list(every_finding(session, handler, FindingFilter(), AS_OF))
    kept = kept_findings(session, handler.agency_id, AS_OF)
    assert sorted((one.project, one.rule_id, one.subject) for one in found) == sorted(
        (row["project"], row["rule"], row["subject"]) for row in kept
    )
    uploaded = {
        (one.project, one.rule_id, one.subject): one
        for one in read_findings(folder.rows(key), FindingFilter())
    }
    assert uploaded == {(one.project, one.rule_id, one.subject): one for one in found}


def test_a_wrong_ledger_ends_refused(
    engine: Engine, session: Session, handler: Actor, folder: Folder, tmp_path: Path
) -> None:
    key = upload(session, handler, folder, DATA / "broken" / "several.xlsx")
    done(engine, tmp_path, seen(session, handler, folder, key))
    refused = seen(session, handler, folder, key)
    assert (refused.state, refused.result["sheets"]) == (WorkState.REFUSED, [["项目", 3], ["拨付", 1]])


@pytest.mark.parametrize(
    "asked",
    [
        FindingFilter(),
        FindingFilter(text="spb-key 首期"),
        FindingFilter(text="100%"),
        FindingFilter(programme="沙坪坝区科技攻关重点专项", page=2, per_page=20),
        FindingFilter(rule="spb-4-amount"),
        FindingFilter(text="没有这样的字"),
    ],
    ids=str,
)
def test_both_lists_of_findings_filter_alike(
    engine: Engine, session: Session, handler: Actor, folder: Folder, tmp_path: Path, asked: FindingFilter
) -> None:
    key = upload(session, handler, folder, MESSY)
    done(engine, tmp_path, seen(session, handler, folder, key))
    begin(session, seen(session, handler, folder, key), IMPORT, NOW)
    done(engine, tmp_path, seen(session, handler, folder, key))
    session.rollback()
    page = list_findings(session, handler, asked, AS_OF)
    wanted = list(read_findings(folder.rows(key), replace(asked, page=1)))
    assert page.counts.all == len(wanted)
    assert {(one.project, one.rule_id, one.subject) for one in page.rows} <= {
        (one.project, one.rule_id, one.subject) for one in wanted
    }


def test_an_upload_is_forgotten_after_a_day(session: Session, handler: Actor, folder: Folder) -> None:
    key = upload(session, handler, folder, MESSY)
    digest = find(session, handler, key).digest
    assert clear_old(session, NOW + KEPT) == {key, digest}
    assert clear_old(session, NOW + KEPT + timedelta(seconds=1)) == set()
    with pytest.raises(NotFound):
        find(session, handler, key)
