"""Forms of supervision: an inspection as it is written down, answers, reasons, entries of integrity."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, RadioField, SelectField, StringField, TextAreaField, ValidationError

from app.files import FilesField
from app.forms import DayField, Form, at_most, chosen, required
from lifecycle.inspecting import MOST_NAMES, MOST_SUMMARY, Draft
from lifecycle.integrity import Charge
from lifecycle.judging import LEAST_REASON, MOST_TEXT
from lifecycle.models import Inspection, InspectionKind, IntegrityAct, Outcome

BOTH = "限期整改并暂缓拨付"
_OUTCOMES = (Outcome.NOTHING.value, Outcome.RECTIFY.value, Outcome.HOLD.value, BOTH, Outcome.TERMINATE.value)

ORGANISERS = ("区科技局", "区财政局", "联合实施单位", "市科技局", "区审计局")
"""What the field of the organiser suggests; anything else may be typed."""

_REASON = f"{LEAST_REASON} 至 {MOST_TEXT} 字"


class InspectionForm(Form):
    """An inspection: who looked into what, what was found, what is to be done."""

    number = StringField("项目编号", [required("请填写项目编号。")])
    kind = SelectField("检查方式", choices=[one.value for one in InspectionKind])
    organiser = StringField(
        "组织检查的部门或单位", [required("请填写组织检查的部门或单位。"), at_most(MOST_NAMES)]
    )
    recognised = BooleanField(
        "采用其他部门的检查结果", description="检查结果互认：不重复检查，须附该部门的检查材料"
    )
    inspected_on = DayField("检查日期", [chosen("请填写检查日期。")])
    inspectors = StringField("检查人员", [required("请填写检查人员。"), at_most(MOST_NAMES)])
    summary = TextAreaField(
        "检查情况",
        [required("请填写检查情况。"), at_most(MOST_SUMMARY)],
        description="查阅了哪些资料、看了哪些现场",
    )
    findings = TextAreaField("发现的问题", description="一行一条；未发现问题的不填")
    outcome = RadioField("处理意见", [chosen("请选择处理意见。")], choices=list(_OUTCOMES))
    due = DayField("整改期限", description="要求限期整改的填写")
    own_fault = BooleanField("属于承担单位自身的主观原因", description="建议终止实施时认定")
    files = FilesField("检查材料")

    def validate_due(self, field: DayField) -> None:
        """Demand a day where things are to be put right, and none where money only waits."""
        if self.outcome.data == BOTH and field.data is None and not field.errors:
            raise ValidationError("请填写整改期限。")
        if self.outcome.data == Outcome.HOLD and field.data is not None:
            raise ValidationError(f"只暂缓拨付的不填整改期限；两项都要的，请选“{BOTH}”。")

    @property
    def draft(self) -> Draft:
        """The inspection as the command wants it."""
        wanted = Outcome.HOLD if self.outcome.data == BOTH else Outcome(self.outcome.data)
        lines = (line.strip() for line in (self.findings.data or "").splitlines())
        return Draft(
            kind=InspectionKind(self.kind.data),
            organiser=self.organiser.data,
            recognised=self.recognised.data,
            inspected_on=self.inspected_on.data,
            inspectors=self.inspectors.data,
            summary=self.summary.data,
            findings=tuple(line for line in lines if line),
            outcome=wanted,
            due=self.due.data,
            own_fault=self.own_fault.data,
        )


def typed(row: Inspection, number: str) -> dict[str, Any]:
    """Return what the form of an inspection begins with when it is amended."""
    both = row.outcome is Outcome.HOLD and row.due is not None
    return {
        "number": number,
        "kind": row.kind.value,
        "organiser": row.organiser,
        "recognised": row.recognised,
        "inspected_on": row.inspected_on,
        "inspectors": row.inspectors,
        "summary": row.summary,
        "findings": "\n".join(one["text"] for one in row.findings),
        "outcome": BOTH if both else row.outcome.value,
        "due": row.due,
        "own_fault": row.own_fault,
    }


class NoteForm(Form):
    """Why something goes back, or stays as it is."""

    note = TextAreaField("原因", [required("请写明原因。"), at_most(MOST_TEXT)], description=_REASON)


class ShareForm(Form):
    """To whom a result was made known."""

    departments = StringField(
        "通报的部门", [required("请填写部门。")], description="多个部门用顿号隔开，如“区财政局、区审计局”"
    )


class AnswerForm(Form):
    """What was done to put things right, with the proof."""

    text = TextAreaField("整改情况", [required("请写明整改情况。")], description=f"逐条说明，{_REASON}")
    files = FilesField("证明材料", [required("请附整改的证明材料。")])


class ExtendForm(Form):
    """More time, and why."""

    due = DayField("新的整改期限", [chosen("请填写新的整改期限。")])
    reason = TextAreaField("延长期限的理由", [required("请写明理由。")], description=_REASON)


class LiftForm(Form):
    """Why money need not wait any more."""

    reason = TextAreaField("解除的理由", [required("请写明理由。")], description=_REASON)
    files = FilesField("依据材料")


class EscalateForm(Form):
    """What follows from a rectification that is overdue."""

    outcome = RadioField(
        "提请处理",
        [chosen("请选择提请的处理。")],
        choices=[one.value for one in (Outcome.HOLD, Outcome.TERMINATE)],
    )
    own_fault = BooleanField("属于承担单位自身的主观原因", description="提请终止实施时认定")


class ChargeForm(Form):
    """An entry of research integrity that is put forward; ``about`` is offered the project's names."""

    about = SelectField("对象", [required("请选择对象。")])
    act = SelectField("失信行为", choices=[one.value for one in IntegrityAct])
    happened_on = DayField("发生日期", description="不能确定的可不填")
    facts = TextAreaField("事实", [required("请写明事实。")], description=_REASON)
    files = FilesField("证据材料")

    @property
    def charge(self) -> Charge:
        """The entry as the command wants it."""
        return Charge(self.about.data, IntegrityAct(self.act.data), self.facts.data, self.happened_on.data)
