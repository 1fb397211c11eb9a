"""Adding people to an agency, changing their roles, letting them in no more.

An account belongs to whoever signs in with it, not to an agency. As long as all its roles are in one agency,
that agency's admin looks after it. Once another agency has given it a role too (it is *shared*), each admin
only gives and takes roles in her own: a password reset, an e-mail address or a name set by one would open the
other's projects. Such an account is looked after by whoever runs the server (``Actor.system``).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lifecycle.accounts import forgive, new_stamp, normal_username, set_password
from lifecycle.command import Work, command
from lifecycle.members import Member, Post, find_member
from lifecycle.models import Agency, Membership, User
from lifecycle.passwords import hash_password, made_up_password
from lifecycle.refusals import InvalidInput, NotFound
from lifecycle.roles import ROLE_NAMES, UNIT_ROLES, Actor, Permission, Role
from lifecycle.setting_kept import Opened, demand_unchanged
from lifecycle.unit_books import pass_on_books

TAKEN = "这个用户名已被使用。请换一个；确是同一人的，姓名和邮箱须与其账号一致。"
_USERNAME = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}")


@dataclass(frozen=True, slots=True)
class Added:
    """A person added; ``password`` is told this once, ``None`` where the account had one already."""

    user_id: int
    username: str
    password: str | None


@command("person.add", Permission.MANAGE_PEOPLE)
def add_person(work: Work, *, username: str, name: str, email: str | None, posts: Collection[Post]) -> Added:
    """Give somebody roles in the agency; makes her account where there is none.

    An account that exists is only given the roles, and only where name and e-mail address are those it bears:
    whoever types just a user name that is taken learns no more than that. Raises ``InvalidInput``.
    """
    username, name, email = normal_username(username), name.strip(), _email(email)
    if not _USERNAME.fullmatch(username):
        raise InvalidInput({"username": "用户名由小写字母、数字和 . _ @ - 组成，至少 2 个字符。"})
    posts = _checked(posts, email)
    user = work.session.scalar(select(User).where(User.username == username).with_for_update(key_share=True))
    password = None
    if user is None:
        password = made_up_password()
        user = _new_user(work, username, name, email, password)
    elif not _is_meant(work, user, name, email):
        raise InvalidInput({"username": TAKEN})
    else:
        _sign_out_everywhere(work.session, user.id)
    _set_posts(work.session, work.actor.agency_id, user.id, posts)
    pass_on_books(work)
    work.record(f"添加人员 {name}（{username}）：{_listed(posts)}", details=_told(user.id, posts, email))
    return Added(user.id, username, password)


@command("person.edit", Permission.MANAGE_PEOPLE)
def edit_person(work: Work, user_id: int, *, name: str, email: str | None, posts: Collection[Post]) -> None:
    """Change a person's roles and, unless the account is shared, name and e-mail address.

    Whoever's roles change is signed out everywhere. Raises ``InvalidInput``, ``NotFound``.
    """
    old = _member(work, user_id)
    if old.shared and not work.actor.is_system:
        name, email = old.name, old.email
    name, email = name.strip(), _email(email)
    posts = _checked(posts, email)
    if work.actor.user_id == user_id and Role.ADMIN not in {post.role for post in posts}:
        raise InvalidInput({"roles": "不能取消自己的管理员角色，请由另一位管理员办理。"})
    work.session.execute(update(User).where(User.id == user_id).values(name=name, email=email))
    if set(posts) != set(old.posts) or email != old.email:
        _set_posts(work.session, work.actor.agency_id, user_id, posts)
        _sign_out_everywhere(work.session, user_id)
    _keep_an_admin(work)
    pass_on_books(work)
    told = _told(user_id, posts, email) | {
        "before": [post.label for post in old.posts],
        "old_email": old.email,
    }
    work.record(f"修改人员 {name}（{old.username}）：{_listed(posts)}", details=told)


@command("person.deactivate", Permission.MANAGE_PEOPLE)
def deactivate(work: Work, user_id: int) -> None:
    """Let a person in no more: the account is closed, or, where it is shared, its roles here are taken.

    Raises ``InvalidInput`` for oneself and for the last admin, ``NotFound``.
    """
    member = _member(work, user_id)
    if work.actor.user_id == user_id:
        raise InvalidInput({"roles": "不能停用自己的账号，请由另一位管理员办理。"})
    if member.shared:
        _set_posts(work.session, work.actor.agency_id, user_id, ())
    else:
        work.session.execute(update(User).where(User.id == user_id).values(is_active=False))
    _sign_out_everywhere(work.session, user_id)
    _keep_an_admin(work)
    pass_on_books(work)
    act = "移出本单位" if member.shared else "停用账号"
    work.record(
        f"{act} {member.name}（{member.username}）", details=_told(user_id, member.posts, member.email)
    )


@command("person.reactivate", Permission.MANAGE_PEOPLE)
def reactivate(work: Work, user_id: int) -> None:
    """Let a deactivated person in again, with the roles she had. Raises ``NotFound``, ``InvalidInput``."""
    member = _own_member(work, user_id)
    work.session.execute(update(User).where(User.id == user_id).values(is_active=True))
    pass_on_books(work)
    work.record(
        f"恢复账号 {member.name}（{member.username}）", details=_told(user_id, member.posts, member.email)
    )


@command("person.reset_password", Permission.MANAGE_PEOPLE)
def reset_password(work: Work, user_id: int) -> str:
    """Return a new password, to be told once and changed at the next sign-in; lifts a lock-out.

    Raises ``InvalidInput`` for a shared account, ``NotFound``.
    """
    member = _own_member(work, user_id)
    password = made_up_password()
    set_password(work.session, user_id, hash_password(password), must_change=True)
    forgive(work.session, member.username)
    work.record(f"重置密码 {member.name}（{member.username}）", details={"user": user_id})
    return password


def reset_password_of(session: Session, username: str) -> str:
    """Return a new password for whoever signs in by that name, as the server's operator may give it.

    Raises ``NotFound`` where nobody does, or holds no role anywhere.
    """
    held = (
        select(User.id, Membership.agency_id)
        .join(Membership, Membership.user_id == User.id)
        .where(User.username == normal_username(username))
        .order_by(Membership.id)
    )
    found = session.execute(held).first()
    if found is None:
        raise NotFound(f"用户名为“{username}”的人员")
    return reset_password(session, Actor.system(found[1], "系统运维"), found[0])


@command("agency.rename", Permission.MANAGE_SETTINGS)
def rename_agency(work: Work, name: str, *, opened: Opened | None = None) -> None:
    """Give the agency another name.

    Raises ``InvalidInput`` where another bears it already, and ``SettingChanged`` where ``opened`` is not
    its name any more.
    """
    name = name.strip()
    agency = work.session.get_one(Agency, work.actor.agency_id)
    demand_unchanged(opened, {"name": agency.name}, {"name": "单位名称"})
    if not name:
        raise InvalidInput({"name": "请填写单位名称。"})
    work.record(f"单位名称由“{agency.name}”改为“{name}”", details={"before": agency.name, "after": name})
    try:
        with work.session.begin_nested():
            agency.name = name
    except IntegrityError:
        raise InvalidInput({"name": "已有同名的单位，请换一个名称。"}) from None


def _member(work: Work, user_id: int) -> Member:
    """Return a person of the agency, locked so that nobody shares or edits the account meanwhile."""
    work.session.execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))
    return find_member(work.session, work.actor, user_id)


def _own_member(work: Work, user_id: int) -> Member:
    """Return a person whose account is this agency's to look after."""
    member = _member(work, user_id)
    if member.shared and not work.actor.is_system:
        raise InvalidInput({"roles": "这个账号在其他单位也有角色，本单位不能代为办理，请联系系统运维人员。"})
    return member


def _email(typed: str | None) -> str | None:
    return (typed or "").strip() or None


def _checked(posts: Collection[Post], email: str | None) -> tuple[Post, ...]:
    """Return the posts without blanks and doubles; raises ``InvalidInput`` where something is missing."""
    clean = tuple(dict.fromkeys(Post(Role(post.role), post.unit.strip()) for post in posts))
    errors: dict[str, str] = {}
    if not clean:
        errors["roles"] = "请至少选择一个角色。"
    for post in clean:
        if post.role in UNIT_ROLES and not post.unit:
            errors[f"{post.role}_units"] = f"请填写作为“{ROLE_NAMES[post.role]}”所代表的单位。"
    if email is None and any(post.role is Role.PI for post in clean):
        errors["email"] = "项目负责人须填写邮箱，系统据此关联其负责的项目。"
    if errors:
        raise InvalidInput(errors)
    return clean


def _is_meant(work: Work, user: User, name: str, email: str | None) -> bool:
    """Whether an existing account is the one meant, and holds no role in the agency yet."""
    held = select(Membership.id).where(
        Membership.user_id == user.id, Membership.agency_id == work.actor.agency_id
    )
    same = user.name == name and (user.email or "").lower() == (email or "").lower()
    return same and user.is_active and work.session.scalar(held.limit(1)) is None


def _new_user(work: Work, username: str, name: str, email: str | None, password: str) -> User:
    user = User(
        username=username,
        name=name,
        email=email,
        password_hash=hash_password(password),
        must_change_password=True,
        session_stamp=new_stamp(),
        created_at=work.entry.at,
    )
    try:
        with work.session.begin_nested():
            work.session.add(user)
    except IntegrityError:  # another agency made an account of this name at the same moment
        raise InvalidInput({"username": TAKEN}) from None
    return user


def _set_posts(session: Session, agency_id: int, user_id: int, posts: Collection[Post]) -> None:
    session.execute(
        delete(Membership).where(Membership.user_id == user_id, Membership.agency_id == agency_id)
    )
    session.add_all(
        Membership(user_id=user_id, agency_id=agency_id, role=post.role, unit=post.unit) for post in posts
    )
    session.flush()


def _sign_out_everywhere(session: Session, user_id: int) -> None:
    session.execute(update(User).where(User.id == user_id).values(session_stamp=new_stamp()))


def _keep_an_admin(work: Work) -> None:
    """Refuse what would leave the agency without an admin who can sign in."""
    query = (
        select(Membership.id)
        .join(User, User.id == Membership.user_id)
        .where(Membership.agency_id == work.actor.agency_id, Membership.role == Role.ADMIN, User.is_active)
    )
    if work.session.scalar(query.limit(1)) is None:
        raise InvalidInput({"roles": "单位至少要有一位管理员。"})


def _listed(posts: Collection[Post]) -> str:
    return "、".join(post.label for post in posts)


def _told(user_id: int, posts: Collection[Post], email: str | None) -> dict[str, object]:
    return {"user": user_id, "posts": [post.label for post in posts], "email": email}
