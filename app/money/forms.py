"""Forms of money: reasons, notes, and what is booked of a payment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from wtforms import StringField, TextAreaField

from app.files import ScanField
from app.forms import DayField, Form, at_most, chosen, required
from finance.batch_lines import ShownLine
from finance.booking import Booking
from finance.payee import MOST_ACCOUNT, MOST_BANK
from finance.payers import MOST_NAME
from lifecycle.judging import LEAST_REASON, MOST_TEXT
from lifecycle.record import Source
from lifecycle.rules.verdict import Line


class ReturnForm(Form):
    """Why a proposal goes back to its handler."""

    note = TextAreaField(
        "退回原因",
        [required("请写明退回原因。")],
        description=f"经办人会看到，不超过 {MOST_TEXT} 字",
    )


class WithdrawForm(Form):
    """Why a handler takes a proposal back, if she wants to say."""

    note = TextAreaField("撤回说明", description="可不填")


class BookLineForm(Form):
    """What is booked of one payment."""

    voucher = StringField("凭证号", [required("请填写凭证号。")], description="银行回单或国库支付凭证的编号")
    paid_on = DayField("拨付日期", description="款项实际拨出的日期")


class FailForm(Form):
    """That one payment was not made."""

    reason = TextAreaField(
        "未拨出的原因",
        [required("请写明未拨出的原因。")],
        description=f"按银行或财政部门的答复填写，如“户名与账号不符”；不超过 {MOST_TEXT} 字",
    )
    paid_on = DayField("日期", [chosen("请填写日期。")], description="银行或财政部门答复的日期")


class VoidForm(Form):
    """Why an issued sheet is made void."""

    reason = TextAreaField(
        "作废原因",
        [required("请写明作废原因。")],
        description=f"随批次保存，不超过 {MOST_TEXT} 字",
    )


class ReversalForm(Form):
    """Why and by what a booked payment is taken back."""

    reason = TextAreaField(
        "冲正原因",
        [required("请写明冲正原因。")],
        description=f"如“收款账户已销户，银行退汇”“误登为已拨付”；不超过 {MOST_TEXT} 字",
    )
    voucher = StringField(
        "冲正凭证号", [required("请填写冲正的凭证号。")], description="退汇回单或红字凭证的编号"
    )
    on = DayField("冲正日期", [chosen("请填写冲正日期。")], description="款项退回或更正入账的日期")


class PayersForm(Form):
    """Who pays each fiscal source; fields bear the sources' names in code."""

    provincial = StringField(Source.PROVINCIAL.value, [at_most(MOST_NAME)], description="留空表示由本局拨付")
    district = StringField(Source.DISTRICT.value, [at_most(MOST_NAME)], description="留空表示由本局拨付")

    def names(self) -> dict[Source, str]:
        """Return what is typed, by source."""
        return {Source[name.upper()]: self[name].data or "" for name in ("provincial", "district")}


class PayeeForm(Form):
    """Where a project's public money goes to, and why that is put right."""

    bank_name = StringField("开户行", [required("请填写开户行。"), at_most(MOST_BANK)])
    bank_account = StringField(
        "银行账号", [required("请填写银行账号。"), at_most(MOST_ACCOUNT)], description="空格会自动去除"
    )
    reason = TextAreaField(
        "更正原因",
        [required("请写明更正原因。")],
        description=f"{LEAST_REASON} 至 {MOST_TEXT} 字，随项目记录保存",
    )
    files = ScanField(
        "账户证明", [required("请附账户证明的扫描件。")], description="如开户许可证、单位盖章的账户说明"
    )


class BookingForm(Form):
    """What is booked of a batch: one voucher and day for all, or a line's own. See ``booking_form``."""

    voucher = StringField("凭证号", description="银行回单或国库支付凭证的编号；各笔不同的，在下表逐笔填写")
    paid_on = DayField("拨付日期", description="款项实际拨出的日期")

    @property
    def common(self) -> Booking:
        """What holds for every line without an entry of its own."""
        return Booking(self.voucher.data or "", self.paid_on.data)

    def each(self, lines: Iterable[ShownLine]) -> dict[int, Booking]:
        """Return what is typed for single lines, completed from what holds for all."""
        typed = {line.id: (self._of(line, "voucher"), self._of(line, "paid_on")) for line in lines}
        return {
            id_: Booking(voucher or self.voucher.data or "", paid_on or self.paid_on.data)
            for id_, (voucher, paid_on) in typed.items()
            if voucher or paid_on
        }

    def _of(self, line: ShownLine, name: str) -> Any:
        return self[f"{name}-{line.id}"].data


def booking_form(lines: Iterable[ShownLine], *, blank: bool = False) -> BookingForm:
    """Return the booking form, with ``voucher-<id>`` and ``paid_on-<id>`` for each of those lines."""
    fields: dict[str, Any] = {}
    for line in lines:
        fields[f"voucher-{line.id}"] = StringField(f"第 {line.sequence} 笔凭证号")
        fields[f"paid_on-{line.id}"] = DayField(f"第 {line.sequence} 笔拨付日期")
    kind = type("BatchBookingForm", (BookingForm,), fields)
    form: BookingForm = kind(formdata=None) if blank else kind()
    return form


def reasons_form(lines: Iterable[Line]) -> Form:
    """Return a form that asks for a reason for each usual rule not held; fields bear the rules' ids."""
    fields: dict[str, Any] = {}
    for line in lines:
        label = f"仍要拨付的理由（{line.rule.citation}）"
        hint = f"{LEAST_REASON} 至 {MOST_TEXT} 字，写明具体情况；随项目保存，检查时可以看到"
        fields[line.rule.id] = TextAreaField(label, [required("请写明理由。")], description=hint)
    form: Form = type("ReasonsForm", (Form,), fields)()
    return form


def reasons_in(form: Form) -> Mapping[str, str]:
    """Return what was typed as reasons, by rule id."""
    return {field.name: field.data or "" for field in form if isinstance(field, TextAreaField)}
