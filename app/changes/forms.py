"""The forms of changes: what is written in a request, and what whoever's turn it is adds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from wtforms import HiddenField, RadioField, StringField, TextAreaField
from wtforms.fields import SelectChoice

from app.agreements.forms import TermsForm, values_of
from app.files import FilesField
from app.forms import DayField, Form, at_most, chosen, required
from lifecycle.attachments import SCAN
from lifecycle.changes.deciding import MOST_NUMBER
from lifecycle.changes.routing import Decider, Decision
from lifecycle.changes.terms import TOUCHED
from lifecycle.judging import LEAST_REASON, MOST_TEXT
from lifecycle.record import ChangeKind
from lifecycle.rules.verdict import Line
from lifecycle.terms import Terms

OWN, BUREAU = "own", "bureau"


class ChangeForm(TermsForm):
    """The terms that a change of some kind touches, why, and who decides where there is a choice."""

    text = TextAreaField("变更内容", [at_most(MOST_TEXT)], description="写明原来怎样、要改为怎样")
    way = RadioField(
        "办理方式",
        choices=[SelectChoice(BUREAU, "报科技局办理"), SelectChoice(OWN, "由承担单位自行办理")],
        default=BUREAU,
    )
    reason = TextAreaField(
        "变更理由",
        [required("请写明变更理由。"), at_most(MOST_TEXT)],
        description=f"至少 {LEAST_REASON} 字，写明原因和对项目的影响",
    )
    files = FilesField("附件")
    revision = HiddenField()


def change_form(
    kind: ChangeKind, decision: Decision, terms: Terms | None = None, **values: Any
) -> ChangeForm:
    """Return the form of a change of that kind; with terms it begins with them, else with what was sent."""
    given = {} if terms is None else {"formdata": None, "data": values_of(terms) | values}
    form = ChangeForm(**given)
    form.keep_only(TOUCHED[kind])
    if kind is not ChangeKind.OTHER:
        del form.text
    if decision.decider is not Decider.EITHER:
        del form.way
    return form


class SendForm(Form):
    """A press that rests on what was on the screen."""

    revision = HiddenField()


class NoteForm(Form):
    """Why a request goes back, or is not granted."""

    note = TextAreaField("原因", [required("请写明原因。"), at_most(MOST_TEXT)], description="申请人会看到")


class WithdrawForm(Form):
    """Why a request is taken back, if one wants to say."""

    note = TextAreaField("撤回说明", [at_most(MOST_TEXT)], description="可不填")


class ConferenceForm(Form):
    """What the joint conference decided."""

    held_on = DayField("会议日期", [chosen("请填写会议日期。")])
    note = TextAreaField("审定意见", [at_most(MOST_TEXT)], description="可不填；会议有具体要求的，摘录于此")
    minutes = FilesField("会议纪要", [required("请上传会议纪要。")], kinds=SCAN)


class ApproveForm(Form):
    """Under which number a change is approved."""

    approval_number = StringField(
        "批复文号",
        [required("请填写批复文号。"), at_most(MOST_NUMBER)],
        description="如 沙科局函〔2026〕12号",
    )


class FilingForm(Form):
    """On which day a change was filed on the platform."""

    filed_on = DayField("备案日期", [chosen("请填写备案日期。")], description="在平台提交的日期")


class ProposeForm(Form):
    """What the handler found. See ``propose_form``."""

    opinion = TextAreaField(
        "审查意见", [required("请写明审查意见。"), at_most(MOST_TEXT)], description="审批时可以看到"
    )


class ConfirmForm(SendForm):
    """The unit's confirmation. See ``confirm_form``."""


def propose_form(lines: Iterable[Line], **more: Any) -> ProposeForm:
    """Return the examination's form with a reason for each usual rule not held, by the rule's id."""
    form: ProposeForm = _with_reasons(ProposeForm, lines)(**more)
    return form


def confirm_form(lines: Iterable[Line], **more: Any) -> ConfirmForm:
    """Return the confirmation's form, with a reason for each usual rule not held."""
    form: ConfirmForm = _with_reasons(ConfirmForm, lines)(**more)
    return form


def _with_reasons(base: type[Form], lines: Iterable[Line]) -> type[Any]:
    hint = f"{LEAST_REASON} 至 {MOST_TEXT} 字，写明具体情况；随项目保存，检查时可以看到"
    fields = {
        line.rule.id: TextAreaField(
            f"仍要变更的理由（{line.rule.citation}）", [required("请写明理由。")], description=hint
        )
        for line in lines
    }
    return type("ReasonsForm", (base,), fields)


def reasons_in(form: Form) -> dict[str, str]:
    """Return what was typed as reasons, by rule id."""
    own = {name for base in (ProposeForm, ConfirmForm) for name in dir(base)}
    return {
        field.name: field.data or ""
        for field in form
        if isinstance(field, TextAreaField) and field.name not in own
    }
