"""Whether the server is well, for whoever watches over it."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from app.clock import now
from app.condition import condition
from app.extensions import db
from app.permissions import public

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@public
def healthz() -> ResponseReturnValue:
    """Tell whether the database answers and the clock runs: 200, or 503 where one of them does not.

    A clock that stands still is as bad as a dead database: nobody would be told of anything any more. What
    does not get through although it runs is listed as ``warnings`` and changes nothing about the status.
    """
    try:
        found = condition(db.session(), now())
    except SQLAlchemyError:
        return jsonify(status="unavailable", database="unreachable"), 503
    return jsonify(found.plain), 503 if found.stands_still else 200
