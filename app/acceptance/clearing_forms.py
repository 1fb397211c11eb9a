"""Forms of clearing: what is disallowed of each source, and what came back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wtforms import StringField, TextAreaField

from app.files import FilesField
from app.forms import DayField, Form, MoneyField, required
from finance.clearing import Disallowed, Settling
from finance.settlement import SourceFigures


class SettleForm(Form):
    """A settlement; ``settle_form`` adds what is disallowed of each source."""

    due = DayField("退回期限", description="有应退资金的必填")
    note = TextAreaField("清算说明", description="可不填")
    papers = FilesField("清算资料", description="可不填；审计或专项核查报告等")

    def settling(self, figures: Sequence[SourceFigures]) -> Settling:
        """Return what was filled in for those sources."""
        disallowed = {
            one.source: Disallowed(self[f"disallowed-{place}"].data or 0, self[f"reason-{place}"].data or "")
            for place, one in enumerate(figures)
        }
        return Settling(disallowed, self.due.data, self.note.data or "")


def settle_form(figures: Sequence[SourceFigures], **more: Any) -> SettleForm:
    """Return the form with two fields for each source."""
    fields: dict[str, Any] = {}
    for place, one in enumerate(figures):
        fields[f"disallowed-{place}"] = MoneyField(
            f"{one.source}：不予认可的支出", description="违规或不合规使用的金额；没有的不填"
        )
        fields[f"reason-{place}"] = StringField(f"{one.source}：不予认可的原因")
    form: SettleForm = type("SourcesSettleForm", (SettleForm,), fields)(**more)
    return form


class ReturnedForm(Form):
    """A part of what came back."""

    amount = MoneyField("退回金额", [required("请填写退回的金额。")])
    on = DayField("退回日期", description="款项到账的日期")
    voucher = StringField("凭证号", [required("请填写凭证号。")])
