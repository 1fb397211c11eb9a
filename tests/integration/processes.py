"""Processes of the program that go off together, or are killed at a place of the test's choosing."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import IO


def start(url: str, code: str, *words: str) -> subprocess.Popen[str]:
    """Start a Python program that says it is ready and then waits for a line before it goes on."""
    wait = "import sys; print('ready', flush=True); sys.stdin.readline()\n"
    environment = {**os.environ, "KEGUAN_DATABASE_URL": url, "PYTHONWARNINGS": "error"}
    return subprocess.Popen(
        [sys.executable, "-c", f"{code.partition('#go')[0]}\n{wait}{code.partition('#go')[2]}", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )


def pipe(stream: IO[str] | None) -> IO[str]:
    """Return a pipe that was asked for."""
    assert stream is not None
    return stream


def let_go(*processes: subprocess.Popen[str]) -> None:
    """Let all of them go on at the same moment."""
    for process in processes:
        assert pipe(process.stdout).readline() == "ready\n"
    for process in processes:
        pipe(process.stdin).write("\n")
        pipe(process.stdin).flush()
