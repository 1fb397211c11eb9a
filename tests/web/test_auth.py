"""Signing in and out, how long a session lasts, and what a stranger can learn."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.auth.routes import is_own_address
from lifecycle.accounts import LOCKED_FOR, MOST_FAILURES, new_stamp
from lifecycle.models import AuditEntry, User
from lifecycle.passwords import fault_of, made_up_password, needs_rehash, password_matches
from lifecycle.roles import Role
from tests.web.site import PASSWORD, Browser, People, add_account

pytestmark = pytest.mark.usefixtures("people")

SignIn = Callable[..., Browser]
MORNING = datetime(2026, 6, 30, 1, tzinfo=UTC)
"""09:00 in China."""


def another_browser(app: Flask) -> Browser:
    browser = app.test_client()
    assert isinstance(browser, Browser)
    return browser


def is_signed_in(browser: Browser) -> bool:
    return browser.get("/password").status_code == 200


def try_password(browser: Browser, username: str, password: str) -> str:
    """Return what the sign-in page says to a wrong try."""
    answer = browser.post("/sign-in", data={"username": username, "password": password})
    assert answer.status_code == 422
    found = re.search(r'<div class="error-summary".*?<li>(.*?)</li>', answer.text, re.S)
    assert found
    return found[1]


def test_the_right_password_opens_the_page_that_was_asked_for(client: Browser) -> None:
    asked = client.get("/admin/people?page=2")
    assert (asked.status_code, asked.location) == (302, "/sign-in?next=/admin/people?page%3D2")
    entered = client.post(asked.location, data={"username": " A.Admin ", "password": PASSWORD})
    assert (entered.status_code, entered.location) == (302, "/admin/people?page=2")
    assert client.get(entered.location).status_code == 200


@pytest.mark.parametrize(
    "address",
    ["", "projects", "//evil.test", "/\\evil.test", "\\\\evil.test", "https://evil.test/", "/\t/evil.test",
     "/a\\b", "javascript:alert(1)", "/\n/x", "///evil.test"],
)  # fmt: skip
def test_nobody_is_sent_to_another_site_after_signing_in(client: Browser, address: str) -> None:
    assert not is_own_address(address)
    entered = client.post(
        "/sign-in", query_string={"next": address}, data={"username": "a.pi", "password": PASSWORD}
    )
    assert entered.status_code == 302
    assert "evil" not in entered.location


@pytest.mark.parametrize("address", ["/", "/projects/?q=%E6%B0%B4", "/money/batches/3#lines"])
def test_own_addresses_are_known_as_such(address: str) -> None:
    assert is_own_address(address)


def test_a_wrong_name_and_a_wrong_password_read_the_same_up_to_the_lock_out(client: Browser) -> None:
    with time_machine.travel(MORNING, tick=False):
        known = [try_password(client, "a.handler", "wrong") for _ in range(MOST_FAILURES + 2)]
        unknown = [try_password(client, "nobody", "wrong") for _ in range(MOST_FAILURES + 2)]
    assert known == unknown
    assert all("用户名或密码不正确" in words for words in known[: MOST_FAILURES - 1])
    assert all("09:15 以后再试" in words for words in known[MOST_FAILURES - 1 :])


def test_the_right_password_is_refused_during_a_lock_out_and_taken_after_it(client: Browser) -> None:
    right = {"username": "a.handler", "password": PASSWORD}
    with time_machine.travel(MORNING, tick=False) as clock:
        for _ in range(MOST_FAILURES):
            try_password(client, "a.handler", "wrong")
        assert client.post("/sign-in", data=right).status_code == 422
        clock.shift(LOCKED_FOR - timedelta(seconds=1))
        assert client.post("/sign-in", data=right).status_code == 422
        clock.shift(timedelta(seconds=1))
        assert client.post("/sign-in", data=right).status_code == 302


def test_a_success_forgives_the_failures_before_it(app: Flask) -> None:
    for _ in range(3):
        browser = another_browser(app)
        for _ in range(MOST_FAILURES - 1):
            try_password(browser, "a.handler", "wrong")
        assert (
            browser.post("/sign-in", data={"username": "a.handler", "password": PASSWORD}).status_code == 302
        )


def test_the_audit_trail_tells_of_failures_lock_outs_and_sign_ins(
    client: Browser, people: People, session: Session, sign_in: SignIn
) -> None:
    sign_in(client, people.a[Role.PI])
    client.post("/sign-out")
    for _ in range(MOST_FAILURES):
        try_password(client, "a.pi", "my secret typed wrongly")
    try_password(client, "a password typed as a name", "wrong")
    entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [entry.action for entry in entries] == [
        "sign_in.done", *["sign_in.failed"] * (MOST_FAILURES - 1), "sign_in.locked"
    ]  # fmt: skip
    assert {(entry.user_id, entry.agency_id) for entry in entries} == {
        (people.a[Role.PI].id, people.agency_a)
    }
    assert not any("secret" in f"{entry.summary}{entry.details}" for entry in entries)


def test_a_session_ends_after_an_hour_of_doing_nothing(
    client: Browser, people: People, sign_in: SignIn
) -> None:
    with time_machine.travel(MORNING, tick=False) as clock:
        sign_in(client, people.a[Role.HANDLER])
        for _ in range(3):
            clock.shift(timedelta(minutes=59))
            assert is_signed_in(client)
        clock.shift(timedelta(minutes=60))
        assert not is_signed_in(client)


def test_a_session_ends_after_twelve_hours_however_busy(
    client: Browser, people: People, sign_in: SignIn
) -> None:
    with time_machine.travel(MORNING, tick=False) as clock:
        sign_in(client, people.a[Role.HANDLER])
        for _ in range(23):
            clock.shift(timedelta(minutes=30))
            assert is_signed_in(client)
        clock.shift(timedelta(minutes=30))
        assert not is_signed_in(client)


def test_a_new_password_signs_out_every_other_browser(app: Flask, people: People, sign_in: SignIn) -> None:
    here, elsewhere = another_browser(app), another_browser(app)
    for browser in (here, elsewhere):
        sign_in(browser, people.a[Role.HANDLER])
    new = "another one to type"
    answer = here.post("/password", data={"current": PASSWORD, "new": new, "again": new})
    assert answer.status_code == 302
    assert is_signed_in(here)
    assert not is_signed_in(elsewhere)
    assert elsewhere.post("/sign-in", data={"username": "a.handler", "password": new}).status_code == 302


@pytest.mark.parametrize(
    ("current", "new", "again", "words"),
    [
        ("wrong", "a good password", "a good password", "当前密码不正确"),
        (PASSWORD, "short", "short", "密码至少 10 个字符"),
        (PASSWORD, "a good password", "another password", "两次输入的新密码不一致"),
        (PASSWORD, PASSWORD, PASSWORD, "新密码不能与当前密码相同"),
        (PASSWORD, "a.handler12", "a.handler12", "密码不能与用户名相同"),
        (PASSWORD, "aaaaaaaaaaaa", "aaaaaaaaaaaa", "密码太简单"),
        ("", "", "", "请填写新密码"),
    ],
)
def test_a_password_that_does_not_do_is_refused_in_words(
    app: Flask, people: People, current: str, new: str, again: str, words: str
) -> None:
    browser = another_browser(app).as_account(people.a[Role.HANDLER])
    answer = browser.post("/password", data={"current": current, "new": new, "again": again})
    assert answer.status_code == 422
    assert words in answer.text


def test_the_current_password_cannot_be_guessed_at_from_an_open_session(app: Flask, people: People) -> None:
    browser = another_browser(app).as_account(people.a[Role.HANDLER])
    new = "a good password"
    for _ in range(MOST_FAILURES):
        browser.post("/password", data={"current": "wrong", "new": new, "again": new})
    answer = browser.post("/password", data={"current": PASSWORD, "new": new, "again": new})
    assert answer.status_code == 422
    assert "已暂停登录" in answer.text


def test_a_first_password_must_be_changed_before_anything_else(
    client: Browser, people: People, session: Session
) -> None:
    add_account(session, "fresh", {people.agency_a: [Role.ADMIN]}, must_change_password=True)
    session.commit()
    client.post("/sign-in", data={"username": "fresh", "password": PASSWORD})
    asked = client.get("/admin/people")
    assert (asked.status_code, asked.location) == (302, "/password")
    assert "初始密码" in client.get("/password").text
    new = "a password of my own"
    client.post("/password", data={"current": PASSWORD, "new": new, "again": new})
    assert client.get("/admin/people").status_code == 200


@pytest.mark.parametrize("change", [{"is_active": False}, {"session_stamp": new_stamp()}])
def test_a_session_does_not_outlive_what_it_rests_on(
    app: Flask, people: People, session: Session, change: dict[str, object]
) -> None:
    browser = another_browser(app).as_account(people.a[Role.HANDLER])
    assert is_signed_in(browser)
    session.execute(update(User).where(User.id == people.a[Role.HANDLER].id).values(**change))
    session.commit()
    assert not is_signed_in(browser)


def test_a_closed_account_reads_like_a_wrong_password(client: Browser, session: Session) -> None:
    session.execute(update(User).values(is_active=False))
    session.commit()
    assert try_password(client, "a.handler", PASSWORD) == try_password(client, "nobody", PASSWORD)


def test_whoever_works_in_two_agencies_chooses_and_switches(
    client: Browser, people: People, sign_in: SignIn
) -> None:
    sign_in(client, people.both)
    asked = client.get("/admin/people")
    assert (asked.status_code, asked.location) == (302, "/agencies?next=/admin/people")
    page = client.get("/agencies").text
    assert "沙坪坝区科技局" in page
    assert "梁平区科技局" in page
    assert client.post("/agencies", data={"agency": people.agency_b}).status_code == 302
    refused = client.get("/admin/people")
    assert refused.status_code == 403
    assert "这一项由管理员办理" in refused.text


@pytest.mark.parametrize("agency", ["0", "999", "x", ""])
def test_nobody_can_work_in_an_agency_without_a_post_there(app: Flask, people: People, agency: str) -> None:
    browser = another_browser(app).as_account(people.a[Role.ADMIN])
    assert browser.post("/agencies", data={"agency": agency or people.agency_b}).status_code == 404
    assert "沙坪坝区科技局" in browser.get("/admin/people").text


def test_a_forged_agency_in_the_session_opens_nothing(app: Flask, people: People) -> None:
    browser = another_browser(app).as_account(people.a[Role.ADMIN], agency_id=people.agency_b)
    assert "梁平区科技局" not in browser.get("/admin/people").text


def test_signing_out_takes_a_press_and_ends_the_session(app: Flask, people: People) -> None:
    browser = another_browser(app).as_account(people.a[Role.HANDLER])
    assert browser.get("/sign-out").status_code == 405
    assert is_signed_in(browser)
    assert browser.post("/sign-out", forged=True).status_code == 400
    assert browser.post("/sign-out").location == "/sign-in"
    assert not is_signed_in(browser)


def test_a_part_of_a_page_asked_for_after_the_session_sends_the_whole_page_to_sign_in(
    client: Browser,
) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://localhost/projects/?q=1"}
    answer = client.get("/admin/people", headers=headers)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/sign-in?next=/projects/?q%3D1")


def test_a_press_after_the_session_comes_back_to_the_page_it_was_on(client: Browser) -> None:
    for page, back in (
        ("http://localhost/admin/agency", "?next=/admin/agency"),
        ("http://evil.test/x", ""),
    ):
        answer = client.post("/admin/agency", headers={"Referer": page})
        assert (answer.status_code, answer.location) == (302, f"/sign-in{back}")


def test_the_session_cookie_is_kept_from_scripts_and_from_plain_http(client: Browser) -> None:
    typed = {"username": "a.pi", "password": PASSWORD}
    plain = client.post("/sign-in", data=typed).headers["Set-Cookie"]
    assert "HttpOnly" in plain
    assert "SameSite=Lax" in plain
    assert "Secure" not in plain
    client.post("/sign-out")
    headers = {"Referer": "https://localhost/sign-in"}
    secure = client.post("/sign-in", data=typed, base_url="https://localhost", headers=headers)
    assert "Secure" in secure.headers["Set-Cookie"]


def test_a_kept_password_of_older_parameters_is_renewed_by_signing_in(
    client: Browser, people: People, session: Session, sign_in: SignIn
) -> None:
    who = people.a[Role.HANDLER]
    old = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    assert needs_rehash(old)
    session.execute(update(User).where(User.id == who.id).values(password_hash=old))
    session.commit()
    sign_in(client, who)
    renewed = session.scalars(select(User.password_hash).where(User.id == who.id)).one()
    assert not needs_rehash(renewed)
    assert password_matches(renewed, PASSWORD)


def test_made_up_passwords_do_and_differ() -> None:
    made = {made_up_password() for _ in range(50)}
    assert len(made) == 50
    assert all(fault_of(password, "zhangsan") is None for password in made)


def test_nobodys_password_matches_nothing() -> None:
    assert not password_matches(None, "")
    assert not password_matches("not a hash", "")
