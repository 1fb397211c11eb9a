"""Forms of clearing: what is not allowed row by row, how it is settled, what came back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from wtforms import BooleanField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice

from app.files import FilesField
from app.forms import DayField, Form, MoneyField, at_most, chosen, required
from finance.clearing.disallowing import Disallowed
from finance.clearing.figures import Figures
from finance.clearing.finding import MOST_VOUCHER
from finance.clearing.returning import Part
from finance.clearing.settling import Settling
from finance.clearing.shown import PublicSpending
from finance.clearing.taking_over import Owed
from lifecycle.judging import MOST_TEXT
from lifecycle.models import Acceptance, ClearingKind
from lifecycle.money import Fen
from lifecycle.record import FISCAL, Source


class DisallowForm(Form):
    """Rows of spending; ``disallow_form`` adds a box, an amount and a reason for each."""

    rows = HiddenField()
    ids: Sequence[int] = ()

    @property
    def lines(self) -> dict[int, Disallowed | None]:
        """What was ticked, by row; ``None``: allowed."""
        return {
            id_: Disallowed(self[f"amount-{id_}"].data, self[f"reason-{id_}"].data or "")
            if self[f"pick-{id_}"].data
            else None
            for id_ in self.ids
        }


def disallow_form(rows: Sequence[PublicSpending], *, fresh: bool = False) -> DisallowForm:
    """Return the form of those rows; ``fresh``: as they are kept, whatever was sent."""
    shown = [row for row in rows if row.may_be_disallowed or row.disallowed]
    fields: dict[str, Any] = {"ids": [row.id for row in shown]}
    for row in shown:
        name = f"{row.on} {row.voucher or '未登记凭证号'}"
        fields[f"pick-{row.id}"] = BooleanField(f"{name}：不予认可", default=row.disallowed is not None)
        fields[f"amount-{row.id}"] = MoneyField(f"{name}：不予认可金额", default=row.disallowed)
        fields[f"reason-{row.id}"] = StringField(
            f"{name}：原因", [at_most(MOST_TEXT)], default=row.reason or ""
        )
    kind = type("RowsDisallowForm", (DisallowForm,), fields)
    form: DisallowForm = kind(formdata=None) if fresh else kind()
    form.rows.data = ",".join(str(row.id) for row in rows)
    return form


def ids_in(text: str) -> list[int]:
    """Return the rows that a form says it shows."""
    return [int(one) for one in text.split(",")[:500] if one.isascii() and one.isdigit() and len(one) < 10]


class SettleForm(Form):
    """A settlement; ``settle_form`` adds what stays with the unit of each source of a surplus."""

    due = DayField("退回期限", description="有应退资金的必填")
    note = TextAreaField("说明", [at_most(MOST_TEXT)], description="可不填")
    papers = FilesField("清算资料", description="可不填；审计或专项核查报告等")
    kept_of: Collection[Source] = ()

    @property
    def settling(self) -> Settling:
        """What was filled in."""
        kept: Mapping[Source, Fen] = {one: self[f"kept-{one}"].data or 0 for one in self.kept_of}
        return Settling(self.due.data, self.note.data or "", kept)


def settle_form(kind: ClearingKind, figures: Figures, **more: Any) -> SettleForm:
    """Return the form of a clearing."""
    fields: dict[str, Any] = {}
    if kind is ClearingKind.SURPLUS:
        fields["kept_of"] = [one.source for one in figures.sources if one.left]
        for one in fields["kept_of"]:
            about = "留给承担单位用于后续研发的金额，不填即全部退回"
            fields[f"kept-{one}"] = MoneyField(f"{one}：结余留用", description=about)
        fields["note"] = TextAreaField(
            "说明", [at_most(MOST_TEXT)], description="有结余留用的，写明理由和用途"
        )
    form: SettleForm = type("KindSettleForm", (SettleForm,), fields)(**more)
    return form


class ReturnedForm(Form):
    """A part of what came back; ``returned_form`` offers the sources of which something is owed."""

    source = SelectField("资金来源", description="按原渠道退回")
    amount = MoneyField("退回金额", [chosen("请填写退回的金额。")])
    on = DayField("退回日期", [chosen("请填写退回日期。")], description="款项到账的日期")
    voucher = StringField("凭证号", [required("请填写凭证号。"), at_most(MOST_VOUCHER)])
    note = StringField("备注", [at_most(MOST_TEXT)], description="可不填")
    papers = FilesField("凭证扫描件", description="可不填；如缴款书、银行回单")

    @property
    def part(self) -> Part:
        """What was filled in."""
        source = Source(self.source.data) if self.source.data else None
        return Part(source, self.amount.data, self.on.data, self.voucher.data or "", self.note.data or "")


def returned_form(owed: Mapping[Source, Fen], **more: Any) -> ReturnedForm:
    """Return the form; where one source only owes, it is chosen."""
    form = ReturnedForm(**more)
    open_ = [one for one in Source if one in FISCAL and owed.get(one, 0) > 0]
    blank = [] if len(open_) == 1 else [SelectChoice("", "请选择")]
    form.source.choices = [*blank, *(SelectChoice(one.value, one.value) for one in open_)]
    return form


class ReverseReturnForm(Form):
    """Why a return is taken back."""

    reason = TextAreaField(
        "冲销原因", [required("请写明冲销原因。"), at_most(MOST_TEXT)], description="随退款记录保存"
    )


class DueForm(Form):
    """Another day by which what is owed comes back."""

    due = DayField("退回期限", [chosen("请填写退回期限。")])
    reason = TextAreaField("理由", [required("请写明理由。"), at_most(MOST_TEXT)], description="记入办理记录")


class TakeOverForm(Form):
    """A refund that came with a ledger; ``take_over_form`` adds both sums of each source."""

    due = DayField("退回期限", [chosen("请填写退回期限。")])
    reason = TextAreaField(
        "理由", [required("请写明理由。"), at_most(MOST_TEXT)], description="为什么定在这一天；记入办理记录"
    )
    sources: Sequence[Source] = ()

    @property
    def owed(self) -> dict[Source, Owed]:
        """What was filled in, by source."""
        return {
            one: Owed(self[f"to_return-{one}"].data or 0, self[f"returned-{one}"].data or 0)
            for one in self.sources
        }


def take_over_form(sources: Sequence[Source], known: Acceptance | None = None) -> TakeOverForm:
    """Return the form; where one source only was paid, it has the ledger's sums (``known``: shown anew)."""
    fields: dict[str, Any] = {"sources": sources}
    alone = known if len(sources) == 1 else None
    for one in sources:
        fields[f"to_return-{one}"] = MoneyField(f"{one}：应退", default=alone and alone.to_return_fen)
        fields[f"returned-{one}"] = MoneyField(f"{one}：已退", default=alone and alone.returned_fen)
    form: TakeOverForm = type("SourcesTakeOverForm", (TakeOverForm,), fields)()
    return form
