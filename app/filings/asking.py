"""What an address asks of the list of reports, and back: whatever it says, there is an answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from app.filters import query
from app.projects.asking import Chip, read_filter
from lifecycle.filing_list import FilingFilter, FilingState
from lifecycle.listing import USUAL_SIZE
from lifecycle.models import ReportKind
from lifecycle.rulebook import rulebook

TABS: Mapping[str, ReportKind] = {
    "annual": ReportKind.ANNUAL,
    "stage": ReportKind.STAGE,
    "event": ReportKind.EVENT,
}

OWN_TEXT = "text"
"""The search for projects on top of every page is called ``q``; what is searched for here is not its."""


class Asked:
    """What is asked of the list, ready for a template."""

    def __init__(self, args: Mapping[str, str]) -> None:
        usual = read_filter({**args, "q": args.get(OWN_TEXT, "")})
        state = args.get("state", "")
        self.tab = args.get("tab", "") if args.get("tab") in TABS else "annual"
        self.filter = FilingFilter(
            kind=TABS[self.tab],
            text=usual.text,
            year=usual.year,
            programme=usual.programme if usual.programme in rulebook().programmes else "",
            state=FilingState(state) if state in set(FilingState) else None,
            page=usual.page,
            per_page=usual.per_page,
        )
        asked = self.filter
        self.args = {
            "tab": self.tab if self.tab != "annual" else "",
            OWN_TEXT: asked.text,
            "year": str(asked.year or ""),
            "programme": asked.programme,
            "state": asked.state or "",
            "size": str(asked.per_page) if asked.per_page != USUAL_SIZE else "",
        }
        """The address's arguments, without the page and what is as usual."""

    @property
    def chips(self) -> list[Chip]:
        """The conditions that are on."""
        asked = self.filter
        on = {
            OWN_TEXT: ("搜索", asked.text),
            "year": ("年度", f"{asked.year} 年" if asked.year else ""),
            "programme": ("计划类别", asked.programme),
            "state": ("状态", asked.state or ""),
        }
        return [
            Chip(label, value, query(self.args, **{name: None}))
            for name, (label, value) in on.items()
            if value
        ]

    @property
    def sentence(self) -> str:
        """What is asked, in words, for the head of an export."""
        told = "；".join(f"{chip.label}：{chip.value}" for chip in self.chips) or "全部"
        return f"{self.filter.kind}；{told}"

    @property
    def clear(self) -> str:
        """The same list without conditions."""
        return query({"tab": self.args["tab"], "size": self.args["size"]})

    @property
    def tabs(self) -> list[dict[str, object]]:
        """The three lists."""
        return [
            {"label": kind.value.removesuffix("报告"), "url": query({"tab": key}), "active": key == self.tab}
            for key, kind in TABS.items()
        ]

    @property
    def programmes(self) -> list[tuple[str, str]]:
        """The options of the filter of programmes."""
        return [("", "全部"), *((name, name) for name in rulebook().programmes)]

    @property
    def states(self) -> list[tuple[str, str]]:
        """The options of the filter of states."""
        return [("", "全部"), *((state.value, state.value) for state in FilingState)]

    def years(self, known: Iterable[int]) -> list[tuple[str, str]]:
        """Return the options of the filter of years."""
        years = sorted({*known, *([self.filter.year] if self.filter.year else [])}, reverse=True)
        return [("", "全部"), *((str(year), f"{year} 年") for year in years)]
