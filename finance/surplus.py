"""What a project that passed has left of public money (结余处理): how much stays, how much comes back.

No regulation speaks of it, so it is the bureau's own requirement and cited as such. The conclusion opens it
where money is left; finance may open it where there is spending that the financial acceptance did not allow.
It is settled, confirmed and returned as a clearing is; the project stays 已结题, and what is not paid yet is
not cancelled by it.
"""

from __future__ import annotations

from datetime import date

from lifecycle.aftermath import OWN_SURPLUS, open_surplus
from lifecycle.command import Work, command
from lifecycle.records import load_record
from lifecycle.refusals import Obstructed
from lifecycle.roles import Permission
from lifecycle.visibility import find_project


@command("surplus.open", Permission.CLEAR_ACCOUNTS)
def begin_surplus(work: Work, number: str, today: date) -> int:
    """Open what is done with the public money of a project that passed; return the clearing's id.

    Raises ``NotFound``, and ``Obstructed`` for a project that has not passed, got no public money, or whose
    surplus is being dealt with.
    """
    project = find_project(work.session, work.actor, number)
    opened = open_surplus(work, project.id, load_record(work.session, project.id), today)
    if opened is None:
        raise Obstructed(["这个项目没有通过验收，或没有拨付过财政资金，或结余处理已经开始"])
    work.record("开始结余处理", project_id=project.id, citation=OWN_SURPLUS)
    return opened.id
