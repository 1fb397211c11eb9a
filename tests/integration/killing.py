"""Long work in a process of its own that is killed while it is at it, and what there is to be killed at."""

from __future__ import annotations

import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import ClassVar

from sqlalchemy import func, select

from app.ledger.work import IMPORT
from app.longwork.job import folder_in
from app.longwork.kinds import Kind, Parameters
from app.longwork.rows import add
from app.money.issue_work import ISSUE, asked_of
from app.spending.book_work import ENTER
from app.spending.book_work import asked_of as asked_of_book
from finance.models import Batch, BatchLine
from finance.states import BatchState
from lifecycle.attachments import StoredFile
from lifecycle.database import begin_write
from lifecycle.files import ContentStore
from lifecycle.models import Agency, Attachment, AuditEntry, LongWork, Project, Spending, Tranche, WorkState
from lifecycle.roles import Role
from lifecycle.stages import TrancheState
from tests.bench.spending import rows_of_spending, spending_workbook
from tests.integration.ledgers import renamed, workbook
from tests.integration.paying import Bureau, approved, drafted
from tests.web.site import a_record

MOMENT = datetime(2026, 2, 5, 2, tzinfo=UTC)
"""When everything here happens."""

PROJECTS, ROWS, LINES = 100, 1000, 6
"""How much there is in a ledger, a workbook of spending and a batch."""

SERVER = """
import os, signal, sys, time
from datetime import datetime
from pathlib import Path
from sqlalchemy.orm import Session
from app import clock
from app.ledger import work
from app.longwork.job import Job
from app.money import issue_work
from app.spending import book_work
from lifecycle.database import open_database
from lifecycle.models import LongWork

url, instance, moment = sys.argv[1:]
clock.now = lambda: datetime.fromisoformat(moment)
for line in sys.stdin:
    work_id, kill_after = line.split()
    began = time.perf_counter()
    pid = os.fork()
    if pid == 0:
        engine = open_database(url)
        with Session(engine) as session:
            since = session.get_one(LongWork, int(work_id)).changed_at
        Job(engine, Path(instance), int(work_id), since)(lambda *progress: None)
        os._exit(0)
    if float(kill_after):
        time.sleep(float(kill_after))
        os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    print(time.perf_counter() - began, flush=True)
"""


class Doing:
    """A process that forks another for every piece of work, so that killing one costs no start."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def do(self, work_id: int, kill_after: float = 0) -> float:
        """Do a piece of work, or kill who does it after so many seconds; return how many it took."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{work_id} {kill_after}\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())


@contextmanager
def doing(url: str, instance: Path) -> Iterator[Doing]:
    """Lend the process that does the work of a database."""
    words = [sys.executable, "-c", SERVER, url, str(instance), MOMENT.isoformat()]
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root, text=True
    ) as process:
        yield Doing(process)


class Piece(ABC):
    """Something that is done as long work, whole or not at all."""

    kind: Kind
    role: Role

    def __init__(self, bureau: Bureau, instance: Path) -> None:
        self.bureau, self.session, self.instance = bureau, bureau.session, instance
        name, parameters, digest = self.prepare()
        actor = bureau.actor(self.role)
        key, _ = add(self.session, actor, self.kind, name, parameters, MOMENT, digest=digest)
        self.work_id = self._ask(select(LongWork.id).where(LongWork.key == key))

    @abstractmethod
    def prepare(self) -> tuple[str, Parameters, str]:
        """Store what it is done with; return its name, its parameters and the digest of its file."""

    @property
    @abstractmethod
    def there(self) -> dict[str, int]:
        """How much of everything it makes is there; all of it none where it is not done."""

    whole: ClassVar[Mapping[str, int]]

    def settle(self) -> None:
        """Wait until a database server, too, has seen that who was killed is gone."""
        begin_write(self.session)
        agency = select(Agency.id).where(Agency.id == self.bureau.people.agency_a)
        self.session.scalar(agency.with_for_update())
        self.session.rollback()

    def begin_again(self) -> None:
        """Let it be done once more, as by the button for it."""
        begin_write(self.session)
        work = self.session.get_one(LongWork, self.work_id)
        work.state = WorkState.GOING
        self.session.commit()

    def _ask(self, query: object) -> int:
        self.session.rollback()
        found = self.session.scalar(query)  # type: ignore[call-overload]
        self.session.rollback()
        return int(found or 0)


class LedgerPiece(Piece):
    """A ledger of many projects."""

    kind, role = IMPORT, Role.HANDLER
    serial = 0

    def prepare(self) -> tuple[str, Parameters, str]:
        """Keep a ledger nobody has taken in."""
        type(self).serial += 1
        self.prefix = f"账{self.serial}-"
        numbers = (f"{self.prefix}{at}" for at in range(PROJECTS))
        content = workbook(renamed(a_record("甲"), number) for number in numbers)
        digest = folder_in(self.instance).keep(BytesIO(content))
        return "台账.xlsx", {"as_of": "2026-02-05"}, digest

    @property
    def there(self) -> dict[str, int]:
        """Its projects."""
        return {"projects": self._ask(select(func.count()).where(Project.number.startswith(self.prefix)))}

    whole: ClassVar[Mapping[str, int]] = {"projects": PROJECTS}


class SpendingPiece(Piece):
    """A workbook of many rows of spending, for a project of its own."""

    kind, role = ENTER, Role.PI
    serial = 0
    rows = rows_of_spending(ROWS)

    def prepare(self) -> tuple[str, Parameters, str]:
        """Store a project and keep the workbook."""
        type(self).serial += 1
        self.project_id = self.bureau.project(f"支-{self.serial}")
        content = spending_workbook(self.rows)
        kept = ContentStore(self.instance / "files").keep(BytesIO(content), len(content))
        file = StoredFile(kept.sha256, "支出.xlsx", "application/x", kept.size)
        return file.name, asked_of_book(f"支-{self.serial}", file), kept.sha256

    @property
    def there(self) -> dict[str, int]:
        """Its rows, their sum in fen, the file and the entry in the history."""
        of_project = Spending.project_id == self.project_id
        of_entry = (AuditEntry.project_id == self.project_id, AuditEntry.action == "spending.import")
        return {
            "rows": self._ask(select(func.count()).where(of_project)),
            "fen": self._ask(select(func.sum(Spending.amount_fen)).where(of_project)),
            "files": self._ask(select(func.count()).where(Attachment.project_id == self.project_id)),
            "entries": self._ask(select(func.count()).where(*of_entry)),
        }

    whole: ClassVar[Mapping[str, int]] = {
        "rows": ROWS,
        "fen": sum(row.amount for row in rows),
        "files": 1,
        "entries": 1,
    }


class BatchPiece(Piece):
    """A batch of some lines."""

    kind, role = ISSUE, Role.FINANCE
    serial = 0

    def prepare(self) -> tuple[str, Parameters, str]:
        """Have payments approved and put into a draft."""
        type(self).serial += 1
        ids = [approved(self.bureau, number=f"拨{self.serial}-{at}") for at in range(LINES)]
        self.batch_id = drafted(self.bureau, *ids)
        return "拨付批次", asked_of(self.batch_id, "2026-001", len(ids)), ""

    @property
    def there(self) -> dict[str, int]:
        """The state, the sheet, the issued tranches and the entry in the history."""
        one, line = Batch, BatchLine
        batch = (one.id == self.batch_id, one.state == BatchState.ISSUED)
        issued = (line.batch_id == self.batch_id, Tranche.state == TrancheState.ISSUED)
        entry = (
            AuditEntry.action == "batch.issue",
            AuditEntry.project_id.is_(None),
            AuditEntry.details["batch"].as_integer() == self.batch_id,
        )
        tranches = select(func.count()).select_from(line).join(Tranche, Tranche.id == line.tranche_id)
        return {
            "batches": self._ask(select(func.count()).where(*batch)),
            "sheets": self._ask(select(func.count()).where(one.id == self.batch_id, one.sheet.is_not(None))),
            "tranches": self._ask(tranches.where(*issued)),
            "entries": self._ask(select(func.count()).where(*entry)),
        }

    whole: ClassVar[Mapping[str, int]] = {"batches": 1, "sheets": 1, "tranches": LINES, "entries": 1}


PIECES: tuple[type[Piece], ...] = (LedgerPiece, SpendingPiece, BatchPiece)
