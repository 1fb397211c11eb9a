"""``keguan run``: one command and the site is there."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

KEGUAN = [sys.executable, "-c", "from app.cli import main; main()"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The environment of an installation of the test's own."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("KEGUAN_")}
    return kept | {"KEGUAN_INSTANCE": str(tmp_path), "PYTHONUNBUFFERED": "1"}


def keguan(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*KEGUAN, *words], env=environment, capture_output=True, text=True, check=False, timeout=60
    )


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def server(environment: dict[str, str], port: int) -> Iterator[subprocess.Popen[str]]:
    """A server on a database with one agency."""
    assert keguan(environment, "init", "--agency", "沙坪坝区科技局").returncode == 0
    process = subprocess.Popen(
        [*KEGUAN, "run", "--port", str(port)], env=environment, stdout=subprocess.PIPE, text=True
    )
    yield process
    process.send_signal(signal.SIGINT)
    try:
        process.communicate(timeout=60)
    finally:
        process.kill()  # whatever happens, it does not outlive the test
        process.wait()


def answer_of(address: str) -> str:
    deadline = time.monotonic() + 60
    while True:
        try:
            with urlopen(address, timeout=5) as answer:
                return str(answer.read().decode())
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def test_the_server_says_where_it_is_and_is_there(server: subprocess.Popen[str], port: int) -> None:
    assert server.stdout is not None
    assert f"http://127.0.0.1:{port}" in server.stdout.readline()
    assert '"status":"ok"' in answer_of(f"http://127.0.0.1:{port}/healthz").replace(" ", "")
    assert "登录" in answer_of(f"http://127.0.0.1:{port}/")


@pytest.mark.usefixtures("server")
def test_a_port_that_is_taken_is_said_in_words(environment: dict[str, str], port: int) -> None:
    answer_of(f"http://127.0.0.1:{port}/healthz")
    refused = keguan(environment, "run", "--port", str(port))
    assert refused.returncode == 2
    assert "--port" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_server_without_a_database_says_what_to_do(environment: dict[str, str]) -> None:
    refused = keguan(environment, "run")
    assert refused.returncode == 2
    assert "keguan init" in refused.stderr


def test_the_operator_gives_a_new_password(environment: dict[str, str]) -> None:
    keguan(environment, "init", "--agency", "沙坪坝区科技局")
    told = keguan(environment, "password", "admin")
    assert told.returncode == 0
    assert "初始密码：" in told.stdout
    assert keguan(environment, "password", "nobody").returncode == 2
