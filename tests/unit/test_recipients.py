"""Who is told of a duty, worked out from the people of an agency and what the record names."""

from __future__ import annotations

from datetime import date
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.models import Channel
from lifecycle.recipients import AddressBook, Followers, Parties, Post, Told, followers, roles_told
from lifecycle.reminding import USUAL
from lifecycle.roles import Role
from lifecycle.telling import Spoken, hearing

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


def test_where_others_are_told_the_log_says_who_is_not() -> None:
    boss = Post(7, "局长", None, Role.APPROVER, "")
    got = told(boss, owner=Role.FINANCE, late=21)
    assert (got.names, got.user_ids) == ("财务（无人可告知）、局长", [7])


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


def test_a_unit_without_an_account_hears_through_its_pi_what_she_may_do_or_what_it_follows() -> None:
    book = AddressBook([LI, ADMIN])
    assert book.told(Role.UNIT_MANAGER, 0, PARTIES, also=(Role.PI,)).names == "李建国"
    assert book.told(Role.PI, 7, PARTIES).names == "李建国"
    for role in (Role.UNIT_MANAGER, Role.UNIT_FINANCE):
        got = book.told(role, 0, PARTIES)
        assert (got.names, got.user_ids) == ("渝州大学（管理员代收）", [9])
        assert got.people[0].asked == "渝州大学还没有可以办理的账号，请为该单位开设账号。"


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


@pytest.mark.parametrize(
    ("owner", "offset", "from_now", "before"),
    [
        (Role.PI, -1, [], []),
        (Role.PI, 7, [Role.UNIT_MANAGER], []),
        (Role.PI, 15, [Role.APPROVER], [Role.UNIT_MANAGER]),
        (Role.PI, 21, [], [Role.UNIT_MANAGER, Role.APPROVER]),
        (Role.FINANCE, 7, [], []),
        (Role.EXPERT, 15, [Role.APPROVER], []),
        (Role.APPROVER, 15, [], []),
    ],
)
def test_a_message_names_whom_lateness_brings_in_from_now_on_and_who_was_told_before(
    owner: Role, offset: int, from_now: list[Role], before: list[Role]
) -> None:
    assert followers(owner, offset, USUAL.escalation) == Followers(from_now, before)


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


def test_e_mails_before_the_deadline_begin_when_they_are_wanted() -> None:
    book = AddressBook([LI._replace(mail_ahead=7)])
    at = {offset: mailed(book.told(Role.PI, offset, PARTIES)) for offset in (-30, -15, -7, 0)}
    assert at == {-30: [], -15: [], -7: ["li@unit.test"], 0: ["li@unit.test"]}
    assert mailed(book.told(Role.PI, -15, PARTIES), late=True) == ["li@unit.test"]


def test_duties_of_a_programme_go_to_those_who_look_after_it_and_never_to_nobody() -> None:
    posts = [
        Post(number, f"经{number}", None, Role.HANDLER, "", programmes=programmes)
        for number, programmes in ((1, ["甲计划"]), (2, ["乙计划"]), (3, ["乙计划", "丙计划"]))
    ]
    book = AddressBook(posts)

    def ids(programme: str, user_id: int | None = None) -> list[int]:
        return book.told(Role.HANDLER, -1, PARTIES._replace(programme=programme), user_id).user_ids

    assert [ids(name) for name in ("甲计划", "乙计划", "无人负责的计划", "")] == [
        [1],
        [2, 3],
        [1, 2, 3],
        [1, 2, 3],
    ]
    assert ids("甲计划", 2) == [2]  # what one person owes is hers, whatever she looks after
    with_one_for_all = AddressBook([*posts, Post(4, "经4", None, Role.HANDLER, "")])
    assert with_one_for_all.told(Role.HANDLER, 0, PARTIES._replace(programme="甲计划")).user_ids == [1, 4]


ZHANG = Post(1, "张三", "zhang@x.test", Role.HANDLER, "", deputy_id=2)
LISI = Post(2, "李四", "lisi@x.test", Role.HANDLER, "", programmes=["别的计划"])


def test_a_deputy_is_told_as_well_once_and_the_log_says_for_whom() -> None:
    parties = PARTIES._replace(programme="甲计划")
    got = told(ZHANG, LISI, owner=Role.HANDLER, parties=parties)
    assert (got.names, got.user_ids, mailed(got)) == (
        "张三、李四（代 张三）",
        [1, 2],
        ["zhang@x.test", "lisi@x.test"],
    )
    both = told(ZHANG, LISI._replace(programmes=None), owner=Role.HANDLER, parties=parties)
    assert (both.names, both.user_ids) == ("张三、李四", [1, 2])  # she is told anyway
    third = Post(3, "王五", None, Role.HANDLER, "", deputy_id=2)
    assert (
        told(ZHANG, LISI, third, owner=Role.HANDLER, parties=parties).names
        == "张三、王五、李四（代 张三、王五）"
    )
    chain = told(ZHANG, LISI._replace(deputy_id=3), third, owner=Role.HANDLER, parties=parties).user_ids
    assert chain == [1, 3, 2]  # the third looks after everything; nobody follows deputies of deputies
    alone = AddressBook(
        [ZHANG, LISI._replace(deputy_id=3), third._replace(programmes=["丙"], deputy_id=None)]
    )
    assert alone.told(Role.HANDLER, 0, parties).user_ids == [1, 2]


@pytest.mark.parametrize(
    ("owner", "post", "deputy", "is_told"),
    [
        (Role.HANDLER, ZHANG, None, False),  # deactivated, or of the agency no more
        (Role.HANDLER, ZHANG, LISI._replace(role=Role.FINANCE), False),
        (Role.UNIT_MANAGER, ZHANG._replace(role=Role.UNIT_MANAGER, unit="渝州大学"), LISI, False),
        (
            Role.UNIT_MANAGER,
            ZHANG._replace(role=Role.UNIT_MANAGER, unit="渝州大学"),
            LISI._replace(role=Role.UNIT_MANAGER, unit="别的单位"),
            False,
        ),
        (
            Role.UNIT_FINANCE,
            ZHANG._replace(role=Role.UNIT_FINANCE, unit="渝州大学"),
            LISI._replace(role=Role.UNIT_MANAGER, unit="渝州大学"),
            True,
        ),
        (Role.PI, LI._replace(deputy_id=2), LISI._replace(role=Role.UNIT_MANAGER, unit="渝州大学"), True),
        (Role.PI, LI._replace(deputy_id=2), LISI._replace(role=Role.UNIT_MANAGER, unit="别的单位"), False),
        (Role.PI, LI._replace(deputy_id=2), LISI._replace(role=Role.PI, unit="渝州大学"), False),
        (Role.EXPERT, ZHANG._replace(role=Role.EXPERT), LISI._replace(role=Role.EXPERT), False),
    ],
)
def test_only_who_sees_what_the_person_sees_is_told_for_her(
    owner: Role, post: Post, deputy: Post | None, is_told: bool
) -> None:
    posts = [post] if deputy is None else [post, deputy]
    got = AddressBook(posts).told(owner, 0, PARTIES, post.user_id if owner is Role.EXPERT else None)
    assert got.user_ids == ([1, 2] if is_told else [1])


@pytest.mark.parametrize("owner", [Role.PI, Role.UNIT_MANAGER, Role.UNIT_FINANCE])
def test_who_has_but_an_address_that_is_refused_is_left_to_the_admins(owner: Role) -> None:
    parties = PARTIES._replace(pi_email="LI@unit.test")
    got = AddressBook([ADMIN], bounced={"li@unit.test"}).told(owner, 0, parties)
    name = "李工" if owner is Role.PI else "渝州大学"
    assert (got.names, got.user_ids, mailed(got)) == (f"{name}（管理员代收）", [9], [])
    assert AddressBook([], bounced={"li@unit.test"}).told(owner, 0, parties) == Told((), name)
    with_account = AddressBook([LI, ADMIN], bounced={"li@unit.test"}).told(Role.PI, 0, parties)
    assert (with_account.user_ids, mailed(with_account)) == ([1], [])


UNITS, EMAILS = ("渝州大学", "沙坪坝区人民医院"), ("a@x.test", "A@x.test", "b@x.test", None)
POSTS = st.builds(
    lambda user_id, email, role, unit, by_mail, ahead, programmes, deputy: Post(
        *(user_id, f"人{user_id}", email, role, unit, by_mail, ahead, programmes, deputy)
    ),
    st.integers(1, 6),
    st.sampled_from(EMAILS),
    st.sampled_from(Role),
    st.sampled_from(UNITS),
    st.booleans(),
    st.sampled_from((None, 0, 7)),
    st.sampled_from((None, ["甲"], ["乙"])),
    st.sampled_from((None, 1, 2, 9)),
)


@given(
    posts=st.lists(POSTS, max_size=8, unique_by=lambda one: one.user_id),
    bounced=st.sets(st.sampled_from(("a@x.test", "b@x.test"))),
    email=st.sampled_from(EMAILS),
    owner=st.sampled_from(Role),
    offset=st.sampled_from((-30, -7, 0, 7, 21)),
    user_id=st.sampled_from((None, 1, 7)),
)
def test_whatever_people_there_are_somebody_hears_once_or_the_proof_says_that_nobody_does(
    posts: list[Post], bounced: set[str], email: str | None, owner: Role, offset: int, user_id: int | None
) -> None:
    parties = Parties("李工", email, UNITS[0], UNITS[1], "甲")
    got = AddressBook(posts, bounced=bounced).told(owner, offset, parties, user_id)
    spoken = Spoken(1, "r", "", date(2026, 4, 1), "T", got, "题", "文", "/", None, offset > 0)
    rows = [row for row, _ in hearing([(1, spoken)])]
    ways = [(row.channel, row.address.casefold()) for row in rows]
    assert rows
    assert len(set(ways)) == len(ways)
    assert got.names
    nobody = [row for row in rows if row.channel is Channel.NONE]
    assert bool(nobody) is (len(nobody) == len(rows))
    admins = [post.user_id for post in posts if post.role is Role.ADMIN]
    assert not (nobody and admins)
    assert not {row.address.casefold() for row in rows if row.channel is Channel.MAIL} & bounced
    for post, row in product(posts, rows):  # whoever is told may see it: by her role, or for whom she is told
        if row.channel is Channel.INBOX and row.user_id == post.user_id:
            assert row.name == post.name or row.name.startswith(f"{post.name}（代 ")


def test_who_may_not_do_it_is_told_neither_herself_nor_for_somebody_else() -> None:
    her, other = (Post(n, name, None, Role.APPROVER, "") for n, name in ((2, "甲"), (3, "乙")))

    def heard(*posts: Post) -> tuple[str, list[int]]:
        got = AddressBook([*posts, ADMIN]).told(Role.APPROVER, 0, PARTIES, not_user_id=2)
        return got.names, got.user_ids

    assert heard(her, other) == ("乙", [3])
    assert heard(her) == ("审批（管理员代收）", [9])
    assert heard(her, other._replace(programmes=("别的",))) == ("乙", [3])
    assert heard(her, other._replace(deputy_id=2)) == ("乙", [3])
