"""The console speaks Chinese: every command's help, and what is said to whoever writes one wrongly."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from app.cli import main

ENGLISH = re.compile(r"usage|show|error|missing|invalid|no such|try |default:|command|argument|range", re.I)


def every(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the words of a command and of all below it."""
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from every(below, (*path, name))


def test_every_commands_help_is_chinese() -> None:
    paths = list(every(main))
    assert {("remind",), ("scheduler",), ("health",), ("run",), ("audit", "verify")} <= set(paths)
    for path in paths:
        said = CliRunner().invoke(main, [*path, "--help"])
        assert said.exit_code == 0
        assert said.output.startswith(f"用法：{' '.join(('keguan', *path))} [选项]")
        assert not ENGLISH.search(said.output), path


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("nosuch", "没有“nosuch”这个命令"),
        ("ledger nosuch", "没有“nosuch”这个命令"),
        ("--version", "没有 --version 这个选项"),
        ("remind --as-off 2026-01-01", "没有 --as-off 这个选项，是否要写 --as-of"),
        ("remind --as-of", "选项 --as-of 后面还缺内容"),
        ("remind --as-of 2026-13-01", "--as-of 应为日期，如 2026-06-30"),
        ("audit verify --format xml", "--format 应为 text 或 json"),
        ("ledger import --dry-run=1 x", "选项 --dry-run 后面不能写内容"),
        ("scheduler now", "多写了“now”"),
        ("run --port abc", "--port 应为 1 至 65535 的整数"),
        ("run --port 99999", "--port 应为 1 至 65535 的整数"),
        ("password", "请写明用户名"),
        ("audit bundle", "请写明文件"),
    ],
)
def test_a_command_written_wrongly_is_answered_in_chinese(words: str, said: str) -> None:
    answer = CliRunner().invoke(main, words.split())
    path = " ".join(["keguan", *(one for one in words.split() if one in _NAMES)])
    assert answer.exit_code == 2
    assert answer.output == f"{said}。\n写法见 {path} --help\n"


_NAMES = {"ledger", "import", "remind", "audit", "verify", "bundle", "scheduler", "run", "password"}


@pytest.mark.parametrize("words", ["", "audit", "ledger"])
def test_a_command_that_needs_another_shows_its_help(words: str) -> None:
    answer = CliRunner().invoke(main, words.split())
    assert answer.exit_code == 2
    assert "命令：" in answer.output
    assert not ENGLISH.search(answer.output)
