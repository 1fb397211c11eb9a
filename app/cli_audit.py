"""``keguan audit``: the audit trail proved whole, and handed to auditors."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli_ledger import FOUND, format_option, write
from app.console import ConsoleError, agency_option, console_session, the_agency
from app.spoken import SpokenGroup

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from lifecycle.audit_check import ChainCheck

NOTED = re.compile(r"([1-9][0-9]{0,8}):([0-9a-f]{8,64})")
NO_AGENCY = "不属于单个单位的记录"


@click.group(cls=SpokenGroup)
def audit() -> None:
    """办理记录：核对、交审计。"""


@audit.command()
@agency_option
@click.option(
    "--noted",
    multiple=True,
    metavar="序号:校验值",
    help="此前另行记下的某一条的校验值（至少前 8 位），一并核对；可重复。",
)
@format_option
def verify(agency: str | None, noted: Sequence[str], form: str) -> None:
    """核对办理记录是否有改动、缺失或加入；只读，不改任何内容。"""
    from lifecycle import audit_check
    from lifecycle.proof import with_tellings

    known = _noted(noted)
    with console_session() as session:
        chain = the_agency(session, agency).id if agency is not None or known else None
        names = _names(session)
        checks = with_tellings(session, audit_check.verify(session, chain, known))
        whole = _tell_json(checks, names) if form == "json" else _tell(checks, names)
    if not whole:
        raise SystemExit(FOUND)


@audit.command()
@click.argument("file", type=click.Path(), metavar="文件")
@click.option("--project", "projects", multiple=True, metavar="编号", help="项目编号，可重复；默认全部。")
@agency_option
def bundle(file: str, projects: Sequence[str], agency: str | None) -> None:
    """制作审计资料包（zip）：办理记录、材料、拨付表、适用规则和校验值，离开本系统也能核对。"""
    from app.clock import now
    from app.database import instance_folder
    from lifecycle.files import ContentStore
    from lifecycle.roles import Actor
    from reports.bundle.making import save_bundle
    from reports.bundle.papers import stored_papers

    with console_session() as session:
        actor = Actor.system(the_agency(session, agency).id)
        papers = stored_papers(ContentStore(instance_folder() / "files"))
        made = save_bundle(session, actor, Path(file), now(), projects or None, papers)
    write([f"已制作审计资料包：{file}", f"  {made.scope}", f"  共 {made.length} 条，末条校验值 {made.head}"])


def _noted(typed: Sequence[str]) -> dict[int, str]:
    found = [NOTED.fullmatch(one.strip().lower()) for one in typed]
    if not all(found):
        raise ConsoleError("--noted 请写成“序号:校验值”，校验值至少写前 8 位，如 120:3fa94c0e。")
    return {int(one[1]): one[2] for one in found if one}


def _names(session: Session) -> Mapping[int, str]:
    from sqlalchemy import select

    from lifecycle.models import Agency

    return {0: NO_AGENCY} | {row.id: row.name for row in session.execute(select(Agency.id, Agency.name))}


def _tell(checks: Iterator[ChainCheck], names: Mapping[int, str]) -> bool:
    whole = True
    for check in checks:
        whole = whole and check.is_whole
        write(_lines(check, names))
    write(["未发现改动、缺失或加入。" if whole else "办理记录与校验值不符，请保留现场并查明原因。"])
    return whole


def _lines(check: ChainCheck, names: Mapping[int, str]) -> Iterator[str]:
    yield names.get(check.chain, f"已不存在的单位（{check.chain}）")
    yield f"  共 {check.length} 条，末条校验值 {check.head}"
    for fault in check.faults:
        yield f"  {fault.place}：{fault.what}"
    if check.left_out:
        yield f"  另有 {check.left_out} 处未列出"


def _tell_json(checks: Iterator[ChainCheck], names: Mapping[int, str]) -> bool:
    chains = [
        {
            "agency": None if check.chain == 0 else names.get(check.chain),
            "entries": check.length,
            "head": check.head,
            "faults": [{"first": one.first, "last": one.last, "what": one.what} for one in check.faults],
            "left_out": check.left_out,
        }
        for check in checks
    ]
    whole = not any(one["faults"] for one in chains)
    write([json.dumps({"whole": whole, "chains": chains}, ensure_ascii=False)])
    return whole
