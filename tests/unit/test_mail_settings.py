"""Which mail server the settings name, and which settings make no sense."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.mailer import BadMailSettings, MailServer, Security


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def set_them(**given: str) -> None:
        for name in ("HOST", "PORT", "USER", "PASSWORD", "FROM", "TLS"):
            monkeypatch.delenv(f"KEGUAN_SMTP_{name}", raising=False)
        for name, value in given.items():
            monkeypatch.setenv(f"KEGUAN_SMTP_{name}", value)

    return set_them


@pytest.mark.parametrize(
    ("given", "port", "security"),
    [
        ({}, 25, Security.NONE),
        ({"TLS": "starttls"}, 587, Security.STARTTLS),
        ({"TLS": "SSL"}, 465, Security.SSL),
        ({"PORT": "465"}, 465, Security.SSL),
        ({"PORT": "587"}, 587, Security.STARTTLS),
        ({"PORT": "2525"}, 2525, Security.NONE),
        ({"PORT": "465", "TLS": "none"}, 465, Security.NONE),
    ],
)
def test_the_way_to_the_server_follows_from_the_settings(
    settings: Callable[..., None], given: dict[str, str], port: int, security: Security
) -> None:
    settings(HOST="mail.test", FROM="k@bureau.test", **given)
    server = MailServer.from_environment()
    assert server is not None
    assert (server.port, server.security) == (port, security)


@pytest.mark.parametrize("wrong", [{"PORT": "many"}, {"TLS": "yes"}, {"FROM": "科管"}])
def test_settings_that_make_no_sense_are_refused(
    settings: Callable[..., None], wrong: dict[str, str]
) -> None:
    settings(**({"HOST": "mail.test", "FROM": "k@bureau.test"} | wrong))
    with pytest.raises(BadMailSettings):
        MailServer.from_environment()
