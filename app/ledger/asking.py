"""What an address asks of a list of findings, and back: whatever it says, there is an answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from app.filters import query
from app.projects.asking import Chip, read_filter
from lifecycle.listing import USUAL_SIZE
from lifecycle.rulebook import rulebook
from lifecycle.rules.base import Strength
from reports.finding_list import FindingFilter
from reports.finding_sheet import STRENGTHS

FIRST_YEAR, LAST_YEAR = 1990, 2100

TEXT, OWN_TEXT = "q", "text"
"""The search for projects on top of every page is called ``q``; what is searched for here is not its."""


class Asked:
    """What is asked of a list of findings, ready for a template."""

    def __init__(self, args: Mapping[str, str], today: date) -> None:
        usual = read_filter({**args, TEXT: args.get(OWN_TEXT, "")})
        strength = args.get("strength", "")
        rule = rulebook().find(args.get("rule", ""))
        self.as_of = _day(args.get("as_of", "")) or today
        self.filter = FindingFilter(
            text=usual.text,
            programme=usual.programme,
            strength=Strength(strength) if strength in set(Strength) else None,
            rule=rule.id if rule else "",
            page=usual.page,
            per_page=usual.per_page,
        )
        self._summary = rule.summary if rule else ""
        self.args = {
            "as_of": self.as_of.isoformat() if self.as_of != today else "",
            OWN_TEXT: self.filter.text,
            "programme": self.filter.programme,
            "strength": self.filter.strength or "",
            "rule": self.filter.rule,
            "size": str(usual.per_page) if usual.per_page != USUAL_SIZE else "",
        }
        """The address's arguments, without the page and what is as usual."""

    @property
    def chips(self) -> list[Chip]:
        """The conditions that are on."""
        asked = self.filter
        on = {
            OWN_TEXT: ("搜索", asked.text),
            "programme": ("计划类别", asked.programme),
            "strength": ("强度", STRENGTHS[asked.strength] if asked.strength else ""),
            "rule": ("规定", self._summary),
        }
        return [
            Chip(label, value, query(self.args, **{name: None}))
            for name, (label, value) in on.items()
            if value
        ]

    @property
    def sentence(self) -> str:
        """What is asked, in words, for the head of an export."""
        return "；".join(f"{chip.label}：{chip.value}" for chip in self.chips) or "全部问题"

    @property
    def clear(self) -> str:
        """The same list without conditions."""
        return query({"as_of": self.args["as_of"], "size": self.args["size"]})

    @property
    def programmes(self) -> list[tuple[str, str]]:
        """The options of the filter of programmes."""
        return [("", "全部"), *((name, name) for name in rulebook().programmes)]

    @property
    def strengths(self) -> list[tuple[str, str]]:
        """The options of the filter of strengths."""
        return [("", "全部"), *((strength.value, word) for strength, word in STRENGTHS.items())]


def _day(text: str) -> date | None:
    """Return the day a text names; ``None`` for what is no day a ledger may have."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if FIRST_YEAR <= day.year <= LAST_YEAR else None
