"""Why something was refused: all the reasons, as data; how they read is the shell's business."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from lifecycle.roles import ROLE_NAMES, Role

if TYPE_CHECKING:
    from lifecycle.roles import Permission
    from lifecycle.rules.verdict import Line, Verdict


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


class NotTheirs(Refusal):
    """The actor sees the project, but not in the role in which this act is taken."""

    def __init__(self, roles: Sequence[Role]) -> None:
        names = "、".join(ROLE_NAMES[role] for role in roles)
        super().__init__(f"这一项由本项目的{names}办理。")
        self.roles = tuple(roles)


class Obstructed(Refusal):
    """Something that is no article stands in the way; ``obstacles`` says all of it, with what to do."""

    def __init__(self, obstacles: Sequence[str]) -> None:
        super().__init__("；".join(text.rstrip("。") for text in obstacles) + "。")
        self.obstacles = tuple(obstacles)


class OutOfDate(Refusal):
    """Somebody else has saved in the meantime: what was typed rests on an older state."""

    def __init__(self, message: str = "") -> None:
        usual = "这份材料刚才已被其他人保存过，请核对最新内容后再保存；您填写的内容仍在下方。"
        super().__init__(message or usual)


class SettingChanged(OutOfDate):
    """Somebody else has changed a setting since the form was opened; ``changes`` says what, old and new."""

    def __init__(self, changes: Sequence[str]) -> None:
        told = "；".join(changes)
        super().__init__(
            f"您打开本页后，已有同事修改并保存：{told}。请核对，再次保存即以您填写的为准；您填写的内容仍在下方。"
        )
        self.changes = tuple(changes)


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
        found = "；".join(f"{line.text}（{line.rule.citation}）" for line in verdict.refusals)
        super().__init__(f"不符合规定，暂不能办理：{found}。")
        self.verdict = verdict


class ReasonNeeded(VerdictRefused):
    """Usual rules are not held, and nobody has written why to go on; ``lines`` are those rules."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict)
        self.lines: tuple[Line, ...] = verdict.needs_reason
        names = "、".join(dict.fromkeys(line.rule.citation for line in self.lines))
        self.message = f"未达到一般性规定（{names}）。确需办理的，请逐项写明理由后提交。"
        self.args = (self.message,)
