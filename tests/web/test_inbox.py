"""The inbox page: one's own messages, what has been read, and the way to the project."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from lifecycle.models import AuditEntry, InboxMessage, KeptDuty, Project, Reminder
from lifecycle.roles import Role
from tests.web.site import Account, Browser, People, store_project

As = Callable[[Role], Browser]
Tell = Callable[..., int]


@pytest.fixture
def tell(session: Session, people: People) -> Tell:
    """Put a message into somebody's inbox; returns its id."""

    def tell(title: str, who: Account | None = None, **more: object) -> int:
        who = who or people.a[Role.HANDLER]
        values = {"title": title, "body": "依据：第二十六条", "told_on": date(2026, 4, 1)}
        statement = insert(InboxMessage).values(agency_id=who.agency_id, user_id=who.id, **values, **more)
        row = session.execute(statement.returning(InboxMessage.id)).scalar_one()
        session.commit()
        return row

    return tell


def unread(session: Session) -> list[str]:
    session.rollback()
    query = select(InboxMessage.title).where(InboxMessage.read_at.is_(None)).order_by(InboxMessage.id)
    return list(session.scalars(query))


def test_an_empty_inbox_says_so(as_role: As) -> None:
    page = as_role(Role.PI).get("/inbox/")
    assert page.status_code == 200
    assert "还没有消息" in page.text


def test_messages_stand_newest_first_and_lead_to_their_project(
    as_role: As, tell: Tell, make_project: Callable[..., Project]
) -> None:
    tell("提醒：旧的", read_at=datetime(2026, 4, 1, tzinfo=UTC))
    tell("提醒：新的", project_id=make_project("KG-2026/7").id)
    text = as_role(Role.HANDLER).get("/inbox/").text
    assert text.index("<strong>提醒：新的</strong>") < text.index("提醒：旧的")
    assert "<strong>提醒：旧的</strong>" not in text
    assert "2026-04-01（周三）" in text
    assert "未读 <b>1</b> 条" in text


def test_the_bell_counts_what_is_unread(as_role: As, tell: Tell) -> None:
    tell("一")
    tell("二")
    assert '<span class="count">2<span' in as_role(Role.HANDLER).get("/inbox/").text


def test_one_message_is_marked_read(as_role: As, tell: Tell, session: Session) -> None:
    first, _ = tell("一"), tell("二")
    answer = as_role(Role.HANDLER).post(
        f"/inbox/{first}/read", data={"page": "1", "size": "50", "show": "owed"}
    )
    assert (answer.status_code, answer.location) == (302, "/inbox/?page=1&size=50&show=owed")
    assert unread(session) == ["二"]
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "inbox.read")).one()
    assert entry.summary == "标为已读 1 条消息"


def test_all_that_was_on_the_page_is_marked_read_and_what_came_later_is_not(
    as_role: As, tell: Tell, session: Session
) -> None:
    browser = as_role(Role.HANDLER)
    newest = [tell("一"), tell("二")][-1]
    assert f'name="newest" value="{newest}"' in browser.get("/inbox/").text
    tell("三")
    assert browser.post("/inbox/read", data={"newest": str(newest)}).status_code == 302
    assert unread(session) == ["三"]


def test_nobody_sees_or_reads_anothers_messages(as_role: As, tell: Tell, session: Session) -> None:
    own = tell("给经办")
    browser = as_role(Role.FINANCE)
    assert "给经办" not in browser.get("/inbox/").text
    assert browser.post(f"/inbox/{own}/read").status_code == 404
    browser.post("/inbox/read", data={"newest": "99999"})
    assert browser.post(f"/inbox/{own}/act").status_code == 404
    assert unread(session) == ["给经办"]


def test_going_to_act_marks_a_message_read_and_leads_to_the_act(
    as_role: As, tell: Tell, session: Session, make_project: Callable[..., Project]
) -> None:
    project = make_project("KG-2026/7")
    plain, to_page = tell("一", project_id=project.id), tell("二", path="/reports/1")
    nowhere = tell("三")
    browser = as_role(Role.HANDLER)
    assert browser.post(f"/inbox/{plain}/act").location == "/projects/KG-2026/7"
    assert browser.post(f"/inbox/{to_page}/act").location == "/reports/1"
    assert browser.post(f"/inbox/{nowhere}/act").location == "/inbox/"
    assert unread(session) == []
    assert '<a class="step" href="/projects/KG-2026/7">去办理</a>' in browser.get("/inbox/").text


def test_a_reminder_shows_whether_its_duty_is_done(
    as_role: As, tell: Tell, session: Session, people: People
) -> None:
    project = store_project(session, people.agency_a, "SPB-1", signed_on=date(2026, 3, 5), joint_unit=None)
    duty = session.scalars(select(KeptDuty).where(KeptDuty.rule == "spb-23-payment-deadline")).one()
    key = {"agency_id": people.agency_a, "project_id": project.id, "rule": duty.rule, "subject": duty.subject}
    for step, due in (("T", duty.due), ("T-1", date(2026, 1, 1))):
        row = {
            **key,
            "due": due,
            "step": step,
            "told_on": due,
            "recipients": "",
            "agency_id": people.agency_a,
        }
        reminder = session.execute(insert(Reminder).values(row).returning(Reminder.id)).scalar_one()
        last = tell(f"催办 {step}", project_id=project.id, reminder_id=reminder)
    browser = as_role(Role.HANDLER)
    text = browser.get("/inbox/").text
    assert ("未办结</span>" in text, "期限已变" in text) == (True, True)
    owed = browser.get("/inbox/?show=owed").text
    assert ("催办 T<" in owed, "催办 T-1" in owed) == (True, False)
    assert browser.post(f"/inbox/{last}/act").location == "/projects/SPB-1?tab=money#tabs"
    duty.done_on = date(2026, 3, 9)
    session.commit()
    page = browser.get("/inbox/").text
    assert ("已办结" in page, ">查看<" in page) == (True, True)
    assert "催办 T<" not in browser.get("/inbox/?show=owed").text


def test_an_inbox_belongs_to_the_agency_worked_in(tell: Tell, people: People, client: Browser) -> None:
    tell("甲局的", people.both)
    tell("乙局的", Account(people.both.id, "", "", "", "", people.agency_b, frozenset()))
    text = client.as_account(people.both, people.agency_b).get("/inbox/").text
    assert "乙局的" in text
    assert "甲局的" not in text


def test_long_inboxes_are_paged(as_role: As, tell: Tell) -> None:
    for number in range(23):
        tell(f"第{number:02d}条")
    browser = as_role(Role.HANDLER)
    first, second = browser.get("/inbox/").text, browser.get("/inbox/?page=2").text
    assert ("第22条" in first, "第02条" in first) == (True, False)
    assert ("第22条" in second, "第02条" in second) == (False, True)
    assert browser.get("/inbox/?page=99&size=7").text.count("第02条") == 1


def test_a_title_is_shown_as_text(as_role: As, tell: Tell) -> None:
    tell("<script>alert(1)</script>")
    assert "<script>alert" not in as_role(Role.HANDLER).get("/inbox/").text
