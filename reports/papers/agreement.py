"""The task agreement on paper: what a version lays down, with the clauses and parties its programme needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lifecycle.agreement_terms import source_sums
from lifecycle.record import BudgetUse, ProjectRecord, Signatory, Source
from lifecycle.terms import Member, Terms, applied
from reports.papers.clauses import clauses_for
from reports.papers.rendering import chinese_day, render

_ORDINALS = ("甲方", "乙方", "丙方", "丁方")
_UNIT_SIGNS = "法定代表人或授权代表"


def agreement_paper(
    record: ProjectRecord,
    terms: Terms,
    parties: Sequence[Signatory],
    *,
    agency: str,
    version: int,
    mark: str = "",
) -> bytes:
    """Return the agreement as a Word file; ``mark`` (草案) stands on every page where it binds nobody yet."""
    made = applied(record, terms)
    people = [Member(terms.pi_name, terms.lead_unit, "项目负责人", "主持项目"), *terms.members]
    return render(
        "agreement",
        {
            "agency": agency,
            "mark": mark,
            "number": record.number,
            "version": version,
            "programme": record.programme,
            "terms": terms,
            "parties": [
                {
                    "ordinal": _ORDINALS[place],
                    "name": _name(party, terms, agency),
                    "role": party,
                    "signer": _UNIT_SIGNS if party is Signatory.UNIT else "负责人",
                }
                for place, party in enumerate(parties)
            ],
            "opening": _opening(record),
            "separate_account": _flag(terms.separate_account),
            "goals": terms.goals.split("\n") if terms.goals.strip() else ["（未填写）"],
            "people": _unique(people),
            "partners": [
                {
                    "name": one.name,
                    "place": one.place,
                    "share": one.share,
                    "agreed": _period(one.agreement_from, one.agreement_until),
                }
                for one in terms.partners
            ],
            "clauses": [one.printed for one in clauses_for(made)],
            **_money(terms),
        },
    )


def _name(party: Signatory, terms: Terms, agency: str) -> str:
    names = {
        Signatory.MUNICIPAL: "重庆市科学技术局",
        Signatory.DISTRICT: agency,
        Signatory.UNIT: terms.lead_unit,
        Signatory.JOINT_UNIT: terms.joint_unit or "",
    }
    return names[party]


def _opening(record: ProjectRecord) -> str:
    if record.self_established:
        return "本项目由设置主体自主设置，视为区级项目。设置主体就项目的实施和管理作如下承诺："
    return f"根据“{record.programme}”的有关规定，经立项审定，各方就本项目的实施和管理签订本任务书："


def _unique(people: Sequence[Member]) -> list[Member]:
    """Return the people with the pi first, and only once where she is also listed among the members."""
    return [people[0], *(one for one in people[1:] if one.name != people[0].name)]


def _flag(value: bool | None) -> str:
    return "未登记" if value is None else "是" if value else "否"


def _period(start: Any, end: Any) -> str:
    return f"{chinese_day(start)}至{chinese_day(end)}" if start and end else "—"


def _money(terms: Terms) -> Mapping[str, Any]:
    amounts = {(line.source, line.use): line.amount for line in terms.budget}
    lines = {
        source: [amounts.get((source, use), 0) for use in BudgetUse]
        for source in Source
        if any(line.source is source for line in terms.budget)
    }
    rows = [{"source": source, "amounts": line, "total": sum(line)} for source, line in lines.items()]
    sums = [sum(line[place] for line in lines.values()) for place in range(len(BudgetUse))]
    return {
        "total": terms.total,
        "fiscal": terms.provincial + terms.district,
        "funds": [{"source": one.source, "amount": one.agreed} for one in source_sums(terms) if one.agreed],
        "uses": list(BudgetUse),
        "budget": {"rows": rows, "sums": [*sums, sum(sums)]},
        "planned": sum(one.planned for one in terms.tranches),
    }
