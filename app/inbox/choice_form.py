"""The form of how a person is told, filled in by herself or by an admin."""

from __future__ import annotations

from dataclasses import replace

from wtforms import BooleanField, SelectField
from wtforms.fields import SelectChoice

from app.forms import ChecksField, DayField, Form
from lifecycle.choosing import Choices, Offer

NOBODY = -1
"""What no list offers: the command refuses it in words."""


def _number(value: str | int | None) -> int | None:
    if value in ("", None):
        return None
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else NOBODY


class ChoiceForm(Form):
    """By which ways and from when on, of which programmes, and who is told while one is away."""

    by_mail = BooleanField(
        "到期前的提醒也发到邮箱", description="同一天的事项合并成一封；不勾选的，到期前只发站内消息"
    )
    mail_ahead = SelectField("到期前的邮件从哪一次提醒起发", coerce=_number, validate_choice=False)
    programmes = ChecksField(
        "负责的计划类别",
        validate_choice=False,
        description="只收所选类别的期限提醒；都不选即为全部。没有人负责的类别，提醒同角色的全部人员",
    )
    deputy_id = SelectField(
        "代收人",
        coerce=_number,
        validate_choice=False,
        description="列出的是能看到同样项目的同事；代收人也外出的，不再转给别人",
    )
    deputy_from = DayField("从哪一天起")
    deputy_until = DayField("到哪一天止", description="含当天，最长一年")

    def choices(self, offer: Offer) -> Choices:
        """Return what is chosen; what was not on offer of e-mails stays as it was."""
        made = replace(offer.chosen, programmes=tuple(self.programmes.data or ()) if self.programmes else ())
        if self.by_mail:
            made = replace(made, by_mail=self.by_mail.data, mail_ahead=self.mail_ahead.data)
        if not self.deputy_id:
            return replace(made, deputy_id=None, deputy_from=None, deputy_until=None)
        return replace(
            made,
            deputy_id=self.deputy_id.data,
            deputy_from=self.deputy_from.data,
            deputy_until=self.deputy_until.data,
        )


def choice_form(offer: Offer) -> ChoiceForm:
    """Return the form with what is on offer, as the person has chosen."""
    chosen = offer.chosen
    form = ChoiceForm(
        data={
            "by_mail": chosen.by_mail,
            "mail_ahead": chosen.mail_ahead,
            "programmes": list(chosen.programmes),
            "deputy_id": None if offer.deputy_is_lost else chosen.deputy_id,
            "deputy_from": None if offer.deputy_is_lost else chosen.deputy_from,
            "deputy_until": None if offer.deputy_is_lost else chosen.deputy_until,
        }
    )
    form.mail_ahead.choices = [SelectChoice("", "每次提醒都发"), *map(_ahead, offer.aheads)]
    form.programmes.choices = [SelectChoice(one) for one in offer.programmes]
    form.deputy_id.choices = [
        SelectChoice("", "没有"),
        *(SelectChoice(one.user_id, one.name) for one in offer.deputies),
    ]
    if not offer.member.email:
        del form.by_mail, form.mail_ahead
    if not offer.programmes:
        del form.programmes
    if not offer.deputies:
        del form.deputy_id, form.deputy_from, form.deputy_until
    return form


def _ahead(days: int) -> SelectChoice:
    return SelectChoice(days, f"提前 {days} 天起" if days else "只在到期当天")
