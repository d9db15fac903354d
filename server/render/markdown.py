"""Markdown in which texts of others stay texts. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

_SIGNS: Final = re.compile(r"([\\`*_{}\[\]()#+!|<>~&])")
_START: Final = re.compile(r"^(\s*)([-=]|\d+(?=[.)]))")


def plain(text: str) -> str:
    """Return a text in which no sign means anything, on one line."""
    flat = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    escaped = _SIGNS.sub(r"\\\1", flat)
    return _START.sub(lambda found: f"{found[1]}\\{found[2]}" if not found[2].isdigit() else found[0], escaped)


def code(text: str) -> str:
    """Return a text as code, within a fence longer than any in it."""
    flat = " ".join(text.split())
    longest = max((len(one) for one in re.findall(r"`+", flat)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{fence}{pad}{flat}{pad}{fence}"


def block(text: str) -> str:
    """Return a text as an indented block of code."""
    return "\n".join(f"    {line}" for line in text.splitlines() or [""])


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of cells that are Markdown already."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def link(text: str, address: str) -> str:
    """Return a link, or the text alone when the address is none of the web."""
    if not address.startswith(("https://", "http://", "/")):
        return plain(text)
    safe = address.replace("(", "%28").replace(")", "%29").replace(" ", "%20").replace("<", "%3C").replace(">", "%3E")
    return f"[{plain(text)}]({safe})"
