"""The people who take part in lives: every role, three experts, and some who have no part."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from lifecycle.database import begin_write
from lifecycle.models import Membership
from lifecycle.roles import Role
from tests.web.lives.living import Life
from tests.web.site import UNIT, People, add_account

EXPERTS = ("expert_a", "expert_b", "expert_c")
RIVAL_UNIT = "别处科技有限公司"


@pytest.fixture
def life(
    app: Flask, session: Session, people: People, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Life:
    """The life of a project that nobody has registered yet."""
    names = {
        "handler": people.a[Role.HANDLER],
        "approver": people.a[Role.APPROVER],
        "finance": people.a[Role.FINANCE],
        "pi": people.a[Role.PI],
        "unit": people.a[Role.UNIT_MANAGER],
        "joint": people.a[Role.JOINT_UNIT],
        "auditor": people.a[Role.AUDITOR],
        "admin": people.a[Role.ADMIN],
        "stranger": people.b[Role.HANDLER],
    }
    begin_write(session)
    here = people.agency_a
    for name in EXPERTS:
        names[name] = add_account(session, name, {here: [Role.EXPERT]})
    names["second_handler"] = add_account(session, "second.handler", {here: [Role.HANDLER]})
    names["second_approver"] = add_account(session, "second.approver", {here: [Role.APPROVER]})
    names["deputy"] = add_account(session, "deputy", {here: [Role.HANDLER, Role.APPROVER]})
    names["new_pi"] = add_account(session, "new.pi", {here: [Role.PI]})
    names["insider"] = add_account(session, "insider", {here: [Role.EXPERT]})
    names["rival"] = add_account(session, "rival", {here: [Role.UNIT_MANAGER]})
    for name, unit in (("insider", UNIT), ("rival", RIVAL_UNIT)):
        for post in session.query(Membership).filter_by(user_id=names[name].id):
            post.unit = unit
    session.commit()
    return Life(app, session, names, monkeypatch, tmp_path / "keguan.db")
