"""Passwords: how they are kept, what a new one must be, and how a first one is made up."""

from __future__ import annotations

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

LEAST_LENGTH = 10
MOST_LENGTH = 128
"""A limit only so that nobody can send megabytes to be hashed."""

# 32 MiB and one lane: hard to guess at, and eight people at once still fit a small office server.
_HASHER = PasswordHasher(time_cost=3, memory_cost=32 * 1024, parallelism=1)
_NOBODYS = _HASHER.hash(secrets.token_hex(16))
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"
"""Letters and digits that are not taken for one another on paper."""


def hash_password(password: str) -> str:
    """Return what is kept of a password (argon2id)."""
    return _HASHER.hash(password)


def password_matches(kept: str | None, password: str) -> bool:
    """Whether ``password`` is the one kept; ``None`` (nobody) takes as long to refuse as anybody."""
    try:
        return _HASHER.verify(kept or _NOBODYS, password) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(kept: str) -> bool:
    """Whether a kept password was hashed with other parameters than today's."""
    return _HASHER.check_needs_rehash(kept)


def made_up_password() -> str:
    """Return a password to hand to somebody once: twelve characters in three groups."""
    return "-".join("".join(secrets.choice(_READABLE) for _ in range(4)) for _ in range(3))


def fault_of(password: str, username: str) -> str | None:
    """Return what is wrong with a new password, ``None`` where it does."""
    if len(password) < LEAST_LENGTH:
        return f"密码至少 {LEAST_LENGTH} 个字符。"
    if len(password) > MOST_LENGTH:
        return f"密码最多 {MOST_LENGTH} 个字符。"
    if username.lower() in password.lower() and len(password) - len(username) < LEAST_LENGTH // 2:
        return "密码不能与用户名相同或只多几个字符。"
    if len(set(password)) < 4:
        return "密码太简单，请使用更多不同的字符。"
    return None
