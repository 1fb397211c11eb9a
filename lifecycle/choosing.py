"""What a person chooses about being told of duties, as commands; what the law needs comes all the same.

Every step comes into the inbox, what is late comes by e-mail too, somebody is told of every duty, and whoever
is away is told as well as her deputy: none of that is anybody's to choose. An admin may choose for a person
who is away.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle.command import Work, command
from lifecycle.deputies import Deputy, StoodFor, needs_deputy, possible_deputies, stood_for
from lifecycle.members import Member, find_member
from lifecycle.models import InboxMessage, PersonChoice, User
from lifecycle.recipients import LOOKING_AFTER
from lifecycle.refusals import InvalidInput, Obstructed
from lifecycle.reminding import Clockwork
from lifecycle.roles import Actor, Permission
from lifecycle.rulebook import rulebook
from lifecycle.settings import settings_of

MOST_AWAY = 366
"""Days that a deputy is told at most; whoever is away for longer has handed her work on."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person has chosen; as it is here where she has chosen nothing."""

    by_mail: bool = True
    """Whether reminders before the deadline come by e-mail too."""
    mail_ahead: int | None = None
    """From how many days before the deadline on they do; ``None``: from the first step on."""
    programmes: tuple[str, ...] = ()
    """The programmes whose duties a member of the bureau looks after; none named: all of them."""
    deputy_id: int | None = None
    deputy_from: date | None = None
    deputy_until: date | None = None
    """Who is told as well from one day to another, both included."""

    @property
    def deputy(self) -> tuple[int | None, date | None, date | None]:
        """The deputy and her days."""
        return self.deputy_id, self.deputy_from, self.deputy_until


@dataclass(frozen=True, slots=True)
class Offer:
    """What a person may choose from, and what she has chosen."""

    member: Member
    chosen: Choices
    clockwork: Clockwork
    aheads: Sequence[int]
    """Days before the deadline from which e-mails may begin, falling; 0 is the day itself."""
    programmes: Sequence[str]
    """Empty where her roles look after no programmes."""
    deputies: Sequence[Deputy]
    deputy_name: str
    """Who has been chosen, whether or not she still may be."""
    stood_for: Sequence[StoodFor]
    """Whose deputy she is herself."""

    @property
    def may_have_deputy(self) -> bool:
        """Whether anything she is told of may be told to somebody else for her."""
        return needs_deputy(self.member)

    @property
    def deputy_is_lost(self) -> bool:
        """Whether a deputy has been chosen who is told no more: left, or in another role."""
        return self.chosen.deputy_id is not None and self.chosen.deputy_id not in {
            one.user_id for one in self.deputies
        }


def offered(session: Session, actor: Actor, user_id: int | None, today: date) -> Offer:
    """Return what a person of the actor's agency may choose; raises ``NotFound`` for everybody else.

    Days of a deputy that are over by ``today`` are forgotten.
    """
    if user_id is None:
        raise Obstructed(["系统没有自己的提醒方式"])
    member = find_member(session, actor, user_id)
    chosen = _chosen(session, actor.agency_id, user_id, today)
    clockwork = settings_of(session, actor.agency_id).clockwork
    aheads = {*clockwork.before[1:], *([] if chosen.mail_ahead is None else [chosen.mail_ahead])}
    looks_after = any(post.role in LOOKING_AFTER for post in member.posts)
    named = select(User.name).where(User.id == chosen.deputy_id)
    return Offer(
        member,
        chosen,
        clockwork,
        sorted(aheads, reverse=True),
        rulebook().programmes if looks_after else (),
        possible_deputies(session, actor.agency_id, member),
        (session.scalar(named) or "") if chosen.deputy_id is not None else "",
        stood_for(session, actor.agency_id, user_id, today),
    )


def _chosen(session: Session, agency_id: int, user_id: int, today: date) -> Choices:
    row = _row(session, agency_id, user_id)
    if row is None:
        return Choices()
    deputy = (row.deputy_id, row.deputy_from, row.deputy_until)
    if row.deputy_id is None or row.deputy_until is None or row.deputy_until < today:
        deputy = (None, None, None)
    return Choices(row.by_mail, row.mail_ahead, tuple(row.programmes or ()), *deputy)


def _row(session: Session, agency_id: int, user_id: int) -> PersonChoice | None:
    own = (PersonChoice.user_id == user_id, PersonChoice.agency_id == agency_id)
    return session.scalar(select(PersonChoice).where(*own))


@command("settings.own_choices", Permission.SEE_OWN_DESK)
def choose(work: Work, choices: Choices, today: date) -> None:
    """Choose for oneself. Raises ``InvalidInput`` by the fields of ``Choices``, ``Obstructed``."""
    _choose(work, work.actor.user_id, choices, today)


@command("person.choices", Permission.MANAGE_PEOPLE)
def choose_for(work: Work, user_id: int, choices: Choices, today: date) -> None:
    """Choose for a person of the agency, who is told so. Raises ``InvalidInput``, ``NotFound``."""
    _choose(work, user_id, choices, today)


def _choose(work: Work, user_id: int | None, choices: Choices, today: date) -> None:
    offer = offered(work.session, work.actor, user_id, today)
    errors = dict(_errors(offer, choices, today))
    if errors:
        raise InvalidInput(errors)
    agency_id, person = work.actor.agency_id, offer.member
    row = _row(work.session, agency_id, person.id)
    if row is None:
        row = PersonChoice(user_id=person.id, agency_id=agency_id)
        work.session.add(row)
    programmes = [one for one in offer.programmes if one in choices.programmes]
    row.by_mail, row.mail_ahead = choices.by_mail, choices.mail_ahead
    row.programmes = programmes if 0 < len(programmes) < len(offer.programmes) else None
    row.deputy_id, row.deputy_from, row.deputy_until = choices.deputy
    work.session.flush()
    if choices.deputy != offer.chosen.deputy:
        _tell_deputies(work, offer, choices, today)
    if work.actor.user_id != person.id:
        _tell(work, person.id, f"{work.actor.name}调整了您的提醒方式", _deputised(offer, choices), today)
    whose = "自己" if work.actor.user_id == person.id else f"{person.name}（{person.username}）"
    changes = list(_changes(offer, choices, row.programmes or ()))
    work.record(f"修改{whose}的提醒方式", details={"user": person.id, "changes": changes})


def _errors(offer: Offer, choices: Choices, today: date) -> Iterator[tuple[str, str]]:
    if choices.mail_ahead is not None and choices.mail_ahead not in offer.aheads:
        yield "mail_ahead", "请从列表中选择；本单位没有在这一天提醒。"
    if choices.programmes and not offer.programmes:
        yield "programmes", "只有经办、审批和财务可以按计划类别分工。"
    elif not set(choices.programmes) <= set(offer.programmes):
        yield "programmes", "所选的计划类别中有系统没有的，请从列表中选择。"
    yield from _deputy_errors(offer, choices, today)


def _deputy_errors(offer: Offer, choices: Choices, today: date) -> Iterator[tuple[str, str]]:
    first, last = choices.deputy_from, choices.deputy_until
    if choices.deputy_id is None:
        if first or last:
            yield "deputy_id", "填写了代收日期，请选择代收人；不需要代收的，请清空日期。"
        return
    if choices.deputy_id == offer.member.id:
        yield "deputy_id", "不能由本人代收，请选择另一位同事。"
    elif choices.deputy_id not in {one.user_id for one in offer.deputies}:
        yield (
            "deputy_id",
            "代收人须是本单位在用的账号，且能看到同样的项目：角色相同，单位人员须属同一单位。",
        )
    if first is None:
        yield "deputy_from", "请填写从哪一天起代收。"
    if last is None:
        yield "deputy_until", "请填写代收到哪一天（含当天）。"
    elif last < today:
        yield "deputy_until", "这一天已经过去，请填写今天或以后的日期。"
    elif first is not None and last < first:
        yield "deputy_until", "截止日期不能早于开始日期。"
    elif first is not None and (last - first).days >= MOST_AWAY:
        yield "deputy_until", "代收最长一年；离岗更久的，请由管理员调整角色。"


def _tell_deputies(work: Work, offer: Offer, choices: Choices, today: date) -> None:
    """Tell the new deputy from when to when she is, and the old one that she is no more."""
    name, old_id = offer.member.name, offer.chosen.deputy_id
    if old_id is not None and old_id != choices.deputy_id:
        _tell(work, old_id, f"{name}的提醒不再由您代收", "代收的安排已经改变，无需办理。", today)
    if choices.deputy_id is not None:
        days = f"{choices.deputy_from} 至 {choices.deputy_until}"
        body = f"{days}，{name}外出期间，其提醒和待办消息同时发给您，本人照常收到。请及时转告或办理。"
        _tell(work, choices.deputy_id, f"请代收{name}的提醒", body, today)


def _deputised(offer: Offer, choices: Choices) -> str:
    if choices.deputy_id is None:
        return "没有代收人。具体可在“提醒方式”中查看。"
    name = _named(offer, choices.deputy_id)
    return f"{choices.deputy_from} 至 {choices.deputy_until} 由{name}代收，您照常收到。"


def _tell(work: Work, user_id: int, title: str, body: str, today: date) -> None:
    message = InboxMessage(agency_id=work.actor.agency_id, user_id=user_id, title=title, told_on=today)
    message.body = body
    work.session.add(message)


def _named(offer: Offer, user_id: int | None) -> str:
    names = {one.user_id: one.name for one in offer.deputies}
    return names.get(user_id, offer.deputy_name) if user_id is not None else ""


def _changes(offer: Offer, choices: Choices, programmes: Sequence[str]) -> Iterator[dict[str, Any]]:
    old = offer.chosen
    pairs: tuple[tuple[str, Any, Any], ...] = (
        ("到期前发邮件", old.by_mail, choices.by_mail),
        ("到期前几天起发邮件", old.mail_ahead, choices.mail_ahead),
        ("负责的计划类别", list(old.programmes), list(programmes)),
        ("代收人", _named(offer, old.deputy_id), _named(offer, choices.deputy_id)),
        ("代收开始", _written(old.deputy_from), _written(choices.deputy_from)),
        ("代收截止", _written(old.deputy_until), _written(choices.deputy_until)),
    )
    for field, before, after in pairs:
        if before != after:
            yield {"field": field, "old": before, "new": after}


def _written(day: date | None) -> str:
    return day.isoformat() if day is not None else ""
