"""Forms of notices: the words of one before it is drawn up, its sending, its receipt, why it is void."""

from __future__ import annotations

from datetime import date

from wtforms import HiddenField, RadioField, StringField, TextAreaField

from app.files import ScanField
from app.forms import DayField, Form, at_most, chosen, required
from lifecycle.judging import LEAST_REASON
from lifecycle.models import NoticeKind
from lifecycle.notice_causes import Cause
from lifecycle.notice_words import Written
from lifecycle.paper_notices import MOST_NAME, MOST_REMARK, MOST_WRITTEN, Delivery


class DraftForm(Form):
    """What a notice says where a handler may say it otherwise, and, hidden, what it is about."""

    kind = HiddenField()
    rule = HiddenField()
    subject = HiddenField()
    due = HiddenField()
    measure = HiddenField()
    facts = TextAreaField(
        "有关情况",
        [required("请填写有关情况。"), at_most(MOST_WRITTEN)],
        description="一行一段；数字按今天的记录填写，可以补充",
    )
    asked = TextAreaField(
        "请办事项", [required("请填写请办事项。"), at_most(MOST_WRITTEN)], description="一行一段"
    )
    by = DayField("办理期限", description="印在请办事项之后；改动后请同时核对请办事项中的日期")
    remark = TextAreaField("补充说明", [at_most(MOST_REMARK)], description="可以不填，如联系人和电话")

    @property
    def written(self) -> Written:
        """The words as the command wants them."""
        return Written(self.facts.data or "", self.asked.data or "", self.by.data, self.remark.data or "")


def cause_of(
    kind: str | None, rule: str | None, subject: str | None, due: str | None, measure: str | None
) -> Cause | None:
    """Return what a notice is asked for; ``None`` where the address or the form names nothing."""
    if kind not in set(NoticeKind):
        return None
    wanted = NoticeKind(kind)
    if measure and measure.isascii() and measure.isdigit() and len(measure) < 10:
        return Cause(wanted, measure=int(measure))
    try:
        day = date.fromisoformat(due or "")
    except ValueError:
        return None
    return Cause(wanted, rule, subject or "", day) if rule else None


class PressForm(Form):
    """A press that asks for nothing but itself: to deliver, to sign."""


class SentForm(Form):
    """On which day and how a notice was sent, other than through Keguan."""

    on = DayField("送出日期", [chosen("请填写送出日期。")])
    how = RadioField("送出方式", [chosen("请选择送出方式。")], choices=[one.value for one in Delivery])


class ReceivedForm(Form):
    """On which day a notice was received, and by whom."""

    on = DayField("收到日期", [chosen("请填写收到日期。")])
    by = StringField("收件人", [required("请填写收件人。"), at_most(MOST_NAME)])
    scan = ScanField("回执扫描件")


class VoidForm(Form):
    """Why a notice is made void."""

    reason = TextAreaField(
        "作废原因",
        [required("请写明作废原因。"), at_most(MOST_REMARK)],
        description=f"{LEAST_REASON} 至 {MOST_REMARK} 字；文号保留，不再使用",
    )
