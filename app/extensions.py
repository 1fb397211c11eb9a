"""The Flask extensions, made once and bound to an application by ``init_app``."""

from __future__ import annotations

from flask import Flask, has_request_context, request
from flask.sessions import SecureCookieSessionInterface
from flask_babel import Babel
from flask_login import LoginManager
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import event
from sqlalchemy.orm import Session

from lifecycle.database import tune

db = SQLAlchemy()
"""Sessions and the engine only: the tables inherit a plain base on the floors below."""

login_manager = LoginManager()
csrf = CSRFProtect()
babel = Babel()

READS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that must not change anything."""


class CookieSessions(SecureCookieSessionInterface):
    """Sessions in a signed cookie that is marked Secure wherever the request came by https."""

    def get_cookie_secure(self, app: Flask) -> bool:
        """Whether the cookie may only travel by https."""
        del app
        return request.is_secure


def init_app(app: Flask) -> None:
    """Bind every extension to ``app`` and tune its engine before it is first used."""
    app.session_interface = CookieSessions()
    db.init_app(app)
    with app.app_context():
        tune(db.engine)
    babel.init_app(app)
    login_manager.init_app(app)
    csrf.init_app(app)


@event.listens_for(db.session, "before_commit")
def _refuse_writing_reads(session: Session) -> None:
    """Reading must change nothing: a browser fetches ahead, a search engine follows links."""
    del session
    if has_request_context() and request.method in READS:
        raise RuntimeError(f"{request.method} {request.path} tried to commit")
