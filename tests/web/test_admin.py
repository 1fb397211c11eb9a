"""Looking after the people of an agency, and never those of another."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lifecycle import people as commands
from lifecycle.accounts import load_person, sign_in
from lifecycle.members import Post, find_member, list_members
from lifecycle.models import AuditEntry, Membership, User
from lifecycle.refusals import InvalidInput, NotFound, NotPermitted
from lifecycle.roles import Actor, Role
from tests.web.site import PASSWORD, UNIT, Browser, People, add_account

AsRole = Callable[[Role], Browser]
NEW: dict[str, Any] = {"username": "wang.xm", "name": "王小明", "email": "wang@unit.test", "handler": "y"}


@pytest.fixture
def admin(as_role: AsRole) -> Browser:
    return as_role(Role.ADMIN)


@pytest.fixture
def actor(people: People) -> Actor:
    return people.a[Role.ADMIN].actor


def shown_password(page: str) -> str:
    found = re.search(r"<dd>([a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4})</dd>", page)
    assert found
    return found[1]


def posts_of(session: Session, username: str) -> set[tuple[int, Role, str]]:
    query = select(Membership.agency_id, Membership.role, Membership.unit).join(User)
    return {(row[0], row[1], row[2]) for row in session.execute(query.where(User.username == username))}


def test_a_person_added_signs_in_with_the_password_shown_once(admin: Browser, client: Browser) -> None:
    page = admin.post("/admin/people/add", data=NEW)
    assert page.status_code == 200
    password = shown_password(page.text)
    entered = client.post("/sign-in", data={"username": "wang.xm", "password": password})
    assert entered.status_code == 302
    assert client.get("/admin/people").location == "/password"
    assert password not in admin.get("/admin/people?name=wang").text


def test_units_are_taken_line_by_line(admin: Browser, session: Session, people: People) -> None:
    units = f" {UNIT} \r\n\r\n渝州医院\r\n"
    typed = NEW | {"handler": "", "unit_manager": "y", "unit_manager_units": units, "pi": "y"}
    assert admin.post("/admin/people/add", data=typed).status_code == 200
    assert posts_of(session, "wang.xm") == {
        (people.agency_a, Role.UNIT_MANAGER, UNIT),
        (people.agency_a, Role.UNIT_MANAGER, "渝州医院"),
        (people.agency_a, Role.PI, ""),
    }


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"handler": ""}, "请至少选择一个角色"),
        ({"username": ""}, "请填写用户名"),
        ({"username": "王小明"}, "用户名由小写字母"),
        ({"username": "a.pi"}, "这个用户名已被使用"),
        ({"username": "b.pi"}, "这个用户名已被使用"),
        ({"name": ""}, "请填写姓名"),
        ({"email": "nonsense"}, "邮箱格式不正确"),
        ({"email": "", "pi": "y"}, "项目负责人须填写邮箱"),
        ({"unit_manager": "y"}, "请填写作为“承担单位”所代表的单位"),
        ({"joint_unit": "y"}, "请填写作为“联合实施单位”所代表的单位"),
        ({"name": "很" * 51}, "最多 50 个字"),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_stays(
    admin: Browser, session: Session, change: dict[str, str], words: str
) -> None:
    before = session.scalar(select(func.count()).select_from(Membership))
    answer = admin.post("/admin/people/add", data=NEW | change)
    assert answer.status_code == 422
    assert words in answer.text
    assert (NEW | change)["email"] in answer.text
    assert session.scalar(select(func.count()).select_from(Membership)) == before


def test_an_account_of_another_agency_is_given_a_role_only_by_all_that_it_bears(
    admin: Browser, session: Session, people: People
) -> None:
    theirs = people.b[Role.HANDLER]
    before = load_person(session, theirs.id)
    session.rollback()
    typed = {"username": theirs.username, "name": theirs.name, "email": theirs.email, "auditor": "y"}
    for wrong in ({"name": "别人"}, {"email": "other@unit.test"}, {"email": ""}):
        assert "已被使用" in admin.post("/admin/people/add", data=typed | wrong).text
    page = admin.post("/admin/people/add", data=typed)
    assert "已有账号" in page.text
    after = load_person(session, theirs.id)
    assert before is not None
    assert after is not None
    assert (after.name, after.email, after.must_change_password) == (before.name, before.email, False)
    assert after.posts == {
        people.agency_a: {(Role.AUDITOR, "")},
        people.agency_b: {(Role.HANDLER, "")},
    }


def test_people_of_another_agency_are_not_found(
    admin: Browser, people: People, session: Session, actor: Actor
) -> None:
    theirs = people.b[Role.HANDLER]
    assert theirs.username not in admin.get("/admin/people?size=100").text
    for path in ("", "/reset-password", "/deactivate", "/reactivate"):
        send = admin.post if path else admin.get
        assert send(f"/admin/people/{theirs.id}{path}").status_code == 404
    for act in (commands.deactivate, commands.reactivate, commands.reset_password):
        with pytest.raises(NotFound):
            act(session, actor, theirs.id)
    with pytest.raises(NotFound):
        commands.edit_person(session, actor, theirs.id, name="x", email=None, posts=[Post(Role.ADMIN)])
    assert posts_of(session, theirs.username) == {(people.agency_b, Role.HANDLER, "")}


def test_of_a_shared_account_only_the_roles_here_change(
    admin: Browser, people: People, session: Session, actor: Actor
) -> None:
    both = people.both
    page = admin.get(f"/admin/people/{both.id}").text
    assert "其他单位也有角色" in page
    assert "reset-password" not in page
    with pytest.raises(InvalidInput, match="系统运维人员"):
        commands.reset_password(session, actor, both.id)
    typed = {"name": "改名", "email": "stolen@unit.test", "approver": "y"}
    assert admin.post(f"/admin/people/{both.id}", data=typed).status_code == 302
    person = load_person(session, both.id)
    assert person is not None
    assert (person.name, person.email) == (both.name, both.email)
    assert person.posts == {people.agency_a: {(Role.APPROVER, "")}, people.agency_b: {(Role.FINANCE, "")}}
    session.rollback()
    assert admin.post(f"/admin/people/{both.id}/deactivate").status_code == 302
    assert posts_of(session, both.username) == {(people.agency_b, Role.FINANCE, "")}
    assert load_person(session, both.id) is not None


def test_whoever_runs_the_server_may_reset_a_shared_account(session: Session, people: People) -> None:
    password = commands.reset_password_of(session, " Both ")
    person = sign_in(session, people.both.username, password, datetime.now(UTC))
    assert person.must_change_password
    with pytest.raises(NotFound):
        commands.reset_password_of(session, "nobody")


def test_changed_roles_show_at_once_and_sign_out_everywhere(
    app: Flask, admin: Browser, people: People, session: Session
) -> None:
    who = people.a[Role.HANDLER]
    browser = app.test_client()
    assert isinstance(browser, Browser)
    browser.as_account(who)
    typed = {"name": who.name, "email": who.email, "handler": "y"}
    admin.post(f"/admin/people/{who.id}", data=typed | {"name": "新名字"})
    assert browser.get("/password").status_code == 200
    admin.post(f"/admin/people/{who.id}", data=typed | {"auditor": "y"})
    assert browser.get("/password").status_code == 302
    assert posts_of(session, who.username) == {
        (people.agency_a, Role.HANDLER, ""),
        (people.agency_a, Role.AUDITOR, ""),
    }


def test_a_deactivated_person_stays_in_the_list_and_comes_back_with_her_roles(
    admin: Browser, client: Browser, people: People
) -> None:
    who = people.a[Role.FINANCE]
    right = {"username": who.username, "password": PASSWORD}
    assert admin.post(f"/admin/people/{who.id}/deactivate").status_code == 302
    assert "已停用" in admin.get("/admin/people?name=finance").text
    assert client.post("/sign-in", data=right).status_code == 422
    assert admin.post(f"/admin/people/{who.id}/reactivate").status_code == 302
    assert client.post("/sign-in", data=right).status_code == 302


def test_a_reset_password_lifts_a_lock_out_and_must_be_changed(
    admin: Browser, client: Browser, people: People
) -> None:
    who = people.a[Role.PI]
    for _ in range(6):
        client.post("/sign-in", data={"username": who.username, "password": "wrong"})
    password = shown_password(admin.post(f"/admin/people/{who.id}/reset-password").text)
    assert client.post("/sign-in", data={"username": who.username, "password": password}).status_code == 302
    assert "初始密码" in client.get("/password").text


def test_an_admin_cannot_shut_herself_out(admin: Browser, people: People) -> None:
    own = people.a[Role.ADMIN]
    page = admin.post(f"/admin/people/{own.id}", data={"name": own.name, "email": own.email, "handler": "y"})
    assert page.status_code == 422
    assert "不能取消自己的管理员角色" in page.text
    assert admin.post(f"/admin/people/{own.id}/deactivate").status_code == 422
    assert admin.get("/admin/people").status_code == 200


def test_the_last_admin_stays_even_when_two_take_each_others_role(
    session: Session, people: People, actor: Actor
) -> None:
    other = add_account(session, "second", {people.agency_a: [Role.ADMIN]})
    session.commit()
    commands.deactivate(session, actor, other.id)
    with pytest.raises(InvalidInput, match="至少要有一位管理员"):
        commands.deactivate(session, other.actor, people.a[Role.ADMIN].id)
    with pytest.raises(InvalidInput, match="至少要有一位管理员"):
        commands.edit_person(
            session, Actor.system(people.agency_a), people.a[Role.ADMIN].id,
            name="x", email=None, posts=[Post(Role.HANDLER)],
        )  # fmt: skip
    assert find_member(session, actor, people.a[Role.ADMIN].id).posts == (Post(Role.ADMIN),)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_only_admins_run_the_commands_about_people(session: Session, people: People, role: Role) -> None:
    own = people.a[role]
    with pytest.raises(NotPermitted):
        commands.edit_person(session, own.actor, own.id, name="x", email="x@x.test", posts=[Post(Role.ADMIN)])
    with pytest.raises(NotPermitted):
        commands.rename_agency(session, own.actor, "我的科技局")


def test_every_act_is_in_the_audit_trail_and_no_password_is(
    admin: Browser, people: People, session: Session
) -> None:
    who = people.a[Role.EXPERT]
    passwords = [shown_password(admin.post("/admin/people/add", data=NEW).text)]
    passwords.append(shown_password(admin.post(f"/admin/people/{who.id}/reset-password").text))
    admin.post(f"/admin/people/{who.id}", data={"name": who.name, "email": who.email, "auditor": "y"})
    admin.post(f"/admin/people/{who.id}/deactivate")
    admin.post(f"/admin/people/{who.id}/reactivate")
    admin.post("/admin/agency", data={"name": "沙坪坝区科学技术局"})
    entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [entry.action for entry in entries] == [
        "person.add", "person.reset_password", "person.edit", "person.deactivate", "person.reactivate",
        "agency.rename",
    ]  # fmt: skip
    assert {entry.user_id for entry in entries} == {people.a[Role.ADMIN].id}
    told = " ".join(f"{entry.summary} {entry.details}" for entry in entries)
    assert "['专家']" in told
    assert not any(password in told for password in passwords)


def test_an_agency_is_renamed_but_not_to_anothers_name(admin: Browser) -> None:
    answer = admin.post("/admin/agency", data={"name": "梁平区科技局"})
    assert answer.status_code == 422
    assert "已有同名的单位" in answer.text
    assert admin.post("/admin/agency", data={"name": "沙坪坝区科学技术局"}).status_code == 302
    assert "沙坪坝区科学技术局" in admin.get("/admin/people").text


def test_the_list_searches_and_pages(session: Session, people: People, actor: Actor) -> None:
    for number in range(30):
        add_account(session, f"many{number:02d}", {people.agency_a: [Role.EXPERT]})
    session.commit()
    first = list_members(session, actor, "many", 1, 20)
    second = list_members(session, actor, "MANY", 2, 20)
    beyond = list_members(session, actor, "many", 9, 20)
    assert (first.count, first.pages, len(first.rows), len(second.rows)) == (30, 2, 20, 10)
    assert beyond == second
    assert list_members(session, actor, "100%").count == 0
