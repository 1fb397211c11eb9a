"""Reports: what is owed, filed, confirmed and accepted."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("filings", __name__, url_prefix="/reports")
