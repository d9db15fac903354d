"""docs/reference/cli.md, made from the commands themselves: `python -m server.cli.reference`."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from enum import Enum
from typing import Any

import typer

from server.cli import failures
from server.cli.verbs import VERBS

_HEAD = """# Commands

`amber VERB`, or `python -m server VERB`. Without `--data` a verb uses the setting [data](settings.md#data). While a
server owns the data directory, `query`, `sql`, `load` and `dlq` go through it: `run/server.json` in the directory says
where it is. A text that is `-` is read from standard input.

Answers go to standard output, everything else (progress, warnings, statistics, errors) to standard error. An error of a
query shows its text with a line of carets below the place, the error's code and what to do.

This page is made by `python -m server.cli.reference`.

## Exit status
"""


def cli_reference() -> str:
    """Return the page: every verb with its help, arguments and options."""
    lines = [_HEAD, *(line for line in (failures.__doc__ or "").splitlines() if line.startswith("|")), ""]
    for verb in VERBS:
        command = typer.main.get_command(importlib.import_module(verb.module).app)
        lines += _section(f"amber {verb.name}", command, level=2)
    return "\n".join(lines).rstrip() + "\n"


def _section(name: str, command: Any, *, level: int) -> Iterator[str]:
    yield f"{'#' * level} {name}"
    yield ""
    yield from _help_lines(command.help or "")
    yield ""
    rows = [_row(param) for param in command.params if param.name != "help"]
    if rows:
        yield from ("| argument or option | meaning |", "|---|---|", *rows, "")
    for child in getattr(command, "commands", {}).values():
        yield from _section(f"{name} {child.name}", child, level=level + 1)


def _help_lines(text: str) -> Iterator[str]:
    for paragraph in text.strip().split("\n\n"):
        joined = " ".join(line.strip() for line in paragraph.splitlines())
        yield f"    {joined}" if joined.startswith("amber ") else joined
        yield ""


def _row(param: Any) -> str:
    names = ", ".join(f"`{name}`" for name in (*param.opts, *param.secondary_opts) if name.startswith("-"))
    if not names:
        names = f"`{(param.metavar or param.display_name_raw).upper()}`"
    default = param.show_default if isinstance(param.show_default, str) else ""
    if not default and param.default not in (None, False, "") and not callable(param.default):
        default = str(getattr(param.default, "value", param.default))
    words = (param.help or "").strip()
    kind = param.type_descriptor.annotation
    if isinstance(kind, type) and issubclass(kind, Enum):
        words += " One of " + ", ".join(f"`{choice.value}`" for choice in kind) + "."
    return f"| {names} | {words}{f' Default: {default}.' if default else ''} |"


if __name__ == "__main__":
    sys.stdout.write(cli_reference())
