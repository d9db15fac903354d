"""Names of columns and tables inside the SQL."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping

_SAFE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,60}")
_TABLE_ALIAS = re.compile(r"[irst][0-9]+[mr]?|limited")
"""What the compiler and its passes call scans; a column of that name would hide the scan."""


def unique_names(columns: Mapping[str, object], taken: Container[str]) -> dict[str, str]:
    """Return an SQL name for each column: its own where that is a plain identifier, and never one that is taken."""
    names: dict[str, str] = {}
    used: set[str] = set()
    for position, name in enumerate(columns):
        plain = (
            name
            if _SAFE_NAME.fullmatch(name) and not name.startswith("__")
            else re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")
        )
        if not _SAFE_NAME.fullmatch(plain) or _TABLE_ALIAS.fullmatch(plain) or plain in used or plain in taken:
            plain = f"c{position}"
            while plain in used or plain in taken:
                plain += "_"
        names[name] = plain
        used.add(plain)
    return names
