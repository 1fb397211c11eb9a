"""What the console commands share: a fit database, the agency, and errors said in Chinese.

Nothing of the database is imported before it is asked for: a ledger check needs none and starts at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

import click

from lifecycle.refusals import Refusal

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from lifecycle.models import Agency

agency_option = click.option("--agency", metavar="名称", help="科技局名称；只有一个科技局时可不填。")
"""The ``--agency`` option of every command that works on one agency."""


class ConsoleError(click.ClickException):
    """Something that ends a command with exit 2 and one plain sentence on standard error."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the sentence, without click's English prefix."""
        click.echo(self.message, file=file, err=file is None)


@contextmanager
def refusals_said() -> Iterator[None]:
    """Turn refusals, and a database that does not answer, into a ``ConsoleError``."""
    from sqlalchemy.exc import ArgumentError, DBAPIError

    from app.troubles import words_of

    try:
        yield
    except Refusal as refusal:
        raise ConsoleError(refusal.message) from refusal
    except DBAPIError as error:
        known = words_of(error) or "请检查地址、权限和磁盘空间"
        raise ConsoleError(
            f"数据库无法读写，没有保存任何内容：{known}（{str(error.orig).strip()}）"
        ) from error
    except ArgumentError as error:
        raise ConsoleError("数据库地址（KEGUAN_DATABASE_URL）无效，请按 README 中的写法填写。") from error
    except OSError as error:
        known = words_of(error) or "请检查文件是否存在、能否读写"
        named = f"（{error.filename}）" if error.filename else ""
        raise ConsoleError(f"无法读写文件{named}：{known}。") from error


@contextmanager
def console_session() -> Iterator[Session]:
    """Lend a session on the configured database, which must have been set up with ``keguan init``.

    Raises ``ConsoleError`` as ``refusals_said`` does.
    """
    from sqlalchemy.orm import Session

    from app.database import open_ready_database

    with refusals_said():
        engine = open_ready_database()
        try:
            with Session(engine) as session:
                yield session
        finally:
            engine.dispose()


def the_agency(session: Session, name: str | None) -> Agency:
    """Return the agency of that name, or the only one. Raises ``ConsoleError`` where that names none."""
    from sqlalchemy import select

    from lifecycle.models import Agency

    agencies = session.scalars(select(Agency).order_by(Agency.id)).all()
    if not agencies:
        raise ConsoleError("数据库中还没有科技局，请先运行 keguan init。")
    if name is None:
        if len(agencies) > 1:
            raise ConsoleError(f"数据库中有多个科技局，请用 --agency 指定其一：{_listed(agencies)}。")
        return agencies[0]
    found = next((agency for agency in agencies if agency.name == name.strip()), None)
    if found is None:
        raise ConsoleError(f"没有名为“{name}”的科技局，现有：{_listed(agencies)}。")
    return found


def _listed(agencies: Iterable[Agency]) -> str:
    return "、".join(agency.name for agency in agencies)
