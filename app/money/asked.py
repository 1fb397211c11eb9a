"""What an address asks of the views of finance, the chips that say so, and the address of a sum's lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from app.filters import query
from app.money.lists import SOURCES
from app.projects.asking import read_text
from finance.views.asking import DATED, NO_SOURCE, PART_NAMES, UNDATED, WHEN_NAMES, Part, When, Which
from lifecycle.record import Source
from lifecycle.rulebook import rulebook

Args = Mapping[str, str]

FIRST_YEAR, LAST_YEAR = 1990, 2100
"""Years beyond are not asked for."""


def which_of(args: Args) -> Which:
    """Return what an address asks; what it says wrongly is not asked."""
    source, part, when = args.get("source", ""), args.get("part", ""), args.get("when", "")
    year = _whole(args, "year", FIRST_YEAR, LAST_YEAR)
    return Which(
        year=year,
        month=_whole(args, "month", 1, 12) if year else None,
        undated=args.get("year") == UNDATED,
        dated=args.get("year") == DATED,
        source=Source(source) if source in SOURCES else None,
        sourceless=source == NO_SOURCE,
        programme=read_text(args, "programme"),
        unit=read_text(args, "unit"),
        text=read_text(args, "q"),
        part=Part(part) if part in set(Part) else Part.PLANNED,
        when=When(when) if when in set(When) else None,
    )


def _whole(args: Args, name: str, least: int, most: int) -> int | None:
    text = args.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        return None
    return int(text) if least <= int(text) <= most else None


def args_of(which: Which) -> dict[str, Any]:
    """Return what an address says to ask just that."""
    told = {
        "year": UNDATED if which.undated else DATED if which.dated else which.year,
        "month": which.month,
        "source": NO_SOURCE if which.sourceless else which.source,
        "programme": which.programme,
        "unit": which.unit,
        "q": which.text,
        "part": "" if which.part is Part.PLANNED else which.part,
        "when": which.when,
    }
    return {name: str(value) for name, value in told.items() if value}


def told(which: Which) -> Iterator[tuple[str, str, str]]:
    """Yield what is asked: its name in an address, its label and its words."""
    if which.undated:
        yield "year", "年度", "未记日期"
    elif which.dated:
        yield "year", "年度", "有日期的各年"
    elif which.year:
        yield "year", "年度", f"{which.year} 年"
    if which.month:
        yield "month", "月份", f"{which.month} 月"
    if which.sourceless or which.source:
        yield "source", "资金来源", which.source or "未分来源"
    if which.programme:
        yield "programme", "计划类别", which.programme
    if which.unit:
        yield "unit", "承担单位", which.unit
    if which.text:
        yield "q", "关键词", which.text
    if which.part is not Part.PLANNED:
        yield "part", "款项", PART_NAMES[which.part]
    if which.when:
        yield "when", "期限", WHEN_NAMES[which.when]


def chips(which: Which, args: Args, *but: str) -> list[dict[str, str]]:
    """Return what is asked, each with the address of the same page without it."""
    without = {"year": ("year", "month")}
    return [
        {
            "label": label,
            "value": words,
            "url": query(args, page=None, **dict.fromkeys(without.get(name, (name,)))),
        }
        for name, label, words in told(which)
        if name not in but
    ]


def sentence(which: Which, *but: str) -> str:
    """Return in words what is asked, as the head of a workbook says it."""
    words = "；".join(f"{label}：{words}" for name, label, words in told(which) if name not in but)
    return words or "全部"


def programmes() -> list[tuple[str, str]]:
    """Return the programmes to choose from."""
    return [("", "全部"), *((name, name) for name in rulebook().programmes)]


def sources() -> list[tuple[str, str]]:
    """Return the public sources to choose from."""
    return [("", "全部"), *((source.value, source.value) for source in SOURCES)]


def years(today: date, usual: str = "全部") -> list[tuple[str, str]]:
    """Return the years to choose from, next year's first."""
    return [("", usual), *((str(year), f"{year} 年") for year in range(today.year + 1, today.year - 9, -1))]
