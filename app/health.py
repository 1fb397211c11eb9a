"""Whether the server is well, for whoever watches over it."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from app.clock import now
from app.extensions import db
from app.permissions import public
from lifecycle.jobs import last_beat, stands_still

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@public
def healthz() -> ResponseReturnValue:
    """Tell whether the database answers and the clock runs: 200, or 503 where one of them does not.

    A clock that stands still is as bad as a dead database: nobody would be told of anything any more.
    """
    try:
        last = last_beat(db.session())
    except SQLAlchemyError:
        return jsonify(status="unavailable", database="unreachable"), 503
    if stands_still(last, now()):
        return jsonify(status="unavailable", database="ok", clock="stopped"), 503
    return jsonify(status="ok", database="ok", clock="ok")
