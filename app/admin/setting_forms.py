"""Forms of an agency's settings: when reminders come, within how many days what is wanted, days off."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from wtforms import BooleanField, StringField, TextAreaField
from wtforms.validators import ValidationError

from app.forms import SettingForm, WholeField, at_most, chosen, required
from lifecycle.days_off import YearOff
from lifecycle.notice_settings import ANSWER_DAYS, RECEIPT_DAYS, NoticeSettings, wrong_setting
from lifecycle.reminding import Clockwork
from lifecycle.roles import Role
from lifecycle.rules.base import Rule
from lifecycle.rules.payments_owed import PaymentDecision
from lifecycle.rules.time_limits import TurnWithin
from lifecycle.setting import (
    AHEAD_AT_LEAST,
    LATEST,
    MOST_BEFORE,
    MOST_DAYS,
    MOST_EVERY,
    limit_words,
    shown_limits,
    shown_steps,
    wrong_before,
)

_APART = re.compile(r"[\s,，、;；]+")


class StepsForm(SettingForm):
    """When duties are spoken of and who is told of lateness."""

    before = StringField(
        "到期前几天提醒",
        [required("请填写天数，如 30、15、7、3、1。"), at_most(100)],
        description=f"用顿号隔开，最多提前 {MOST_BEFORE} 天，至少一次在 {AHEAD_AT_LEAST} 天以前",
    )
    every = WholeField(
        "逾期后每隔几天催办一次",
        [chosen("请填写天数。")],
        most=MOST_EVERY,
        description=f"1 至 {MOST_EVERY} 天；下面两项的当天也各催办一次",
    )
    unit_manager = WholeField(
        "逾期几天起同时告知承担单位",
        [chosen("请填写天数。")],
        most=LATEST[Role.UNIT_MANAGER],
        description="只对项目负责人、单位财务和联合实施单位逾期的事项；"
        f"1 至 {LATEST[Role.UNIT_MANAGER]} 天，不能取消",
    )
    approver = WholeField(
        "逾期几天起同时告知审批人",
        [chosen("请填写天数。")],
        most=LATEST[Role.APPROVER],
        description=f"1 至 {LATEST[Role.APPROVER]} 天，不能取消",
    )

    def validate_before(self, field: StringField) -> None:
        """Demand whole numbers, and that they do."""
        if not all(part.isdecimal() for part in self._parts(field.data)):
            raise ValidationError("请填写整数天数，用顿号隔开，如 30、15、7、3、1。")
        if words := wrong_before(self.steps):
            raise ValidationError(words)

    @property
    def steps(self) -> Sequence[int]:
        """The days before, as typed."""
        return [int(part) for part in self._parts(self.before.data)]

    @property
    def escalation(self) -> Mapping[Role, int]:
        """From when on whom else lateness is told."""
        return {role: self[role.value].data for role in LATEST}

    def _parts(self, text: str) -> list[str]:
        return [part for part in _APART.split(text or "") if part]


def steps_form(clockwork: Clockwork) -> StepsForm:
    """Return the form as the agency has set it."""
    shown = shown_steps(clockwork)
    return StepsForm(shown, data={**shown, "before": "、".join(str(one) for one in clockwork.before if one)})


def limits_form(rules: Sequence[Rule], asking: Mapping[str, Sequence[str]]) -> SettingForm:
    """Return a form with one number of days a rule; fields bear the rules' ids.

    ``asking`` is which articles ask the act, by rule.
    """
    fields: dict[str, Any] = {rule.id: _limit_field(rule, asking[rule.id]) for rule in rules}
    shown = shown_limits(rules)
    form: SettingForm = type("LimitsForm", (SettingForm,), fields)(shown, data=shown)
    return form


def _limit_field(rule: Rule, articles: Sequence[str]) -> WholeField:
    basis, ask = rule.cited("、".join(articles)), "请填写天数。"
    if not articles:
        basis, ask = f"{rule.document.cited_as}；填 0 表示不设期限", "请填写天数，0 表示不设期限。"
    return WholeField(limit_words(rule), [chosen(ask)], least=0, most=MOST_DAYS, description=basis)


class LimitGroup(NamedTuple):
    """Time limits that are set side by side."""

    id: str
    title: str
    note: str
    rules: Sequence[Rule]


def limit_groups(rules: Sequence[Rule]) -> list[LimitGroup]:
    """Return the time limits in two groups: of whole acts, and of each step on the way to them."""
    steps = [rule for rule in rules if isinstance(rule.kind, TurnWithin | PaymentDecision)]
    acts = [rule for rule in rules if rule not in steps]
    return [
        LimitGroup("acts", "各项工作", "从头到尾办完一项工作的期限。", acts),
        LimitGroup(
            "steps",
            "办理环节",
            "报告、变更、验收、拨付等办到哪一步，就由谁在这些天内办完；已另行指定期限的，按指定的期限。",
            steps,
        ),
    ]


def _answer_field(label: str, more: str = "") -> WholeField:
    limits = f"{ANSWER_DAYS[0]} 至 {ANSWER_DAYS[-1]} 天；出具时仍可逐份修改{more}"
    least, most = ANSWER_DAYS[0], ANSWER_DAYS[-1]
    return WholeField(label, [chosen("请填写天数。")], least=least, most=most, description=limits)


class NoticesForm(SettingForm):
    """The mark of an agency's notices, and within how many days a receipt and an answer are wanted."""

    mark = StringField("文书字号", [at_most(12)], description="印在年份前面，如“沙科催”；可以不填")
    receipt = WholeField(
        "送出后几天内签收",
        [chosen("请填写天数。")],
        most=RECEIPT_DAYS[-1],
        description=f"{RECEIPT_DAYS[0]} 至 {RECEIPT_DAYS[-1]} 天；逾期未签收或没有回执的，在文书清单中标出",
    )
    urging = _answer_field("催办通知：几天内办理")
    rectification = _answer_field("整改通知：几天内整改到位", "；整改期限未到的，按整改期限填写")
    termination = _answer_field("终止建议：几天内提出异议")

    def validate_mark(self, field: StringField) -> None:
        """Demand what a mark may be."""
        if words := wrong_setting("mark", field.data or ""):
            raise ValidationError(words)

    @property
    def settings(self) -> NoticeSettings:
        """What was typed."""
        typed: dict[str, Any] = {name: self[name].data or "" for name in asdict(NoticeSettings())}
        return NoticeSettings(**typed)


class DaysOffForm(SettingForm):
    """A year's days off, line by line as its notice says."""

    lines = TextAreaField(
        "放假和调休",
        [at_most(4000)],
        description="每行一项，如“10月1日至7日 放假 国庆节”“10月9日 上班 国庆节调休”；"
        "可以从 Excel 粘贴，各列依次为起、止日期（只有一天的可空）、放假或上班、节日名称",
    )
    complete = BooleanField(
        "本年度放假安排已全部录入",
        description="国务院办公厅的通知公布后，照通知录齐再勾选；未勾选的，其余日子仍按推算或软件已有的安排",
    )


def days_off_form(known: YearOff) -> DaysOffForm:
    """Return the form with what holds of the year."""
    data = {"lines": "\n".join(known.lines), "complete": known.complete or known.is_known}
    return DaysOffForm(known.shown, data=data)
