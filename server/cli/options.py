"""Options several verbs share."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from server.logging import configure_logging
from server.settings import Settings, load_settings

DataOption = Annotated[
    Path | None, typer.Option("--data", help="The data directory.", show_default="the user data directory")
]
ConfigOption = Annotated[Path | None, typer.Option("--config", help="A configuration file.", show_default="amber.toml")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
PasswordOption = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input instead of making one.")
]


def read_password() -> str:
    """Return the first line of standard input without its end; a terminal is asked without echo."""
    if sys.stdin.isatty():
        return getpass.getpass("Password: ")
    return sys.stdin.readline().rstrip("\r\n")


def settings_from(config: Path | None, **flags: object) -> Settings:
    """Load the settings with the flags of a verb, None being a flag that was not given; log warnings from here on."""
    settings = load_settings(flags, os.environ, config)
    configure_logging("cli", level="debug" if settings.log_level == "debug" else "warning", style=settings.log_format)
    return settings
