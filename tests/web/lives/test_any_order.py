"""Whatever people press, in whatever order and whoever presses it: what must never break does not."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from lifecycle import audit_check
from lifecycle.addresses import turn_path
from lifecycle.models import AgreementState, AgreementVersion, ChangeRequest, KeptDuty, Turn
from lifecycle.roles import Role
from lifecycle.stages import STAGE_TRANSITIONS, Stage
from tests.web.lives.living import Life, Page, fields_of
from tests.web.lives.papers import scan
from tests.web.lives.steps import agree, register
from tests.web.lives.test_spb_major import PARTIES, PLAN
from tests.web.lives.test_spb_major import start_money as pay_the_first

SEEDS = range(40 if os.environ.get("KEGUAN_SOAK") else 4)
STEPS = 70
WHO = {
    Role.HANDLER: ("handler", "second_handler"),
    Role.APPROVER: ("approver", "second_approver"),
    Role.FINANCE: ("finance",),
    Role.PI: ("pi",),
    Role.UNIT_MANAGER: ("unit",),
    Role.JOINT_UNIT: ("joint",),
    Role.EXPERT: ("expert_a", "expert_b", "expert_c"),
}
EVERYBODY = [*(name for names in WHO.values() for name in names), "auditor", "rival", "stranger", "insider"]
TABS = ("agreement", "money", "reports", "changes", "oversight")
PARTS = ("/agreements/", "/changes/", "/reports/", "/acceptance/", "/oversight/", "/spending/", "/money/tr")
WORDS = "情况属实，材料完整，按规定办理。"


class Monkey:
    """Somebody at random who fills in at random whatever form she finds, day after day."""

    def __init__(self, life: Life, seed: int) -> None:
        self.life, self.random, self.day = life, Random(seed), date(2026, 5, 10)
        self.stage = Stage(life.stage())
        self.pressed: list[str] = []

    def step(self) -> None:
        """Let somebody do something, perhaps some days later, and hold what must hold."""
        if self.random.random() < 0.15:
            self.day += timedelta(self.random.choice((1, 7, 30, 120)))
        self.life.on(self.day)
        who, page = self._somewhere()
        forms = [form for form in page.document.forms if self._is_of_the_project(form)]
        if not forms:
            return
        form = self.random.choice(forms)
        if self.random.random() < 0.1:
            who = self.random.choice(EVERYBODY)  # the same form, sent by somebody who never saw it
        before = self.life.everything()
        answer = self.life.send(who, form.get("action") or page.path, dict(self._filled(form)))
        self.pressed.append(f"{self.day} {who} {form.get('action') or page.path}: {answer.status_code}")
        if answer.status_code not in {200, 302, 303}:
            assert answer.status_code in {403, 404, 409, 422}, answer.status_code
            assert self.life.everything() == before, "something was saved although it was refused"
        self._hold()

    def _somewhere(self) -> tuple[str, Page]:
        """Return somebody and the page she is on: mostly the page on which her turn is."""
        turns = self.life.all(select(Turn).where(Turn.done_on.is_(None)).order_by(Turn.id))
        if turns and self.random.random() < 0.5:
            turn = self.random.choice(turns)
            role = self.random.choice([turn.role, turn.also or turn.role])
            who = self.random.choice(WHO[role])
            page = self._look(who, turn_path(turn.kind, turn.ref_id))
            if page is not None:
                return who, self._further(page)
        who = self.random.choice(EVERYBODY[:9])
        page = self._look(who, f"/projects/{self.life.number}?tab={self.random.choice(TABS)}")
        return (who, self._further(page)) if page else ("handler", self.life.open("handler", "/"))

    def _further(self, page: Page) -> Page:
        """Follow a link to another page on which something is done, or stay."""
        links = [link.get("href", "") for link in page.document.iterfind(".//main//a")]
        links = [link for link in links if link.startswith(PARTS) and not link.endswith((".docx", ".xlsx"))]
        if not links or self.random.random() < 0.4:
            return page
        return self._look(page.who, self.random.choice(links)) or page

    def _look(self, who: str, path: str) -> Page | None:
        answer = self.life.browser(who).get(path)
        found = answer.status_code == 200 and answer.mimetype == "text/html"
        return Page(self.life, who, path.partition("?")[0], answer.text) if found else None

    def _is_of_the_project(self, form: Any) -> bool:
        action = form.get("action") or ""
        return form.method == "POST" and not action.startswith(
            ("/sign-", "/agencies", "/switch", "/password")
        )

    def _filled(self, form: Any) -> Iterator[tuple[str, Any]]:
        values = fields_of(form)
        values.poplist("csrf_token")  # the browser sends the token of whoever presses
        yield from values.items(multi=True)
        for field in form.iterfind(".//input"):
            kind, name = field.get("type", "text"), field.get("name")
            if name is None or kind in {"hidden", "submit"}:
                continue
            if kind == "file":
                yield name, scan("材料.pdf")
            elif kind == "date":
                yield name, (self.day - timedelta(self.random.choice((0, 0, 0, 3, -1)))).isoformat()
            elif kind in {"radio", "checkbox"}:
                if self.random.random() < 0.6:
                    yield name, field.get("value", "y")
            elif not field.get("value"):
                yield name, "1000" if field.get("data-money") else WORDS
        for field in form.iterfind(".//textarea"):
            yield field.get("name"), WORDS
        for field in form.iterfind(".//select"):
            options = [option.get("value", "") for option in field.iterfind(".//option")]
            yield field.get("name"), self.random.choice([one for one in options if one] or [""])
        buttons = [one for one in form.iterfind(".//button") if one.get("name")]
        if buttons and self.random.random() < 0.3:
            chosen = self.random.choice(buttons)
            yield chosen.get("name"), chosen.get("value", "")

    def _hold(self) -> None:
        now = Stage(self.life.stage())
        assert now in _reached(self.stage), f"{self.stage} → {now} after {self.pressed[-1]}"
        self.stage = now
        versions = self.life.all(select(AgreementVersion).order_by(AgreementVersion.number))
        assert [one.number for one in versions] == list(range(1, len(versions) + 1))
        in_force = [one.number for one in versions if one.state is AgreementState.IN_FORCE]
        assert in_force == (
            [versions[-1].number] if versions and self.stage != Stage.AWAITING_AGREEMENT else []
        )
        requests = {one.number for one in self.life.all(select(ChangeRequest))}
        assert {one.number for one in self.life.record().changes} <= requests
        self._hold_turns()

    def _hold_turns(self) -> None:
        """Of whatever waits the clock speaks once, by one duty, to each of those who may do it."""
        waiting = self.life.all(select(Turn).where(Turn.done_on.is_(None)))
        owed = self.life.all(select(KeptDuty).where(KeptDuty.done_on.is_(None), KeptDuty.closed_on.is_(None)))
        spoken = Counter(one.speaks_of for one in owed if one.speaks_of is not None)
        for turn in waiting:
            by = [one for one in owed if one.speaks_of and one.speaks_of in {turn.duty, str(turn.id)}]
            assert len(by) == 1, (turn.words, self.pressed[-1])
            assert turn.role in {by[0].owner, by[0].also}, (turn.words, self.pressed[-1])
        assert spoken.keys() == {turn.duty if spoken[turn.duty] else str(turn.id) for turn in waiting}
        assert max(spoken.values(), default=1) == 1
        acts = Counter(
            (role, one.user_id, one.path, one.message)
            for one in owed
            for role in (one.owner, one.also)
            if role
        )
        pages = Counter((one.path, one.message) for one in owed if one.path is not None)
        assert [act for act, many in (*acts.items(), *pages.items()) if many > 1] == [], self.pressed[-1]


def _reached(stage: Stage) -> set[Stage]:
    """Return where one press may lead: a step of the table, or two where the second follows by itself."""
    first = STAGE_TRANSITIONS[stage]
    return {stage, *first, *(then for one in first for then in STAGE_TRANSITIONS[one])}


@pytest.mark.parametrize("seed", SEEDS)
def test_stages_versions_and_history_stay_whole_whatever_is_pressed(life: Life, seed: int) -> None:
    register(life, PLAN, date(2026, 3, 2))
    if seed % 4:
        life.on(date(2026, 3, 5))
        agree(life, PLAN, PARTIES, date(2026, 3, 5))
    if seed % 4 > 1:
        pay_the_first(life)
    monkey = Monkey(life, seed)
    for _ in range(STEPS):
        monkey.step()
    done = [line for line in monkey.pressed if line.endswith(" 302")]
    assert len(done) >= (5 if seed % 4 else 1), monkey.pressed
    with life.reading() as session:
        assert all(check.is_whole for check in audit_check.verify(session))
    life.is_whole()
