"""Acceptance and what follows from its conclusion."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("acceptance", __name__, url_prefix="/acceptance")
