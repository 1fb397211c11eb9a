"""The page of one report: what it says, and the forms of whoever's turn it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from flask import render_template

from app import clock
from app.extensions import db
from app.filings.forms import (
    ConcludeForm,
    ExpertsForm,
    GovernmentForm,
    NoteForm,
    OpinionForm,
    ReplaceForm,
    ReturnForm,
    replace_form,
)
from app.filings.steps import answers_for, co_runs, writes_on
from app.forms import Form
from app.permissions import current_actor
from lifecycle.models import MemberState, PanelState, PanelSubject, ReportState
from lifecycle.panels import PANEL_PERIOD, Candidate, candidates, impartial, joint_rule
from lifecycle.record import Review
from lifecycle.report_opening import article_of
from lifecycle.report_shown import ShownReport, load_report
from lifecycle.roles import Actor, Permission
from lifecycle.rules.verdict import Verdict


@dataclass
class ReportPage:
    """One report as one person sees it; ``refused`` are forms shown again, by name."""

    shown: ShownReport
    actor: Actor
    today: date
    refused: Mapping[str, Form]

    @property
    def article(self) -> str | None:
        """The article that asks for reports of this kind."""
        return article_of(self.shown.record, self.shown.kind)

    @property
    def may_write(self) -> bool:
        """Whether she goes on writing."""
        is_open = self.shown.state in (ReportState.DRAFT, ReportState.RETURNED)
        return is_open and writes_on(self.actor, self.shown.record)

    @property
    def may_confirm(self) -> bool:
        """Whether she hands it to the bureau."""
        return self.shown.state is ReportState.FILED and answers_for(self.actor, self.shown.record)

    @property
    def may_decide(self) -> bool:
        """Whether she accepts or returns it."""
        return self.shown.state is ReportState.CONFIRMED and self.actor.may(Permission.DECIDE_REPORT)

    @property
    def may_pass_on(self) -> bool:
        """Whether she notes that it went on to the government."""
        return self.shown.awaits_government and self.actor.may(Permission.DECIDE_REPORT)

    @property
    def is_at_work(self) -> bool:
        """Whether experts are at it."""
        return self.shown.panel is not None and self.shown.panel.state is PanelState.AT_WORK

    @property
    def may_name(self) -> bool:
        """Whether she names experts."""
        names = self.actor.may(Permission.FORM_PANEL)
        return self.shown.awaits_review and names and self.shown.panel is None

    @property
    def may_conclude(self) -> bool:
        """Whether she leads the review."""
        return self.shown.awaits_review and self.is_at_work and self.actor.may(Permission.FORM_PANEL)

    @property
    def may_say(self) -> bool:
        """Whether she gives the joint unit's opinion."""
        panel = self.shown.panel
        wanted = joint_rule(self.shown.record, PanelSubject.STAGE) is not None
        heard = panel is not None and panel.joint_on is not None
        return self.is_at_work and wanted and not heard and co_runs(self.actor, self.shown.record)

    @property
    def sees_opinions(self) -> bool:
        """Whether she sees what experts wrote: the bureau and the joint unit do, others in the end."""
        over = self.shown.panel is not None and self.shown.panel.state is PanelState.CONCLUDED
        return over or self.actor.sees_all_projects or co_runs(self.actor, self.shown.record)

    @property
    def missing(self) -> list[str]:
        """What must come in before the review can be concluded."""
        return self.shown.panel.missing(self.shown.record) if self.shown.panel else []

    @cached_property
    def experts(self) -> list[Candidate]:
        """Everybody who may be named in the agency."""
        return list(candidates(db.session(), self.actor.agency_id).values())

    @cached_property
    def verdict(self) -> Verdict:
        """What the rules say, were all of them named."""
        return impartial(db.session(), self.shown.project_id, self.shown.record, self.experts, self.today)

    @cached_property
    def conflicts(self) -> dict[str, str]:
        """Name of an expert who takes part in the project → why she cannot be named."""
        return {line.subject: f"{line.text}（{line.rule.citation}）" for line in self.verdict.refusals}

    @property
    def free(self) -> list[Candidate]:
        """The experts who may take another's place."""
        panel = self.shown.panel
        sat = {one.user_id for one in panel.members} if panel else set()
        return [one for one in self.experts if one.user_id not in sat and one.name not in self.conflicts]

    @property
    def seats(self) -> list[tuple[int, str, ReplaceForm]]:
        """The experts who may be replaced: id, name and the form."""
        panel = self.shown.panel
        if panel is None or not self.may_conclude:
            return []
        open_ = (MemberState.INVITED, MemberState.RECUSED)
        return [(one.id, one.name, self._replace(one.id)) for one in panel.members if one.state in open_]

    def _replace(self, seat_id: int) -> ReplaceForm:
        given = self.refused.get(f"replace-{seat_id}")
        return given if isinstance(given, ReplaceForm) else replace_form(self.free, fresh=True)

    def form(self, name: str) -> Form:
        """Return the form of that name, as it was sent where it was refused."""
        if name in self.refused:
            return self.refused[name]
        return self._fresh()[name]

    def _fresh(self) -> dict[str, Form]:
        panel = self.shown.panel
        majority = panel.majority if panel else None
        due = self.today + PANEL_PERIOD
        return {
            "confirm": Form(formdata=None),
            "send_back": NoteForm(formdata=None),
            "accept": Form(formdata=None),
            "return": ReturnForm(formdata=None),
            "government": GovernmentForm(formdata=None, data={"on": self.today}),
            "experts": ExpertsForm(formdata=None, data={"due": due}),
            "joint": OpinionForm(formdata=None),
            "conclude": ConcludeForm(formdata=None, data={"review": majority.value if majority else None}),
        }

    @property
    def votes(self) -> str:
        """How the opinions stand, in words."""
        panel = self.shown.panel
        if panel is None or not panel.submitted:
            return ""
        passed, failed = panel.votes(Review.PASSED), panel.votes(Review.FAILED)
        return f"通过 {passed} 人，不通过 {failed} 人，平均 {panel.average} 分"


def report_page(report_id: int, refused: Mapping[str, Form] | None = None) -> tuple[str, int]:
    """Show a report; with forms that were refused, by name, as they were sent."""
    today, actor = clock.today(), current_actor()
    shown = load_report(db.session(), actor, report_id, today)
    page = ReportPage(shown, actor, today, refused or {})
    return render_template("filings/report.html", it=page, shown=shown), 422 if refused else 200
