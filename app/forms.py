"""What every form shares: Chinese messages, trimmed text, and a refusal put at the fields it speaks of."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, ClassVar

from flask_wtf import FlaskForm
from wtforms import (
    DateField,
    Field,
    FieldList,
    FormField,
    HiddenField,
    PasswordField,
    SelectField,
    SelectMultipleField,
)
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, ValidationError
from wtforms.widgets import CheckboxInput, TextInput

from lifecycle import money
from lifecycle.refusals import InvalidInput, OutOfDate, Refusal
from reports.ledger.cells import UNITS, UnfitError, read_money

LARGEST_WHOLE = 999_999_999
"""What a whole number may be where nothing else limits it."""

_WHOLE = re.compile(r"[0-9]{1,100}")


def required(words: str) -> DataRequired:
    """Return the validator of text that must be filled in; ``words`` is the whole message."""
    return DataRequired(words)


def chosen(words: str) -> InputRequired:
    """Return the validator of a value that must be given although it may be 0."""
    return InputRequired(words)


def at_most(most: int) -> Length:
    """Return the validator of text of at most ``most`` characters."""
    return Length(max=most, message=f"最多 {most} 个字。")


def placed(find: Callable[[str], str | None], words: str) -> Callable[[Any, Any], None]:
    """Return the validator of a place, which makes its name canonical; ``words`` say what is wanted."""

    def check(form: Any, field: Any) -> None:
        del form
        found = find(field.data) if field.data else ""
        if found is None:
            raise ValidationError(words)
        field.data = found

    return check


class DayField(DateField):  # type: ignore[misc]
    """A day. What is typed wrongly stays, with a message an office understands."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take the day typed; raises ``ValueError`` for what is none."""
        if valuelist and valuelist[0].strip():
            try:
                super().process_formdata(valuelist)
            except ValueError:
                raise ValueError("请填写日期，如 2026-01-31。") from None


class MoneyField(Field):  # type: ignore[misc]
    """An amount: ``data`` is exact fen. It is typed in 元 or 万元, with or without thousands separators.

    What is typed wrongly stays. More decimals than make a fen, and less than nothing, are refused.
    """

    widget = TextInput()

    def __init__(
        self, label: str, validators: Sequence[Any] | None = None, *, unit: str = "元", **more: Any
    ) -> None:
        self.unit = unit
        super().__init__(label, validators, **more)

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        if self.data is None:
            return ""
        return money.wan(self.data) if UNITS[self.unit] == money.WAN else money.yuan(self.data)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take the amount typed; raises ``ValueError`` for what is none."""
        self.data = None
        text = valuelist[0].strip().replace("，", ",") if valuelist else ""
        if text:
            try:
                self.data = read_money(text, UNITS[self.unit])
            except UnfitError as unfit:
                raise ValueError(f"{unfit}。") from None


class WholeField(Field):  # type: ignore[misc]
    """A whole number from ``least`` to ``most``. What is typed wrongly stays."""

    widget = TextInput()

    def __init__(
        self,
        label: str,
        validators: Sequence[Any] | None = None,
        *,
        least: int = 1,
        most: int = LARGEST_WHOLE,
        **more: Any,
    ) -> None:
        self.least, self.most = least, most
        super().__init__(label, validators, **more)

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else str(self.data)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take the number typed; raises ``ValueError`` for what is none."""
        self.data = None
        text = valuelist[0].strip() if valuelist else ""
        if text:
            whole = int(text) if _WHOLE.fullmatch(text) else None
            if whole is None or not self.least <= whole <= self.most:
                raise ValueError(self._wanted(whole))
            self.data = whole

    def _wanted(self, whole: int | None) -> str:
        if self.most < LARGEST_WHOLE:
            return f"请填写 {self.least} 至 {self.most} 的整数。"
        if whole is not None and whole > self.most:
            return f"数字太大，请填写不超过 {self.most} 的整数。"
        return f"请填写不小于 {self.least} 的整数。"


class ChoiceField(SelectField):  # type: ignore[misc]
    """One of an enumeration's members, or none of them (``None``), which reads as ``blank``."""

    def __init__(
        self,
        label: str,
        options: type[StrEnum],
        validators: Sequence[Any] | None = None,
        *,
        blank: str = "请选择",
        **more: Any,
    ) -> None:
        self._options = options
        choices = [SelectChoice("", blank), *(SelectChoice(one.value) for one in options)]
        super().__init__(label, validators, coerce=self._member, choices=choices, **more)

    def _member(self, value: Any) -> StrEnum | None:
        return self._options(value) if value else None

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take the member chosen; raises ``ValueError`` for what is none."""
        try:
            self.data = self._member(valuelist[0] if valuelist else "")
        except ValueError:
            self.data = None
            raise ValueError("请从列表中选择。") from None

    def pre_validate(self, form: Any) -> None:
        """Ask nothing more: what is no member was refused already."""
        del form


class ChecksField(SelectMultipleField):  # type: ignore[misc]
    """Any of a list, each with a box to tick."""

    option_widget = CheckboxInput()


class FlagField(SelectField):  # type: ignore[misc]
    """是, 否 or not said: ``True``, ``False`` or ``None``."""

    _WORDS: ClassVar[dict[str, bool | None]] = {"": None, "是": True, "否": False}

    def __init__(self, label: str, validators: Sequence[Any] | None = None, **more: Any) -> None:
        choices = [SelectChoice("", "未登记"), SelectChoice("是"), SelectChoice("否")]
        super().__init__(label, validators, coerce=self._flag, choices=choices, **more)

    def _flag(self, value: Any) -> bool | None:
        return self._WORDS.get(value) if isinstance(value, str) else value

    def pre_validate(self, form: Any) -> None:
        """Take anything else for not said."""
        del form


class Form(FlaskForm):  # type: ignore[misc]
    """Base of every form. The token against forged requests is in it."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """How fields are bound."""

        def bind_field(self, form: Any, unbound_field: Any, options: dict[str, Any]) -> Field:
            """Strip what is typed, except in passwords, where a blank counts."""
            return bind_stripped(form, unbound_field, options)

    @contextmanager
    def taking_refusals(self, *others: type[Refusal]) -> Iterator[None]:
        """Put ``InvalidInput`` at the fields it names; what names no field, or ``others``, above the form.

        A view returns from within the block; after it there has been a refusal and the form is shown again.
        """
        try:
            yield
        except InvalidInput as refusal:
            for name, words in refusal.errors.items():
                where = self[name].errors if name in self else self.form_errors
                where.append(words)
        except others as refusal:
            self.form_errors.append(refusal.message)


class SettingForm(Form):
    """A form of settings: it carries what was set when it was opened, so that nobody undoes that unseen.

    Whoever saves after somebody else is told what has changed and keeps what she typed; her form then counts
    as opened anew.
    """

    opened = HiddenField()

    def __init__(self, opened: Mapping[str, Any], **more: Any) -> None:
        self._now = json.dumps(opened, ensure_ascii=False)
        super().__init__(**more)
        if self.opened.data is None:
            self.opened.data = self._now

    @property
    def seen(self) -> Mapping[str, Any] | None:
        """What was set when the form was opened; ``None`` where what was sent is no such form."""
        try:
            seen = json.loads(self.opened.data or "")
        except ValueError:
            return None
        return seen if isinstance(seen, dict) else None

    @contextmanager
    def taking_refusals(self, *others: type[Refusal]) -> Iterator[None]:
        """Take those of the base, and ``OutOfDate``."""
        with super().taking_refusals(OutOfDate, *others):
            try:
                yield
            except OutOfDate:
                self.opened.data = self._now
                raise


def bind_stripped(form: Any, unbound_field: Any, options: dict[str, Any]) -> Field:
    """Bind a field so that blanks around what is typed do not count, except in passwords."""
    if not issubclass(unbound_field.field_class, PasswordField | FormField | FieldList):
        options = dict(options, filters=(*unbound_field.kwargs.get("filters", ()), _stripped))
    return unbound_field.bind(form=form, **options)


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value
