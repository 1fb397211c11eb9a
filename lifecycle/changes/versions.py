"""The agreement versions that changes start from: what is agreed now, as the record has it."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date

from sqlalchemy.orm import Session

from lifecycle.agreement_versions import terms_in_version, version_in_force
from lifecycle.command import Work
from lifecycle.in_force import add_version, baseline_version, put_in_force
from lifecycle.models import AgreementVersion
from lifecycle.record import ProjectRecord
from lifecycle.records import load_record
from lifecycle.terms import Terms, terms_of

_NOT_IN_RECORD = frozenset({"goals", "members", "milestones", "tranches"})
"""Fields of the terms of which a record does not know everything."""


def as_recorded(terms: Terms, record: ProjectRecord) -> Terms:
    """Return a version's terms as the record has them by now: a ledger may have put something right."""
    own = terms_of(record)
    names = [one.name for one in fields(Terms) if one.name not in _NOT_IN_RECORD]
    return replace(terms, **{name: getattr(own, name) for name in names})


def terms_in_force(session: Session, project_id: int, record: ProjectRecord) -> Terms:
    """Return what is agreed now: the version in force, or what the project's ledger row amounts to."""
    version = version_in_force(session, project_id)
    return terms_of(record) if version is None else as_recorded(terms_in_version(version), record)


def current_version(work: Work, project_id: int, today: date) -> AgreementVersion:
    """Return the version in force, saying what the record says: what a ledger put right makes the next one.

    Raises ``Obstructed`` where nothing is signed.
    """
    version = baseline_version(work, project_id, today)
    old = terms_in_version(version)
    new = as_recorded(old, load_record(work.session, project_id))
    if new == old:
        return version
    made = add_version(work, project_id, new, today)
    put_in_force(work, project_id, made, today)
    return made
