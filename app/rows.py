"""Forms within a form: lists of rows, of which blank ones count for nothing, and grids of cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from wtforms import BooleanField, Field, FieldList, Form, FormField

from app.forms import bind_stripped

MORE = 3
"""Blank rows at the end of a list, and how many more a press adds."""


class Row(Form):  # type: ignore[misc]
    """A row of a list. It is dropped by being emptied, or by its box."""

    class Meta:
        """How fields are bound: as those of every form."""

        def bind_field(self, form: Any, unbound_field: Any, options: dict[str, Any]) -> Field:
            """Strip what is typed."""
            return bind_stripped(form, unbound_field, options)

    drop = BooleanField("删除")

    @property
    def cells(self) -> list[Field]:
        """The fields in their order, without the box."""
        return [field for field in self if field.short_name != "drop"]

    @property
    def counts(self) -> bool:
        """Whether something is in the row and it is not to be dropped."""
        return not self.drop.data and any(_filled(field) for field in self.cells)

    @property
    def values(self) -> dict[str, Any]:
        """What is in the row, by field."""
        return {field.short_name: field.data for field in self.cells}


def _filled(field: Field) -> bool:
    if field.raw_data is not None:
        return any(str(one).strip() for one in field.raw_data)
    return field.data not in (None, "")


class _RowField(FormField):  # type: ignore[misc]
    """One row; what does not count is not found fault with."""

    def validate(self, form: Any, extra_validators: Any = ()) -> bool:
        del form, extra_validators
        return bool(self.form.validate()) if self.form.counts else True


class RowsField(FieldList):  # type: ignore[misc]
    """A list of rows. ``data`` are the values of those that count, in their order."""

    def __init__(self, label: str, row: type[Row], validators: Sequence[Any] = (), **more: Any) -> None:
        self.heads = [
            (name, unbound.args[0] if unbound.args else "")
            for name, unbound in row(prefix="")._unbound_fields
            if name != "drop"
        ]
        super().__init__(_RowField(row), label, list(validators), **more)

    def process(self, formdata: Any, data: Any = (), extra_filters: Any = None) -> None:
        """Take rows; those that come from what is known are followed by blank ones."""
        super().process(formdata, data or (), extra_filters)
        if not formdata:
            self.add_blanks()

    def add_blanks(self) -> None:
        """Put blank rows at the end, as many as are usual."""
        for _ in range(MORE):
            self._add_entry()

    @property
    def rows(self) -> list[Row]:
        """Every row shown."""
        return [entry.form for entry in self.entries]

    @property
    def data(self) -> list[dict[str, Any]]:
        """The values of the rows that count."""
        return [row.values for row in self.rows if row.counts]

    @property
    def wrong_cells(self) -> Iterator[tuple[str, Field]]:
        """Yield what is found fault with, and how to call it."""
        for place, row in enumerate(self.rows, 1):
            for field in row:
                if field.errors:
                    yield f"{self.label.text}第 {place} 行{field.label.text}", field

    def validate(self, form: Any, extra_validators: Sequence[Any] = ()) -> bool:
        """Validate the rows that count; ``errors`` has what concerns the list, cells keep their own."""
        found = [entry.validate(form) for entry in self.entries]
        self.errors: list[str] = []
        self._run_validation_chain(form, [*self.validators, *extra_validators])
        return all(found) and not self.errors

    def demand_unique(self, name: str, words: str) -> bool:
        """Say ``words`` at every cell of that name that repeats an earlier one; whether there was none."""
        seen: set[Any] = set()
        fine = True
        for row in self.rows:
            if not row.counts:
                continue
            if row[name].data in seen and not row[name].errors:
                row[name].errors = [words]
                fine = False
            seen.add(row[name].data)
        return fine


class GridField(FormField):  # type: ignore[misc]
    """A form within a form whose cells keep their own errors."""

    @property
    def errors(self) -> list[str]:
        """What concerns the grid as a whole; whoever finds fault with it adds to this."""
        found: list[str] = self.__dict__.setdefault("_found", [])
        return found

    @property
    def wrong_cells(self) -> Iterator[tuple[str, Field]]:
        """Yield what is found fault with, and how to call it."""
        for field in self.form:
            if field.errors:
                yield f"{self.label.text}{field.label.text}", field


def any_wrong(fields: Mapping[str, Field]) -> int:
    """Return how many fields and cells are found fault with."""
    return sum(
        len(list(field.wrong_cells)) if hasattr(field, "wrong_cells") else bool(field.errors)
        for field in fields.values()
    )
