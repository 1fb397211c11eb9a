"""What every part of the site does with long work: begin it, find it, go on, and show how far it is."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from flask import current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app import clock
from app.extensions import db
from app.longwork.background import background
from app.longwork.folder import KEPT, Folder
from app.longwork.job import Job, folder_in
from app.longwork.kinds import Kind, Parameters
from app.longwork.rows import add, begin, find
from app.longwork.shown import ShownWork, look
from app.longwork.tidying import tidy
from app.permissions import current_actor, is_htmx
from app.workbooks import send_workbook
from lifecycle.refusals import NotFound, NotPermitted

PATIENCE = 1.0
"""Seconds for which a press waits for its work: what is done by then needs no page of progress."""


def folder() -> Folder:
    """Return the folder of long work."""
    return folder_in(Path(current_app.instance_path))


def start(kind: Kind, name: str, parameters: Parameters, *, digest: str = "", patience: float = 0) -> str:
    """Begin a piece of work for whoever is signed in; return the address of its page.

    Asked for again while it is going, it is the same piece; one that was interrupted begins again then.
    """
    session, now = db.session(), clock.now()
    tidy(session, Path(current_app.instance_path), now)
    key, is_new = add(session, current_actor(), kind, name, parameters, now, digest=digest)
    work = own(key)
    if is_new:
        _enqueue(work, patience)
    elif work.may_restart:
        restart(work)
    return work.url


def go_on(work: ShownWork, kind: Kind, parameters: Parameters | None = None, *, patience: float = 0) -> None:
    """Let work go into a kind, from where it was seen to stand; pressed twice, it does once."""
    if not current_actor().may(kind.permission):
        raise NotPermitted(kind.permission)
    if begin(db.session(), work, kind, clock.now(), parameters):
        _enqueue(own(work.key), patience)


def restart(work: ShownWork) -> None:
    """Begin again with work that was interrupted or failed; nothing of it had been kept."""
    if work.may_restart:
        go_on(work, work.restarts_as)


def _enqueue(work: ShownWork, patience: float) -> None:
    job = Job(db.engine, Path(current_app.instance_path), work.id, work.changed_at)
    ended = background.add(folder().progress(work.key), job)
    db.session.rollback()
    ended.wait(patience)


def own(key: str, *kinds: Kind) -> ShownWork:
    """Return the signed-in person's own work as it stands, where it is of one of the kinds (if any is named).

    Raises ``NotFound``: for somebody else's, and for what is older than a day.
    """
    session, actor = db.session(), current_actor()
    (work,) = look(session, lambda: [find(session, actor, key)], folder())
    if (kinds and work.kind not in kinds) or work.changed_at < clock.now() - KEPT:
        raise NotFound("这项任务")
    return work


def unfinished(work: ShownWork) -> ResponseReturnValue | None:
    """Answer with how far work is, or that it came to nothing; ``None`` where there is a result to show."""
    if is_htmx():
        if work.progress is None:
            return "", 204, {"HX-Redirect": work.url}
        return render_template("longwork/progress.html", work=work)
    if work.progress is not None:
        return render_template("longwork/going.html", work=work)
    if work.may_restart:
        return render_template("longwork/stopped.html", work=work)
    return None


def later(kind: Kind, name: str, parameters: Parameters, count: str) -> ResponseReturnValue:
    """Answer to whoever asks for a file that takes long to make: offered first, and begun when pressed.

    A GET may change nothing, so what is a link elsewhere needs a press here. ``count`` says how much it is.
    """
    if request.method == "POST":
        return redirect(start(kind, name, parameters, patience=PATIENCE))
    crumbs = kind.crumbs(parameters)
    return render_template("longwork/offer.html", kind=kind, name=name, count=count, crumbs=crumbs)


def download(file: BytesIO, name: str) -> ResponseReturnValue:
    """Hand out a workbook written to ``file``."""
    return send_workbook(file, name)
