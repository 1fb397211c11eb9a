"""Registering a project once it has been awarded."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("awards", __name__, url_prefix="/awards")
