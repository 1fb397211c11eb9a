"""Forms of spending and of money that arrives. Amounts are typed in 元 and kept in fen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from wtforms import BooleanField, Field, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice

from app import clock
from app.files import FilesField, ScanField
from app.forms import DayField, Form, MoneyField, at_most, chosen, required
from finance.accounts import MOST_ACCOUNT
from finance.receipts import MOST_REASON
from finance.spent import MOST_NOTE, MOST_VOUCHER, faults
from finance.stage_account import Bank
from lifecycle.filekinds import EXCEL
from lifecycle.record import BudgetUse, Source, Spending

ROWS = 5
"""Blank rows offered at a time."""

MOST_FORM_ROWS = 50
"""More are entered from a workbook."""

_COLUMNS = ("on", "source", "use", "amount", "voucher", "note")
_TYPED = ("on", "amount", "voucher", "note")
"""What makes a row one that was filled in: choices may stand at their first value."""


class SpendingForm(Form):
    """Several rows of spending, with the files that prove them. See ``spending_form``."""

    count = HiddenField()
    files = FilesField("凭证附件", description="可不填；随本次登记保存，如发票、付款回单")
    again = BooleanField("确认不是重复登记，仍要登记")

    size: int = 0

    def rows(self) -> Iterator[dict[str, Field]]:
        """Yield the fields of each row, by column."""
        for place in range(self.size):
            yield {column: self[f"{column}-{place}"] for column in _COLUMNS}

    def filled(self) -> list[dict[str, Field]]:
        """Return the rows in which something was typed."""
        return [row for row in self.rows() if any(_typed(row[column]) for column in _TYPED)]

    def validate(self, extra_validators: Any = None) -> bool:
        """Look into the rows that were filled in; blank ones are passed by."""
        sound = bool(super().validate(extra_validators))
        filled = self.filled()
        if not filled:
            self.form_errors.append("请至少填写一笔支出。")
        wrong = [row for row in filled if not _is_sound(row)]
        return bool(filled) and not wrong and sound

    @property
    def spending(self) -> list[Spending]:
        """What was filled in, once it is sound."""
        return [_spending(row) for row in self.filled()]

    def sound(self) -> dict[int, Spending]:
        """Return the rows that would do by themselves, by their place: what a look ahead goes by."""
        filled = [(place, row) for place, row in enumerate(self.rows()) if row in self.filled()]
        return {place: _spending(row) for place, row in filled if _is_sound(row)}


def _typed(field: Field) -> bool:
    return bool(field.raw_data and str(field.raw_data[0]).strip())


def _is_sound(row: dict[str, Field]) -> bool:
    words = {
        "on": "请填写日期。",
        "source": "请选择资金来源。",
        "use": "请选择科目。",
        "amount": "请填写金额。",
    }
    for column, missing in words.items():
        field = row[column]
        if field.data in {None, ""} and not field.errors:
            field.errors = [missing]
    if not any(row[column].errors for column in words):
        for column, wrong in faults(_spending(row), clock.today()).items():
            row[column].errors = [wrong]
    elif not row["voucher"].data:
        row["voucher"].errors = ["请填写凭证号。"]
    return not any(field.errors for field in row.values())


def _spending(row: dict[str, Field]) -> Spending:
    return Spending(
        on=row["on"].data,
        source=Source(row["source"].data),
        use=BudgetUse(row["use"].data),
        amount=row["amount"].data,
        voucher=row["voucher"].data or None,
        note=row["note"].data or None,
    )


def spending_form(sources: Sequence[Source], count: int, *, blank: bool = False) -> SpendingForm:
    """Return the form with ``count`` rows: ``amount-0`` and so on; ``blank``: with nothing typed."""
    fields: dict[str, Any] = {"size": count}
    first = sources[0] if len(sources) == 1 else ""
    choices = [SelectChoice("", "请选择"), *(SelectChoice(one.value, one.value) for one in sources)]
    uses = [SelectChoice("", "请选择"), *(SelectChoice(use.value, use.value) for use in BudgetUse)]
    for place in range(count):
        nth = f"第 {place + 1} 笔"
        fields[f"on-{place}"] = DayField(f"{nth}日期")
        fields[f"source-{place}"] = SelectField(f"{nth}资金来源", choices=choices, default=first)
        fields[f"use-{place}"] = SelectField(f"{nth}科目", choices=uses, default="")
        fields[f"amount-{place}"] = MoneyField(f"{nth}金额")
        fields[f"voucher-{place}"] = StringField(f"{nth}凭证号", [at_most(MOST_VOUCHER)])
        fields[f"note-{place}"] = StringField(f"{nth}备注", [at_most(MOST_NOTE)])
    kind = type("RowsForm", (SpendingForm,), fields)
    form: SpendingForm = kind(formdata=None) if blank else kind()
    form.count.data = str(count)
    return form


class UploadForm(Form):
    """A workbook of spending."""

    file = ScanField("支出明细表", [required("请选择 Excel 文件。")], kinds=(EXCEL,))


class TakeInForm(Form):
    """That a workbook that was looked at is to be taken in now."""

    again = BooleanField("确认不是重复登记，仍要导入")


class ReverseForm(Form):
    """Why a row is taken back."""

    reason = TextAreaField(
        "冲销原因", [required("请写明冲销原因。")], description=f"随支出明细保存，不超过 {MOST_REASON} 字"
    )


class ReceiptForm(Form):
    """Money that has arrived."""

    amount = MoneyField(
        "到账金额", [chosen("请填写到账金额。")], description="只到了一部分的，填写本次到账的数额"
    )
    on = DayField("到账日期", [chosen("请填写到账日期。")])
    voucher = StringField(
        "凭证号", [required("请填写凭证号。"), at_most(MOST_VOUCHER)], description="银行回单编号"
    )
    files = FilesField("到账凭证", description="可不填；如银行回单")


class ConfirmForm(Form):
    """The day on which public money arrived."""

    on = DayField("到账日期", [chosen("请填写到账日期。")], description="款项到达单位账户的日期")


class UndoForm(Form):
    """Why something recorded is taken back."""

    reason = TextAreaField(
        "撤销原因", [required("请写明撤销原因。")], description=f"随办理记录保存，不超过 {MOST_REASON} 字"
    )


class AccountForm(Form):
    """Whether the project's money is kept in an account of its own."""

    kept = RadioField(
        "是否专账管理",
        [chosen("请选择是否专账管理。")],
        choices=[SelectChoice("yes", "是，项目资金单独核算"), SelectChoice("no", "否，尚未单独核算")],
    )
    account = StringField(
        "专账名称和账号",
        [at_most(MOST_ACCOUNT)],
        description="单独设立账户的填户名和账号；在单位账内单独核算的，填明细科目或项目核算编号",
    )
    files = FilesField("证明材料", description="可不填；如开户证明、辅助账截图")


class BankForm(Form):
    """What the bank says of the separate account on the day of a stage account."""

    seen = HiddenField()
    """The figures that were looked at (``Figures.digest``)."""
    balance = MoneyField("专户余额", description="银行对账单上当日的余额；没有单独开户的可不填")
    note = TextAreaField(
        "差异说明",
        description=f"专户余额与账面结余不一致的，说明原因，如未达账项、利息，不超过 {MOST_NOTE} 字",
    )
    files = FilesField("专户对账单", description="可不填；对账单扫描件")

    @property
    def bank(self) -> Bank:
        """What was filled in."""
        return Bank(self.balance.data, self.note.data or "")


class DrawForm(BankForm):
    """A stage account as of a day."""

    as_of = DayField("截止日期", [chosen("请填写截止日期。")], description="按这一天及以前的到账和支出计算")


class BackForm(Form):
    """Why a stage account is given back."""

    note = TextAreaField(
        "退回原因", [required("请写明退回原因。")], description=f"对方可以看到，不超过 {MOST_NOTE} 字"
    )
