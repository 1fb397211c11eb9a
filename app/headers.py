"""What every answer tells the browser: what it may load, what it may keep, which static file is meant."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from stat import S_ISREG
from typing import Any

from flask import Flask, Response, request

POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "object-src 'none'",
    )
)
"""Nothing inline and nothing from elsewhere: typed-in text can never become a script."""

ALWAYS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
YEAR = 365 * 24 * 60 * 60


def register(app: Flask) -> None:
    """Add the headers to every answer and a version to every static address."""
    app.after_request(_add_headers)
    app.url_defaults(_version_of(app.static_folder))


def _add_headers(response: Response) -> Response:
    for name, value in ALWAYS.items():
        response.headers.setdefault(name, value)
    if request.endpoint == "static" and "v" in request.args and response.status_code in {200, 206, 304}:
        response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    elif request.endpoint != "static" and not response.cache_control.private:
        response.headers["Cache-Control"] = "no-store"
    return response


def _version_of(folder: str | None) -> Callable[[str, dict[str, Any]], None]:
    """Return what names in the address of a static file which content is meant: it may be kept for a year."""

    def name_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint != "static" or "v" in values or folder is None:
            return
        path = f"{folder}/{values['filename']}"
        try:
            found = os.stat(path)
        except OSError:
            return
        if S_ISREG(found.st_mode):
            values["v"] = _digest(path, found.st_mtime_ns)

    return name_version


@lru_cache(maxsize=512)
def _digest(path: str, _changed: int) -> str:
    return sha256(Path(path).read_bytes()).hexdigest()[:12]
