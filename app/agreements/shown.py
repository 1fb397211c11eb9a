"""How the pages of a task agreement are put together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import render_template
from flask_login import current_user

from app import clock
from app.agreements.forms import SECTION_TITLES, TermsForm, values_of
from app.agreements.page import VersionPage
from app.agreements.signing_forms import FinaliseForm, ReopenForm, SignForm, finalise_form, sign_form
from app.rows import any_wrong
from lifecycle.agreement_terms import source_sums
from lifecycle.record import BudgetUse, Source
from lifecycle.terms import Terms, differences
from lifecycle.terms_words import LABELS, Told, told_differences, value_in_words


def agreement_page(
    page: VersionPage,
    *,
    terms_form: TermsForm | None = None,
    typed: Terms | None = None,
    revision: int | None = None,
    conflict: Sequence[Told] = (),
    final_form: FinaliseForm | None = None,
    back_form: ReopenForm | None = None,
    signature_form: SignForm | None = None,
) -> str:
    """Return the page of a version; a form given is one that was refused, with what was typed.

    ``typed`` are terms that were typed and not saved, to be judged instead of the draft; ``revision`` is that
    of the draft on which they rest; ``conflict`` is in what they differ from what somebody else has saved.
    """
    check = page.check if typed is None else page.check_of(typed)
    return render_template(
        "agreements/edit.html" if page.may_edit else "agreements/version.html",
        shown=page,
        form=terms_form or _saved_form(page),
        revision=page.version.revision if revision is None else revision,
        conflict=conflict,
        section_titles=SECTION_TITLES,
        check=check,
        sums=source_sums(typed or page.terms),
        unsaved=typed is not None,
        wrong=0,
        final_form=final_form or finalise_form(check.verdict.needs_reason, page.version.revision),
        back_form=back_form or ReopenForm(formdata=None),
        signature_form=signature_form or sign_form(page.signable, blank=True),
        **words(),
    )


def stale_page(page: VersionPage, form: TermsForm, typed: Terms | None, revision: int) -> str:
    """Return the page after a save that was refused; ``typed`` is ``None`` where the form itself was wrong.

    Where somebody else has saved meanwhile, it says in what the two differ, and the next press saves over it.
    """
    if typed is None or page.version.revision == revision:
        return agreement_page(page, terms_form=form, typed=typed, revision=revision)
    return agreement_page(page, terms_form=form, typed=typed, conflict=told_differences(page.terms, typed))


def _saved_form(page: VersionPage) -> TermsForm | None:
    return TermsForm(formdata=None, data=values_of(page.terms)) if page.may_edit else None


def check_part(page: VersionPage, terms: Terms | None, form: TermsForm) -> str:
    """Return the part of the page that says how what is typed stands; without terms, what is wrong."""
    return render_template(
        "agreements/check.html",
        shown=page,
        check=page.check_of(terms or page.terms),
        sums=source_sums(terms or page.terms),
        unsaved=True,
        wrong=0 if terms is not None else any_wrong(form.terms_fields),
        brief=True,
        final_form=None,
    )


def words() -> dict[str, Any]:
    """Return the names that templates of terms need."""
    return {"labels": LABELS, "in_words": value_in_words, "uses": list(BudgetUse), "sources": list(Source)}


def compare_page(older: VersionPage, newer: VersionPage) -> str:
    """Return two versions side by side."""
    changed = {one.field for one in differences(older.terms, newer.terms)}
    return render_template(
        "agreements/compare.html",
        older=older,
        newer=newer,
        told=told_differences(older.terms, newer.terms),
        changed=changed,
        agency_name=current_user.person.agencies[current_user.agency_id],
        printed_on=clock.today(),
        **words(),
    )
