"""What an agency has set for its notices: the mark in their numbers, days for a receipt and for an answer.

Neither findings nor duties rest on these, so they stand beside ``lifecycle.settings``. What was drawn up
already keeps the number and the day it bears.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle.command import Work, command
from lifecycle.models import AgencySetting, NoticeKind
from lifecycle.refusals import InvalidInput
from lifecycle.roles import Permission
from lifecycle.setting_kept import Opened, changed, demand_unchanged, keep_setting

NOTICES = "notices"
"""Key of the setting: the fields of ``NoticeSettings``."""

MARK = re.compile(r"[\u4e00-\u9fffA-Za-z0-9]{1,12}")
"""What a mark may be: it is read out, printed, and looked for."""

RECEIPT_DAYS = range(1, 31)
ANSWER_DAYS = range(3, 91)


@dataclass(frozen=True, slots=True)
class NoticeSettings:
    """The mark (沙科催; empty: none), and days. What is not set is as Keguan has it."""

    mark: str = ""
    receipt: int = 7
    """Days after it was sent within which a notice is signed for."""
    urging: int = 10
    rectification: int = 15
    termination: int = 15
    """Days given for an answer where the day of the matter is past or nothing sets one."""

    @property
    def receipt_within(self) -> timedelta:
        """How long after it was sent a receipt is waited for."""
        return timedelta(self.receipt)

    def answer_within(self, kind: NoticeKind) -> timedelta:
        """Return how long an answer to a notice is given. Raises ``KeyError`` for kinds that ask for none."""
        return timedelta(getattr(self, _ANSWERS[kind]))


_ANSWERS: Mapping[NoticeKind, str] = MappingProxyType(
    {
        NoticeKind.URGING: "urging",
        NoticeKind.RECTIFICATION: "rectification",
        NoticeKind.TERMINATION: "termination",
    }
)
_LIMITS: Mapping[str, range] = MappingProxyType(
    {"receipt": RECEIPT_DAYS, **dict.fromkeys(_ANSWERS.values(), ANSWER_DAYS)}
)
_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "mark": "文书字号",
        "receipt": "签收期限",
        "urging": "催办通知的办理期限",
        "rectification": "整改通知的整改期限",
        "termination": "终止建议的异议期限",
    }
)


def notice_settings_of(session: Session, agency_id: int) -> NoticeSettings:
    """Return what the agency has set, by one statement; what is damaged counts as not set."""
    own = (AgencySetting.agency_id == agency_id, AgencySetting.key == NOTICES)
    return _known(session.scalar(select(AgencySetting.value).where(*own)))


def _known(value: Any) -> NoticeSettings:
    given = value if isinstance(value, dict) else {}
    sound = {name: given[name] for name in _NAMES if name in given and not wrong_setting(name, given[name])}
    return NoticeSettings(**sound)


def wrong_setting(name: str, value: Any) -> str | None:
    """Return what is wrong with a value of the field ``name``, in words."""
    if name == "mark":
        if isinstance(value, str) and (not value or MARK.fullmatch(value)):
            return None
        return "字号由汉字、字母或数字组成，不超过 12 字，如“沙科催”；年份和序号由系统编排。"
    limits = _LIMITS[name]
    if isinstance(value, int) and not isinstance(value, bool) and value in limits:
        return None
    return f"天数应在 {limits[0]} 至 {limits[-1]} 之间。"


@command("settings.notices", Permission.MANAGE_SETTINGS)
def set_notices(work: Work, wanted: NoticeSettings, today: date, *, opened: Opened | None = None) -> None:
    """Set the agency's mark and days.

    Raises ``InvalidInput`` by field, beyond the limits above, and ``SettingChanged`` where ``opened`` is not
    what holds any more.
    """
    new = asdict(wanted)
    errors = {name: words for name, value in new.items() if (words := wrong_setting(name, value))}
    if errors:
        raise InvalidInput(errors)
    old = asdict(notice_settings_of(work.session, work.actor.agency_id))
    demand_unchanged(opened, old, _NAMES)
    keep_setting(work, NOTICES, new, today)
    changes = [one for name, words in _NAMES.items() for one in changed(words, old[name], new[name])]
    work.record("修改文书设置", details={"changes": changes})
