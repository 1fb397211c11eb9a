"""The life of one project, led through the site by its own participants, each in a browser of her own."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from lxml import html
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from app import clock
from lifecycle import audit_check
from lifecycle.calendar import SHANGHAI
from lifecycle.models import Project, Tranche
from lifecycle.record import ProjectRecord
from lifecycle.records import load_record
from lifecycle.standing import rebuild, standing_rows
from reports.ledger.check import check
from reports.ledger.exporting import export_ledger
from reports.ledger.reading import read_ledger
from tests.web.site import Account, Browser

Values = Mapping[str, Any]
File = tuple[BytesIO, str]


def fields_of(form: Any) -> MultiDict[str, Any]:
    """Return what a browser would send of a form in which nothing was typed."""
    values: MultiDict[str, Any] = MultiDict()
    for name, value in form.form_values():
        values.add(name, value.removeprefix("\n"))  # the break after <textarea> is not part of the text
    return values


@dataclass
class Page:
    """A page as one person sees it."""

    life: Life
    who: str
    path: str
    text: str

    @property
    def document(self) -> Any:
        """The page's elements."""
        return html.fromstring(self.text, base_url=f"http://localhost{self.path}")

    def form(self, button: str) -> tuple[Any, str, str]:
        """Return the form in which a button reads so, with the button's own name and value."""
        for form in self.document.forms:
            for one in form.iterfind(".//button"):
                if button in " ".join(one.text_content().split()):
                    return form, one.get("name", ""), one.get("value", "")
        shown = [" ".join(one.text_content().split()) for one in self.document.iterfind(".//button")]
        raise AssertionError(f"{self.who} sees no button “{button}” on {self.path}, only {shown}")

    def fill(self, button: str, files: Mapping[str, Any] | None = None, **values: Any) -> TestResponse:
        """Fill in the form of that button and press it; a value of ``None`` leaves a field out."""
        form, name, value = self.form(button)
        sent = fields_of(form)
        for key, typed in values.items():
            if typed is None:
                sent.poplist(key)
            else:
                sent.setlist(key, typed if isinstance(typed, list) else [typed])
        if name:
            sent.setlist(name, [value])
        for key, given in (files or {}).items():
            sent.setlist(
                key, list(given) if isinstance(given, Sequence) and not isinstance(given, tuple) else [given]
            )
        address = form.get("action") or self.path
        return self.life.send(self.who, address, sent)

    def done(self, button: str, files: Mapping[str, Any] | None = None, **values: Any) -> Page:
        """Fill in and press; it must be done. Return the page shown afterwards."""
        answer = self.fill(button, files, **values)
        assert answer.status_code in {302, 303}, (
            f"{self.who} pressed “{button}”: {answer.status_code} {words(answer.text)}"
        )
        return self.life.open(self.who, answer.location)

    def refused(self, button: str, *says: str, **values: Any) -> str:
        """Fill in and press; it must be refused, say so, and save nothing."""
        before = self.life.everything()
        answer = self.fill(button, None, **values)
        return self.life.held(answer, before, says)


def words(text: str) -> str:
    """Return what a page says, without its marks."""
    document = html.fromstring(text)
    main = document.find(".//main")
    return " ".join((document if main is None else main).text_content().split())


class Life:
    """One project's life: the day it is, the people, and the bureau's ledger at the end."""

    def __init__(
        self,
        app: Flask,
        session: Session,
        people: Mapping[str, Account],
        patch: pytest.MonkeyPatch,
        file: Path,
    ) -> None:
        self._app, self._session, self._people, self._patch, self._file = app, session, people, patch, file
        self._browsers: dict[str, Browser] = {}
        self.number = ""

    def on(self, day: date) -> None:
        """Let it be the morning of that day in China."""
        moment = datetime.combine(day, time(9), SHANGHAI).astimezone(UTC)
        self._patch.setattr(clock, "now", lambda: moment)
        self._browsers.clear()  # a session does not outlast the night

    def browser(self, who: str) -> Browser:
        """Return the browser in which somebody works."""
        if who not in self._browsers:
            made = self._app.test_client()
            assert isinstance(made, Browser)
            self._browsers[who] = made.as_account(self._people[who])
        return self._browsers[who]

    def account(self, who: str) -> Account:
        """Return somebody's account."""
        return self._people[who]

    def open(self, who: str, path: str) -> Page:
        """Open a page that must be there."""
        answer = self.browser(who).get(path, follow_redirects=True)
        assert answer.status_code == 200, (
            f"{who} opened {path}: {answer.status_code} {words(answer.text)[:500]}"
        )
        return Page(self, who, answer.request.path, answer.text if answer.mimetype == "text/html" else "")

    def project(self, who: str, tab: str = "overview") -> Page:
        """Open the project's page at a tab."""
        return self.open(who, f"/projects/{self.number}?tab={tab}")

    def download(self, who: str, path: str) -> bytes:
        """Download a file that must be there."""
        answer = self.browser(who).get(path, follow_redirects=True)
        assert answer.status_code == 200, f"{who} downloads {path}: {answer.status_code}"
        return answer.data

    def send(self, who: str, path: str, values: Any) -> TestResponse:
        """Send a form, as a browser or somebody without one would."""
        return self.browser(who).post(path, data=values, content_type="multipart/form-data")

    def barred(self, who: str, path: str, *says: str, **values: Any) -> str:
        """Try a short cut that no page offers; it must be refused, say so, and save nothing."""
        before = self.everything()
        return self.held(self.send(who, path, values), before, says)

    def hidden(self, who: str, path: str) -> None:
        """Hold that a page does not exist for somebody."""
        assert self.browser(who).get(path).status_code in {403, 404}

    def held(self, answer: TestResponse, before: object, says: Sequence[str]) -> str:
        """Hold that an answer is a refusal that says this and that nothing was saved."""
        assert answer.status_code in {400, 403, 404, 409, 422}, (
            f"not refused: {answer.status_code} {answer.location}"
        )
        said = words(answer.text)
        for one in says:
            assert one in said, f"“{one}” is not said in: {said[:3000]}"
        assert self.everything() == before, "something was saved although it was refused"
        return said

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return every row of every table."""
        with closing(sqlite3.connect(self._file)) as link:
            names = [row[0] for row in link.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {name: link.execute(f"SELECT * FROM {name}").fetchall() for name in sorted(names)}

    def record(self) -> ProjectRecord:
        """Return what the project's record says now."""
        self._session.rollback()
        query = select(Project.id).where(Project.number == self.number)
        return load_record(self._session, self._session.scalars(query).one())

    def stage(self) -> str:
        """Return the stage the project is at."""
        self._session.rollback()
        return str(self._session.scalars(select(Project.stage).where(Project.number == self.number)).one())

    def id_of(self, model: Any) -> int:
        """Return the id of the latest row of a table."""
        self._session.rollback()
        found: int = self._session.scalars(select(model.id).order_by(model.id.desc()).limit(1)).one()
        return found

    def one(self, query: Any) -> Any:
        """Return the one value that a statement finds now."""
        self._session.rollback()
        return self._session.scalars(query).one()

    def all(self, query: Any) -> list[Any]:
        """Return everything that a statement finds now."""
        self._session.rollback()
        return list(self._session.scalars(query))

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Lend a session that sees what is there now."""
        self._session.rollback()
        yield self._session

    def tranche(self, tranche_id: int) -> Tranche:
        """Return a tranche's row as it is now."""
        found: Tranche = self.one(select(Tranche).where(Tranche.id == tranche_id))
        return found

    def findings(self, as_of: date, folder: Path) -> list[tuple[str, str]]:
        """Return what the check of the exported ledger finds: rule and subject."""
        path = folder / "ledger.xlsx"
        agency = self._people["handler"].agency_id
        self._session.rollback()
        export_ledger(self._session, agency, path)
        ours = [one for one in read_ledger(path).records if one.number == self.number]
        return [(one["rule"], one["subject"]) for one in check(ours, as_of)]

    def is_whole(self) -> None:
        """Hold that the history's chain is whole, and that what is kept would be worked out the same."""
        self._session.rollback()
        assert all(check.is_whole for check in audit_check.verify(self._session)), "the chain is broken"
        agency = self._people["handler"].agency_id
        kept = list(standing_rows(self._session, agency))
        rebuild(self._session, agency)
        self._session.flush()
        assert list(standing_rows(self._session, agency)) == kept
        self._session.rollback()
