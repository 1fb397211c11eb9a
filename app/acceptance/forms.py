"""Forms of acceptance: the application, who reviews, what is put forward, what the authorities said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from wtforms import BooleanField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice

from app.files import FilesField
from app.forms import DayField, Form, chosen, required
from lifecycle.acceptance.applying import Filled
from lifecycle.acceptance.checking import Proposed
from lifecycle.acceptance.content import GOALS, Content
from lifecycle.acceptance.own import OwnConclusion
from lifecycle.attachments import ShownFile
from lifecycle.experts import Candidate
from lifecycle.models import MemberField
from lifecycle.panels import Named
from lifecycle.record import Conclusion, ProjectRecord, Review

_REVIEWS = [SelectChoice(one.value, one.value) for one in Review]
_CONCLUSIONS = [SelectChoice(one.value, one.value) for one in Conclusion]
_AGREED = [SelectChoice("yes", "同意拟定的验收结论"), SelectChoice("no", "不同意，退回重新提出")]
_FIELDS = [SelectChoice(one.value, one.value) for one in MemberField]
_NOT_SPLIT = SelectChoice("", "未单列")
_OWN_FAULT = "属于承担单位自身的主观原因（结论为未通过或终止时勾选）"
_OWN_FAULT_HINT = "勾选后自动提出财务清算和科研诚信记录"
_CHOOSE = "请选择。"


class PressForm(Form):
    """A button: nothing is asked but the token."""


class NoteForm(Form):
    """Why something goes back."""

    note = TextAreaField("原因", [required("请写明原因。")], description="对方会看到，写明要补什么、改什么")


class ReasonsForm(Form):
    """Reasons for usual rules that are not held; see ``app.money.forms``."""


class AuthorityForm(Form):
    """What the joint conference or the district government said."""

    day = DayField("日期", description="会议或批复的日期")
    note = StringField("文号或意见", [required("请填写纪要（批复）文号或意见。")])
    agreed = RadioField("结果", [chosen(_CHOOSE)], choices=_AGREED)
    files = FilesField("纪要或批复", description="可不填；扫描件或文件")


class DayForm(Form):
    """The day of a filing."""

    day = DayField("日期")


class PapersForm(Form):
    """Papers of a unit's own acceptance."""

    papers = FilesField("验收资料", [required("请选择要补交的验收资料。")])


class JointForm(Form):
    """What the joint unit has to say."""

    joint_opinion = TextAreaField("联合实施单位意见", [required("请写明意见。")])


class OwnForm(Form):
    """What a unit found of its own project."""

    conclusion = RadioField("验收结论", [chosen(_CHOOSE)], choices=_CONCLUSIONS)
    day = DayField("验收日期")
    technical = SelectField("技术验收", choices=[_NOT_SPLIT, *_REVIEWS])
    financial = SelectField("财务验收", choices=[_NOT_SPLIT, *_REVIEWS])
    own_fault = BooleanField(_OWN_FAULT)
    opinion = TextAreaField("验收意见", [required("请写明验收意见。")])
    papers = FilesField("验收资料", [required("请上传验收资料。")], description="验收意见、专家名单、决算等")

    @property
    def own(self) -> OwnConclusion:
        """What was filled in."""
        return OwnConclusion(
            Conclusion(self.conclusion.data),
            self.day.data,
            self.opinion.data or "",
            _review(self.technical.data),
            _review(self.financial.data),
            bool(self.own_fault.data),
        )


def _review(value: str | None) -> Review | None:
    return Review(value) if value else None


class ProposalForm(Form):
    """What the handler puts forward; ``proposal_form`` adds the goals where a programme counts them."""

    technical = RadioField("技术验收结论", [chosen(_CHOOSE)], choices=_REVIEWS)
    financial = RadioField("财务验收结论", [chosen(_CHOOSE)], choices=_REVIEWS)
    conclusion = RadioField("拟定验收结论", [chosen(_CHOOSE)], choices=_CONCLUSIONS)
    own_fault = BooleanField(_OWN_FAULT, description=_OWN_FAULT_HINT)
    opinion = TextAreaField("专家组综合意见", [required("请写明专家组的综合意见。")])
    explanation = TextAreaField("与多数专家意见不一致的理由", description="一致的不填；不一致的须写明理由")

    @property
    def proposed(self) -> Proposed:
        """What was filled in."""
        return Proposed(
            Review(self.technical.data),
            Review(self.financial.data),
            Conclusion(self.conclusion.data),
            bool(self.own_fault.data),
            self.opinion.data or "",
            self.explanation.data or "",
            tuple(key for key in GOALS if f"goal-{key}" in self and self[f"goal-{key}"].data),
        )


def proposal_form(claimed: Iterable[str], **more: Any) -> ProposalForm:
    """Return the form with a box for every goal that was claimed, ticked to begin with."""
    fields: dict[str, Any] = {f"goal-{key}": BooleanField(GOALS[key], default=True) for key in claimed}
    form: ProposalForm = type("GoalsProposalForm", (ProposalForm,), fields)(**more)
    return form


class PanelForm(Form):
    """Whom to name; see ``panel_form``."""

    due = DayField("评议期限", description="专家应在这一天前提交意见；可不填")
    members = HiddenField("专家")

    def named(self, people: Iterable[Candidate]) -> list[Named]:
        """Return the experts chosen, each as what she was chosen."""
        found = ((one.user_id, self[f"field-{one.user_id}"].data) for one in people)
        leader = self["leader"].data
        return [Named(id_, MemberField(as_), str(id_) == leader) for id_, as_ in found if as_]


def panel_form(people: Sequence[Candidate], **more: Any) -> PanelForm:
    """Return a form with a choice for every expert: not asked, or as what."""
    asked = (SelectChoice(one.value, f"{one.value}专家") for one in MemberField)
    choices = [SelectChoice("", "不参加"), *asked]
    fields: dict[str, Any] = {
        f"field-{one.user_id}": SelectField(_who(one), choices=choices) for one in people
    }
    leaders = [SelectChoice("", "不指定"), *(SelectChoice(str(one.user_id), one.name) for one in people)]
    fields["leader"] = SelectField("组长", choices=leaders)
    form: PanelForm = type("NamedPanelForm", (PanelForm,), fields)(**more)
    return form


def _who(one: Candidate) -> str:
    units = "、".join(sorted(one.units))
    return f"{one.name}（{units}）" if units else one.name


class ReplaceForm(Form):
    """Who takes an expert's place."""

    user_id = SelectField("改请专家")
    field = SelectField("评议方面", choices=_FIELDS)
    note = StringField("更换原因", [required("请写明更换的原因。")])


def replace_form(people: Sequence[Candidate], **more: Any) -> ReplaceForm:
    """Return the form with the experts there are; none may be asked instead."""
    form = ReplaceForm(**more)
    others = (SelectChoice(str(one.user_id), _who(one)) for one in people)
    form.user_id.choices = [SelectChoice("", "不增补"), *others]
    return form


class DraftForm(Form):
    """The application; ``draft_form`` adds what its project asks."""

    revision = HiddenField()
    summary = TextAreaField("实施总结", description="完成了什么、取得哪些成果、经费怎样使用，不超过 5000 字")
    early_reason = TextAreaField("提前申请的理由")
    report = FilesField("验收总结报告")
    more = FilesField("其他验收材料")

    def filled(self, record: ProjectRecord, kept: Iterable[ShownFile]) -> Filled:
        """Return what was filled in."""
        names = [one.name for one in record.indicators]
        goals = [key for key in GOALS if f"goal-{key}" in self and self[f"goal-{key}"].data]
        removed = [one.id for one in kept if f"off-{one.id}" in self and self[f"off-{one.id}"].data]
        return Filled(
            summary=self.summary.data or "",
            early_reason=self.early_reason.data or "",
            values={name: self[f"value-{place}"].data or "" for place, name in enumerate(names)},
            goals={key: self[f"how-{key}"].data or "" for key in goals},
            evidence={name: self[f"evidence-{place}"].data for place, name in enumerate(names)},
            report=self.report.data,
            more=self["more"].data,
            removed=removed,
        )


def draft_form(
    record: ProjectRecord,
    content: Content,
    revision: int,
    kept: Sequence[ShownFile],
    *,
    counts_goals: bool,
    **more: Any,
) -> DraftForm:
    """Return the form of an application with what was saved of it."""
    fields: dict[str, Any] = {}
    data: dict[str, Any] = {
        "revision": revision,
        "summary": content.summary,
        "early_reason": content.early_reason,
    }
    for place, one in enumerate(record.indicators):
        fields[f"value-{place}"] = StringField("完成值")
        fields[f"evidence-{place}"] = FilesField("佐证材料")
        data[f"value-{place}"] = content.values.get(one.name, one.achieved_value or "")
    for key, words in GOALS.items() if counts_goals else ():
        fields[f"goal-{key}"] = BooleanField(words)
        fields[f"how-{key}"] = TextAreaField("完成情况")
        data[f"goal-{key}"] = key in content.goals
        data[f"how-{key}"] = content.goals.get(key, "")
    for file in kept:
        fields[f"off-{file.id}"] = BooleanField(f"移除“{file.name}”")
    form: DraftForm = type("ProjectDraftForm", (DraftForm,), fields)(data=data, **more)
    return form


Forms = Mapping[str, Form]
