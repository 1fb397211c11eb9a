"""What an address asks of the list of projects, and back: whatever it says, there is an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.filters import query
from lifecycle.listing import PER_PAGE, SORTS, USUAL_SIZE, Choices, Filter
from lifecycle.stages import Stage

MOST_TEXT = 100
"""Characters of a search; nobody types more, and every word costs a look at every project."""

YEARS = range(1950, 2200)

FINDINGS = {"any": "有问题", "must": "不符合强制规定", "none": "没有问题"}
"""What the filter of findings offers, in its words."""


def read_filter(args: Mapping[str, str], kept_size: object = None) -> Filter:
    """Return what a query string asks; what cannot be understood asks nothing."""
    sort, descending = _sort(args.get("sort", ""))
    year = _number(args.get("year", ""))
    return Filter(
        text=read_text(args),
        programme=_plain(args.get("programme", "")),
        stage=args.get("stage", "") if args.get("stage") in set(Stage) else "",
        year=year if year in YEARS else None,
        findings=args.get("findings", "") if args.get("findings") in FINDINGS else "",
        sort=sort,
        descending=descending,
        page=read_page(args),
        per_page=read_size(args, kept_size),
    )


def read_text(args: Mapping[str, str], name: str = "q") -> str:
    """Return what was typed to search for, without what nobody sees or a database may refuse."""
    seen = "".join(char for char in args.get(name, "") if char.isprintable())
    return _plain(seen).strip()[:MOST_TEXT]


def read_page(args: Mapping[str, str]) -> int:
    """Return the page a query string asks for, the first where it does not say."""
    return max(1, _number(args.get("page", "")) or 1)


def read_size(args: Mapping[str, str], kept_size: object = None) -> int:
    """Return the page size a query string asks for, else the one kept, else the usual one."""
    size = _number(args.get("size", ""))
    if size is not None and size in PER_PAGE:
        return size
    return kept_size if isinstance(kept_size, int) and kept_size in PER_PAGE else USUAL_SIZE


def _sort(text: str) -> tuple[str, bool]:
    name = text.removeprefix("-")
    return (name, text.startswith("-")) if name in SORTS else ("number", False)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _plain(text: str) -> str:
    """Return ``text`` without what a database may refuse: a NUL, and halves of characters."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode()


@dataclass(frozen=True, slots=True)
class Chip:
    """A condition that is on, and the same list without it."""

    label: str
    value: str
    url: str


class Asked:
    """What is asked of the list, ready for a template."""

    def __init__(self, asked: Filter) -> None:
        self.filter = asked
        self.sort = f"-{asked.sort}" if asked.descending else asked.sort
        self.args = {name: str(value) for name, value in self._all().items() if value not in ("", None)}
        """The address's arguments, without what is as usual."""

    def _all(self) -> dict[str, str | int | None]:
        asked = self.filter
        return {
            "q": asked.text,
            "programme": asked.programme,
            "stage": asked.stage,
            "year": asked.year,
            "findings": asked.findings,
            "sort": self.sort if self.sort != "number" else "",
            "size": asked.per_page if asked.per_page != USUAL_SIZE else None,
            "page": asked.page if asked.page > 1 else None,
        }

    @property
    def shown(self) -> dict[str, str]:
        """How the list is shown, whatever is in it."""
        return {name: self.args[name] for name in ("sort", "size") if name in self.args}

    @property
    def chips(self) -> list[Chip]:
        """The conditions that are on."""
        asked = self.filter
        on = {
            "q": ("搜索", asked.text),
            "programme": ("计划类别", asked.programme),
            "stage": ("阶段", asked.stage),
            "year": ("立项年度", f"{asked.year} 年" if asked.year else ""),
            "findings": ("问题", FINDINGS.get(asked.findings, "")),
        }
        return [
            Chip(label, value, query(self.args, **{name: None, "page": None}))
            for name, (label, value) in on.items()
            if value
        ]

    @property
    def sentence(self) -> str:
        """What is asked, in words, for the head of an export."""
        return "；".join(f"{chip.label}：{chip.value}" for chip in self.chips) or "全部项目"

    def programmes(self, choices: Choices) -> list[tuple[str, str]]:
        """Return the options of the filter of programmes; one asked for that nobody has is there too."""
        names = list(choices.programmes)
        if self.filter.programme and self.filter.programme not in names:
            names.append(self.filter.programme)
        return [("", "全部"), *((name, name) for name in names)]

    def years(self, choices: Choices) -> list[tuple[str, str]]:
        """Return the options of the filter of years."""
        years = sorted({*choices.years, *([self.filter.year] if self.filter.year else [])}, reverse=True)
        return [("", "全部"), *((str(year), f"{year} 年") for year in years)]

    @property
    def stages(self) -> list[tuple[str, str]]:
        """The options of the filter of stages."""
        return [("", "全部"), *((stage.value, stage.value) for stage in Stage)]

    @property
    def findings(self) -> list[tuple[str, str]]:
        """The options of the filter of findings."""
        return [("", "全部"), *FINDINGS.items()]
