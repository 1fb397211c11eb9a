"""What can be done about a duty or a tranche, as a link for whoever looks: its words and where it leads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from flask import url_for

from lifecycle.record import FISCAL
from lifecycle.roles import Actor, Permission, Role
from lifecycle.rules.base import Kind, Rule
from lifecycle.rules.duties import (
    AgreedMoney,
    AnnualReports,
    PaymentDeadline,
    PlannedPayment,
    RefundDue,
    StageReports,
)
from lifecycle.rules.payments_owed import LaterPayment
from lifecycle.rules.process import Rectification
from lifecycle.rules.time_limits import (
    AcceptanceApplication,
    ChangeDecision,
    ClearingWithin,
    ConclusionToPlatform,
    ConclusionWithin,
    FilingWithin,
    FirstPayment,
    IntegrityWithin,
    PlatformFiling,
    StageReview,
    ToGovernment,
)
from lifecycle.stages import TrancheState
from lifecycle.whole import TrancheAt


class Step(NamedTuple):
    """A link to the place where a thing goes on."""

    label: str
    url: str


_TABS: Mapping[type[Kind], tuple[str, str]] = {
    PaymentDeadline: ("money", "查看拨付"),
    FirstPayment: ("money", "查看拨付"),
    LaterPayment: ("money", "查看拨付"),
    PlannedPayment: ("money", "查看到账"),
    AgreedMoney: ("money", "查看到账"),
    AnnualReports: ("reports", "查看报告"),
    StageReports: ("reports", "查看报告"),
    Rectification: ("oversight", "查看整改"),
    RefundDue: ("oversight", "查看退款"),
    StageReview: ("reports", "查看报告"),
    ToGovernment: ("reports", "查看报告"),
    ChangeDecision: ("changes", "查看变更"),
    PlatformFiling: ("changes", "查看变更"),
    ConclusionToPlatform: ("oversight", "查看验收"),
    AcceptanceApplication: ("oversight", "查看验收"),
    ConclusionWithin: ("oversight", "查看验收"),
    FilingWithin: ("oversight", "查看验收"),
    ClearingWithin: ("oversight", "查看清算"),
    IntegrityWithin: ("oversight", "查看诚信记录"),
}
"""Kind of duty → the tab of the project's page that shows it, and how the link to it reads."""

_TRANCHE_STEPS: Mapping[TrancheState, tuple[Permission, str]] = {
    TrancheState.PLANNED: (Permission.PROPOSE_PAYMENT, "核对并提出拨付"),
    TrancheState.PROPOSED: (Permission.APPROVE_PAYMENT, "核对并审批"),
    TrancheState.APPROVED: (Permission.MAKE_BATCH, "编入拨付批次"),
    TrancheState.ISSUED: (Permission.BOOK_PAYMENT, "登记拨付"),
}


def tab_url(number: str, tab: str) -> str:
    """Return the address of a tab of a project's page, at which the page opens."""
    return tab_urls(number, [tab])[tab]


def tab_urls(number: str, tabs: Iterable[str]) -> dict[str, str]:
    """Return the addresses of several tabs of one project's page; their names are plain words."""
    page = url_for("projects.show", number=number)
    return {tab: f"{page}?tab={tab}#tabs" for tab in tabs}


def duty_step(
    rule: Rule | None,
    actor: Actor,
    number: str,
    path: str | None = None,
    person: int | None = None,
    owner: Role | None = None,
) -> Step:
    """Return where to look into a duty of the project of that number.

    ``path`` is a page of its own, where it has one, which is ``owner``'s to act on, and ``person`` who alone
    owes it: then it is her page.
    """
    if path is not None and person in (None, actor.user_id):
        return Step("去办理" if owner in actor.roles else "查看", path)
    tab, label = _TABS.get(type(rule.kind), ("duties", "查看详情")) if rule else ("duties", "查看详情")
    pays = rule is not None and isinstance(rule.kind, PaymentDeadline | FirstPayment | LaterPayment)
    if pays and actor.may(Permission.PROPOSE_PAYMENT):
        label = "核对拨付"
    return Step(label, tab_url(number, tab))


def tranche_step(state: TrancheState, actor: Actor, tranche_id: int) -> Step:
    """Return the actor's own next step with a tranche of public money, else the way to look at it."""
    label = _TRANCHE_STEPS[state][1] if is_hers(state, actor) else "查看拨付"
    return Step(label, url_for("money.tranche", tranche_id=tranche_id))


def is_hers(state: TrancheState, actor: Actor) -> bool:
    """Whether it is for the actor to take a tranche on from there."""
    return state in _TRANCHE_STEPS and actor.may(_TRANCHE_STEPS[state][0])


def batch_step(is_issued: bool, batch_id: int) -> Step:
    """Return the next step with a batch that is a draft or issued."""
    return Step("登记拨付" if is_issued else "核对并出表", url_for("money.batch", batch_id=batch_id))


def in_turn(tranches: Iterable[TrancheAt]) -> list[TrancheAt]:
    """Return the tranches of public money whose turn it is: unpaid, and none before them is."""
    unpaid = [one for one in tranches if one.tranche.source in FISCAL and one.state is not TrancheState.PAID]
    first = min((one.tranche.number for one in unpaid), default=0)
    return [one for one in unpaid if one.tranche.number == first]
