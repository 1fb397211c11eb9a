"""What the page of one version of a task agreement shows to whoever looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from sqlalchemy import Boolean, select, type_coerce
from sqlalchemy.orm import Session

from lifecycle.agreement_terms import SourceSum, signing_check, source_sums
from lifecycle.agreement_versions import (
    SIGNERS,
    find_version,
    missing_parties,
    parties_to,
    terms_in_version,
    versions_of,
)
from lifecycle.agreements import DRAFTERS
from lifecycle.attachments import ShownFile, attachments_of
from lifecycle.judging import Check, verdict_kept
from lifecycle.models import AgreementState, AgreementVersion, Project, Signature, User
from lifecycle.record import Signatory
from lifecycle.refusals import NotFound
from lifecycle.roles import Actor, Permission, Role
from lifecycle.rules.verdict import Verdict
from lifecycle.terms import Terms
from lifecycle.visibility import visible_as
from lifecycle.whole import WholeProject, load_wholes


@dataclass(frozen=True, slots=True)
class PartyRow:
    """One party, and its signature where it has signed."""

    party: Signatory
    name: str
    signature: Signature | None
    recorded_by: str
    may_sign: bool
    """Whether this person may record its signature now."""


class VersionPage:
    """One version with what this person may do about it."""

    def __init__(
        self,
        version: AgreementVersion,
        project: Project,
        whole: WholeProject,
        names: Mapping[int, str],
        others: Sequence[AgreementVersion],
        files: Sequence[ShownFile],
        roles: frozenset[str],
        actor: Actor,
        today: date,
    ) -> None:
        self.version, self.project, self.whole = version, project, whole
        self.others = others
        self.files = files
        self._names, self._roles, self._actor, self._today = names, roles, actor, today

    def beside(self, version_id: int) -> VersionPage:
        """Return the page of another version of the same agreement. Raises ``NotFound``."""
        for one in self.others:
            if one.id == version_id:
                own = (self.project, self.whole, self._names, self.others, self.files, self._roles)
                return VersionPage(one, *own, self._actor, self._today)
        raise NotFound("同一项目的另一版任务书")

    @property
    def state(self) -> AgreementState:
        """Where the version stands."""
        return self.version.state

    @cached_property
    def terms(self) -> Terms:
        """What it lays down."""
        return terms_in_version(self.version)

    @property
    def is_draft(self) -> bool:
        """Whether it is still being written."""
        return self.state is AgreementState.DRAFT and self.project.signed_on is None

    @property
    def may_edit(self) -> bool:
        """Whether this person may write in it now."""
        return self.is_draft and self._actor.may(Permission.DRAFT_AGREEMENT) and "draft" in self._roles

    @property
    def may_finalise(self) -> bool:
        """Whether this person may put it before the parties, or take it back."""
        return self._actor.may(Permission.FINALISE_AGREEMENT)

    @property
    def awaits(self) -> bool:
        """Whether it waits for signatures."""
        return self.state is AgreementState.AWAITING and self.project.signed_on is None

    @cached_property
    def check(self) -> Check:
        """What stands for and against signing it today; once finalised, with the reasons given."""
        return self.check_of(self.terms)

    def check_of(self, terms: Terms) -> Check:
        """Return what stands for and against signing other terms today."""
        return signing_check(self.whole.record, self.whole.tranches, terms, self._today, self.version.reasons)

    @property
    def kept(self) -> Verdict | None:
        """The checklist as it was when the version was finalised or approved."""
        return verdict_kept(self.version.verdict) if self.version.verdict else None

    @property
    def sums(self) -> list[SourceSum]:
        """The sums of every source."""
        return source_sums(self.terms)

    @cached_property
    def parties(self) -> tuple[Signatory, ...]:
        """Who signs, or, of what came with a ledger, has signed."""
        if self.came_with_ledger:
            return self.whole.record.signatories
        return parties_to(self.whole.record, self.terms)

    @property
    def came_with_ledger(self) -> bool:
        """Whether it was made of a ledger's entry, or by a change: nobody signed it here."""
        in_force = self.state in (AgreementState.IN_FORCE, AgreementState.SUPERSEDED)
        return in_force and not self.version.signatures and self.version.change_number is None

    @property
    def source_words(self) -> str:
        """How the version came about."""
        if self.version.change_number is not None:
            return f"变更 {self.version.change_number} 批准后形成"
        if self.came_with_ledger:
            return "台账登记"
        return f"{self.name(self.version.drafted_by_id)} 起草"

    @property
    def party_rows(self) -> list[PartyRow]:
        """Every party with its signature, in the order of the paper."""
        signed = {one.party: one for one in self.version.signatures}
        return [self._party_row(party, signed.get(party)) for party in self.parties]

    def _party_row(self, party: Signatory, signature: Signature | None) -> PartyRow:
        names = {Signatory.UNIT: self.terms.lead_unit, Signatory.JOINT_UNIT: self.terms.joint_unit or ""}
        may = self.awaits and signature is None and self._actor.may(Permission.RECORD_SIGNATURE)
        by = self.name(signature.recorded_by_id) if signature else ""
        return PartyRow(party, names.get(party, ""), signature, by, may and party.name in self._roles)

    @property
    def missing(self) -> tuple[Signatory, ...]:
        """Who has not signed yet."""
        return missing_parties(self.parties, self.version.signatures)

    @property
    def signable(self) -> list[Signatory]:
        """The parties whose signature this person may record now."""
        return [row.party for row in self.party_rows if row.may_sign]

    def name(self, user_id: int | None) -> str:
        """Return a person's name."""
        return self._names.get(user_id, "系统") if user_id is not None else "系统"


def version_page(session: Session, actor: Actor, version_id: int, today: date) -> VersionPage:
    """Return the page of a version. Raises ``NotFound``."""
    version, project = find_version(session, actor, version_id)
    (whole,) = load_wholes(session, [project.id])
    others = versions_of(session, project.id)
    files = attachments_of(session, project.id, "signature", version.id)
    roles = _roles(session, actor, project.id)
    return VersionPage(version, project, whole, _people(session, others), others, files, roles, actor, today)


def _people(session: Session, versions: Sequence[AgreementVersion]) -> dict[int, str]:
    ids = {id_ for one in versions for id_ in (one.drafted_by_id, one.finalised_by_id)}
    ids |= {signature.recorded_by_id for one in versions for signature in one.signatures}
    query = select(User.id, User.name).where(User.id.in_(ids - {None}))
    return {row.id: row.name for row in session.execute(query)}


def _roles(session: Session, actor: Actor, project_id: int) -> frozenset[str]:
    """Return as what this person may act in this very project: ``draft``, or for which parties. One query."""
    held = [role for role in (*DRAFTERS, Role.JOINT_UNIT) if role in actor.roles]
    if not held:
        return frozenset()
    asked = (type_coerce(visible_as(actor, role), Boolean).label(role.value) for role in held)
    row = session.execute(select(*asked).where(Project.id == project_id)).one()
    here = {role for role, is_hers in zip(held, row, strict=True) if is_hers}
    acts = {party.name for party, roles in SIGNERS.items() if here.intersection(roles)}
    return frozenset(acts | ({"draft"} if here.intersection(DRAFTERS) else set()))
