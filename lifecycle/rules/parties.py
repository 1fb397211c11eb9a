"""Kinds of rule about who: the parties that signed, where the lead unit is, and its account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from lifecycle.record import ProjectRecord, Signatory
from lifecycle.rules.limits import Limit
from lifecycle.rules.reading import listed
from lifecycle.rules.registry import kind


@kind("parties-signed")
@dataclass(frozen=True, slots=True)
class PartiesSigned(Limit):
    """A signed agreement bears the signatures of all its parties, the joint unit's where there is one."""

    parties: tuple[Signatory, ...]
    joint_unit_too: bool = False

    def since(self, record: ProjectRecord) -> date | None:
        """Return the day of signing."""
        return record.signed_on

    def _missing(self, record: ProjectRecord) -> list[Signatory]:
        wanted = self.parties
        if self.joint_unit_too and record.joint_unit:
            wanted = (*wanted, Signatory.JOINT_UNIT)
        return [party for party in wanted if party not in record.signatories]

    def held(self, record: ProjectRecord) -> bool:
        """Whether nobody is missing."""
        return not self._missing(record)

    def text(self, record: ProjectRecord) -> str:
        """Return who signed and who is missing."""
        missing = self._missing(record)
        signed = f"任务书签署方：{listed(record.signatories) or '未登记'}"
        return f"{signed}；缺 {listed(missing)}" if missing else f"{signed}，已齐全"


@kind("separate-account")
@dataclass(frozen=True, slots=True)
class SeparateAccount(Limit):
    """Once the agreement is signed, the project's money is kept in an account of its own."""

    def since(self, record: ProjectRecord) -> date | None:
        """Return the day of signing."""
        return record.signed_on

    def held(self, record: ProjectRecord) -> bool | None:
        """Whether there is a separate account; ``None`` where nobody has said."""
        return record.separate_account

    def text(self, record: ProjectRecord) -> str:
        """Return what is known of the account."""
        match record.separate_account:
            case True:
                return "项目资金已实行专账管理"
            case False:
                return "项目资金未实行专账管理"
            case None:
                return "未登记是否专账管理，请先核实"


@kind("lead-place")
@dataclass(frozen=True, slots=True)
class LeadPlace(Limit):
    """The lead unit is in a given province."""

    place: str

    def held(self, record: ProjectRecord) -> bool | None:
        """Whether it is; ``None`` where its place is not known."""
        return None if not record.lead_place else record.lead_place == self.place

    def text(self, record: ProjectRecord) -> str:
        """Return where the lead unit is and should be."""
        return f"承担单位所在地：{record.lead_place or '未登记'}，应为 {self.place}"
