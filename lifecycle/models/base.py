"""The declarative base of every table, and the column types they share."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from sqlalchemy import BigInteger, Dialect, Enum, MetaData, String, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import DateTime

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
"""Every constraint has a name, so that migrations can find it again on both databases."""


class Instant(TypeDecorator[datetime]):
    """A moment in time: aware in Python, UTC in the database (SQLite keeps no time zone)."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store UTC without a zone; refuse a naive moment, which would be a guess."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back an aware moment."""
        del dialect
        return None if value is None else value.replace(tzinfo=UTC)


class ExactDecimal(TypeDecorator[Decimal]):
    """A decimal kept digit for digit as text; SQLite would make a float of a number."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        """Store the digits as they are."""
        del dialect
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        """Give back the same decimal."""
        del dialect
        return None if value is None else Decimal(value)


def choice(values: type[StrEnum], name: str) -> Enum:
    """Return a column type that holds one of ``values`` and is checked by the database too.

    ``name`` is part of the constraint's name and must be unique within the table.
    """
    return Enum(
        values,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=32,
        values_callable=lambda members: [member.value for member in members],
        validate_strings=True,
    )


class Base(DeclarativeBase):
    """Base of every table. Plain SQLAlchemy: the floors below the shell know no Flask."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: String(),
        datetime: Instant(),
        Decimal: ExactDecimal(),
    }


Id = Annotated[int, mapped_column(primary_key=True)]
FenColumn = Annotated[int, mapped_column(BigInteger)]
"""An amount in fen."""
Whole = Annotated[int, mapped_column(BigInteger)]
"""A number typed in by people, which no law keeps small."""
