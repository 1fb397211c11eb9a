"""The steps that lives share: registering an award, agreeing on it, putting it in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tests.web.lives.living import Life, Page, fields_of
from tests.web.lives.papers import scan
from tests.web.site import UNIT

Row = Mapping[str, str]


@dataclass(frozen=True)
class Plan:
    """What a project is awarded for and what its parties agree on, as it is typed into the forms."""

    number: str
    programme: str
    start: str
    end: str
    award: Row = field(default_factory=dict)
    agreement: Row = field(default_factory=dict)
    indicators: Sequence[Row] = ()
    milestones: Sequence[Row] = ()
    members: Sequence[Row] = ()
    partners: Sequence[Row] = ()
    tranches: Sequence[Row] = ()
    budget: Row = field(default_factory=dict)

    @property
    def typed(self) -> dict[str, str]:
        """Everything that is typed into the draft of the agreement."""
        values = dict(self.agreement)
        for name in ("indicators", "milestones", "members", "partners", "tranches"):
            for place, row in enumerate(getattr(self, name)):
                values |= {f"{name}-{place}-{key}": value for key, value in row.items()}
        return values | {f"budget-{name}": value for name, value in self.budget.items()}


def register(life: Life, plan: Plan, day: date) -> Page:
    """Let the handler register the award; return the project's page as she sees it."""
    life.on(day)
    usual = {
        "title": "A&B ‹关键>技术研究",
        "lead_unit": UNIT,
        "lead_unit_type": "高等院校",
        "lead_place": "重庆市",
        "pi_name": "李工",
        "pi_email": life.account("pi").email,
        "bank_name": "重庆农村商业银行沙坪坝支行",
        "bank_account": "0012345678901234567",
    }
    own = {"number": plan.number, "programme": plan.programme, "start": plan.start, "end": plan.end}
    life.number = plan.number
    return life.open("handler", "/awards/new").done("登记项目", **{**usual, **own, **plan.award})


def write_draft(life: Life, plan: Plan, who: str = "pi") -> Page:
    """Let somebody draft the agreement; return the draft as saved."""
    draft = life.project(who, "agreement").done("起草任务书")
    return draft.done("保存草稿", **plan.typed)


def revision_of(draft: Page) -> str:
    """Return the revision that a draft was drawn with."""
    return str(fields_of(draft.form("保存草稿")[0])["revision"])


def rewrite(life: Life, path: str, plan: Plan) -> str:
    """Let the pi write a draft anew; return its revision."""
    draft = life.open("pi", path)
    return revision_of(draft.done("保存草稿", **plan.typed))


def finalise(life: Life, draft: Page, **reasons: str) -> Page:
    """Let the handler put the draft before the parties."""
    return life.open("handler", draft.path).done("定稿送签", **reasons)


def sign(life: Life, path: str, who: str, party: str, day: date, signer: str = "张三") -> Page:
    """Let somebody record that a party has signed, with a scan."""
    page = life.open(who, path)
    return page.done(
        "登记签署",
        {"scan": scan(f"{party}签字页.pdf")},
        party=party,
        signer=signer,
        signed_on=day.isoformat(),
    )


def agree(life: Life, plan: Plan, parties: Sequence[tuple[str, str]], day: date, **reasons: Any) -> Page:
    """Lead the agreement from its draft to the last signature; ``parties`` are who records which party."""
    draft = write_draft(life, plan)
    final = finalise(life, draft, **reasons)
    for who, party in parties:
        final = sign(life, final.path, who, party, day)
    return final
