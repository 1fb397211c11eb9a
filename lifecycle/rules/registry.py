"""The kinds of rule by the names the programme files call them, and the reading of their parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from lifecycle.money import WAN, Fen
from lifecycle.rules.base import Kind

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Amount = Annotated[Fen, "wan"]
"""A parameter of money, written ``"10万元"`` in a programme file."""

_AMOUNT = re.compile(r"(\d+(?:\.\d{1,6})?) ?万元")
_KINDS: dict[str, type[Kind]] = {}

T = TypeVar("T")
K = TypeVar("K", bound=type[Kind])


class ParameterError(ValueError):
    """A parameter that a kind does not know, misses, or cannot read; ``key`` names it."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


def kind(name: str) -> Callable[[K], K]:
    """Register a kind of rule under the name that programme files use."""

    def register(cls: K) -> K:
        _KINDS[name] = cls
        cls.called = name
        return cls

    return register


def kinds() -> Mapping[str, type[Kind]]:
    """Return every registered kind by name."""
    return _KINDS


def build(cls: type[T], given: Mapping[str, object]) -> T:
    """Return the dataclass ``cls`` with the parameters a file gives it; raises ``ParameterError``."""
    hints = get_type_hints(cls, include_extras=True)
    wanted = {field.name: field for field in fields(cast(type["DataclassInstance"], cls))}
    for key in given:
        if key not in wanted:
            raise ParameterError(key, "没有这个参数")
    values: dict[str, Any] = {}
    for key, field in wanted.items():
        if key in given:
            values[key] = _read(key, given[key], hints[key])
        elif field.default is MISSING:
            if not _is_optional(hints[key]):
                raise ParameterError(key, "缺少这个参数")
            values[key] = None
    return cls(**values)


def _is_optional(wanted: Any) -> bool:
    return get_origin(wanted) in (Union, UnionType)


def _read(key: str, value: object, wanted: Any) -> object:
    if _is_optional(wanted):
        wanted = next(option for option in get_args(wanted) if option is not NoneType)
    if wanted is Amount:
        return _amount(key, value)
    if get_origin(wanted) in (tuple, frozenset):
        if not isinstance(value, list):
            raise ParameterError(key, "应为列表")
        return get_origin(wanted)(_read(key, item, get_args(wanted)[0]) for item in value)
    if isinstance(wanted, type) and issubclass(wanted, StrEnum):
        return _choice(key, value, wanted)
    if type(value) is not wanted:
        raise ParameterError(key, f"应为{_NAMES[wanted]}")
    return value


_NAMES = {int: "整数", str: "文字", bool: " true 或 false", date: "日期"}


def _amount(key: str, value: object) -> Fen:
    match = _AMOUNT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ParameterError(key, "应为金额，写作“10万元”")
    return int(Decimal(match[1]) * WAN)


def _choice(key: str, value: object, options: type[StrEnum]) -> StrEnum:
    try:
        return options(str(value))
    except ValueError:
        raise ParameterError(key, f"应为其中之一：{'、'.join(options)}") from None
