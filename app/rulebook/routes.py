"""The rulebook: the regulations as Keguan reads them."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.permissions import may
from app.rulebook.catalogue import catalogue, search
from lifecycle.roles import Permission

bp = Blueprint("rulebook", __name__)

MOST_TEXT = 100


@bp.get("/rulebook/")
@may(Permission.SEE_RULEBOOK)
def index() -> ResponseReturnValue:
    """Show every rule by document and article, or those that speak of what is searched for."""
    text = request.args.get("q", "").strip()[:MOST_TEXT]
    documents = search(text) if text else catalogue()
    count = sum(document.rule_count for document in documents)
    return render_template("rulebook/index.html", text=text, documents=documents, count=count)
