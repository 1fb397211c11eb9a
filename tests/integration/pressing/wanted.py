"""What must have been pressed by the last day, or a simulation would prove nothing of it."""

from __future__ import annotations

SURE = frozenset(
    {
        *("reports: start", "reports: file", "reports: confirm", "reports: accept", "reports: send back"),
        *("changes: draft an extension", "changes: send", "changes: confirm", "changes: propose"),
        *("changes: approve an extension", "supervision: inspect", "supervision: agree"),
        *("supervision: answer", "supervision: verify"),
        *("acceptance: file", "acceptance: send back", "acceptance: confirm"),
        *("money: book", "money: confirm its arrival", "entered late"),
    }
)
"""What a few projects come to, whatever the seed."""

ALL = SURE | {
    *("reports: event", "reports: return", "reports: government", "changes: approve", "changes: consent"),
    *("changes: conference", "changes: file", "changes: return", "changes: refuse", "changes: reject"),
    *("changes: send back", "changes: withdraw", "changes: decline", "supervision: send an inspection back"),
    *("supervision: not put right", "supervision: lift", "supervision: give more time"),
    *("supervision: propose lifting", "supervision: keep"),
    *("acceptance: take up", "acceptance: return", "acceptance: name experts", "acceptance: propose"),
    *("acceptance: give an opinion", "acceptance: joint opinion", "acceptance: conference"),
    *("acceptance: government", "acceptance: conclude", "acceptance: conclude oneself"),
    *("acceptance: file the conclusion", "money: return", "money: issue"),
    *("notices: draw up", "notices: deliver", "notices: sign for", "notices: receive", "notices: send"),
}
"""What many projects come to."""
