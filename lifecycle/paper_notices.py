"""Notices on paper: drawn up and numbered, sent, received, made void. What one says stays as it was drawn.

Numbers count up within an agency's year and are never used twice: one that was made void keeps its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lifecycle.addresses import turn_path
from lifecycle.at_once import Heard, tell
from lifecycle.attachments import StoredFile, attach, names_and_digests
from lifecycle.command import Work, command
from lifecycle.judging import LEAST_REASON
from lifecycle.models import Agency, NoticeKind, PaperNotice, Project, TurnKind, User
from lifecycle.notice_causes import Cause, Drafted, draft
from lifecycle.notice_settings import notice_settings_of
from lifecycle.notice_telling import keep_told, told_before, void_words
from lifecycle.notice_words import Written, named_notice, number_words
from lifecycle.refusals import InvalidInput, NotFound, Obstructed
from lifecycle.roles import Actor, Permission
from lifecycle.turns import hand_on
from lifecycle.visibility import visible

MOST_WRITTEN = 2000
"""Characters of each text that a handler may put in other words."""

MOST_REMARK = 500
MOST_NAME = 100


class Delivery(StrEnum):
    """How a notice is sent, other than through Keguan itself (``lifecycle.notice_delivery``)."""

    IN_PERSON = "当面送达"
    POST = "邮寄"
    PLATFORM = "平台"
    MAIL = "电子邮件"


def find_notice(session: Session, actor: Actor, notice_id: int) -> tuple[PaperNotice, Project]:
    """Return a notice with its project; who is not of the bureau sees it once it has been sent.

    Raises ``NotFound``.
    """
    query = select(PaperNotice, Project).join(Project, Project.id == PaperNotice.project_id)
    query = query.where(PaperNotice.id == notice_id, visible(actor))
    if not actor.sees_all_projects:
        query = query.where(PaperNotice.sent_on.is_not(None))
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("这份文书")
    return row[0], row[1]


@command("notice.draw", Permission.SEND_REMINDERS)
def draw(work: Work, number: str, cause: Cause, written: Written, today: date) -> int:
    """Draw up a notice for a cause, in the words of the handler where she changed them; return its id.

    Raises ``NotFound``, ``InvalidInput`` (``facts``, ``asked``, ``by``, ``remark``) and ``Obstructed``: the
    cause has gone, or the same notice was drawn up today.
    """
    drafted = draft(work.session, work.actor, number, cause, today)
    _demand_complete(drafted, written, today)
    _demand_first(work, drafted, today)
    row = _row(work, drafted, written, today)
    work.session.add(row)
    work.session.flush()
    words = number_words(row.year, row.running, row.mark)
    work.record(
        f"出具{named_notice(row)}",
        project_id=row.project_id,
        citation=drafted.citation,
        details={"notice": row.id, "new": {"number": words, "content": row.content}},
    )
    return row.id


def _row(work: Work, drafted: Drafted, written: Written, today: date) -> PaperNotice:
    agency_id, cause = drafted.project.agency_id, drafted.cause
    running = next_running(work.session, agency_id, today.year)
    mark = notice_settings_of(work.session, agency_id).mark or None
    head = {
        "agency": work.session.get_one(Agency, agency_id).name,
        "number": number_words(today.year, running, mark),
        "drawn_on": today.isoformat(),
        "handler": work.actor.name,
    }
    if work.actor.user_id is None:
        raise Obstructed(["文书由经办人出具。"])
    return PaperNotice(
        agency_id=agency_id,
        project_id=drafted.project.id,
        kind=cause.kind,
        year=today.year,
        running=running,
        mark=mark,
        rule=cause.rule,
        subject=cause.subject,
        due=cause.due,
        measure_number=cause.measure,
        content=head | replace(drafted.text, written=written).plain(),
        drawn_by_id=work.actor.user_id,
        drawn_on=today,
    )


def next_running(session: Session, agency_id: int, year: int) -> int:
    """Return the number that the agency's next notice of a year gets."""
    highest = select(func.max(PaperNotice.running))
    own = (PaperNotice.agency_id == agency_id, PaperNotice.year == year)
    return (session.scalar(highest.where(*own)) or 0) + 1


def _demand_complete(drafted: Drafted, written: Written, today: date) -> None:
    errors = {}
    for name, text, words in (("facts", written.facts, "有关情况"), ("asked", written.asked, "请办事项")):
        if not text.strip() or len(text) > MOST_WRITTEN:
            errors[name] = f"请填写{words}，不超过 {MOST_WRITTEN} 字。"
    if len(written.remark) > MOST_REMARK:
        errors["remark"] = f"补充说明不超过 {MOST_REMARK} 字。"
    if written.by is None and drafted.cause.kind is not NoticeKind.HOLD:
        errors["by"] = "请填写办理期限。"
    elif written.by is not None and written.by < today:
        errors["by"] = "办理期限不能早于今天。"
    if errors:
        raise InvalidInput(errors)


def _demand_first(work: Work, drafted: Drafted, today: date) -> None:
    """Demand that the same notice was not drawn up today: a press that came twice is no second notice."""
    cause = drafted.cause
    query = select(PaperNotice).where(
        PaperNotice.project_id == drafted.project.id,
        PaperNotice.kind == cause.kind,
        PaperNotice.drawn_on == today,
        PaperNotice.void_on.is_(None),
    )
    for row in work.session.scalars(query):
        if Cause(row.kind, row.rule, row.subject, row.due, row.measure_number) == cause:
            named = named_notice(row)
            raise Obstructed([f"今天已为这一事项出具{named}；内容有误的，请先作废那一份。"])


@command("notice.record_sent", Permission.SEND_REMINDERS)
def record_sent(work: Work, notice_id: int, on: date, how: Delivery, today: date) -> None:
    """Record on which day and how a notice was sent; until it is received, that may be put right.

    Raises ``NotFound``, ``Obstructed`` and ``InvalidInput`` (``on``).
    """
    row, _ = standing_notice(work, notice_id)
    if row.received_on is not None:
        raise Obstructed(["已登记收到，送出情况不再更改。"])
    if not row.drawn_on <= on <= today:
        raise InvalidInput({"on": f"送出日期应在出具日期 {row.drawn_on} 至今天之间。"})
    old = f"{row.sent_on} {row.sent_by}" if row.sent_on else None
    row.sent_on, row.sent_by = on, how.value
    _wait_no_more(work, row, today)
    details = {"on": on, "old": old, "new": f"{on} {how}"}
    record_act(work, row, f"送出{named_notice(row)}：{on} {how}", details)


@command("notice.record_received", Permission.SEND_REMINDERS)
def record_received(
    work: Work, notice_id: int, on: date, by: str, scan: StoredFile | None, today: date
) -> None:
    """Record on which day a notice was received and by whom, with the receipt if there is one.

    Raises ``NotFound``, ``Obstructed`` and ``InvalidInput`` (``on``, ``by``).
    """
    row, _ = standing_notice(work, notice_id)
    if row.sent_on is None:
        raise Obstructed(["请先登记送出，再登记收到。"])
    if row.received_on is not None:
        raise Obstructed([f"已登记 {row.received_on} 由{row.received_by}收到。"])
    errors = {}
    if not row.sent_on <= on <= today:
        errors["on"] = f"收到日期应在送出日期 {row.sent_on} 至今天之间。"
    if not by.strip() or len(by) > MOST_NAME:
        errors["by"] = f"请填写收件人，不超过 {MOST_NAME} 字。"
    if errors:
        raise InvalidInput(errors)
    row.received_on, row.received_by = on, by.strip()
    _wait_no_more(work, row, today)
    files = [scan] if scan else []
    attach(work, row.project_id, "notice", row.id, files, "回执")
    details = {"on": on, "new": {"by": row.received_by, "files": names_and_digests(files)}}
    record_act(work, row, f"{named_notice(row)}由{row.received_by}收到", details)


@command("notice.void", Permission.SEND_REMINDERS)
def void(work: Work, notice_id: int, reason: str, today: date, site: str = "") -> None:
    """Make a notice void, saying why; its number stays used. Whoever was told of it through Keguan is told.

    ``site`` is the address of this installation as people reach it, for the letters. Raises ``NotFound``,
    ``Obstructed`` and ``InvalidInput`` (``reason``).
    """
    row, project = standing_notice(work, notice_id)
    reason = reason.strip()
    if not LEAST_REASON <= len(reason) <= MOST_REMARK:
        raise InvalidInput({"reason": f"请写明作废原因，{LEAST_REASON} 至 {MOST_REMARK} 字。"})
    row.void_on, row.void_note = today, reason
    _wait_no_more(work, row, today)
    told = _tell_of_void(work, row, project, today, site)
    record_act(work, row, f"作废{named_notice(row)}", {"note": reason, **told})


def _tell_of_void(
    work: Work, row: PaperNotice, project: Project, today: date, site: str
) -> Mapping[str, object]:
    """Tell whoever was told of the notice that it is void; return what the history says of that."""
    told = told_before(work.session, row)
    query = select(User.id).where(User.id.in_([one.user_id for one in told]), User.is_active)
    active = {None, *work.session.scalars(query)} if told else set()
    told = [one for one in told if one.user_id in active]
    if not told:
        return {"told": []}
    path, title = turn_path(TurnKind.NOTICE, row.id), f"{named_notice(row)}已作废：{row.void_note}"
    people = {one.user_id: one for one in told if one.user_id is not None}
    heard = [Heard(one, tell(work, id_, project, title, today, path=path)) for id_, one in people.items()]
    work.session.flush()
    letter = void_words(row, project, site)
    run = keep_told(work, row, told, letter, today, heard=heard, voided=True)
    return {"told": list(dict.fromkeys(one.name for one in told)), **run.details}


def _wait_no_more(work: Work, row: PaperNotice, today: date) -> None:
    """Let nobody be waited for to sign: it was received, went another way, or is void."""
    hand_on(work, row.project_id, TurnKind.NOTICE, row.id, [], today)


def standing_notice(work: Work, notice_id: int) -> tuple[PaperNotice, Project]:
    """Return a notice that is not void, with its project. Raises ``NotFound`` and ``Obstructed``."""
    row, project = find_notice(work.session, work.actor, notice_id)
    if row.void_on is not None:
        raise Obstructed([f"这份文书已于 {row.void_on} 作废。"])
    return row, project


def record_act(work: Work, row: PaperNotice, summary: str, details: Mapping[str, object]) -> None:
    """Enter into the history what was done with a notice, with the first article it rests on."""
    cited = row.content["articles"]
    citation = cited[0]["citation"] if cited else None
    work.record(summary, project_id=row.project_id, citation=citation, details={"notice": row.id, **details})
