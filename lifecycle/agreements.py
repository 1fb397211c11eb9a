"""The task agreement's way: drafted, saved, finalised, signed by every party, and so in force.

Once in force a version is never edited: a change makes the next one (``lifecycle.in_force``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select, update

from lifecycle.agreement_terms import signing_check, unsound
from lifecycle.agreement_versions import (
    AGREEMENT_TRANSITIONS,
    SIGNERS,
    find_version,
    missing_parties,
    next_number,
    parties_to,
    terms_in_version,
)
from lifecycle.attachments import StoredFile, attach, names_and_digests
from lifecycle.calendar import SHANGHAI
from lifecycle.command import Work, command
from lifecycle.in_force import put_in_force
from lifecycle.judging import MOST_TEXT, demand_reasons, given_reasons, keep_reason, newly_excused, to_keep
from lifecycle.models import AgreementState, AgreementVersion, Attachment, Project, Signature, TurnKind
from lifecycle.record import ProjectRecord, Signatory
from lifecycle.refusals import InvalidInput, Obstructed, OutOfDate
from lifecycle.roles import Permission, Role
from lifecycle.rulebook import rulebook
from lifecycle.rules.parties import PartiesSigned
from lifecycle.stages import advance
from lifecycle.terms import Terms, terms_of, to_plain
from lifecycle.terms_words import told_differences
from lifecycle.turns import Waits, hand_on
from lifecycle.visibility import demand_acting_as, find_project
from lifecycle.whole import WholeProject, load_wholes

DRAFTERS = (Role.HANDLER, Role.PI, Role.UNIT_MANAGER)
LIVE = (AgreementState.DRAFT, AgreementState.AWAITING)
MOST_NAME = 50


@dataclass(frozen=True, slots=True)
class Signing:
    """That a party has signed: who, on which day, and the scan of the page."""

    party: Signatory
    signer: str
    signed_on: date
    scan: StoredFile | None


def drafting_obstacles(record: ProjectRecord, versions: Mapping[AgreementState, int]) -> tuple[str, ...]:
    """Return why no draft may be begun; ``versions`` say how many there are in each state."""
    if versions.get(AgreementState.IN_FORCE) or record.signed_on is not None:
        return ("任务书已签订生效，不能重新起草；需要修改的，请申请变更。",)
    if any(versions.get(state) for state in LIVE):
        return ("已有一版任务书正在起草或签署，请直接打开办理。",)
    return ()


@command("agreement.draft", Permission.DRAFT_AGREEMENT)
def draft(work: Work, number: str, today: date) -> int:
    """Begin the agreement of a project that has none, from what is registered of it; return its id.

    Raises ``NotFound``, ``NotTheirs`` and ``Obstructed``.
    """
    session = work.session
    project = find_project(session, work.actor, number)
    demand_acting_as(session, work.actor, project.id, *DRAFTERS)
    query = select(AgreementVersion.state).where(AgreementVersion.project_id == project.id)
    states = session.scalars(query).all()
    record = _whole(work, project.id).record
    obstacles = drafting_obstacles(record, {state: states.count(state) for state in states})
    if obstacles:
        raise Obstructed(obstacles)
    version = AgreementVersion(
        project_id=project.id,
        number=next_number(session, project.id),
        state=AgreementState.DRAFT,
        terms=to_plain(terms_of(record)),
        drafted_by_id=work.actor.user_id,
        drafted_on=today,
        reasons={},
        verdict=[],
    )
    session.add(version)
    session.flush()
    _wait_for_drafters(work, version, today)
    _record(work, version, record, "起草任务书", {})
    return version.id


@command("agreement.save", Permission.DRAFT_AGREEMENT)
def save(work: Work, version_id: int, revision: int, terms: Terms) -> None:
    """Save a draft; ``revision`` is that of the draft which was on the screen.

    Raises ``NotFound``, ``NotTheirs``, ``Obstructed`` (no draft any more), ``OutOfDate`` and ``InvalidInput``
    (by field of the terms).
    """
    version, project = find_version(work.session, work.actor, version_id)
    demand_acting_as(work.session, work.actor, project.id, *DRAFTERS)
    _demand_draft(version, project)
    if version.revision != revision:
        raise OutOfDate
    wrong = unsound(terms)
    if wrong:
        raise InvalidInput(wrong)
    old = terms_in_version(version)
    version.terms = to_plain(terms)
    version.revision += 1
    changes = [{"field": one.field, "old": one.old, "new": one.new} for one in told_differences(old, terms)]
    _record(work, version, _whole(work, project.id).record, "保存任务书草稿", {"changes": changes})


@command("agreement.finalise", Permission.FINALISE_AGREEMENT)
def finalise(work: Work, version_id: int, revision: int, today: date, reasons: Mapping[str, str]) -> None:
    """Close the draft and put it before the parties.

    ``reasons`` maps rule ids to why to go on although a usual rule is not held. Raises ``NotFound``,
    ``IllegalTransition``, ``OutOfDate``, ``Obstructed``, ``VerdictRefused``, ``ReasonNeeded`` and
    ``InvalidInput`` (by rule id).
    """
    version, project = find_version(work.session, work.actor, version_id)
    then = advance(AGREEMENT_TRANSITIONS, version.state, AgreementState.AWAITING)
    _demand_unsigned(project)
    if version.revision != revision:
        raise OutOfDate
    whole = _whole(work, project.id)
    check = signing_check(
        whole.record, whole.tranches, terms_in_version(version), today, given_reasons(reasons)
    )
    check.demand()
    excused = newly_excused(whole.record, check.verdict)
    used = {line.rule.id: line.reason for line in excused if line.reason}
    demand_reasons(used)
    version.state, version.revision = then, version.revision + 1
    version.finalised_by_id, version.finalised_on = work.actor.user_id, today
    version.reasons, version.verdict = used, to_keep(check.verdict)
    _wait_for_parties(work, version, whole.record, today)
    _record(work, version, whole.record, "任务书定稿送签", {"reasons": used} if used else {})


@command("agreement.reopen", Permission.FINALISE_AGREEMENT)
def reopen(work: Work, version_id: int, today: date, note: str) -> None:
    """Take a version back from the parties to be edited; what was signed so far holds no more.

    Raises ``NotFound``, ``IllegalTransition`` and ``InvalidInput`` (``note``).
    """
    note = note.strip()
    if not note or len(note) > MOST_TEXT:
        raise InvalidInput({"note": f"请写明退回修改的原因，不超过 {MOST_TEXT} 字。"})
    version, project = find_version(work.session, work.actor, version_id)
    version.state = advance(AGREEMENT_TRANSITIONS, version.state, AgreementState.DRAFT)
    gone = [_signature_told(one) for one in version.signatures]
    version.signatures.clear()
    version.finalised_by_id = version.finalised_on = None
    version.reasons, version.verdict = {}, []
    version.revision += 1
    _take_scans_away(work, version)
    _wait_for_drafters(work, version, today)
    details = {"note": note, **({"signatures": gone} if gone else {})}
    _record(work, version, _whole(work, project.id).record, f"任务书退回修改（{note}）", details)


@command("agreement.sign", Permission.RECORD_SIGNATURE)
def sign(work: Work, version_id: int, signing: Signing, today: date) -> bool:
    """Record that a party has signed; return whether the version is now in force.

    Raises ``NotFound``, ``IllegalTransition``, ``NotTheirs``, ``InvalidInput`` (``party``, ``signer``,
    ``signed_on``, ``scan``) and, with the last signature, what ``finalise`` raises of the checklist.
    """
    version, project = find_version(work.session, work.actor, version_id)
    advance(AGREEMENT_TRANSITIONS, version.state, AgreementState.IN_FORCE)
    _demand_unsigned(project)
    whole = _whole(work, project.id)
    parties = parties_to(whole.record, terms_in_version(version))
    demand_acting_as(work.session, work.actor, project.id, *SIGNERS[signing.party])
    _demand_sound(version, parties, signing, today)
    version.signatures.append(
        Signature(
            party=signing.party,
            signer=signing.signer.strip(),
            signed_on=signing.signed_on,
            recorded_by_id=work.actor.user_id,
            recorded_on=today,
        )
    )
    work.session.flush()
    scans = [signing.scan] if signing.scan else []
    attach(work, project.id, "signature", version.id, scans, f"{signing.party}签署页")
    in_force = not missing_parties(parties, version.signatures)
    if in_force:
        _enter_into_force(work, version, whole, today)
    else:
        _wait_for_parties(work, version, whole.record, today)
    summary = f"登记{signing.party}签署任务书" + ("，任务书生效" if in_force else "")
    details = {"party": signing.party, "signer": signing.signer.strip(), "on": signing.signed_on}
    _record(work, version, whole.record, summary, {**details, "files": names_and_digests(scans)})
    return in_force


def _demand_sound(
    version: AgreementVersion, parties: tuple[Signatory, ...], signing: Signing, today: date
) -> None:
    errors: dict[str, str] = {}
    if signing.party not in parties:
        errors["party"] = f"{signing.party}不是本任务书的签署方。"
    elif signing.party not in missing_parties(parties, version.signatures):
        errors["party"] = f"{signing.party}的签署已经登记过，不能重复登记。"
    if not 0 < len(signing.signer.strip()) <= MOST_NAME:
        errors["signer"] = f"请填写签字人姓名，不超过 {MOST_NAME} 字。"
    first = version.finalised_on or version.drafted_on
    if signing.signed_on < first:
        errors["signed_on"] = f"签署日期不能早于定稿日期 {first}。"
    elif signing.signed_on > today:
        errors["signed_on"] = "签署日期不能晚于今天。"
    if signing.scan is None:
        errors["scan"] = "请上传签署页扫描件。"
    if errors:
        raise InvalidInput(errors)


def _enter_into_force(work: Work, version: AgreementVersion, whole: WholeProject, today: date) -> None:
    """Ask the rules once more (the record may have changed since), then put the version in force."""
    day = max(one.signed_on for one in version.signatures)
    check = signing_check(whole.record, whole.tranches, terms_in_version(version), day, version.reasons)
    check.demand()
    put_in_force(work, whole.id, version, today)
    for line in newly_excused(whole.record, check.verdict):
        keep_reason(work, whole.id, line, version.finalised_on or day)
    hand_on(work, whole.id, TurnKind.AGREEMENT, version.id, [], today)


def _demand_draft(version: AgreementVersion, project: Project) -> None:
    _demand_unsigned(project)
    if version.state is not AgreementState.DRAFT:
        raise Obstructed([f"这一版任务书“{version.state}”，不能修改。需要修改的，请经办退回修改或申请变更。"])


def _demand_unsigned(project: Project) -> None:
    """Demand that no ledger has brought the signing in the meantime."""
    if project.signed_on is not None:
        raise Obstructed([f"台账已登记任务书于 {project.signed_on} 签订，需要修改的，请申请变更。"])


def _wait_for_drafters(work: Work, version: AgreementVersion, today: date) -> None:
    waits = [Waits(Role.PI, "填写任务书草稿"), Waits(Role.HANDLER, "核对任务书并定稿送签")]
    hand_on(work, version.project_id, TurnKind.AGREEMENT, version.id, waits, today)


def _wait_for_parties(work: Work, version: AgreementVersion, record: ProjectRecord, today: date) -> None:
    missing = missing_parties(parties_to(record, terms_in_version(version)), version.signatures)
    waits = [Waits(SIGNERS[party][-1], f"登记{party}签署任务书") for party in missing]
    hand_on(work, version.project_id, TurnKind.AGREEMENT, version.id, waits, today)


def _take_scans_away(work: Work, version: AgreementVersion) -> None:
    """Mark the scans of signatures that hold no more as taken away; they stay in the store."""
    work.session.execute(
        update(Attachment)
        .where(
            Attachment.project_id == version.project_id,
            Attachment.subject_kind == "signature",
            Attachment.subject_id == version.id,
            Attachment.removed_on.is_(None),
        )
        .values(removed_on=work.entry.at.astimezone(SHANGHAI).date(), removed_by_id=work.actor.user_id)
    )


def _signature_told(one: Signature) -> dict[str, str]:
    return {"party": one.party.value, "signer": one.signer, "on": one.signed_on.isoformat()}


def _whole(work: Work, project_id: int) -> WholeProject:
    (project,) = load_wholes(work.session, [project_id])
    return project


def agreement_basis(record: ProjectRecord) -> str | None:
    """Return the article under which the project's agreement is signed, where its programme names one."""
    rules = rulebook().programme(record.programme, record.signed_on).rules
    kinds = (rule.citation for rule in rules if isinstance(rule.kind, PartiesSigned))
    return next(kinds, None)


def _record(
    work: Work, version: AgreementVersion, record: ProjectRecord, act: str, details: dict[str, Any]
) -> None:
    work.record(
        f"{act}：第 {version.number} 版",
        project_id=version.project_id,
        citation=agreement_basis(record),
        details={"version": version.number, "state": version.state, **details},
    )
