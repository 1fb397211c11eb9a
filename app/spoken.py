"""Commands that speak Chinese: their help, and what they say to whoever writes them wrongly.

click's own sentences are English. What they say is said here by the kind of mistake, not by translating them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from app.console import ConsoleError

_HEADINGS = {"Options": "选项", "Commands": "命令"}


class Formatter(click.HelpFormatter):
    """Lays out help under Chinese headings."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write how a command is called."""
        super().write_usage(prog, args, "用法：" if prefix is None else prefix)

    def write_heading(self, heading: str) -> None:
        """Write what a list is of."""
        self.write(f"{'':>{self.current_indent}}{_HEADINGS.get(heading, heading)}：\n")


class SpokenContext(click.Context):
    """Where a command's help is laid out in Chinese."""

    formatter_class = Formatter


class Spoken(click.Command):
    """A command of Keguan."""

    context_class = SpokenContext

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **{"options_metavar": "[选项]", **more})

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Return ``--help``, which says what it does."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = "显示这段说明。"
        return option

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Read the words after the command. Raises ``ConsoleError`` where they make no sense."""
        path = " ".join(filter(None, (parent.command_path if parent else "", info_name)))
        with _mistakes_said(path):
            return super().make_context(info_name, args, parent, **extra)


class SpokenGroup(Spoken, click.Group):
    """A command of Keguan that has others below it."""

    command_class = Spoken

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **{"subcommand_metavar": "命令 …", **more})

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is meant. Raises ``ConsoleError`` where there is none."""
        with _mistakes_said(ctx.command_path):
            return super().resolve_command(ctx, args)


@contextmanager
def _mistakes_said(path: str) -> Iterator[None]:
    try:
        yield
    except click.exceptions.NoArgsIsHelpError:
        raise  # is the help itself
    except click.UsageError as error:
        raise ConsoleError(f"{mistake(error)}。\n写法见 {path} --help") from error


def mistake(error: click.UsageError) -> str:
    """Return in words what is wrong with how a command was written."""
    maybe = f"，是否要写 {'、'.join(found)}" if (found := getattr(error, "possibilities", None)) else ""
    command = getattr(error, "command_name", None)
    if command is not None:
        return f"没有“{command}”这个命令{maybe}"
    if isinstance(error, click.NoSuchOption):
        return f"没有 {error.option_name} 这个选项{maybe}"
    if isinstance(error, click.BadOptionUsage):
        without = "后面不能写内容" if "not take" in error.message else "后面还缺内容"
        return f"选项 {error.option_name} {without}"
    if isinstance(error, click.BadParameter) and error.param is not None:
        named = _named(error.param)
        return f"请写明{named}" if isinstance(error, click.MissingParameter) else _unfit(error.param, named)
    extra = re.search(r"\((.+)\)$", error.message)
    return f"多写了“{extra[1]}”" if extra else "命令的写法不对"


def _named(param: click.Parameter) -> str:
    return param.human_readable_name if isinstance(param, click.Argument) else f" {param.opts[-1]} "


def _unfit(param: click.Parameter, named: str) -> str:
    kind = param.type
    if isinstance(kind, click.Choice):
        return f"{named}应为 {' 或 '.join(map(str, kind.choices))}".strip()
    if isinstance(kind, click.DateTime):
        return f"{named}应为日期，如 2026-06-30".strip()
    if isinstance(kind, click.IntRange):
        return f"{named}应为 {kind.min} 至 {kind.max} 的整数".strip()
    return f"{named}写得不对".strip()
