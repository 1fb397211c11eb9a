"""A project of which everything is recorded, and what Keguan may hold of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from finance.accounts import state_account
from finance.models import Proposal
from finance.receipts import confirm_receipt, record_receipt
from finance.spending import enter_spending, reverse_spending
from lifecycle.database import begin_write
from lifecycle.models import (
    AcceptanceCase,
    AcceptanceState,
    AgreementState,
    AgreementVersion,
    ChangeRequest,
    ChangeState,
    Clearing,
    Inspection,
    InspectionKind,
    InspectionState,
    IntegrityAct,
    IntegrityEntry,
    IntegrityState,
    Measure,
    MeasureState,
    Outcome,
    Report,
    ReportKind,
    ReportState,
    Signature,
    Tranche,
)
from lifecycle.record import (
    Acceptance,
    AnnualReport,
    BudgetLine,
    BudgetUse,
    Change,
    ChangeKind,
    Direction,
    ExceptionNote,
    Indicator,
    IndicatorCategory,
    MeasureKind,
    Milestone,
    Partner,
    Review,
    Signatory,
    Source,
    Spending,
    UnitType,
)
from lifecycle.record import Tranche as Plan
from lifecycle.roles import Role
from tests.web.site import People, a_record

TODAY = date(2026, 6, 30)
DAY = date(2026, 5, 5)
NUMBER = "甲-1"
USUAL = "spb-23-first-ratio"
REASON = "采购周期较长，经研究同意先行拨付。"

FULL = a_record(
    NUMBER,
    milestone_managed=True,
    joint=5,
    partners=(Partner("甲公司", UnitType.ENTERPRISE, "四川省", 100, DAY, date(2027, 5, 5)),),
    indicators=tuple(
        Indicator(
            name,
            IndicatorCategory.TECHNICAL,
            Direction.AT_LEAST,
            "件",
            "1",
            "2",
            "3",
            Decimal(1),
            Decimal(2),
        )
        for name in ("专利", "论文")
    ),
    tranches=(
        Plan(1, Source.DISTRICT, 14_000_000, date(2026, 2, 10), 14_000_000, date(2026, 2, 9)),
        Plan(2, Source.DISTRICT, 6_000_000, date(2027, 2, 10), 0, None),
        Plan(1, Source.OWN, 5_000_000, DAY, 0, None),
    ),
    spending=(
        Spending(DAY, Source.DISTRICT, BudgetUse.LABOUR, 7, "旧-1", "一"),
        Spending(DAY, Source.OWN, BudgetUse.OPERATIONS, 8, "旧-2", "二"),
    ),
    budget=(BudgetLine(Source.DISTRICT, BudgetUse.EQUIPMENT, 20_000_000),),
    milestones=tuple(
        Milestone(number, f"节点 {number}", date(2026, 4, number), DAY, DAY, Review.PASSED)
        for number in (1, 2)
    ),
    annual_reports=tuple(AnnualReport(year, DAY, True, DAY) for year in (2026, 2027)),
    changes=tuple(
        Change(number, ChangeKind.OTHER, False, DAY, DAY, DAY, DAY, DAY, "前", "后", "文号")
        for number in (1, 2)
    ),
    acceptance=Acceptance(
        DAY, Review.PASSED, Review.PASSED, True, DAY, DAY, None, None, False, DAY, DAY, DAY, DAY, 9, 8, 4
    ),
    exceptions=(
        ExceptionNote(USUAL, "", REASON, DAY),
        ExceptionNote("spb-16-period", "", "项目内容需要，经研究同意。", DAY),
    ),
)

Hold = Callable[[Session, People, int], None]


def _version(
    session: Session, project_id: int, state: AgreementState, *, signed: bool, change: int | None
) -> None:
    in_force = DAY if state is AgreementState.IN_FORCE else None
    version = AgreementVersion(
        project_id=project_id,
        number=1,
        state=state,
        terms={},
        drafted_on=DAY,
        reasons={},
        verdict=[],
        in_force_on=in_force,
        change_number=change,
    )
    if signed:
        version.signatures = [Signature(party=Signatory.UNIT, signer="张三", signed_on=DAY, recorded_on=DAY)]
    session.add(version)


def signed(session: Session, _people: People, project_id: int) -> None:
    """A first version, signed and in force here."""
    _version(session, project_id, AgreementState.IN_FORCE, signed=True, change=None)


def changed(session: Session, _people: People, project_id: int) -> None:
    """A version that a change made."""
    _version(session, project_id, AgreementState.IN_FORCE, signed=False, change=1)


def imported(session: Session, _people: People, project_id: int) -> None:
    """A version that only says what a ledger said."""
    _version(session, project_id, AgreementState.IN_FORCE, signed=False, change=None)


def signing(session: Session, _people: People, project_id: int) -> None:
    """A version that awaits its signatures."""
    _version(session, project_id, AgreementState.AWAITING, signed=True, change=None)


def stated(session: Session, people: People, _project_id: int) -> None:
    """What the unit says of its account."""
    session.commit()
    state_account(session, people.a[Role.UNIT_MANAGER].actor, NUMBER, True, "账户", TODAY)


def _report(
    session: Session, project_id: int, kind: ReportKind, subject: int, confirmed: date | None
) -> None:
    state = ReportState.CONFIRMED if confirmed else ReportState.FILED
    session.add(
        Report(
            project_id=project_id,
            kind=kind,
            subject=subject,
            state=state,
            content={},
            account={},
            drafted_on=DAY,
            confirmed_on=confirmed,
        )
    )


def annual(session: Session, _people: People, project_id: int) -> None:
    """One confirmed annual report, and one that is not."""
    _report(session, project_id, ReportKind.ANNUAL, 2026, DAY)
    _report(session, project_id, ReportKind.ANNUAL, 2027, None)


def stage(session: Session, _people: People, project_id: int) -> None:
    """A confirmed stage report."""
    _report(session, project_id, ReportKind.STAGE, 1, DAY)


def asked(session: Session, _people: People, project_id: int) -> None:
    """A change asked for here."""
    session.add(
        ChangeRequest(
            project_id=project_id,
            number=1,
            kind=ChangeKind.OTHER,
            state=ChangeState.WITH_BUREAU,
            self_decided=False,
            reason="需要",
            terms={},
            reasons={},
            verdict=[],
            drafted_on=DAY,
        )
    )


def accepting(session: Session, _people: People, project_id: int) -> None:
    """An acceptance that the unit has confirmed."""
    _case(session, project_id, AcceptanceState.WITH_BUREAU, DAY)


def drafting(session: Session, _people: People, project_id: int) -> None:
    """An acceptance still being drafted."""
    _case(session, project_id, AcceptanceState.DRAFT, None)


def _case(session: Session, project_id: int, state: AcceptanceState, confirmed: date | None) -> None:
    session.add(
        AcceptanceCase(
            project_id=project_id,
            state=state,
            content={},
            account={},
            drafted_on=DAY,
            confirmed_on=confirmed,
            own_fault=False,
            verdict=[],
        )
    )


def ended(session: Session, _people: People, project_id: int) -> None:
    """An inspection that ended the project."""
    session.add(
        Inspection(
            project_id=project_id,
            number=1,
            kind=InspectionKind.SPECIAL,
            state=InspectionState.DECIDED,
            organiser="区科技局",
            recognised=False,
            inspected_on=DAY,
            inspectors="张三",
            summary="停工",
            findings=[],
            outcome=Outcome.TERMINATE,
            own_fault=True,
            recorded_on=DAY,
        )
    )


def clearing(session: Session, _people: People, project_id: int) -> None:
    """A clearing that was opened."""
    session.add(Clearing(project_id=project_id, opened_on=DAY, citation="第三十三条", figures={}))


def settled(session: Session, _people: People, project_id: int) -> None:
    """A clearing that was settled on the spending there is."""
    made = Clearing(project_id=project_id, opened_on=DAY, settled_on=DAY, citation="第三十三条", figures={})
    session.add(made)


def entered(session: Session, _people: People, project_id: int) -> None:
    """An entry of research integrity."""
    session.add(
        IntegrityEntry(
            project_id=project_id,
            number=1,
            state=IntegrityState.RECORDED,
            about="甲公司",
            act=IntegrityAct.OWN_FAULT,
            facts="停工",
            proposed_on=DAY,
        )
    )


def ordered(session: Session, _people: People, project_id: int) -> None:
    """A measure, of which no workbook speaks."""
    session.add(
        Measure(
            project_id=project_id,
            position=0,
            number=1,
            kind=MeasureKind.HOLD,
            ordered_on=DAY,
            text="暂缓",
            state=MeasureState.ORDERED,
        )
    )


def reasoned(session: Session, people: People, project_id: int) -> None:
    """A proposal to pay that rests on a written reason."""
    tranche = session.query(Tranche).filter_by(project_id=project_id, number=2).one()
    session.add(
        Proposal(
            tranche_id=tranche.id,
            amount_fen=1,
            proposed_by_id=people.a[Role.HANDLER].id,
            proposed_on=DAY,
            reasons={USUAL: REASON},
            verdict=[],
        )
    )


def spent(session: Session, people: People, _project_id: int) -> None:
    """Spending entered, and some of it taken back."""
    session.commit()
    pi = people.a[Role.PI].actor
    rows = [
        Spending(DAY, Source.DISTRICT, BudgetUse.EQUIPMENT, 100 + at, f"新-{at}", "购置") for at in range(2)
    ]
    ids = enter_spending(session, pi, NUMBER, rows, TODAY)
    reverse_spending(session, pi, ids[0], "科目有误", TODAY)


def received(session: Session, people: People, project_id: int) -> None:
    """A part of the unit's own money arrived; public money was confirmed."""
    own = session.query(Tranche).filter_by(project_id=project_id, source=Source.OWN).one().id
    public = (
        session.query(Tranche).filter_by(project_id=project_id, number=1, source=Source.DISTRICT).one().id
    )
    session.commit()
    unit = people.a[Role.UNIT_MANAGER].actor
    record_receipt(session, unit, own, 2_000_000, DAY, "回单", TODAY)
    confirm_receipt(session, unit, public, DAY, TODAY)


def put(session: Session, people: People, project_id: int, *holds: Hold) -> None:
    """Let Keguan hold what those say."""
    begin_write(session)
    for hold in holds:
        hold(session, people, project_id)
    session.commit()
