"""Who is told of a duty, worked out from the people of an agency and what the record names."""

from __future__ import annotations

import pytest

from lifecycle.recipients import AddressBook, Parties, Post, Told, roles_told
from lifecycle.reminding import USUAL
from lifecycle.roles import Role

PARTIES = Parties("李工", "li@unit.test", "渝州大学", "沙坪坝区人民医院")
LI = Post(1, "李建国", "li@unit.test", Role.PI, "")
ADMIN = Post(9, "管管", None, Role.ADMIN, "")


def told(*posts: Post, owner: Role = Role.PI, late: int = 0, parties: Parties = PARTIES) -> Told:
    return AddressBook(posts).told(owner, late, parties)


def mailed(got: Told, *, late: bool = False) -> list[str | None]:
    return [one.email for one in got.by_mail(late=late)]


def test_who_wants_no_e_mails_before_the_deadline_gets_the_late_ones() -> None:
    got = told(LI._replace(by_mail=False))
    assert (got.user_ids, mailed(got), mailed(got, late=True)) == ([1], [], ["li@unit.test"])


def test_a_pi_is_the_account_with_the_address_in_the_record() -> None:
    other = Post(2, "王工", "wang@unit.test", Role.PI, "")
    got = told(other, LI)
    assert (got.names, got.user_ids, mailed(got)) == ("李建国", [1], ["li@unit.test"])


def test_a_pi_without_an_account_is_told_by_e_mail_alone() -> None:
    got = told(ADMIN)
    assert (got.names, got.user_ids, mailed(got)) == ("李工", [], ["li@unit.test"])


def test_a_pi_nobody_can_reach_is_left_to_the_admins() -> None:
    got = told(ADMIN, parties=PARTIES._replace(pi_email=None))
    assert (got.names, got.user_ids, mailed(got)) == ("李工（管理员代收）", [9], [])


def test_with_nobody_at_all_the_log_still_names_whose_turn_it_is() -> None:
    assert told(owner=Role.FINANCE) == Told((), "财务")


def test_everybody_who_holds_a_bureau_role_is_told() -> None:
    finance = [Post(number, f"财{number}", f"f{number}@x.test", Role.FINANCE, "") for number in (4, 5)]
    got = told(*finance, LI, owner=Role.FINANCE)
    assert (got.names, got.user_ids) == ("财4、财5", [4, 5])


@pytest.mark.parametrize(
    ("role", "unit"), [(Role.UNIT_MANAGER, "渝州大学"), (Role.JOINT_UNIT, "沙坪坝区人民医院")]
)
def test_a_unit_is_told_by_those_who_act_for_it(role: Role, unit: str) -> None:
    got = told(Post(3, "甲", None, role, unit), Post(4, "乙", None, role, "别的单位"), LI, owner=role)
    assert (got.names, got.user_ids) == ("甲", [3])


def test_a_unit_without_an_account_is_told_through_its_pi() -> None:
    got = told(LI, owner=Role.UNIT_MANAGER)
    assert (got.names, got.user_ids) == ("李建国", [1])


def test_a_joint_unit_without_an_account_is_left_to_the_admins() -> None:
    assert told(ADMIN, LI, owner=Role.JOINT_UNIT).names == "沙坪坝区人民医院（管理员代收）"


@pytest.mark.parametrize(
    ("late", "roles"),
    [
        (-30, [Role.PI]),
        (0, [Role.PI]),
        (7, [Role.PI, Role.UNIT_MANAGER]),
        (14, [Role.PI, Role.UNIT_MANAGER]),
        (21, [Role.PI, Role.UNIT_MANAGER, Role.APPROVER]),
    ],
)
def test_lateness_tells_more_people(late: int, roles: list[Role]) -> None:
    assert roles_told(Role.PI, late, USUAL.escalation) == roles


def test_an_owner_is_not_told_again_as_the_one_who_follows() -> None:
    assert roles_told(Role.UNIT_MANAGER, 30, USUAL.escalation) == [Role.UNIT_MANAGER, Role.APPROVER]


@pytest.mark.parametrize(
    ("owner", "roles"),
    [
        (Role.JOINT_UNIT, [Role.JOINT_UNIT, Role.UNIT_MANAGER, Role.APPROVER]),
        (Role.FINANCE, [Role.FINANCE, Role.APPROVER]),
        (Role.APPROVER, [Role.APPROVER]),
        (Role.EXPERT, [Role.EXPERT, Role.HANDLER, Role.APPROVER]),
    ],
)
def test_a_unit_is_not_told_of_what_others_than_its_own_are_late_with(owner: Role, roles: list[Role]) -> None:
    assert roles_told(owner, 21, USUAL.escalation) == roles


def test_the_handler_follows_an_expert_as_soon_as_she_is_late() -> None:
    assert roles_told(Role.EXPERT, 0, USUAL.escalation) == [Role.EXPERT]
    assert roles_told(Role.EXPERT, 7, USUAL.escalation) == [Role.EXPERT, Role.HANDLER]


def test_what_one_person_owes_is_told_to_her_alone_while_she_holds_the_role() -> None:
    posts = [
        Post(number, f"人{number}", None, role, "") for number, role in ((4, Role.HANDLER), (5, Role.HANDLER))
    ]
    book = AddressBook([*posts, *(one._replace(role=Role.EXPERT) for one in posts), ADMIN])
    assert book.told(Role.HANDLER, 0, PARTIES, 5).user_ids == [5]
    assert book.told(Role.HANDLER, 0, PARTIES, 6).user_ids == [4, 5]
    assert book.told(Role.EXPERT, 0, PARTIES, 5).user_ids == [5]
    assert book.told(Role.EXPERT, 0, PARTIES, 6).names == "专家（管理员代收）"


def test_others_may_be_told_from_the_first_step_on() -> None:
    book = AddressBook([Post(4, "财", None, Role.FINANCE, ""), Post(5, "经", None, Role.HANDLER, "")])
    assert book.told(Role.FINANCE, -30, PARTIES, also=(Role.HANDLER,)).names == "财、经"


def test_somebody_with_several_roles_is_told_once() -> None:
    boss = Post(1, "李建国", "li@unit.test", Role.APPROVER, "")
    manager = Post(1, "李建国", "li@unit.test", Role.UNIT_MANAGER, "渝州大学")
    got = told(LI, boss, manager, late=21)
    assert (got.names, got.user_ids, mailed(got)) == ("李建国", [1], ["li@unit.test"])


def test_one_address_gets_one_letter_however_it_is_written() -> None:
    boss = Post(7, "局长", "LI@unit.test", Role.APPROVER, "")
    got = told(boss, late=21)
    assert len(mailed(got)) == 1
    assert got.names == "李工、局长"


def test_an_agency_may_escalate_otherwise() -> None:
    boss = Post(7, "局长", None, Role.APPROVER, "")
    early = AddressBook([LI, boss], {Role.APPROVER: 1})
    assert early.told(Role.PI, 1, PARTIES).user_ids == [1, 7]
