"""Why something was refused: all the reasons, as data; how they read is the shell's business."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lifecycle.roles import Permission
    from lifecycle.rulebook import Verdict


class Refusal(Exception):
    """Base of every refusal. ``message`` is polite Chinese saying what is missing and what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotPermitted(Refusal):
    """The actor's roles do not include what the act asks."""

    def __init__(self, permission: Permission) -> None:
        super().__init__("您的角色不能办理这一事项，请联系本单位管理员。")
        self.permission = permission


class NotFound(Refusal):
    """There is no such thing, or it is not this actor's to see: from outside the two look alike."""

    def __init__(self, what: str) -> None:
        super().__init__(f"没有找到{what}，可能已被删除，或不在您的查看范围内。")


class IllegalTransition(Refusal):
    """The table of transitions does not allow this step."""

    def __init__(self, now: str, then: str) -> None:
        super().__init__(f"当前状态为“{now}”，不能转为“{then}”。可能已有同事办理，请刷新后查看。")
        self.now = now
        self.then = then


class SamePerson(Refusal):
    """Nobody does two of propose, approve and pay on one tranche. The bureau's own separation of duties."""


class SignInRefused(Refusal):
    """Nobody was signed in. The message never tells whether the account exists."""


class InvalidInput(Refusal):
    """What was typed does not do; ``errors`` maps field names to what is wrong with them."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("；".join(errors.values()))
        self.errors = dict(errors)


class VerdictRefused(Refusal):
    """A rule refuses the act; the verdict says which, with its article."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__("不符合规定，暂不能办理：请对照核对单逐项处理。")
        self.verdict = verdict
