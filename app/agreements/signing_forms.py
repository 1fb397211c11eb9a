"""Small forms of a task agreement: reasons, why it goes back, and a party's signature."""

from __future__ import annotations

from collections.abc import Iterable

from wtforms import HiddenField, RadioField, StringField, TextAreaField
from wtforms.fields import SelectChoice

from app.files import ScanField
from app.forms import DayField, Form, at_most, chosen, required
from lifecycle.agreements import MOST_NAME, Signing
from lifecycle.judging import LEAST_REASON, MOST_TEXT
from lifecycle.record import Signatory
from lifecycle.rules.verdict import Line


class FinaliseForm(Form):
    """Which state of the draft is put before the parties; see ``finalise_form``."""

    revision = HiddenField()


def finalise_form(lines: Iterable[Line], revision: int) -> FinaliseForm:
    """Return a form that asks for a reason for each usual rule not held; fields bear the rules' ids."""
    fields = {
        line.rule.id: TextAreaField(
            f"仍要签订的理由（{line.rule.citation}）",
            [required("请写明理由。")],
            description=f"{LEAST_REASON} 至 {MOST_TEXT} 字，任务书生效后作为例外说明保存",
        )
        for line in lines
    }
    form: FinaliseForm = type("ReasonedFinaliseForm", (FinaliseForm,), fields)(data={"revision": revision})
    return form


def reasons_in(form: FinaliseForm) -> dict[str, str]:
    """Return what was typed as reasons, by rule id."""
    return {field.name: field.data or "" for field in form if isinstance(field, TextAreaField)}


class ReopenForm(Form):
    """Why the version goes back to be edited."""

    note = TextAreaField(
        "退回修改的原因", [required("请写明退回修改的原因。")], description=f"不超过 {MOST_TEXT} 字"
    )


class SignForm(Form):
    """That a party has signed, with the scan of the page."""

    party = RadioField("签署方", [chosen("请选择签署方。")])
    signer = StringField("签字人", [required("请填写签字人姓名。"), at_most(MOST_NAME)])
    signed_on = DayField("签署日期", [chosen("请填写签署日期。")], description="纸面上的日期，不早于定稿日期")
    scan = ScanField("签署页扫描件", [required("请上传签署页扫描件。")])

    @property
    def signing(self) -> Signing:
        """What is to be recorded."""
        return Signing(Signatory(self.party.data), self.signer.data, self.signed_on.data, self.scan.data)


def sign_form(parties: Iterable[Signatory], *, blank: bool = False) -> SignForm:
    """Return the form of a signature of one of those parties."""
    form = SignForm(formdata=None) if blank else SignForm()
    form.party.choices = [SelectChoice(party.value) for party in parties]
    if blank and len(form.party.choices) == 1:
        form.party.data = form.party.choices[0].value
    return form
