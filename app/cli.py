"""The ``keguan`` console command. Commands are loaded when called, so that a ledger check starts at once."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from app.spoken import SpokenGroup

COMMANDS: Mapping[str, str] = {
    "audit": "app.cli_audit:audit",
    "demo": "app.cli_demo:demo",
    "files": "app.cli_files:files",
    "findings": "app.cli_records:findings",
    "health": "app.cli_clock:health",
    "init": "app.cli_setup:init",
    "ledger": "app.cli_records:ledger",
    "password": "app.cli_people:password",
    "recompute": "app.cli_setup:recompute",
    "reconcile": "app.cli_reconcile:reconcile",
    "remind": "app.cli_clock:remind",
    "run": "app.cli_serve:run",
    "scheduler": "app.cli_clock:scheduler",
}
"""Name → module and attribute of every command."""


class LazyGroup(SpokenGroup):
    """A group that imports a command only when it is asked for."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Read the words under the name by which people know it, however it was started."""
        del info_name
        return super().make_context("keguan", args, parent, **extra)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        del ctx
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name, imported now; ``None`` when there is none."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name].split(":")
        found: click.Command = getattr(import_module(module), attribute)
        return found


@click.group(cls=LazyGroup)
def main() -> None:
    """科管：区县科技计划项目的立项后管理。"""
