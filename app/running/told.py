"""告知记录: what an address asks of the proof, and the page and the workbook that answer it.

Of the bureau's page and of everybody's own: the same list, asked by others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from io import BytesIO

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.extensions import db
from app.filters import query
from app.menu import agency_name
from app.money.lists import options, page_number, per_page
from app.permissions import current_actor
from app.projects.asking import read_text
from app.workbooks import send_workbook
from lifecycle.models import Channel
from lifecycle.roles import Permission
from lifecycle.rulebook import rulebook
from lifecycle.rules.base import Rule
from lifecycle.tellings import Outcome, Sought, every_telling, told_page
from reports.told_list import write_told_list

Args = Mapping[str, str]

MOST_RULE = 18
"""Characters of a rule's summary in a filter."""

CHANNELS = options(channel.value for channel in Channel if channel is not Channel.NONE)


def show_told(*, own: bool) -> ResponseReturnValue:
    """Return the page that is asked for."""
    args, size = request.args, per_page(request.args)
    sought = sought_of(args, own=own)
    at = "inbox.told" if own else "running.told"
    return render_template(
        "running/told.html",
        own=own,
        sees_projects=current_actor().may(Permission.SEE_PROJECTS),
        sought=sought,
        found=told_page(db.session(), current_actor(), sought, page_number(args), size),
        size=size,
        outcomes=list(Outcome),
        list_url=url_for(at),
        export_url=url_for(f"{at}_sheet") + query(args, page=None, size=None),
        chips=list(_chips(sought, args)),
        rules=[("", "全部"), *((rule.id, _short(rule)) for rule in _duty_rules())],
        channels=CHANNELS,
    )


def write_told(*, own: bool) -> ResponseReturnValue:
    """Hand out everything asked for as a workbook."""
    sought, today, file = sought_of(request.args, own=own), clock.today(), BytesIO()
    rows = every_telling(db.session(), current_actor(), sought)
    asked = "；".join(f"{label}：{value}" for _, label, value in _told(sought)) or "全部"
    write_told_list(file, rows, agency=agency_name(), asked=asked, today=today)
    return send_workbook(file, f"告知记录-{today}.xlsx")


def sought_of(args: Args, *, own: bool) -> Sought:
    """Return what an address asks; what it says wrongly is not asked."""
    rule, channel, outcome = args.get("rule", ""), args.get("way", ""), args.get("outcome", "")
    known = rule if rulebook().find(rule) else ""
    return Sought(
        own=own,
        text=read_text(args, "q"),
        project=read_text(args, "project"),
        rule=known,
        subject=read_text(args, "subject") if known and "subject" in args else None,
        who="" if own else read_text(args, "who"),
        channel=Channel(channel) if channel in set(Channel) else None,
        first=_day(args, "first"),
        last=_day(args, "last"),
        outcome=Outcome(outcome) if outcome in set(Outcome) else None,
    )


def _day(args: Args, name: str) -> date | None:
    try:
        return date.fromisoformat(args.get(name, ""))
    except ValueError:
        return None


def _duty_rules() -> list[Rule]:
    """Return every rule that makes somebody owe something, in the order of the rule files."""
    book = rulebook()
    rules = (rule for name in book.programmes for rule in book.programme(name).rules)
    return list({rule.id: rule for rule in rules if rule.owner is not None}.values())


def _short(rule: Rule) -> str:
    words = rule.summary
    return f"{rule.article} {words if len(words) <= MOST_RULE else words[: MOST_RULE - 1] + '…'}"


def _told(sought: Sought) -> Iterator[tuple[str, str, str]]:
    """Yield what is asked: its name in an address, its label and its words."""
    rule = rulebook().find(sought.rule)
    asked = (
        ("q", "项目", sought.text),
        ("project", "项目编号", sought.project),
        ("rule", "事项", _short(rule) if rule else ""),
        ("subject", "期次或阶段", sought.subject or ""),
        ("who", "告知对象", sought.who),
        ("way", "方式", sought.channel or ""),
        ("first", "自", str(sought.first or "")),
        ("last", "至", str(sought.last or "")),
        ("outcome", "结果", sought.outcome or ""),
    )
    yield from ((name, label, words) for name, label, words in asked if words)


def _chips(sought: Sought, args: Args) -> Iterator[dict[str, str]]:
    """Yield what is asked, each with the address of the list without it."""
    for name, label, value in _told(sought):
        if name != "outcome":  # the tabs say it
            without = {"rule": ("rule", "subject")}.get(name, (name,))
            url = query(args, page=None, **dict.fromkeys(without))
            yield {"label": label, "value": value, "url": url}
