"""Fills a Word template with what people typed, which may be anything: it can do no harm in there.

A template sees plain values only, in a sandbox; a name it was not given is an error, never a blank on paper.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from docxtpl import DocxTemplate
from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup, escape

from lifecycle import money
from reports.papers.zipping import fixed

TEMPLATES = Path(__file__).with_name("templates")
"""Made by ``python -m reports.papers.drawing``."""

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
"""What XML cannot carry, or what docxtpl would take for a command; line ends are made one kind before."""

_DOCXTPL_MARKS = re.compile(r"(?<=\{)_(?=[{%])|(?<=[}%])_(?=\})")
"""``{_{`` and its like, which docxtpl turns into braces after filling in."""


def render(template: str, context: Mapping[str, Any]) -> bytes:
    """Return the Word file of a template (its name without suffix) filled with ``context``.

    Every paper wants ``agency``, which stands at its head; ``mark`` (草案) beside the title may be left out.
    Values are text, numbers, days, choices, ``None``, mappings, sequences and dataclasses of them; amounts
    are fen, which the filters ``yuan``, ``wan`` and ``in_words`` write. The same content gives the same
    bytes. Raises ``jinja2.UndefinedError`` for a name that is missing and ``TypeError`` for any other value.
    """
    document = DocxTemplate(BytesIO(_template(template)))
    given = {name: _plain(value) for name, value in ({"mark": ""} | dict(context)).items()}
    document.render(given, _environment(), autoescape=True)
    made = BytesIO()
    document.save(made)
    return fixed(made.getvalue())


def chinese_day(day: date | None) -> str:
    """Return ``2026年1月31日``; a blank to be filled in by hand where there is none."""
    return f"{day.year}年{day.month}月{day.day}日" if day else "    年  月  日"


@cache
def _template(name: str) -> bytes:
    return (TEMPLATES / f"{name}.docx").read_bytes()


@cache
def _environment() -> SandboxedEnvironment:
    made = SandboxedEnvironment(undefined=StrictUndefined, autoescape=True, finalize=_shown)
    made.filters.update(yuan=money.yuan, wan=money.wan, in_words=money.in_words, day=chinese_day)
    return made


def _shown(value: Any) -> Any:
    return "" if value is None else value


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, bool | int | Decimal | date):
        return value
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Iterable):
        return [_plain(item) for item in value]
    raise TypeError(f"a paper cannot show {type(value).__name__}")


def _text(value: str) -> str:
    """Return what may be printed of a text; marks that docxtpl would read are written so that it does not."""
    given = value.value if isinstance(value, StrEnum) else value
    text = given.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ").replace("\v", "\n")
    text = _UNPRINTABLE.sub("", text)
    if not _DOCXTPL_MARKS.search(text):
        return text
    return Markup(_DOCXTPL_MARKS.sub("&#95;", str(escape(text))))  # noqa: S704 escaped on this very line
