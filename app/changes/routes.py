"""Changes of what was agreed, step by step."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("changes", __name__, url_prefix="/changes")
