"""Notices on paper: what they say of a duty or a measure, their numbers, what is frozen, how they open."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from finance.holding import sweep_holds
from lifecycle.models import AuditEntry, NoticeKind, Outcome, PaperNotice, ReportKind, TrancheHold
from lifecycle.notice_causes import AHEAD, Cause, draft, offers
from lifecycle.notice_list import NoticeState, list_notices
from lifecycle.notice_words import Written
from lifecycle.paper_notices import Delivery, draw, find_notice, record_received, record_sent, void
from lifecycle.refusals import InvalidInput, NotFound, NotPermitted, Obstructed
from lifecycle.roles import Actor, Role
from lifecycle.supervised import Asked
from reports.notice_paper import notice_paper
from tests.integration.overseeing import DUE, FACTS, ordered
from tests.integration.paying import EA, TODAY, Bureau, a_bureau
from tests.integration.reporting import JANUARY, a_project, drafted, filed
from tests.integration.spendings import LATER as SPENT_LATER
from tests.integration.spendings import NUMBER, PAID, store
from tests.integration.spendings import TODAY as SPENT_TODAY
from tests.integration.test_payments_together import together
from tests.plugins.needs import missing
from tests.unit.test_word_papers import words

TITLE = "A&B ‹关键> {{ 7*7 }}"
LATER = DUE + timedelta(6)
RECTIFY = Cause(NoticeKind.RECTIFICATION, measure=1)
SPB_31 = "沙科局发〔2023〕41号 第三十一条"


@pytest.fixture
def bureau(session: Session) -> Bureau:
    return a_bureau(session)


def drawn(bureau: Bureau, number: str, cause: Cause, today: date = TODAY, **more: Any) -> int:
    """Draw up a notice as it is proposed."""
    written = draft(bureau.session, bureau.handler, number, cause, today).text.written
    bureau.session.rollback()
    return draw(bureau.session, bureau.handler, number, cause, more.get("written", written), today)


def row(bureau: Bureau, notice_id: int) -> PaperNotice:
    """Return a notice as it is now."""
    bureau.session.rollback()
    return bureau.session.get_one(PaperNotice, notice_id)


def said(bureau: Bureau, notice_id: int) -> str:
    """Return all that the paper says."""
    return words(notice_paper(row(bureau, notice_id).content, void=False))


def test_a_duty_is_reminded_of_before_its_day_and_urged_after(bureau: Bureau) -> None:
    bureau.project("沙-1", title=TITLE, joint_unit="重庆大学")
    before, after = date(2027, 1, 20), date(2027, 2, 9)
    _, offered = offers(bureau.session, bureau.handler, "沙-1", before)
    remind = next(one.cause for one in offered if one.due == date(2027, 1, 31))
    assert all(one.due <= before + AHEAD for one in offered if one.due)
    assert offers(bureau.session, bureau.handler, "沙-1", date(2026, 11, 1))[1] == []
    assert remind.kind is NoticeKind.REMINDER
    urge = Cause(NoticeKind.URGING, remind.rule, remind.subject, remind.due)
    with pytest.raises(Obstructed, match="重新选择"):
        draft(bureau.session, bureau.handler, "沙-1", urge, before)
    first = drawn(bureau, "沙-1", remind, before)
    text = said(bureau, first)
    for part in (
        TITLE,
        "〔2027〕1号",
        "距今还有 11 天",
        "请于2027年1月31日前办理",
        "2027年1月31日放假，请最迟于2027年1月29日办理。",
        "第二十六条",
        "到期未完成的，本局发出催办通知",
    ):
        assert part in text
    record_sent(bureau.session, bureau.handler, first, before, Delivery.MAIL, before)
    second = drawn(bureau, "沙-1", urge, after)
    text = said(bureau, second)
    for part in (
        "〔2027〕2号",
        "已逾期 9 天",
        "提醒通知（〔2027〕1号，2027年1月20日）",
        f"要求限期整改（{SPB_31}）",
    ):
        assert part in text
    content = row(bureau, second).content
    assert (content["cc"], content["by"]) == ("重庆大学", "2027-02-19")
    assert all(one.cause.rule != "spb-23-pay-within" for one in offered)


def test_a_measure_becomes_a_notice_with_its_findings_figures_and_next_rungs(bureau: Bureau) -> None:
    project = bureau.project("沙-1", title=TITLE)
    ordered(bureau, project, Outcome.HOLD, due=DUE)
    first = drawn(bureau, "沙-1", RECTIFY)
    text = said(bureau, first)
    for part in (
        FACTS,
        "区财政局对本项目进行专项检查",
        "2026年2月25日",
        SPB_31,
        "暂缓拨付后续财政资金",
        "终止实施项目",
    ):
        assert part in text
    hold = said(bureau, drawn(bureau, "沙-1", Cause(NoticeKind.HOLD, measure=2)))
    assert "尚未拨付的财政资金为 70,000.00 元" in hold
    assert "办理期限：" not in hold
    end = Cause(NoticeKind.TERMINATION, measure=1)
    with pytest.raises(Obstructed):
        drawn(bureau, "沙-1", end)
    text = said(bureau, drawn(bureau, "沙-1", end, LATER))
    assert "已逾期 6 天" in text
    assert "沙科局发〔2023〕41号 第三十三条" in text


def test_what_follows_is_cited_from_what_says_so(bureau: Bureau) -> None:
    kinds = (("区县企业", "本局工作要求 监督检查"), ("", SPB_31))
    for programme, citation in kinds:
        number = f"沙-{programme}"
        more = {"programme": EA, "joint_unit": None} if programme else {}
        ordered(bureau, bureau.project(number, **more))
        text = draft(bureau.session, bureau.handler, number, RECTIFY, TODAY).text
        ends = [one.citation for one in text.otherwise if one.words == "仍不整改的，终止实施项目"]
        assert (programme, ends) == (programme, [citation])
        assert citation in {one.citation for one in text.articles}


def test_what_a_notice_says_is_frozen_and_its_way_is_recorded(bureau: Bureau) -> None:
    project = bureau.project("沙-1", title=TITLE)
    ordered(bureau, project)
    session, handler, unit = bureau.session, bureau.handler, bureau.actor(Role.AUDITOR)
    changed = Written("现场核查两次。\n仍缺发票。", "请补齐发票。", LATER, "联系人：张三")
    made = drawn(bureau, "沙-1", RECTIFY, written=changed)
    package = notice_paper(row(bureau, made).content, void=False)
    with pytest.raises(Obstructed, match="〔2026〕1号"):
        drawn(bureau, "沙-1", RECTIFY)
    with pytest.raises(InvalidInput) as refused:
        drawn(bureau, "沙-1", RECTIFY, TODAY + timedelta(1), written=Written("", "办", None))
    assert set(refused.value.errors) == {"facts", "by"}
    with pytest.raises(NotPermitted):
        void(session, unit, made, "内容有误，另行出具。", TODAY)
    with pytest.raises(Obstructed, match="先登记送出"):
        record_received(session, handler, made, TODAY, "李四", None, TODAY)
    with pytest.raises(InvalidInput):
        record_sent(session, handler, made, TODAY + timedelta(1), Delivery.POST, TODAY)
    record_sent(session, handler, made, TODAY, Delivery.POST, TODAY)
    late = list_notices(session, handler, Asked(state=NoticeState.OVERDUE), TODAY + timedelta(8))
    assert [one.id for one in late.rows] == [made]
    assert list_notices(session, handler, Asked(state=NoticeState.OVERDUE), TODAY + timedelta(7)).count == 0
    session.rollback()
    record_received(session, handler, made, TODAY, "李四", None, TODAY)
    bureau.change(project, title="改了名称")
    assert notice_paper(row(bureau, made).content, void=False) == package
    void(session, handler, made, "内容有误，另行出具。", TODAY)
    assert drawn(bureau, "沙-1", RECTIFY) != made
    assert [one.running for one in session.scalars(select(PaperNotice).order_by(PaperNotice.id))] == [1, 2]
    acts = select(AuditEntry.citation).where(AuditEntry.action.startswith("notice."))
    assert list(session.scalars(acts)) == [SPB_31] * 5
    session.rollback()
    with pytest.raises(NotFound):
        find_notice(session, bureau.people.b[Role.HANDLER].actor, made)


def test_numbers_drawn_at_once_are_all_different_and_one_cause_is_drawn_once(
    engine: Engine, bureau: Bureau
) -> None:
    for number in ("沙-1", "沙-2", "沙-3"):
        ordered(bureau, bureau.project(number))
    written = Written("情况属实。", "请整改。", LATER)
    numbers = ("沙-1", "沙-2", "沙-3", "沙-3")

    def press(session: Session, place: int) -> int:
        return draw(session, bureau.handler, numbers[place], RECTIFY, written, TODAY)

    results = together(engine, press)
    assert [type(one) for one in results if isinstance(one, Exception)] == [Obstructed]
    bureau.session.rollback()
    assert sorted(bureau.session.scalars(select(PaperNotice.running))) == [1, 2, 3]


def test_libreoffice_opens_a_notice_with_its_receipt_on_a_page_of_its_own(
    bureau: Bureau, tmp_path: Path
) -> None:
    program = shutil.which("soffice")
    if program is None:
        missing("no LibreOffice found; install libreoffice-writer-nogui")
    ordered(bureau, bureau.project("沙-1", title=TITLE, joint_unit="重庆大学"))
    made = drawn(bureau, "沙-1", RECTIFY)
    content = row(bureau, made).content
    (tmp_path / "notice.docx").write_bytes(notice_paper(content, void=True))
    for many in range(4, 12):  # somewhere between, the seal alone would be left for the next page
        longer = {**content, "facts": content["facts"] + [f"情况第 {place} 条。" for place in range(many)]}
        (tmp_path / f"longer-{many}.docx").write_bytes(notice_paper(longer, void=False))
    told = [program, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "pdf"]
    told += ["--outdir", str(tmp_path), *map(str, tmp_path.glob("*.docx"))]
    subprocess.run(told, check=True, capture_output=True, timeout=120)
    pages = [page.extract_text() for page in PdfReader(tmp_path / "notice.pdf").pages]
    assert len(pages) <= 3
    assert all("已作废" in page for page in pages)
    assert "贵局出具的整改通知" in pages[-1]
    assert "贵局" not in "".join(pages[:-1])
    for path in tmp_path.glob("longer-*.pdf"):
        pages = [page.extract_text() for page in PdfReader(path).pages]
        sealed = next(page for page in pages if "（盖章）" in page)
        assert ("请办事项" in sealed, len(pages)) == (True, 2 if sealed is pages[0] else 3)


def test_what_only_the_bureau_s_own_time_limit_asks_is_reminded_of_without_threats(bureau: Bureau) -> None:
    a_project(bureau)
    filed(
        bureau,
        drafted(bureau, kind=ReportKind.EVENT, subject=None),
        title="核心设备损坏",
        happened_on=JANUARY,
    )
    _, offered = offers(bureau.session, bureau.handler, "沙-1", JANUARY)
    cause = next(one.cause for one in offered if "核心设备损坏" in one.what)
    late = JANUARY + timedelta(20)
    for today, follows in ((JANUARY, ["到期未完成的，本局发出催办通知"]), (late, [])):
        kind = NoticeKind.REMINDER if today == JANUARY else NoticeKind.URGING
        text = draft(bureau.session, bureau.handler, "沙-1", replace(cause, kind=kind), today).text
        assert [one.words for one in text.otherwise] == follows
        assert [one.citation for one in text.articles] == ["本局工作要求 办理期限"]


def test_money_that_the_law_keeps_back_becomes_a_notice_until_it_is_free(bureau: Bureau) -> None:
    due = date(2026, 6, 1)
    store(bureau, tranches=(PAID, replace(SPENT_LATER, planned_on=due)))
    sweep_holds(bureau.session, Actor.system(bureau.people.agency_a), SPENT_TODAY)
    _, offered = offers(bureau.session, bureau.handler, NUMBER, SPENT_TODAY)
    (hold,) = [one.cause for one in offered if one.cause.kind is NoticeKind.HOLD]
    made = drawn(bureau, NUMBER, hold, SPENT_TODAY)
    text = said(bureau, made)
    for part in ("第 2 期自", "80%", "沙科局发〔2023〕41号 第二十九条", "至今不具备拨付条件", "具备条件后"):
        assert part in text
    with pytest.raises(Obstructed, match="今天已为这一事项"):
        drawn(bureau, NUMBER, hold, SPENT_TODAY)
    assert row(bureau, made).content["by"] is None
    bureau.session.execute(update(TrancheHold).values(until=SPENT_TODAY))
    bureau.session.commit()
    with pytest.raises(Obstructed, match="重新选择"):
        drawn(bureau, NUMBER, hold, SPENT_TODAY + timedelta(1))
