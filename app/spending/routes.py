"""Spending of a project, and money that its parties pay themselves."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("spending", __name__, url_prefix="/spending")
