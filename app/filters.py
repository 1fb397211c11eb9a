"""How days, money and figures read on a page: pure functions, registered as template filters.

Nothing here asks for the time; where "today" matters it is an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeAlias
from urllib.parse import urlencode

from flask import Flask
from markupsafe import Markup, escape

from app.timeline import lay_out
from lifecycle import money, wording
from lifecycle.calendar import SHANGHAI

Column: TypeAlias = Mapping[str, Any]
Writer: TypeAlias = Callable[[object], str]

NONE = "—"
"""What stands where there is nothing to show."""

DUE_SOON_DAYS = 30
"""From the first reminder on, a duty counts as 临期."""

TONES: Mapping[str, str] = {
    "逾期": "bad",
    "逾期未提交": "bad",
    "不符合": "bad",
    "未通过": "bad",
    "不通过": "bad",
    "终止": "bad",
    "失败": "bad",
    "临期": "soon",
    "待办": "soon",
    "未提交": "soon",
    "待评议": "soon",
    "待报区政府": "soon",
    "已退回": "soon",
    "需说明": "soon",
    "限期整改": "soon",
    "退回": "soon",
    "今天": "soon",
    "办理中": "going",
    "实施中": "going",
    "验收中": "going",
    "自行验收": "going",
    "清算中": "going",
    "待审批": "going",
    "已批准": "going",
    "已入批次": "going",
    "已出表": "going",
    "编制中": "going",
    "起草中": "going",
    "待承担单位确认": "going",
    "待联合实施单位同意": "going",
    "待科技局审查": "going",
    "待联席会议审定": "going",
    "待科技局批准": "going",
    "待平台备案": "soon",
    "不予批准": "bad",
    "待签署": "soon",
    "已生效": "done",
    "待签任务书": "soon",
    "已提交": "going",
    "执行中": "soon",
    "待核验": "going",
    "待审批处理意见": "going",
    "待审批解除": "going",
    "已处理": "done",
    "已解除": "done",
    "未发现问题": "done",
    "已记录": "bad",
    "终止实施": "bad",
    "限期整改并暂缓拨付": "held",
    "待确认": "going",
    "待审核": "going",
    "待科技局审核": "going",
    "评议中": "going",
    "已办结": "done",
    "已接收": "done",
    "已形成结论": "done",
    "已结题": "done",
    "备查": "done",
    "已清算": "done",
    "已拨付": "done",
    "未拨出": "bad",
    "待登记": "going",
    "已登记": "done",
    "已确认": "done",
    "符合": "done",
    "通过": "done",
    "成功": "done",
    "暂缓": "held",
    "暂缓拨付": "held",
    "已说明": "held",
    "已回避": "held",
}
"""The one mapping of a status word to its tone; the tone gives the badge its shape and colour."""


def yuan(fen: money.Fen | None) -> str:
    """Return fen as 元 with two decimals: ``140,000.00``."""
    return NONE if fen is None else money.yuan(fen)


def wan(fen: money.Fen | None) -> str:
    """Return fen as 万元 with two to six decimals: ``14.00``."""
    return NONE if fen is None else money.wan(fen)


def in_words(fen: money.Fen | None) -> str:
    """Return fen in formal capitals (大写)."""
    return NONE if fen is None else money.in_words(fen)


def percent(part: money.Fen | None, whole: money.Fen | None) -> str:
    """Return ``part`` of ``whole`` as ``70.0%``, cut to one decimal."""
    return money.percent(part, whole) if part is not None and whole else NONE


def share(part: money.Fen | None, whole: money.Fen | None) -> str:
    """Return ``part`` of ``whole`` as the length of a bar, an SVG percentage between ``0%`` and ``100%``."""
    if not whole or not part:
        return "0%"
    hundredths = min(max(part * 10_000 // whole, 0), 10_000)
    return f"{hundredths // 100}.{hundredths % 100:02d}%"


def number(value: int | Decimal | None) -> str:
    """Return a count or figure with thousands separators."""
    return NONE if value is None else f"{value:,}"


def short_day(value: date | None) -> str:
    """Return ``2026-01-31``."""
    return NONE if value is None else value.isoformat()[:10]


def day(value: date | None) -> str:
    """Return ``2026-01-31（周六）``."""
    return NONE if value is None else wording.day_with_weekday(value)


def moment(value: datetime | None) -> str:
    """Return an aware moment as ``2026-01-31 14:05``, China time."""
    return NONE if value is None else f"{value.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def days_left(due: date | None, today: date) -> str:
    """Return how far off ``due`` is: ``还有 12 天``, ``今天`` or ``逾期 3 天``."""
    return NONE if due is None else wording.days_left(due, today)


def due_word(due: date | None, today: date) -> str:
    """Return the status word of something still owed: ``逾期``, ``临期`` or ``办理中``."""
    if due is None:
        return "办理中"
    left = (due - today).days
    if left < 0:
        return "逾期"
    return "临期" if left <= DUE_SOON_DAYS else "办理中"


def period(start: date | None, end: date | None) -> str:
    """Return ``2024-03-01–2026-02-28``; an open side is left out."""
    if start is None and end is None:
        return NONE
    return f"{short_day(start) if start else ''}–{short_day(end) if end else ''}"


def tone(word: str) -> str:
    """Return the tone of a status word; an unknown word is ``plain``."""
    return TONES.get(word, "plain")


def query(args: Mapping[str, str | Sequence[str]], **changes: str | int | None) -> str:
    """Return a query string of ``args`` with ``changes`` made; ``None`` or an empty value drops a name.

    The result is a relative link (``?sort=-due&page=2``), so that lists keep their filters without knowing
    where they are mounted.
    """
    wanted: dict[str, object] = {
        name: value for name, value in (dict(args) | changes).items() if value not in (None, "", [])
    }
    return f"?{urlencode(wanted, doseq=True)}"


def _status(value: object) -> str:
    return f'<span class="status tone-{tone(str(value))}">{escape(value)}</span>'


WRITERS: Mapping[str, Callable[[Any], str]] = {
    "wan": wan,
    "yuan": yuan,
    "number": number,
    "date": short_day,
    "status": _status,
}
"""How a value of each kind of column is written; other kinds are text."""


def cells(rows: Iterable[object], columns: Iterable[Column]) -> Iterator[Markup]:
    """Yield the ``<td>`` elements of each row, for the columns described in ``templates/macros/table.html``.

    Written out here because a page of fifty rows is where Jinja would spend its time.
    Raises ``KeyError`` or ``AttributeError`` when a row lacks what a column asks for: a misspelt column
    must not pass as an empty one.
    """
    writers = [_writer(column) for column in columns]
    for row in rows:
        yield Markup("".join([write(row) for write in writers]))  # noqa: S704 - every value was escaped


def value_of(row: object, key: str) -> Any:
    """Return a row's value, whether the row is a mapping or has attributes."""
    if type(row) is dict or isinstance(row, Mapping):  # the first is quicker to tell, and nearly always so
        return row[key]
    return getattr(row, key)


def _writer(column: Column) -> Writer:
    kind = column.get("kind") or "text"
    key, sub, url = column["key"], column.get("sub"), column.get("url", "url")
    write = WRITERS.get(kind, escape)
    unit = f"（{column['unit']}）" if column.get("unit") else ""
    opening = f'<td class="k-{escape(kind)}" data-label="{escape(column["label"] + unit)}">'

    def cell(row: object) -> str:
        value = value_of(row, key)
        text = NONE if value is None or value == "" else write(value)
        if kind == "link":
            text = f'<a href="{escape(value_of(row, url))}">{text}</a>'
        if sub:
            text = f'{text}<small class="nums">{escape(value_of(row, sub) or "")}</small>'
        return f"{opening}{text}</td>"

    return cell


def register(app: Flask) -> None:
    """Make the filters known to ``app``'s templates."""
    for function in (
        *(yuan, wan, in_words, percent, share, number),
        *(short_day, day, moment, days_left, due_word, period),
        *(tone, query, cells, wording.told_when),
    ):
        app.add_template_filter(function)
    app.add_template_global(lay_out, "timeline_layout")
