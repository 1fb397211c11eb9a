"""Proof of who was told and whether it got through: rows compared with the digests the history bears.

Every act that tells names its run, and its entry bears the digest of all it told. After letters were sent, an
entry bears the digest of what became of each; whoever signs for a notice has an entry. The entries are
chained, so rows altered afterwards, taken away or added no longer agree with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, groupby
from secrets import token_hex
from typing import Any, NamedTuple

from sqlalchemy import String, and_, cast, func, or_, select, update
from sqlalchemy.orm import Session

from lifecycle.at_once import digest_at_once, said_at_once
from lifecycle.audit_check import ChainCheck
from lifecycle.bounces import bounce, bounced
from lifecycle.chain import content_digest
from lifecycle.command import AT_ONCE, Work, command
from lifecycle.models import AuditEntry, Channel, OutboxMessage, PaperNotice, Reminder, Telling, Turn
from lifecycle.notice_telling import said_of_notice
from lifecycle.refusals import NotFound, Obstructed
from lifecycle.roles import Actor, Permission
from lifecycle.telling import digest_of, said_of_way
from lifecycle.unreached import bring_before_admins

DELIVER = "clock.deliver"
AGAIN = "letter.send_again"
RETURNED = "letter.returned"
SIGN = "notice.sign"
TELLING = ("clock.remind", "reports.remind", "notice.deliver", "notice.void", DELIVER)
"""The acts whose entries bear a run and its digest. Besides, any act may have told at once of what waits."""

_BOX = OutboxMessage
_ENDED = _BOX.state.in_(("sent", "failed"))
_SAID = (_BOX.id, _BOX.channel, _BOX.address, _BOX.state, _BOX.last_error)
Said = tuple[int, str, str, str, str]
"""What became of one letter: its id, channel, address, state and the other side's answer."""


def record_deliveries(session: Session) -> None:
    """Enter into each agency's history what became of the letters sent or failed since the last time.

    Whatever a killed sender left out is entered by the next. An agency without such letters gets no entry.
    """
    query = select(_BOX.agency_id).where(_ENDED, _BOX.run.is_(None)).distinct().order_by(_BOX.agency_id)
    agencies = session.scalars(query).all()
    session.rollback()  # a command begins its own transaction
    for agency_id in agencies:
        try:
            _record(session, Actor.system(agency_id))
        except _NothingNewError:
            continue


def any_unrecorded(session: Session) -> bool:
    """Whether letters were sent or failed whose end is not in the history yet."""
    query = select(_BOX.id).where(_ENDED, _BOX.run.is_(None)).limit(1)
    return session.scalar(query) is not None


class _NothingNewError(Exception):
    """Another sender has entered them meanwhile."""


@command(DELIVER, Permission.SEND_REMINDERS)
def _record(work: Work) -> None:
    run = token_hex(16)
    new = and_(_BOX.agency_id == work.actor.agency_id, _ENDED, _BOX.run.is_(None))
    work.session.execute(update(_BOX).where(new).values(run=run))
    said = [_said(row) for row in work.session.execute(select(*_SAID).where(_BOX.run == run))]
    if not said:
        raise _NothingNewError
    sent = sum(one[3] == "sent" for one in said)
    details = {"run": run, "sent": sent, "failed": len(said) - sent, "digest": digest_of_letters(said)}
    unheard = bring_before_admins(work, run)
    more = f"；{unheard} 项没有人收到，已转管理员联系" if unheard else ""
    work.record(f"送达 {sent} 封，未送达 {len(said) - sent} 封{more}", details=details)


def _said(row: Any) -> Said:
    return row[0], row[1].value, row[2], row[3], row[4] or ""


def digest_of_letters(said: Iterable[Said]) -> str:
    """Return the digest of what became of letters, in whichever order they come."""
    return content_digest({"letters": sorted(list(map(str, one)) for one in said)})


@command(RETURNED, Permission.SEND_REMINDERS)
def note_returned(work: Work, letter_id: int, reason: str, *, gone: bool) -> None:
    """Note that a letter taken by a mail server came back after all; ``gone`` where its address is no more.

    That it had been sent stays in the history; that it came back is entered with what else has failed.
    Raises ``NotFound`` where there is no such letter, or none whose sending is entered.
    """
    row = work.session.execute(
        select(*_SAID, _BOX.run)
        .where(_BOX.id == letter_id, _BOX.agency_id == work.actor.agency_id)
        .where(_BOX.channel == Channel.MAIL, _BOX.state == "sent", _BOX.run.is_not(None))
        .with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound("这封已发出的邮件")
    back = {"state": "failed", "last_error": reason, "run": None}
    work.session.execute(update(_BOX).where(_BOX.id == letter_id).values(**back))
    if gone:
        bounce(work.session, work.actor.agency_id, row.address, reason, work.entry.at)
    details = {"run": row.run, "letter": list(_said(row)), "reason": reason, "gone": gone}
    work.record(f"发给 {row.address} 的邮件被退回", details=details)


@command(AGAIN, Permission.MANAGE_PEOPLE)
def send_again(work: Work, letter_id: int) -> str:
    """Put a failed letter back into the queue; returns to whom it goes, in words.

    What had become of it stays in the history. Raises ``NotFound`` where there is no such letter or it has
    not failed, ``Obstructed`` while its address is refused.
    """
    row = work.session.execute(
        select(*_SAID, _BOX.run)
        .where(_BOX.id == letter_id, _BOX.agency_id == work.actor.agency_id, _BOX.state == "failed")
        .with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound("这封未送达的邮件")
    if bounced(work.session, work.actor.agency_id, row.address) is not None:
        raise Obstructed(
            [f"{row.address} 已被对方邮件服务器退回，请先核对并恢复这个地址，或改正收件人的邮箱"]
        )
    at = work.entry.at
    again = {
        "state": "waiting",
        "attempts": 0,
        "next_try_at": at,
        "since": at,
        "last_error": None,
        "run": None,
    }
    work.session.execute(update(_BOX).where(_BOX.id == letter_id).values(**again))
    details = {"run": row.run, "letter": list(_said(row))}
    work.record(f"重新发送给{_named(row)}", details=details)
    return _named(row)


def _named(row: Any) -> str:
    return f" {row.address}" if row.channel is Channel.MAIL else f"{row.channel}群机器人"


class Broken(NamedTuple):
    """Where the rows do not agree with the history: the entry's serial (0: there is none), and how."""

    serial: int
    what: str


class _Entered(NamedTuple):
    serial: int
    digest: str
    as_of: str | None
    """The day for which the clock spoke; ``None``: the entry names none, or the digest holds the day."""


def verify_tellings(session: Session, agency_id: int) -> Iterator[Broken]:
    """Yield where what was told, or what became of it, is no longer what the history says; reads only."""
    entries = _entries(session, agency_id)
    yield from _compared(
        {run: one for run, (action, one) in entries.items() if action != DELIVER},
        chain(
            _told(session, agency_id),
            _told_of_notices(session, agency_id),
            _told_at_once(session, agency_id),
        ),
        "告知记录",
    )
    yield from _compared(
        {run: one for run, (action, one) in entries.items() if action == DELIVER},
        _delivered(session, agency_id),
        "送达记录",
    )
    yield from _other_days(session, agency_id, {run: one for run, (_, one) in entries.items()})
    yield from _other_signatures(session, agency_id)


def _entries(session: Session, agency_id: int) -> dict[str, tuple[str, _Entered]]:
    """Return the entries that bear a digest, by their runs."""
    # What a database makes of JSON is asked of nobody: details may hold text that it refuses to look into.
    at_once = cast(AuditEntry.details, String).contains(f'"{AT_ONCE}"', autoescape=True)
    query = select(AuditEntry.action, AuditEntry.serial, AuditEntry.details)
    query = query.where(AuditEntry.agency_id == agency_id, or_(AuditEntry.action.in_(TELLING), at_once))
    found: dict[str, tuple[str, _Entered]] = {}
    for action, serial, details in session.execute(query):
        if action in TELLING and "run" in details and "digest" in details:
            found[details["run"]] = action, _Entered(serial, details["digest"], details.get("as_of"))
        for one in details.get(AT_ONCE, ()):
            found[one["run"]] = AT_ONCE, _Entered(serial, one["digest"], None)
    return found


def _compared(
    entered: Mapping[str, _Entered], found: Iterable[tuple[str, str]], what: str
) -> Iterator[Broken]:
    """Compare the digests of the history with those of the rows, each by its run."""
    missing = dict(entered)
    for run, digest in found:
        entry = missing.pop(run, None)
        if entry is None:
            yield Broken(0, f"{what}在办理记录中没有登记，不是由系统记下的")
        elif entry.digest != digest:
            yield Broken(entry.serial, f"{what}与登记的校验值不符，已被改动")
    for run, entry in missing.items():
        if entry.digest not in (digest_of(iter(())), digest_of_letters(())):
            yield Broken(entry.serial, f"{what}缺失（批号 {run[:8]}）")


def _told(session: Session, agency_id: int) -> Iterator[tuple[str, str]]:
    duty = (Reminder.project_id, Reminder.rule, Reminder.subject, Reminder.due, Reminder.step)
    query = (
        select(Telling.run, *duty, Telling.channel, Telling.name, Telling.address)
        .add_columns(Telling.message_id, Telling.told_on)
        .join(Reminder, Reminder.id == Telling.reminder_id)
        .where(Telling.agency_id == agency_id)
        .order_by(Telling.run)
        .execution_options(yield_per=5000)
    )
    for run, rows in groupby(session.execute(query), lambda row: row[0]):
        yield (
            run,
            digest_of((*row[1:6], *said_of_way(row[6], row[7], row[8], row[9], row[10])) for row in rows),
        )


def _other_days(session: Session, agency_id: int, entered: Mapping[str, _Entered]) -> Iterator[Broken]:
    """Yield the runs whose reminders bear another day than the history names."""
    query = select(Telling.run, func.min(Reminder.told_on), func.max(Reminder.told_on))
    query = query.join(Reminder, Reminder.id == Telling.reminder_id).where(Telling.agency_id == agency_id)
    for run, first, last in session.execute(query.group_by(Telling.run).order_by(Telling.run)):
        entry = entered.get(run)
        if entry and entry.as_of and {str(first), str(last)} != {entry.as_of}:
            yield Broken(entry.serial, "告知日期与登记的不符，已被改动")


def _other_signatures(session: Session, agency_id: int) -> Iterator[Broken]:
    """Yield where who signed for a notice, or when, is not what the history says."""
    acts = select(AuditEntry.details, AuditEntry.user_id, AuditEntry.serial)
    acts = acts.where(AuditEntry.agency_id == agency_id, AuditEntry.action == SIGN)
    entered = {
        (details["notice"], details["on"], details["new"]["by"], user_id): serial
        for details, user_id, serial in session.execute(acts)
    }
    row = PaperNotice
    rows = select(row.id, row.received_on, row.received_by, row.received_by_id)
    rows = rows.where(row.agency_id == agency_id, row.received_by_id.is_not(None))
    for id_, on, by, user_id in session.execute(rows):
        if entered.pop((id_, str(on), by, user_id), None) is None:
            yield Broken(0, "文书的签收在办理记录中没有这样登记")
    for serial in entered.values():
        yield Broken(serial, "文书的签收与登记的不符，已被改动")


def _told_of_notices(session: Session, agency_id: int) -> Iterator[tuple[str, str]]:
    query = select(Telling, PaperNotice).join(PaperNotice, PaperNotice.id == Telling.notice_id)
    rows = session.execute(query.where(Telling.agency_id == agency_id).order_by(Telling.run))
    for run, told in groupby(rows, lambda row: row[0].run):
        yield run, digest_of(said_of_notice(*row) for row in told)


def _told_at_once(session: Session, agency_id: int) -> Iterator[tuple[str, str]]:
    query = select(Telling, Turn).join(Turn, Turn.id == Telling.turn_id)
    query = query.where(Telling.agency_id == agency_id).order_by(Telling.run)
    query = query.execution_options(yield_per=5000)
    for run, told in groupby(session.execute(query), lambda row: row[0].run):
        yield run, digest_at_once(said_at_once(*row) for row in told)


def _delivered(session: Session, agency_id: int) -> Iterator[tuple[str, str]]:
    """Yield the digests of runs of sending; a letter put back or returned is taken as the history kept it."""
    by_run: dict[str, list[Said]] = {}
    moved = AuditEntry.action.in_((AGAIN, RETURNED))
    query = select(AuditEntry.details).where(AuditEntry.agency_id == agency_id, moved)
    for details in session.scalars(query):
        if details["run"] is not None:
            by_run.setdefault(details["run"], []).append(tuple(details["letter"]))
    rows = (
        select(_BOX.run, *_SAID)
        .where(_BOX.agency_id == agency_id, _BOX.run.is_not(None))
        .order_by(_BOX.run)
        .execution_options(yield_per=5000)
    )
    for run, letters in groupby(session.execute(rows), lambda row: row[0]):
        yield run, digest_of_letters([*by_run.pop(run, []), *(_said(row[1:]) for row in letters)])
    for run, said in by_run.items():
        yield run, digest_of_letters(said)


def with_tellings(session: Session, checks: Iterable[ChainCheck]) -> Iterator[ChainCheck]:
    """Add to what was found of each agency's chain where the tellings do not agree with it."""
    for check in checks:
        if check.chain:
            broken: Sequence[Broken] = list(verify_tellings(session, check.chain))
            for one in broken:
                check.found(one.serial, one.serial, one.what)
        yield check
