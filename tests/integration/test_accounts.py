"""Trying passwords at the same moment, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier, Lock

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle import accounts
from lifecycle.accounts import MOST_FAILURES, sign_in
from lifecycle.database import open_database
from lifecycle.models import SignInTries
from lifecycle.refusals import SignInRefused
from tests.web.site import make_people

NOW = datetime(2026, 6, 30, 1, tzinfo=UTC)
TRIES = 20


@pytest.mark.parametrize("username", ["a.handler", "nobody"])
def test_many_tries_at_once_look_at_no_more_than_five_passwords(
    migrated_database_url: str, monkeypatch: pytest.MonkeyPatch, username: str
) -> None:
    engine = open_database(migrated_database_url)
    with Session(engine) as session:
        make_people(session)
    looked_at: list[str] = []
    lock, together = Lock(), Barrier(TRIES)

    def look(_kept: str | None, password: str) -> bool:
        with lock:
            looked_at.append(password)
        return False

    monkeypatch.setattr(accounts, "password_matches", look)

    def attempt(number: int) -> str:
        together.wait()
        with Session(engine) as session, pytest.raises(SignInRefused) as refused:
            sign_in(session, username, f"guess {number}", NOW)
        return refused.value.message

    with ThreadPoolExecutor(TRIES) as pool:
        told = list(pool.map(attempt, range(TRIES)))
    engine.dispose()
    assert len(looked_at) == MOST_FAILURES
    assert sum("已暂停登录" in words for words in told) == TRIES - MOST_FAILURES + 1


def test_what_is_remembered_of_strangers_is_forgotten(migrated_database_url: str) -> None:
    engine = open_database(migrated_database_url)
    with Session(engine) as session:
        for number in range(3):
            with pytest.raises(SignInRefused):
                sign_in(session, f"stranger {number}", "x", NOW)
        with pytest.raises(SignInRefused):
            sign_in(session, "later", "x", NOW + timedelta(hours=1))
        assert session.scalars(select(SignInTries.username)).all() == ["later"]
    engine.dispose()
