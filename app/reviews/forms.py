"""Forms of an expert: her opinion, or that she stands aside."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, IntegerField, RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice

from app.files import FilesField
from app.forms import Form
from lifecycle.panels import Aspect
from lifecycle.record import Review


class PointsField(IntegerField):  # type: ignore[misc]
    """Whole points; what is none stays as typed, and is said in Chinese."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take the points typed; raises ``ValueError`` for what is no whole number."""
        if valuelist and valuelist[0].strip():
            try:
                super().process_formdata([valuelist[0].strip()])
            except ValueError:
                raise ValueError("请填写整数。") from None


_VERDICTS = [SelectChoice(one.value, one.value) for one in Review]


class OpinionForm(Form):
    """The declaration, the verdict and the words; see ``opinion_form`` for the scores."""

    no_conflict = BooleanField("本人声明：不承担、不参加本项目，与承担单位没有影响公正评议的关系")
    verdict = RadioField("评议结论", choices=_VERDICTS, validate_choice=False)
    opinion = TextAreaField("评议意见")
    files = FilesField("附件", description="可不传")

    @property
    def chosen(self) -> Review | None:
        """The verdict chosen."""
        return Review(self.verdict.data) if self.verdict.data in set(Review) else None

    def scores(self, aspects: tuple[Aspect, ...]) -> dict[str, int | None]:
        """Return the points typed, by aspect."""
        return {one.key: self[one.key].data for one in aspects}


def opinion_form(aspects: tuple[Aspect, ...], *, fresh: bool = False) -> OpinionForm:
    """Return the form of an opinion with a field for each aspect."""
    fields: dict[str, Any] = {
        one.key: PointsField(one.name, description=f"0 至 {one.most} 分") for one in aspects
    }
    made: type[OpinionForm] = type("AspectsForm", (OpinionForm,), fields)
    return made(formdata=None) if fresh else made()


class RecuseForm(Form):
    """Why she stands aside."""

    note = TextAreaField("回避原因", description="如与承担单位有合作、曾参加本项目")
