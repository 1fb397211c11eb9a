"""Puts the Flask application together."""

from __future__ import annotations

from importlib import import_module

from flask import Flask

from app import errors, extensions, filters, headers, menu, permissions, row_ids, templating
from app.auth import sessions
from app.config import Config
from app.database import ROOT

PARTS = (
    "app.health",
    "app.auth.routes",
    "app.admin.routes",
    "app.workbench.routes",
    "app.longwork.routes",
    "app.projects.routes",
    "app.papers.routes",
    "app.audit.routes",
    "app.awards.routes",
    "app.agreements.routes",
    "app.filings.routes",
    "app.changes.routes",
    "app.money.routes",
    "app.money.reconcile_routes",
    "app.spending.routes",
    "app.oversight.routes",
    "app.acceptance.routes",
    "app.notices.routes",
    "app.reviews.routes",
    "app.ledger.routes",
    "app.rulebook.routes",
    "app.inbox.routes",
    "app.running.routes",
    "app.agenda.routes",
)
"""The parts of the site: modules with a blueprint ``bp``."""


def create_app(config: Config | None = None) -> Flask:
    """Return the application, ready to serve; without ``config`` it is set up from the environment.

    Raises ``LookupError`` when a route declares no permission.
    """
    config = config or Config.from_environment()
    app = Flask("app", template_folder=str(ROOT / "templates"), instance_path=str(config.instance))
    app.config.from_mapping(config.for_flask())
    templating.register(app)
    row_ids.register(app)
    app.view_functions["static"] = permissions.public(app.view_functions["static"])
    permissions.register(app)  # before the extensions: who is signed out is told so, not that a form is stale
    extensions.init_app(app)
    for part in (sessions, errors, filters, headers, menu):
        part.register(app)
    for name in PARTS:
        app.register_blueprint(import_module(name).bp)
    permissions.check_routes(app)
    return app
