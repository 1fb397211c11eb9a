"""What every form shares: Chinese messages, trimmed text, and a refusal put at the fields it speaks of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask_wtf import FlaskForm
from wtforms import DateField, Field, PasswordField
from wtforms.validators import DataRequired, InputRequired, Length

from lifecycle.refusals import InvalidInput, Refusal


def required(words: str) -> DataRequired:
    """Return the validator of text that must be filled in; ``words`` is the whole message."""
    return DataRequired(words)


def chosen(words: str) -> InputRequired:
    """Return the validator of a value that must be given although it may be 0."""
    return InputRequired(words)


def at_most(most: int) -> Length:
    """Return the validator of text of at most ``most`` characters."""
    return Length(max=most, message=f"最多 {most} 个字。")


class DayField(DateField):  # type: ignore[misc]
    """A day. What is typed wrongly stays, with a message an office understands."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take the day typed; raises ``ValueError`` for what is none."""
        if valuelist and valuelist[0].strip():
            try:
                super().process_formdata(valuelist)
            except ValueError:
                raise ValueError("请填写日期，如 2026-01-31。") from None


class Form(FlaskForm):  # type: ignore[misc]
    """Base of every form. The token against forged requests is in it."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """How fields are bound."""

        def bind_field(self, form: Any, unbound_field: Any, options: dict[str, Any]) -> Field:
            """Strip what is typed, except in passwords, where a blank counts."""
            if not issubclass(unbound_field.field_class, PasswordField):
                options = dict(options, filters=(*unbound_field.kwargs.get("filters", ()), _stripped))
            return unbound_field.bind(form=form, **options)

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


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value
