"""What an agency sets for itself, as commands: the steps of the clock and the days of its time limits.

What the law needs cannot be switched off: every duty is spoken of beforehand and on its day, and lateness
goes up to the unit and the approver within the limits below. What a person chooses for herself is
``lifecycle.choosing``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from lifecycle.command import Work, command
from lifecycle.recomputing import restate_now
from lifecycle.refusals import InvalidInput
from lifecycle.reminding import Clockwork
from lifecycle.roles import ROLE_NAMES, Permission, Role
from lifecycle.rules.base import Rule
from lifecycle.rules.time_limits import WithinDays
from lifecycle.setting_kept import Opened, changed, demand_unchanged, keep_setting
from lifecycle.settings import LOCAL, STEPS, Settings, settings_of, steps_to_plain

MOST_BEFORE = 90
"""Days before a deadline that a step may be at most."""

AHEAD_AT_LEAST = 7
"""At least one step comes so many days before the deadline, or more."""

MOST_EVERY = 14
"""Days between two steps of lateness at most."""

LATEST: Mapping[Role, int] = {Role.UNIT_MANAGER: 30, Role.APPROVER: 60}
"""By how many days after the deadline each of these is told at the latest."""

MOST_DAYS = 730
"""Days of a time limit at most."""


_STEP_NAMES: Mapping[str, str] = {
    "before": "到期前提醒",
    "every": "逾期催办间隔",
    **{role.value: f"逾期告知{ROLE_NAMES[role]}" for role in LATEST},
}


def shown_steps(clockwork: Clockwork) -> Opened:
    """Return what a form shows of the steps."""
    later = {role.value: clockwork.escalation.get(role) for role in LATEST}
    return {"before": list(clockwork.before), "every": clockwork.every, **later}


def wrong_before(before: Sequence[int]) -> str | None:
    """Return in words what is wrong with the days before a deadline on which duties are spoken of."""
    if not all(0 <= one <= MOST_BEFORE for one in before):
        return f"天数应在 1 至 {MOST_BEFORE} 之间。"
    if max(before, default=0) < AHEAD_AT_LEAST:
        return f"至少有一次提醒在到期 {AHEAD_AT_LEAST} 天以前，否则来不及办理。"
    return None


@command("settings.steps", Permission.MANAGE_SETTINGS)
def set_steps(
    work: Work,
    before: Sequence[int],
    every: int,
    escalation: Mapping[Role, int],
    today: date,
    *,
    opened: Opened | None = None,
) -> None:
    """Set when duties are spoken of, and from when on whom else lateness is told.

    Raises ``InvalidInput`` (``before``, ``every``, and the roles' names) beyond the limits above, and
    ``SettingChanged`` where ``opened`` is not what holds any more.
    """
    errors: dict[str, str] = {}
    if words := wrong_before(before):
        errors["before"] = words
    if not 1 <= every <= MOST_EVERY:
        errors["every"] = f"逾期催办的间隔应在 1 至 {MOST_EVERY} 天之间。"
    for role, most in LATEST.items():
        if not 1 <= escalation.get(role, 0) <= most:
            errors[role.value] = f"应在逾期 1 至 {most} 天之间告知{ROLE_NAMES[role]}，不能取消。"
    if errors:
        raise InvalidInput(errors)
    old = settings_of(work.session, work.actor.agency_id).clockwork
    demand_unchanged(opened, shown_steps(old), _STEP_NAMES)
    steps = tuple(sorted({*before, 0}, reverse=True))
    new = Clockwork(steps, every, dict(escalation), old.days)
    keep_setting(work, STEPS, steps_to_plain(new), today)
    restate_now(work)
    was, becomes = shown_steps(old), shown_steps(new)
    changes = [one for key, words in _STEP_NAMES.items() for one in changed(words, was[key], becomes[key])]
    work.record("修改提醒的安排", details={"changes": changes})


def time_limits(settings: Settings) -> list[Rule]:
    """Return the agency's own time limits as it has set them, in the order of their file."""
    found = {
        rule.id: rule for one in _programmes(settings) for rule in one if isinstance(rule.kind, WithinDays)
    }
    return list(found.values())


def articles_asking(settings: Settings) -> Mapping[str, Sequence[str]]:
    """Return which articles ask the act of each time limit, whatever the programme, by the rule's id."""
    found: dict[str, dict[str, None]] = {}
    for rules in _programmes(settings):
        for rule in rules:
            found.setdefault(rule.id, {}).update(dict.fromkeys(one.citation for one in rule.articles))
    return {id_: list(articles) for id_, articles in found.items()}


def _programmes(settings: Settings) -> Iterator[Sequence[Rule]]:
    book = settings.rulebook
    for name in book.programmes:
        yield book.programme(name).rules


def shown_limits(rules: Iterable[Rule]) -> Opened:
    """Return what a form shows of those time limits."""
    return {rule.id: _days(rule) for rule in rules}


@command("settings.limits", Permission.MANAGE_SETTINGS)
def set_limits(work: Work, days: Mapping[str, int], today: date, *, opened: Opened | None = None) -> None:
    """Set within how many days each act is wanted that a regulation asks without naming a day; 0: no limit.

    ``days`` is by rule id. Raises ``InvalidInput`` by rule id, and ``SettingChanged`` where ``opened`` is not
    what holds any more. What an article asks cannot be left without a limit: nobody would ever be told of it.
    """
    settings = settings_of(work.session, work.actor.agency_id)
    known = {rule.id: rule for rule in time_limits(settings)}
    asking = articles_asking(settings)
    errors = {
        id_: _out_of_bounds(asking[id_])
        for id_, many in days.items()
        if id_ in known and not (1 if known[id_].is_needed else 0) <= many <= MOST_DAYS
    }
    if errors:
        raise InvalidInput(errors)
    names = {id_: limit_words(rule) for id_, rule in known.items()}
    demand_unchanged(opened, shown_limits(known.values()), names)
    usual = {rule.id: rule for rule in time_limits(replace(settings, local={}))}
    local = {id_: {"days": many} for id_, many in days.items() if id_ in known and many != _days(usual[id_])}
    keep_setting(work, LOCAL, local, today)
    restate_now(work)
    new = {rule.id: rule for rule in time_limits(Settings(local=local))}
    changes = [
        change
        for id_, rule in known.items()
        for change in changed(rule.summary, _days(rule), _days(new[id_]))
    ]
    work.record("修改本局办理期限", details={"changes": changes})


def _out_of_bounds(articles: Sequence[str]) -> str:
    if articles:
        return f"{'、'.join(articles)}要求办理，不能不设期限：天数应在 1 至 {MOST_DAYS} 之间。"
    return f"天数应在 0 至 {MOST_DAYS} 之间，0 表示不设期限。"


def _days(rule: Rule) -> int:
    return rule.kind.days if isinstance(rule.kind, WithinDays) else 0


def limit_words(rule: Rule) -> str:
    """Return a time limit's summary without its number, which is what may be set."""
    days = _days(rule)
    return rule.summary.replace(f" {days} 日内", "多少日内").replace(f"{days} 日内", "多少日内")
