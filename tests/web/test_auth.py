"""Signing in and out."""

from __future__ import annotations

from collections.abc import Callable

from lifecycle.roles import Role
from tests.web.site import Account, Browser, People


def test_whoever_signs_in_may_open_the_site(
    client: Browser, people: People, sign_in: Callable[[Browser, Account], Browser]
) -> None:
    sign_in(client, people.a[Role.HANDLER])
    assert client.get("/password").status_code == 200
