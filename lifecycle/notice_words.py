"""What a notice on paper says: worked out of a record and the rulebook, word for word as it is printed.

The rungs are 提醒, 催办, 限期整改, 暂缓拨付, 终止实施: a notice names what follows where nothing is done,
with the article. Of an article the summary is Keguan's own. Pure: the day is an argument.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from lifecycle import money
from lifecycle.calendar import WorkingDays
from lifecycle.models import NoticeKind, PaperNotice
from lifecycle.record import FISCAL, Conclusion, MeasureKind, ProjectRecord
from lifecycle.rulebook import Programme, rulebook
from lifecycle.rules.base import Act, Rule
from lifecycle.rules.filings import ConclusionFiling
from lifecycle.rules.process import NoOpenMeasure, Rectification
from lifecycle.sums import money_of

OWN = "local-rectification"
"""The rule by which an agency itself has things put right, where an article says nothing of what follows."""

KEGUAN = "通过科管送达"
"""How a notice was sent that went through Keguan."""


@dataclass(frozen=True, slots=True)
class Cited:
    """An article that a notice rests on, and what it asks."""

    citation: str
    summary: str


@dataclass(frozen=True, slots=True)
class Rung:
    """What follows where nothing is done, and on which article."""

    words: str
    citation: str


@dataclass(frozen=True, slots=True)
class Told:
    """What has been said of the same thing before: reminders of the clock, and notices that were sent."""

    reminders: int = 0
    last_on: date | None = None
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Matter:
    """What a notice is about, in words: a duty by its day, or something that was ordered."""

    kind: NoticeKind
    what: str
    due: date | None
    ordered_on: date | None = None
    number: int = 0
    """Of a measure; 0: no measure ordered it."""
    source: str = ""
    """Which inspection found it, as a sentence begins."""
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """What the handler may put in other words before a notice is drawn: lines of text, and the day."""

    facts: str
    asked: str
    by: date | None
    remark: str = ""


@dataclass(frozen=True, slots=True)
class NoticeText:
    """Everything that a notice says but its number."""

    kind: NoticeKind
    to: str
    cc: str
    lead: str
    project: tuple[tuple[str, str], ...]
    """Words and values that say which project it is and where its money stands."""
    articles: tuple[Cited, ...]
    otherwise: tuple[Rung, ...]
    written: Written

    def plain(self) -> dict[str, Any]:
        """Return it as JSON keeps it."""
        return {
            "kind": self.kind.value,
            "to": self.to,
            "cc": self.cc,
            "lead": self.lead,
            "project": [list(pair) for pair in self.project],
            "articles": [_plain(one) for one in self.articles],
            "otherwise": [_plain(one) for one in self.otherwise],
            "facts": lines(self.written.facts),
            "asked": lines(self.written.asked),
            "by": self.written.by.isoformat() if self.written.by else None,
            "remark": lines(self.written.remark),
        }


def _plain(one: Cited | Rung) -> dict[str, str]:
    return {field.name: getattr(one, field.name) for field in fields(one)}


def lines(text: str) -> list[str]:
    """Return the lines of a text that say anything."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def number_words(year: int, running: int, mark: str | None) -> str:
    """Return a notice's number as it is written: 沙科催〔2026〕3号, without a mark 〔2026〕3号."""
    return f"{mark or ''}〔{year}〕{running}号"


def named_notice(notice: PaperNotice) -> str:
    """Return a notice as others speak of it: 整改通知 沙科催〔2026〕3号."""
    number = number_words(notice.year, notice.running, notice.mark)
    return f"{notice.kind} {number}" if notice.mark else f"{notice.kind}{number}"


def day_words(day: date) -> str:
    """Return 2026年1月31日."""
    return f"{day.year}年{day.month}月{day.day}日"


@dataclass(frozen=True, slots=True)
class Ladder:
    """The rules on which the rungs of a project rest; ``None`` where its programme has none."""

    rectify: Rule | None
    hold: Rule | None
    ends: Rule | None
    """On which a project may be ended: the article that says so, else what the agency itself asks."""
    after: tuple[Rule, ...]
    """What follows a termination: clearing, entries of integrity."""

    @classmethod
    def of(cls, programme: Programme, record: ProjectRecord) -> Ladder:
        """Find them among the rules that speak of the project."""
        rules = [rule for rule in programme.rules if rule.scope.covers(record)]
        rectify = next((rule for rule in rules if isinstance(rule.kind, Rectification)), None)
        return cls(
            rectify,
            next((rule for rule in rules if _holds_money(rule)), None),
            rectify if rectify and _names_termination(rectify) else rulebook().find(OWN),
            tuple(rule for rule in rules if _follows_termination(rule)),
        )

    def rungs(self, kind: NoticeKind, record: ProjectRecord) -> Iterator[tuple[str, Rule]]:
        """Yield what follows a notice of this kind, the next rung first, with the rule it rests on."""
        order = list(NoticeKind)
        place = order.index(kind)
        if self.rectify and place < order.index(NoticeKind.RECTIFICATION):
            yield "仍未完成的，要求限期整改", self.rectify
        paid = sum(one.paid for one in record.tranches if one.source in FISCAL)
        if self.hold and paid < record.fiscal and place in {1, 2}:
            yield "整改不到位的，暂缓拨付后续财政资金，解除之前不再拨付", self.hold
        if self.ends and not record.self_established and place in {2, 3}:
            yield "仍不整改的，终止实施项目", self.ends
        if kind is NoticeKind.TERMINATION:
            for rule in self.after:
                yield f"终止实施后，{rule.summary}", rule


def _names_termination(rule: Rule) -> bool:
    return isinstance(rule.kind, Rectification) and rule.kind.names_termination


def _holds_money(rule: Rule) -> bool:
    kind = rule.kind
    return isinstance(kind, NoOpenMeasure) and MeasureKind.HOLD in kind.measures and Act.PAY in rule.guards


def _follows_termination(rule: Rule) -> bool:
    return isinstance(rule.kind, ConclusionFiling) and Conclusion.TERMINATED in rule.kind.conclusions


def notice_text(
    record: ProjectRecord,
    matter: Matter,
    basis: Sequence[Rule],
    ladder: Ladder,
    told: Told,
    *,
    by: date | None,
    days: WorkingDays,
    to_joint_unit: bool,
    today: date,
) -> NoticeText:
    """Return what a notice says before anybody has put it in other words.

    ``basis`` are the rules it rests on; ``by`` is the day by which an answer is asked for.
    """
    to, cc = record.lead_unit, record.joint_unit or ""
    if to_joint_unit and record.joint_unit:
        to, cc = record.joint_unit, record.lead_unit
    rungs = list(ladder.rungs(matter.kind, record)) if _may_threaten(matter, basis) else []
    otherwise = [Rung(words, cited_in(record, rule)) for words, rule in rungs]
    if matter.kind is NoticeKind.REMINDER and basis:
        otherwise.insert(0, Rung("到期未完成的，本局发出催办通知", cited_in(record, basis[0])))
    cited = [*basis, *(rule for _, rule in rungs)]
    return NoticeText(
        kind=matter.kind,
        to=to,
        cc=cc,
        lead=_lead(record, matter.kind, to),
        project=tuple(_project(record, today)),
        articles=tuple(_cited(record, cited)),
        otherwise=tuple(otherwise),
        written=Written(
            "\n".join(_facts(record, matter, told, today)),
            "\n".join([*_asked(matter, by), *_before_day_off(by, days, today)]),
            by,
        ),
    )


def _may_threaten(matter: Matter, basis: Sequence[Rule]) -> bool:
    """Whether a notice names the next rungs: no article lets a bureau's own time limit lead to them."""
    return matter.ordered_on is not None or all(rule.judges for rule in basis)


def cited_in(record: ProjectRecord, rule: Rule) -> str:
    """Return how a rule is cited of a project: by what asks it, where only its days are the agency's own."""
    return rule.cited(rule.asked_by(record))


def _cited(record: ProjectRecord, rules: Iterable[Rule]) -> Iterator[Cited]:
    """Yield each article once, with all that its rules ask."""
    asked: dict[str, dict[str, None]] = {}
    for rule in rules:
        asked.setdefault(cited_in(record, rule), {})[rule.summary] = None
    for citation, summaries in asked.items():
        yield Cited(citation, "；".join(summaries))


_ENDS = {
    NoticeKind.REMINDER: "的有关事项提醒如下",
    NoticeKind.URGING: "的逾期事项催办如下",
    NoticeKind.RECTIFICATION: "限期整改的要求通知如下",
    NoticeKind.HOLD: "暂缓拨付的决定通知如下",
    NoticeKind.TERMINATION: "终止实施的建议告知如下",
}
"""Kind of notice → how its opening sentence ends."""


def _lead(record: ProjectRecord, kind: NoticeKind, to: str) -> str:
    runs = "承担" if to == record.lead_unit else "联合实施"
    return f"现将你单位{runs}的“{record.title}”项目（编号：{record.number}）{_ENDS[kind]}。"


def _project(record: ProjectRecord, today: date) -> Iterator[tuple[str, str]]:
    public = money_of(record, today).public
    spent = f"{money.yuan(public.spent)} 元"
    if public.paid:
        spent += f"（支出进度 {money.percent(public.spent, public.paid)}）"
    yield "项目编号", record.number
    yield "计划类别", record.programme
    yield "项目名称", record.title
    yield "项目负责人", record.pi_name
    yield "执行期", f"{day_words(record.start)}至{day_words(record.end)}"
    yield "财政资金", f"{money.yuan(record.fiscal)} 元"
    yield "已拨付", f"{money.yuan(public.paid)} 元"
    yield "已支出", spent


def _facts(record: ProjectRecord, matter: Matter, told: Told, today: date) -> Iterator[str]:
    if matter.ordered_on is None:
        yield f"{matter.what.rstrip('。')}，期限为{_due(matter.due, today)}。"
    else:
        yield from _found(matter)
        yield from _ordered(record, matter, today)
    yield from _said(told)


def _found(matter: Matter) -> Iterator[str]:
    many = len(matter.findings) > 1
    if matter.source:
        yield f"{matter.source}，发现以下问题："
    for place, finding in enumerate(matter.findings, 1):
        yield f"{f'{place}. ' if many else ''}{finding.rstrip('。；')}。"


def _ordered(record: ProjectRecord, matter: Matter, today: date) -> Iterator[str]:
    if matter.ordered_on is None:
        return
    since = day_words(matter.ordered_on)
    if matter.due is not None:
        ordered = f"本局于{since}要求限期整改（第 {matter.number} 项）"
        yield f"{ordered}，期限为{_due(matter.due, today)}。"
    elif matter.number:
        yield f"本局自{since}起暂缓拨付后续财政资金（第 {matter.number} 项），至今未解除。"
    else:
        yield f"{matter.what}自{since}起因此暂缓拨付，至今不具备拨付条件。"
    public = money_of(record, today).public
    waits = max(0, public.planned - public.paid)
    if waits and matter.kind in {NoticeKind.HOLD, NoticeKind.TERMINATION}:
        yield f"截至{day_words(today)}，计划内尚未拨付的财政资金为 {money.yuan(waits)} 元。"


def _due(due: date | None, today: date) -> str:
    if due is None:
        return "另行通知"
    left = (due - today).days
    if left < 0:
        return f"{day_words(due)}，至今未完成，已逾期 {-left} 天"
    return f"{day_words(due)}，{f'距今还有 {left} 天' if left else '今天到期'}"


def _said(told: Told) -> Iterator[str]:
    if told.reminders and told.last_on:
        yield f"此前已提醒 {told.reminders} 次，最近一次为{day_words(told.last_on)}。"
    if told.notices:
        yield f"此前已发出{'、'.join(told.notices)}。"


def _asked(matter: Matter, by: date | None) -> Iterable[str]:
    until = f"{day_words(by)}前" if by else "尽快"
    if matter.kind is NoticeKind.REMINDER:
        return [f"请于{until}办理：{_act(matter)}。", "确有困难的，请在期限前书面说明原因。"]
    if matter.kind is NoticeKind.URGING:
        return [f"请于{until}办理：{_act(matter)}，并书面说明逾期原因。"]
    if matter.kind is NoticeKind.RECTIFICATION:
        return [f"请于{until}整改到位，向本局提交整改情况和证明材料，由本局核验。"]
    if matter.kind is NoticeKind.HOLD and not matter.number:
        return ["请尽快达到上述要求，并在科管登记有关情况、上传证明材料；具备条件后，方可继续拨付。"]
    if matter.kind is NoticeKind.HOLD:
        return ["请针对上述问题整改到位，将整改情况和证明材料报本局；经本局审批解除后，方可继续拨付。"]
    return [
        "本局建议终止实施本项目。",
        f"对此有异议的，请于{until}书面提出意见和依据；期限内未提出的，本局按程序提请审批终止实施。",
    ]


def _before_day_off(by: date | None, days: WorkingDays, today: date) -> Iterator[str]:
    announced = days.before_day_off(by) if by else None
    if by and announced and announced > today:
        yield f"{day_words(by)}放假，请最迟于{day_words(announced)}办理。"


def _act(matter: Matter) -> str:
    return matter.what.rstrip("。")
