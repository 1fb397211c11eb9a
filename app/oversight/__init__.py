"""Inspections, what they order, and research integrity: one blueprint, its routes by what they are about."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("oversight", __name__, url_prefix="/oversight")
