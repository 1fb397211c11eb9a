"""Forms of reports: writing one, and every step of its way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from flask import request
from wtforms import BooleanField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice

from app.files import FilesField
from app.forms import DayField, Form, required
from app.row_ids import row_id
from lifecycle.judging import MOST_TEXT
from lifecycle.models import MemberField, ReportKind
from lifecycle.panels import Candidate, Named
from lifecycle.record import Review
from lifecycle.report_content import Content, Reached
from lifecycle.report_shown import ShownReport
from lifecycle.report_writing import Written

_FIELDS = [SelectChoice(one.value, one.value) for one in MemberField]
_REVIEWS = [SelectChoice(one.value, one.value) for one in Review]


class ReportForm(Form):
    """What is written in any report. See ``report_form``."""

    revision = HiddenField()
    progress = TextAreaField("进展情况")
    problems = TextAreaField("存在的问题", description="可不填")
    plan = TextAreaField("下一步安排", description="可不填")
    files = FilesField("添加附件")

    @property
    def indicator_fields(self) -> list[tuple[Any, Any]]:
        """The fields of each indicator: the value reached, and the note on it."""
        places = [name.removeprefix("value_") for name in self._fields if name.startswith("value_")]
        return [(self[f"value_{place}"], self[f"note_{place}"]) for place in places]

    def written(self, names: Iterable[str]) -> Written:
        """Return what was typed and chosen; ``names`` are the indicators' in their order."""
        indicators = tuple(
            Reached(name, self._text(f"value_{place}"), self._text(f"note_{place}"))
            for place, name in enumerate(names)
        )
        content = Content(
            title=self._text("title"),
            happened_on=self["happened_on"].data if "happened_on" in self else None,
            progress=self._text("progress"),
            problems=self._text("problems"),
            plan=self._text("plan"),
            indicators=indicators,
            nothing=self._ticked("nothing"),
            nothing_reason=self._text("nothing_reason"),
            no_spending=self._ticked("no_spending"),
        )
        return Written(content, self.files.data, request.form.getlist("drop", type=row_id))

    @property
    def revision_number(self) -> int:
        """The revision that the form was drawn with; 0 where it does not say, which nothing has."""
        text = str(self.revision.data or "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0

    def _text(self, name: str) -> str:
        return _one_kind_of_line_end(self[name].data or "") if name in self else ""

    def _ticked(self, name: str) -> bool:
        return bool(self[name].data) if name in self else False


def _one_kind_of_line_end(text: str) -> str:
    return text.replace("\r\n", "\n")


def report_form(shown: ShownReport) -> ReportForm:
    """Return the form of a report, filled with what it says where nothing was sent."""
    fields: dict[str, Any] = {}
    if shown.kind is ReportKind.EVENT:
        fields["title"] = StringField("事项名称", [required("请填写事项名称。")])
        fields["happened_on"] = DayField("发生日期")
    else:
        fields["nothing"] = BooleanField("本期无进展可报", description="勾选后只需填写原因，其余各项可以不填")
        fields["nothing_reason"] = TextAreaField("原因")
        fields["no_spending"] = BooleanField("无支出：截至期末确实没有发生支出")
        for place, one in enumerate(shown.content.indicators):
            fields[f"value_{place}"] = StringField(f"{one.indicator}：目前达到")
            fields[f"note_{place}"] = StringField(f"{one.indicator}：说明")
    made: type[ReportForm] = type("OneReportForm", (ReportForm,), fields)
    return made(data=_data(shown))


def _data(shown: ShownReport) -> dict[str, Any]:
    content = shown.content
    plain = (
        "title",
        "happened_on",
        "progress",
        "problems",
        "plan",
        "nothing",
        "nothing_reason",
        "no_spending",
    )
    values = {name: getattr(content, name) for name in plain}
    for place, one in enumerate(content.indicators):
        values |= {f"value_{place}": one.value, f"note_{place}": one.note}
    return values | {"revision": str(shown.revision)}


def demand_title(form: ReportForm, *, filing: bool) -> None:
    """Let a draft be kept without what only a filed report must say."""
    if not filing and "title" in form:
        form["title"].validators = ()


class NoteForm(Form):
    """Why a report goes back to the pi."""

    note = TextAreaField("退回原因", description=f"写明需要补正的内容，填报人会看到，不超过 {MOST_TEXT} 字")


class ReturnForm(NoteForm):
    """The same, and what becomes of the day on which it was handed in."""

    how = RadioField(
        "退回方式",
        choices=[
            SelectChoice("supplement", "退回补正：保留原提交日期"),
            SelectChoice("not_submitted", "视为未提交：原提交日期作废，重新提交时另计"),
        ],
        default="supplement",
    )


class GovernmentForm(Form):
    """When a report went on to the district government."""

    on = DayField("报区政府日期")
    note = StringField("说明", description="可不填，如文号或签收人")
    files = FilesField("报送材料", description="可不传，如报送文件、签收单")


class OpinionForm(Form):
    """What the joint unit has to say."""

    joint_opinion = TextAreaField("联合实施单位意见", [required("请写明联合实施单位的意见。")])


class ConcludeForm(Form):
    """What a review came to."""

    review = RadioField("考核结论", choices=_REVIEWS, validate_choice=False)
    conclusion = TextAreaField("专家组意见")
    reason = TextAreaField("与多数意见不同的理由", description="结论与多数专家意见一致时不填")

    @property
    def chosen(self) -> Review | None:
        """The conclusion chosen."""
        return Review(self.review.data) if self.review.data in set(Review) else None


class ExpertsForm(Form):
    """Who is named; the boxes of the table of experts are read from the request."""

    due = DayField("评议期限")

    @property
    def members(self) -> list[Named]:
        """The experts ticked, as what, and who leads."""
        leader = request.form.get("leads", type=row_id)
        return [
            Named(id_, _member_field(request.form.get(f"field-{id_}", "")), id_ == leader)
            for id_ in request.form.getlist("member", type=row_id)
        ]

    @property
    def due_day(self) -> date | None:
        """By when opinions are wanted."""
        day: date | None = self.due.data
        return day


def _member_field(text: str) -> MemberField:
    return MemberField(text) if text in set(MemberField) else MemberField.TECHNICAL


class ReplaceForm(Form):
    """Who takes an expert's place, and why."""

    user_id = SelectField("改由", validate_choice=False)
    field = SelectField("身份", choices=_FIELDS, validate_choice=False)
    note = StringField("更换原因")

    @property
    def named(self) -> Named | None:
        """Who is named; nobody: the panel does without."""
        text = str(self.user_id.data or "")
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            return None
        return Named(int(text), _member_field(str(self.field.data)), leads=False)


def replace_form(others: Sequence[Candidate], *, fresh: bool = False) -> ReplaceForm:
    """Return the form that replaces an expert by one of those, or by nobody."""
    form = ReplaceForm(formdata=None) if fresh else ReplaceForm()
    free = [SelectChoice(str(one.user_id), one.name) for one in others]
    form.user_id.choices = [SelectChoice("", "不再增补"), *free]
    return form
