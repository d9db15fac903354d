"""How the reader's shell can call `amber` again, for the examples that are printed."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path


def amber_command() -> str:
    """Return `amber` when the shell finds this installation by that name, else the path of its script."""
    script = Path(sys.executable).with_name("amber")
    found = shutil.which("amber")
    if found is not None and Path(found).resolve() == script.resolve():
        return "amber"
    if not script.exists():
        return f"{sys.executable} -m server"
    try:
        return str(script.relative_to(Path.cwd()))
    except ValueError:
        return str(script)
