"""Reports through the site: drafted, accepted, returned, sent on, reviewed by experts; short cuts fail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lifecycle.database import begin_write
from lifecycle.models import InboxMessage, Membership, OutboxMessage, PanelMember, Project, Report
from lifecycle.record import (
    BudgetUse,
    Direction,
    Indicator,
    IndicatorCategory,
    Milestone,
    Review,
    Source,
    Spending,
)
from lifecycle.roles import Role
from tests import papers
from tests.web.lives.living import Life, words
from tests.web.site import JOINT_UNIT, UNIT, People, add_account

JANUARY = date(2027, 1, 8)
PROGRESS = "完成总体方案设计和样机试制，关键部件通过台架测试。"
SPEED = Indicator(
    "响应速度", IndicatorCategory.TECHNICAL, Direction.AT_MOST, "毫秒", None, "5", None, None, None
)
Make = Callable[..., Project]


@pytest.fixture
def life(app: Any, session: Session, people: People, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Life:
    names = {
        "handler": people.a[Role.HANDLER],
        "approver": people.a[Role.APPROVER],
        "pi": people.a[Role.PI],
        "unit": people.a[Role.UNIT_MANAGER],
        "joint": people.a[Role.JOINT_UNIT],
        "auditor": people.a[Role.AUDITOR],
        "stranger": people.b[Role.HANDLER],
    }
    begin_write(session)
    for name in ("expert_a", "expert_b"):
        names[name] = add_account(session, name, {people.agency_a: [Role.EXPERT]})
    names["insider"] = add_account(session, "insider", {people.agency_a: [Role.EXPERT]})
    names["rival"] = add_account(session, "rival", {people.agency_a: [Role.UNIT_MANAGER]})
    for name, unit in (("insider", UNIT), ("rival", "别处科技有限公司")):
        for post in session.scalars(select(Membership).where(Membership.user_id == names[name].id)):
            post.unit = unit
    session.commit()
    made = Life(app, session, names, monkeypatch, tmp_path / "keguan.db")
    made.number = "KG-2026-001"
    made.on(JANUARY)
    return made


@pytest.fixture
def project(make_project: Make) -> Project:
    return make_project(
        milestone_managed=True,
        milestones=(Milestone(1, "样机", date(2027, 1, 20), None, None, None),),
        indicators=(SPEED,),
        spending=(Spending(date(2026, 5, 6), Source.DISTRICT, BudgetUse.EQUIPMENT, 3_000_000, "V-1", None),),
    )


def scan(name: str = "检测报告.pdf") -> Any:
    return BytesIO(papers.pdf()), name


def begun(life: Life, kind: str = "年度报告", subject: str = "2026") -> str:
    """Begin a report as the pi; return its address."""
    answer = life.send("pi", f"/reports/start/{life.number}", {"kind": kind, "subject": subject})
    assert answer.status_code == 302, words(answer.text)
    return str(answer.location).removesuffix("/edit")


@pytest.mark.usefixtures("project")
def test_an_annual_report_from_draft_to_accepted(life: Life) -> None:
    tab = life.project("pi", "reports")
    assert "填写" in tab.text
    edit = tab.done("填写")
    assert "30,000.00" in edit.text
    edit = edit.done("保存草稿", {"files": [scan()]}, progress="先写一点")
    assert "检测报告.pdf" in edit.text
    edit.refused("提交承担单位确认", "请写明本期任务进展", "请填写目前达到的值", progress="短")
    shown = edit.done("提交承担单位确认", progress=PROGRESS, value_0="6", note_0="按任务书测试方法")
    path = shown.path
    assert "待承担单位确认" in shown.text
    owed, january = "确认并报出 2026 年度报告", "/calendar/?view=list&year=2027&month=1"
    assert owed in life.open("unit", january).text
    assert owed not in life.open("pi", january).text
    assert owed in life.open("pi", f"{january}&whose=all").text
    assert owed in life.project("pi", "duties").text
    assert owed in life.open("handler", f"{january}&whose=all&owner=unit_manager").text

    life.barred("handler", f"{path}/accept")
    life.barred("pi", f"{path}/confirm")
    life.barred("rival", f"{path}/confirm")
    life.barred("stranger", f"{path}/accept")
    assert life.record().annual_reports == ()
    life.open("unit", path).done("确认并报区科技局")
    assert life.record().annual_reports[0].submitted_on == JANUARY
    life.barred("unit", f"{path}/confirm", "不能转为")
    life.open("handler", path).refused("退回报告", "请写明退回的原因")
    assert "已接收" in life.open("handler", path).done("接收报告").text
    assert "检测报告.pdf" in life.open("auditor", path).text
    assert life.open("handler", "/reports/?state=已接收").text.count("KG-2026-001") == 2
    life.is_whole()


@pytest.mark.usefixtures("project")
def test_a_report_is_returned_and_supplemented(life: Life) -> None:
    path = begun(life)
    life.open("pi", f"{path}/edit").done("提交承担单位确认", progress=PROGRESS, value_0="6")
    life.open("unit", path).done("退回项目负责人", note="数据与台账不一致")
    assert "数据与台账不一致" in life.open("pi", f"{path}/edit").text
    life.open("pi", f"{path}/edit").done("提交承担单位确认")
    life.open("unit", path).done("确认并报区科技局")
    life.on(date(2027, 2, 10))
    life.open("handler", path).done("退回报告", note="附件缺检测报告", how="not_submitted")
    assert life.record().annual_reports[0].submitted_on is None
    assert "逾期" in life.project("pi", "reports").text


@pytest.mark.usefixtures("project")
def test_what_two_people_write_at_once_is_not_lost(life: Life) -> None:
    path = begun(life)
    first, second = life.open("pi", f"{path}/edit"), life.open("unit", f"{path}/edit")
    first.done("保存草稿", progress="第一个人写的内容")
    answer = second.fill("保存草稿", progress="第二个人写的内容")
    assert answer.status_code == 422
    assert "已被其他人保存过" in answer.text
    assert "第二个人写的内容" in answer.text


@pytest.mark.usefixtures("project")
def test_nothing_begins_before_january(life: Life) -> None:
    life.on(date(2026, 12, 31))
    assert "自 2027-01-01 起填报" in life.project("pi", "reports").text
    life.barred(
        "pi", f"/reports/start/{life.number}", "第二十六条", "2027-01-01", kind="年度报告", subject="2026"
    )


@pytest.mark.usefixtures("project")
def test_a_stage_is_reviewed_by_two_experts_and_the_joint_unit(life: Life, session: Session) -> None:
    path = begun(life, "阶段报告", "1")
    life.open("pi", f"{path}/edit").done(
        "提交承担单位确认", {"files": [scan()]}, progress=PROGRESS, value_0="6"
    )
    life.open("unit", path).done("确认并报区科技局")
    ids = {name: str(life.account(name).id) for name in ("expert_a", "expert_b", "insider")}
    life.barred("handler", f"{path}/experts", "接收之后再组织阶段考核", member=ids["expert_a"])
    page = life.open("handler", path).done("接收报告")
    assert "来自渝州大学" in page.text
    life.barred("handler", f"{path}/experts", "不符合规定", member=ids["insider"], due="2027-01-20")
    page = page.done(
        "指定专家并发出评议任务", member=[ids["expert_a"], ids["expert_b"]], leads=ids["expert_a"]
    )
    assert "还没有提交评议意见" in page.text
    life.barred("handler", f"{path}/conclude", "还没有提交", review="通过", conclusion="同意")

    for name in ("expert_a", "expert_b"):
        mine = life.open(name, "/reviews/")
        seat = session.scalars(select(PanelMember.id).where(PanelMember.user_id == int(ids[name]))).one()
        session.rollback()
        assert f"/reviews/{seat}" in mine.text
        assert f"/reviews/{seat}" in life.open(name, "/").text
        review = life.open(name, f"/reviews/{seat}")
        assert PROGRESS in review.text
        file = review.document.xpath("//a[contains(@href, '/attachments/')]/@href")[0]
        assert life.download(name, file).startswith(b"%PDF")
        life.hidden("insider", f"/reviews/{seat}")
        scores = {"tasks": "36", "indicators": "18", "money": "19", "management": "16"}
        review.refused("提交评议意见", "请先声明", "0 至 40", **(scores | {"tasks": "41"}))
        done = review.done(
            "提交评议意见", **scores, no_conflict="y", verdict=Review.PASSED.value, opinion="数据可信。"
        )
        assert "89" in done.text
        assert "提交后不能修改" in done.text
        life.barred(
            name,
            f"/reviews/{seat}/submit",
            "不能转为",
            **scores,
            no_conflict="y",
            verdict="通过",
            opinion="再",
        )
    page = life.open("handler", path)
    assert JOINT_UNIT in page.text
    life.open("joint", path).done("提交联合实施单位意见", joint_opinion="样机已在本院试用，同意。")
    page = life.open("handler", path)
    page.refused("形成考核结论", "请写明理由", review="不通过", conclusion="进度偏慢")
    page.done("形成考核结论", review="通过", conclusion="阶段任务完成")
    milestone = life.record().milestones[0]
    assert (milestone.reviewed_on, milestone.review) == (JANUARY, Review.PASSED)
    assert "数据可信" in life.open("pi", path).text
    life.is_whole()


@pytest.mark.usefixtures("project")
def test_an_expert_stands_aside_and_another_takes_her_place(life: Life) -> None:
    path = begun(life, "阶段报告", "1")
    life.open("pi", f"{path}/edit").done("提交承担单位确认", progress=PROGRESS, value_0="6")
    life.open("unit", path).done("确认并报区科技局")
    one, two = (life.account(name) for name in ("expert_a", "expert_b"))
    life.open("handler", path).done("接收报告").done("指定专家并发出评议任务", member=[str(one.id)])
    seat = life.id_of(PanelMember)
    life.open("expert_a", f"/reviews/{seat}").refused("回避本项目", "请写明回避的原因")
    aside = life.open("expert_a", f"/reviews/{seat}").done("回避本项目", note="与承担单位有合作")
    assert PROGRESS not in aside.text
    assert "已回避" in life.open("handler", "/").text
    life.open("handler", path).refused("更换专家", "请写明更换的原因", user_id=str(two.id))
    life.open("handler", path).done("更换专家", user_id=str(two.id), note="原专家回避")
    life.hidden("expert_a", f"/reviews/{seat}")
    assert PROGRESS in life.open("expert_b", f"/reviews/{life.id_of(PanelMember)}").text


def test_a_major_projects_report_goes_on_to_the_government(life: Life, make_project: Make) -> None:
    make_project(programme="沙坪坝区科技攻关重大专项", joint_unit=None)
    path = begun(life)
    life.open("pi", f"{path}/edit").done("提交承担单位确认", progress=PROGRESS, no_spending="y")
    life.open("unit", path).done("确认并报区科技局")
    page = life.open("handler", path).done("接收报告")
    assert "报区政府" in life.open("handler", "/").text
    page.refused("登记报区政府日期", "不能晚于今天", on="2027-02-01")
    page.done("登记报区政府日期", on="2027-01-08", note="区府办签收")
    assert life.record().annual_reports[0].to_government_on == JANUARY


@pytest.mark.usefixtures("project")
def test_one_press_reminds_the_rest_once_a_day(life: Life, make_project: Make, session: Session) -> None:
    make_project("KG-2026-002", lead_unit="别处科技有限公司", pi_email="li@keguan.test", joint_unit=None)
    page = life.open("handler", "/reports/")
    assert "提醒其余 2 个单位" in page.text
    narrowed = life.open("handler", "/reports/?text=别处科技")
    assert "提醒其余 1 个单位" in narrowed.text
    done = page.done("提醒其余 2 个单位")
    assert "已提醒 2 个单位（2 份报告）" in done.text
    assert "提醒其余" not in done.text
    session.rollback()
    letters = session.scalar(select(func.count()).select_from(OutboxMessage))
    session.rollback()
    life.barred("handler", "/reports/remind", "今天已经提醒过")
    life.barred("pi", "/reports/remind")
    assert letters == session.scalar(select(func.count()).select_from(OutboxMessage)) == 4
    titles = session.scalars(select(InboxMessage.title)).all()
    assert any("催报：提交 2026 年度报告" in title for title in titles)
    life.on(date(2027, 1, 9))
    assert "提醒其余 2 个单位" in life.open("handler", "/reports/").text


@pytest.mark.usefixtures("project")
def test_the_list_is_exported_as_it_is_shown(life: Life, make_project: Make) -> None:
    make_project("KG-2026-002", lead_unit="别处科技有限公司", pi_email="li@keguan.test")
    book = load_workbook(BytesIO(life.download("handler", "/reports/export.xlsx?text=别处科技")))
    rows = [[cell.value for cell in row] for row in book.active.iter_rows(min_row=3)]
    assert rows[0][:3] == ["承担单位", "项目编号", "项目名称"]
    assert [row[1] for row in rows[1:]] == ["KG-2026-002"]
    own = load_workbook(BytesIO(life.download("unit", "/reports/export.xlsx")))
    assert [row[1].value for row in own.active.iter_rows(min_row=4)] == ["KG-2026-001"]


@pytest.mark.usefixtures("project")
def test_a_serious_event_is_told_at_any_time(life: Life, session: Session) -> None:
    life.on(date(2026, 7, 1))
    edit = life.project("unit", "reports").done("报告重大事项")
    edit.refused("提交承担单位确认", "请填写发生日期", title="主要设备损坏")
    shown = edit.done("提交承担单位确认", title="主要设备损坏", happened_on="2026-06-30", progress=PROGRESS)
    assert "主要设备损坏" in shown.text
    shown.done("确认并报区科技局")
    assert "主要设备损坏" in life.open("handler", "/reports/?tab=event").text
    assert session.scalar(select(func.count()).select_from(Report)) == 1
