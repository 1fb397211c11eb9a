"""The task agreement: its draft, its checklist, its versions and signatures."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("agreements", __name__, url_prefix="/agreements")
