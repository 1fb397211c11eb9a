"""What the shell needs to know before it starts."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.database import database_url, instance_folder

MOST_UPLOADED = 64 * 1024 * 1024
"""Bytes of one request: a ledger of 20,000 projects is some 15 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The settings of one installation."""

    database_url: str
    secret_key: str
    instance: Path
    testing: bool = False

    @classmethod
    def from_environment(cls) -> Config:
        """Return the settings that the environment names; makes the secret key where there is none."""
        folder = instance_folder()
        return cls(database_url=database_url(), secret_key=kept_secret_key(folder), instance=folder)

    def for_flask(self) -> dict[str, Any]:
        """Return the settings under the names by which Flask and its extensions look for them."""
        return {
            "SECRET_KEY": self.secret_key,
            "SQLALCHEMY_DATABASE_URI": self.database_url,
            "SQLALCHEMY_ENGINE_OPTIONS": {"pool_pre_ping": not self.database_url.startswith("sqlite")},
            "TESTING": self.testing,
            "MAX_CONTENT_LENGTH": MOST_UPLOADED,
            "SESSION_COOKIE_NAME": "keguan",
            "SESSION_COOKIE_HTTPONLY": True,
            "SESSION_COOKIE_SAMESITE": "Lax",
            "WTF_CSRF_TIME_LIMIT": None,  # as long as the session, which has its own limits
            "BABEL_DEFAULT_LOCALE": "zh_CN",
            "BABEL_DEFAULT_TIMEZONE": "Asia/Shanghai",
        }


def kept_secret_key(folder: Path) -> str:
    """Return the key in ``secret-key``, made where there is none, readable by its owner alone.

    It is written aside and then linked, so that of two servers that start at once both use the first one's.
    """
    path = folder / "secret-key"
    if not path.exists():
        draft = folder / f"secret-key.{os.getpid()}.{secrets.token_hex(4)}"
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text("ascii")
