"""How a refusal or a mistake becomes an answer. The one place that knows; views have no try."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from flask import Flask, current_app, render_template
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from werkzeug.exceptions import HTTPException

from app.extensions import db
from app.permissions import is_htmx, roles_with
from app.troubles import number_of, words_of
from lifecycle.refusals import (
    IllegalTransition,
    InvalidInput,
    NotFound,
    NotPermitted,
    Refusal,
    SamePerson,
    SignInRefused,
    VerdictRefused,
)

STATUS: Mapping[type[Refusal], int] = {
    NotPermitted: 403,
    NotFound: 404,
    IllegalTransition: 409,
    SamePerson: 409,
    SignInRefused: 403,
    InvalidInput: 422,
    VerdictRefused: 422,
}
"""What HTTP calls each refusal; one that is not named is a 422."""

PAGES = frozenset({400, 403, 404, 409, 413, 422, 429, 500, 503})
"""The statuses that have a page of their own in templates/errors."""


def register(app: Flask) -> None:
    """Let ``app`` answer every refusal and mistake with a page, or a fragment where htmx asked."""
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(OperationalError, _busy)
    app.register_error_handler(Exception, _broken)


def _refused(refusal: Refusal) -> ResponseReturnValue:
    db.session.rollback()
    status = next((code for kind, code in STATUS.items() if isinstance(refusal, kind)), 422)
    message = refusal.message
    if isinstance(refusal, NotPermitted):
        message = f"这一项由{'、'.join(roles_with(refusal.permission))}办理，您在本单位没有这样的角色。"
    return _answer(status, message, getattr(refusal, "verdict", None))


def _stale_form(error: CSRFError) -> ResponseReturnValue:
    del error
    return _answer(400, "页面停留太久，已经过期，刚才的操作没有办理。")


def _http_error(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < 400:
        return error  # a redirect is no mistake
    return _answer(error.code)


def _busy(error: OperationalError) -> ResponseReturnValue:
    """Say that somebody else is writing for long (a large import on SQLite); anything else is a mistake."""
    if "locked" not in str(error.orig):
        return _broken(error)
    db.session.rollback()
    return _answer(503, "系统正在处理大量数据（例如导入台账），刚才的操作没有保存，请一两分钟后再试。")


def _broken(error: Exception) -> ResponseReturnValue:
    """Say what has failed where it is machine or network, else the number under which the log has it."""
    with suppress(SQLAlchemyError):  # a database that is away cannot be asked to forget either
        db.session.rollback()
    if current_app.testing:
        raise error
    number, known = number_of(error), words_of(error)
    current_app.logger.error("unhandled, error %s", number, exc_info=error)
    if known is not None:
        return _answer(503, f"{known}。刚才的操作没有保存。")
    return _answer(500, f"这次操作没有办成，您的数据没有受到影响。错误编号 {number}。")


def _answer(status: int, message: str | None = None, verdict: object = None) -> ResponseReturnValue:
    name = status if status in PAGES else (500 if status >= 500 else 400)
    template = "errors/fragment.html" if is_htmx() else f"errors/{name}.html"
    return render_template(template, message=message, status=name, verdict=verdict), status
