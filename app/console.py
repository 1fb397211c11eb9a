"""What the console commands share: a fit database, the agency, and errors said in Chinese."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import click
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.database import open_ready_database
from lifecycle.models import Agency
from lifecycle.refusals import Refusal


class ConsoleError(click.ClickException):
    """Something that ends a command with exit 2 and one plain sentence on standard error."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the sentence, without click's English prefix."""
        click.echo(self.message, file=file, err=file is None)


@contextmanager
def console_session() -> Iterator[Session]:
    """Lend a session on the configured database, which must have been set up with ``keguan init``.

    Refusals and a database that does not answer become a ``ConsoleError``.
    """
    try:
        engine = open_ready_database()
        try:
            with Session(engine) as session:
                yield session
        finally:
            engine.dispose()
    except Refusal as refusal:
        raise ConsoleError(refusal.message) from refusal
    except OperationalError as error:
        raise ConsoleError(f"数据库无法读写，请检查数据库地址、权限和磁盘空间：{error.orig}") from error


def the_agency(session: Session, name: str | None) -> Agency:
    """Return the agency of that name, or the only one. Raises ``ConsoleError`` where that names none."""
    agencies = session.scalars(select(Agency).order_by(Agency.id)).all()
    if not agencies:
        raise ConsoleError("数据库中还没有科技局，请先运行 keguan init。")
    if name is None:
        if len(agencies) > 1:
            raise ConsoleError(f"数据库中有多个科技局，请用 --agency 指定其一：{_listed(agencies)}。")
        return agencies[0]
    found = next((agency for agency in agencies if agency.name == name), None)
    if found is None:
        raise ConsoleError(f"没有名为“{name}”的科技局，现有：{_listed(agencies)}。")
    return found


def _listed(agencies: Any) -> str:
    return "、".join(agency.name for agency in agencies)


agency_option = click.option("--agency", metavar="NAME", help="科技局名称；只有一个科技局时可不填")
"""The ``--agency`` option of every command that works on one agency."""
