"""Who may open what: every view declares it, one gate asks, and loaders fetch and check in one call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.extensions import READS, db
from lifecycle.models import Project
from lifecycle.refusals import NotPermitted
from lifecycle.roles import GRANTS, ROLE_NAMES, Actor, Permission
from lifecycle.visibility import find_project

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Access:
    """What a view asks of whoever comes: nothing (public), to be signed in, or a permission in the agency."""

    public: bool = False
    permission: Permission | None = None


PUBLIC = Access(public=True)
SIGNED_IN = Access()


def may(permission: Permission) -> Callable[[View], View]:
    """Declare that a view asks for ``permission`` in the agency worked in. Stands nearest to the function."""
    return _declaring(Access(permission=permission))


def public(view: View) -> View:
    """Declare that anybody may open a view."""
    return _declaring(PUBLIC)(view)


def signed_in(view: View) -> View:
    """Declare that a view is for whoever is signed in, before a first password or an agency is chosen too."""
    return _declaring(SIGNED_IN)(view)


def _declaring(access: Access) -> Callable[[View], View]:
    def declare(view: View) -> View:
        view.access = access  # type: ignore[attr-defined]
        return view

    return declare


def access_of(app: Flask, endpoint: str) -> Access:
    """Return what an endpoint asks. Raises ``LookupError`` where it does not say."""
    access = getattr(app.view_functions[endpoint], "access", None)
    if not isinstance(access, Access):
        raise LookupError(f"the route {endpoint} declares no permission")
    return access


def register(app: Flask) -> None:
    """Put the gate in front of every view of ``app``."""
    app.before_request(_gate)


def check_routes(app: Flask) -> None:
    """Make sure that every route declares its access; raises ``LookupError``."""
    for rule in app.url_map.iter_rules():
        access_of(app, rule.endpoint)


def _gate() -> ResponseReturnValue | None:
    if request.endpoint is None:
        return None  # no such page; the router says so next
    access = access_of(current_app, request.endpoint)
    if access.public:
        return None
    if not current_user.is_authenticated:
        return _go_to(url_for("auth.sign_in", next=_way_back()))
    if access.permission is None:
        return None
    if current_user.person.must_change_password:
        return _go_to(url_for("auth.password"))
    if current_user.agency_id is None:
        return _go_to(url_for("auth.agencies", next=_way_back()))
    if not current_actor().may(access.permission):
        raise NotPermitted(access.permission)
    return None


def _way_back() -> str | None:
    """Return where to go on after signing in: the page asked for, or the page a form or fragment was on."""
    if request.method in READS and not is_htmx():
        return request.full_path.rstrip("?")
    page = urlsplit(request.headers.get("HX-Current-URL") or request.referrer or "")
    if page.netloc != request.host:
        return None
    return f"{page.path}?{page.query}" if page.query else page.path


def _go_to(url: str) -> ResponseReturnValue:
    """Send the browser to ``url``, also where htmx asked: it would put that page inside another."""
    return ("", 204, {"HX-Redirect": url}) if is_htmx() else redirect(url)


def is_htmx() -> bool:
    """Whether htmx asked and expects a part of a page."""
    return "HX-Request" in request.headers


def current_actor() -> Actor:
    """Return who acts, in the agency worked in. Raises ``RuntimeError`` in a view that asks no permission."""
    actor: Actor | None = g.get("actor")
    if actor is None:
        if not current_user.is_authenticated or current_user.agency_id is None:
            raise RuntimeError("no actor: nobody is signed in, or no agency is chosen")
        actor = current_user.person.actor_in(current_user.agency_id)
        g.actor = actor
    return actor


def has_actor() -> bool:
    """Whether somebody is signed in, has a password of her own and works in an agency."""
    return bool(
        current_user.is_authenticated
        and current_user.agency_id is not None
        and not current_user.person.must_change_password
    )


def roles_with(permission: Permission) -> list[str]:
    """Return the names of the roles that may do what ``permission`` names."""
    return [ROLE_NAMES[role] for role, granted in GRANTS.items() if permission in granted]


def the_project(number: str) -> Project:
    """Return the project of that number that the current actor may see; raises ``NotFound``."""
    return find_project(db.session(), current_actor(), number)
