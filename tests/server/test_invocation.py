"""The commands that are printed can be pasted."""

from __future__ import annotations

import subprocess

from server.cli.invocation import amber_command


def test_the_printed_command_runs():
    """A reader who pastes it from the project's folder reaches this installation."""
    done = subprocess.run([*amber_command().split(), "version"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
