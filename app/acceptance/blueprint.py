"""The blueprint of acceptance, on which its modules put their routes."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("acceptance", __name__, url_prefix="/acceptance")
