"""The group of all verbs: loads the one that is called, explains errors, sets the exit status."""

from __future__ import annotations

import difflib
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from engine.errors import AmberError
from server.cli.failures import INTERRUPTED, exit_status, print_failure
from server.cli.verbs import VERBS

_HELP = """Amber: errors, traces and logs in one store, and one language to ask it.

Start with `amber serve --demo`, then `amber query 'from errors | summarize n=count() by error.type'`.
"""


class LazyGroup(TyperGroup):
    """The verbs of `VERBS`; each module is imported when its verb is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the verbs in the order of the table."""
        return [verb.name for verb in VERBS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the verb's command; a light stand-in with the summary when only the list is shown."""
        verb = next((verb for verb in VERBS if verb.name == cmd_name), None)
        if verb is None:
            return None
        if ctx.meta.get("listing"):
            return TyperCommand(name=verb.name, help=verb.summary)
        command = typer.main.get_command(importlib.import_module(verb.module).app)
        command.name = verb.name
        return command

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the list of verbs without importing them."""
        ctx.meta["listing"] = True
        super().format_help(ctx, formatter)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the verb; an unknown one is answered with the nearest."""
        names = self.list_commands(ctx)
        if args and args[0] not in names and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], names, n=1)
            ctx.fail(f"There is no command {args[0]!r}." + (f" Did you mean {near[0]!r}?" if near else ""))
        return super().resolve_command(ctx, args)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and end the process with its exit status."""
    group = LazyGroup(name="amber", help=_HELP, no_args_is_help=True)
    try:
        group.main(args=arguments, prog_name="amber")
    except AmberError as error:
        print_failure(error)
        sys.exit(exit_status(error))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # The reader of the output has had enough (`amber query ... | head`).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
