"""Forms of terms and money: what is typed comes to exactly what it says, or is refused at its place."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from app.agreements.forms import TermsForm, terms_in, values_of
from app.forms import MoneyField
from app.rows import Row
from lifecycle.agreement_terms import money_obstacles, parties_of, source_sums, terms_obstacles, unsound
from lifecycle.money import LIMIT, WAN, wan, yuan
from lifecycle.record import (
    BudgetLine,
    BudgetUse,
    Direction,
    IndicatorCategory,
    Partner,
    Signatory,
    Source,
    Tranche,
    UnitType,
)
from lifecycle.stages import TrancheState
from lifecycle.terms import (
    IndicatorTerm,
    Member,
    MilestoneTerm,
    Terms,
    TrancheTerm,
    applied,
    from_plain,
    terms_of,
    to_plain,
)
from lifecycle.terms_words import told_differences
from lifecycle.whole import TrancheAt
from reports.ledger.cells import plain_decimal
from tests.web.site import a_record


class Sums(Row):
    """One amount in each unit."""

    yuan = MoneyField("金额")
    wan = MoneyField("金额", unit="万元")


def typed(**values: str) -> Sums:
    """Return the form in which those were typed."""
    form = Sums(MultiDict(values))
    form.validate()
    return form


@given(st.integers(0, LIMIT - 1))
def test_an_amount_comes_back_exactly_in_either_unit(fen: int) -> None:
    form = typed(yuan=yuan(fen), wan=wan(fen))
    assert (form.yuan.data, form.wan.data, form.errors) == (fen, fen, {})
    shown = Sums(data={"yuan": fen, "wan": fen})
    assert (shown.yuan._value(), shown.wan._value()) == (yuan(fen), wan(fen))


@pytest.mark.parametrize("text", ["1,000.00", "1000", " 1,000.0 ", "1，000.00", "1000.000"])
def test_separators_and_blanks_do_not_matter(text: str) -> None:
    assert typed(yuan=text).yuan.data == 100_000


@pytest.mark.parametrize(
    "text", ["1.001", "-1", "1e400", "1e2", "12,3.4.5", "10,00", "五万", "nan", "10000000000000000", "0x10"]
)
def test_what_is_no_amount_is_refused_and_stays(text: str) -> None:
    form = typed(yuan=text)
    assert form.yuan.data is None
    assert form.yuan.errors
    assert form.yuan._value() == text


def test_wan_takes_six_decimals_and_no_more() -> None:
    assert typed(wan="0.000001").wan.data == 1
    assert typed(wan="0.0000001").wan.errors


NAMES = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=12)
AMOUNTS = st.integers(0, 10**12)
DAYS = st.dates(date(2000, 1, 1), date(2090, 1, 1))
VALUES = st.one_of(st.none(), st.sampled_from(["100", "1,000.5", "达到国内领先水平", "≥3 项"]), NAMES)


@st.composite
def indicators(draw: Any) -> IndicatorTerm:
    guide, agreed = draw(VALUES), draw(VALUES)
    return IndicatorTerm(
        draw(NAMES),
        draw(st.sampled_from(IndicatorCategory)),
        draw(st.sampled_from(Direction)),
        draw(st.none() | NAMES),
        guide,
        agreed,
        plain_decimal(guide or ""),
        plain_decimal(agreed or ""),
    )


PARTNERS = st.builds(
    Partner,
    NAMES,
    st.none() | st.sampled_from(UnitType),
    st.sampled_from(["四川省", "新加坡", "香港特区"]),
    AMOUNTS,
    st.none() | DAYS,
    st.none() | DAYS,
)
TRANCHES = st.builds(
    TrancheTerm, st.integers(1, 9), st.sampled_from(Source), AMOUNTS, st.none() | DAYS, st.just("") | NAMES
)
MILESTONES = st.builds(MilestoneTerm, st.integers(1, 99), st.none() | NAMES, DAYS, st.just("") | NAMES)
BUDGET = st.lists(
    st.builds(BudgetLine, st.sampled_from(Source), st.sampled_from(BudgetUse), AMOUNTS),
    unique_by=lambda one: (one.source, one.use),
)


@st.composite
def terms(draw: Any) -> Terms:
    """Any terms that a form can hold."""
    return replace(
        terms_of(a_record("甲")),
        title=draw(NAMES),
        goals=draw(st.just("") | NAMES),
        own=draw(AMOUNTS),
        separate_account=draw(st.sampled_from([True, False, None])),
        members=tuple(draw(st.lists(st.builds(Member, NAMES, NAMES, NAMES, NAMES), max_size=3))),
        partners=tuple(draw(st.lists(PARTNERS, max_size=2, unique_by=lambda one: one.name))),
        indicators=tuple(draw(st.lists(indicators(), max_size=3, unique_by=lambda one: one.name))),
        milestones=tuple(draw(st.lists(MILESTONES, max_size=3, unique_by=lambda one: one.number))),
        budget=tuple(draw(BUDGET)),
        tranches=tuple(draw(st.lists(TRANCHES, max_size=3))),
    )


@pytest.fixture(scope="module")
def bare() -> Flask:
    """An application that has nothing but forms."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY="k", WTF_CSRF_ENABLED=False)
    return app


def sent(form: TermsForm) -> MultiDict[str, str]:
    """Return what a browser sends of a form as it is drawn."""
    found: MultiDict[str, str] = MultiDict()
    waiting = list(form)
    while waiting:
        field = waiting.pop()
        if field.type in {"RowsField", "_RowField", "GridField"}:
            waiting += list(field.entries if field.type == "RowsField" else field.form)
        elif field.type == "BooleanField":
            if field.data:
                found.add(field.name, "y")
        elif field.type in {"ChoiceField", "FlagField"}:
            chosen = [choice.value for choice in field.iter_choices() if choice.selected]
            found.add(field.name, chosen[0] if chosen else "")
        else:
            found.add(field.name, field._value())
    return found


@given(terms())
def test_a_form_sent_as_it_was_drawn_changes_nothing(bare: Flask, wanted: Terms) -> None:
    with bare.test_request_context():
        drawn = TermsForm(formdata=None, data=values_of(wanted))
        back = TermsForm(formdata=sent(drawn))
        assert back.validate(), [list(f.wrong_cells) for f in back if hasattr(f, "wrong_cells")]
        assert terms_in(back, wanted) == wanted


@given(terms())
def test_a_part_of_the_form_touches_nothing_else(bare: Flask, wanted: Terms) -> None:
    with bare.test_request_context():
        form = TermsForm(formdata=MultiDict({"title": "新名称", "own": "1"}))
        form.keep_only(["title"])
        assert form.validate()
        assert [name for name in form.sections if form.has(name)] == ["basics"]
        assert terms_in(form, wanted) == replace(wanted, title="新名称")


@given(terms())
def test_terms_survive_being_kept(wanted: Terms) -> None:
    assert from_plain(Terms, to_plain(wanted)) == wanted
    assert told_differences(wanted, wanted) == []


@given(terms())
def test_terms_applied_are_the_terms_of_the_record(wanted: Terms) -> None:
    ledger = replace(
        wanted,
        goals="",
        members=(),
        milestones=tuple(replace(one, goal="") for one in wanted.milestones),
        tranches=tuple(replace(one, condition="") for one in wanted.tranches if one.planned),
    )
    record = a_record("甲", tranches=())
    if ledger.separate_account is None:  # what the unit has stated stays
        ledger = replace(ledger, separate_account=record.separate_account)
    assert terms_of(applied(record, ledger)) == ledger


def test_budget_and_plan_make_up_what_is_agreed() -> None:
    record = a_record("甲", own=0, budget=(BudgetLine(Source.DISTRICT, BudgetUse.LABOUR, 20 * WAN),))
    found = terms_of(record)
    short = source_sums(found)[0]
    assert (short.budget_short, short.plan_short) == (0, 6 * WAN)
    (told,) = money_obstacles(found)
    assert "少 60,000.00 元" in told
    assert money_obstacles(replace(found, budget=()))[0].startswith("预算合计与资金来源不一致")


@pytest.mark.parametrize(
    ("state", "new", "refused"),
    [
        (TrancheState.PLANNED, None, False),
        (TrancheState.PROPOSED, None, True),
        (TrancheState.PAID, 1, True),
        (TrancheState.PAID, 14 * WAN, False),
        (TrancheState.PLANNED, 1, False),
    ],
)
def test_what_is_in_process_or_paid_is_not_undone(
    state: TrancheState, new: int | None, refused: bool
) -> None:
    old = Tranche(1, Source.DISTRICT, 14 * WAN, date(2026, 2, 10), 0, None)
    plan = () if new is None else (TrancheTerm(1, Source.DISTRICT, new, old.planned_on, "另定"),)
    wanted = replace(terms_of(a_record("甲")), tranches=plan)
    assert bool(terms_obstacles([TrancheAt(1, state, old)], wanted)) is refused


def test_what_no_record_can_hold_is_unsound() -> None:
    good = terms_of(a_record("甲"))
    twice = MilestoneTerm(1, None, date(2026, 5, 1), "")
    bad = replace(good, title=" ", end=date(2020, 1, 1), own=-1, milestones=(twice, twice))
    assert unsound(good) == {}
    assert set(unsound(bad)) == {"title", "end", "own", "milestones"}


EA, CY = "企业科技攻关联合行动计划", "川渝科技创新合作计划（2024）"
D, U, J, M = Signatory.DISTRICT, Signatory.UNIT, Signatory.JOINT_UNIT, Signatory.MUNICIPAL


@pytest.mark.parametrize(
    ("fields", "parties"),
    [
        ({}, (D, U, J)),
        ({"joint_unit": None}, (D, U)),
        ({"self_established": True}, (U,)),
        ({"programme": EA}, (M, D, U)),
        ({"programme": CY, "joint_unit": None}, (D, U)),
        ({"programme": CY}, (D, U, J)),
    ],
)
def test_the_programme_says_who_signs(fields: dict[str, Any], parties: tuple[Signatory, ...]) -> None:
    assert parties_of(a_record("甲", **fields)) == parties
