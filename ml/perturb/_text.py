"""Other values in the same sentence: numbers, ids, hosts, paths, dates."""

from __future__ import annotations

import random
import re
import uuid
from collections.abc import Callable
from typing import Final

_HOSTS: Final = (
    "db-{n}.prod.internal",
    "10.{a}.{b}.{c}",
    "api{n}.eu-west-1.example.com",
    "localhost",
    "node-{n}.local",
)
_FOLDERS: Final = ("/srv/app/releases/{n}", "/home/deploy/current", "/var/www/site", "/opt/{h}/app", "/app")


def _host(rng: random.Random) -> str:
    numbers = {name: rng.randrange(1, 255) for name in "abcn"}
    return rng.choice(_HOSTS).format(**numbers)


def folder(rng: random.Random) -> str:
    """A folder a program may be installed in."""
    return rng.choice(_FOLDERS).format(n=rng.randrange(10**13, 10**14), h=hexadecimal(rng, 12))


def hexadecimal(rng: random.Random, length: int) -> str:
    """Hex digits, a digit and a letter among them as in nearly all hashes."""
    digits = [rng.choice("0123456789abcdef") for _ in range(length)]
    digits[rng.randrange(length // 2)] = rng.choice("0123456789")
    digits[length - 1] = rng.choice("abcdef")
    return "".join(digits)


def _number(match: re.Match[str], rng: random.Random) -> str:
    """A number of about the same size; decimals now and then in the manner of another country."""
    whole = match[1]
    digits = min(max(1, len(whole) + rng.choice((-1, 0, 0, 1))), 12)
    changed = str(rng.randrange(10 ** (digits - 1), 10**digits))
    if not match[2]:
        return changed
    places = len(match[2]) - 1
    mark = rng.choice(".,")
    grouped = f"{int(changed):,}".replace(
        ",", rng.choice((".", ",", "'")) if places == 0 else ((mark == "," and ".") or ",")
    )
    return f"{grouped}{mark}{rng.randrange(10**places):0{places}d}"


def _time(_: re.Match[str], rng: random.Random) -> str:
    return f"{rng.randrange(24):02d}:{rng.randrange(60):02d}:{rng.randrange(60):02d}"


_Replace = Callable[[re.Match[str], random.Random], str]
_CHANGES: Final[tuple[tuple[re.Pattern[str], _Replace], ...]] = (
    (
        re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"),
        lambda _, r: str(uuid.UUID(int=r.getrandbits(128))),
    ),
    (re.compile(r"https?://[\w.\-]+(?::\d+)?"), lambda _, r: f"https://{_host(r)}"),
    (
        re.compile(r"(?<![\w:])(?:[0-9a-f]{1,4}:){2,7}(?::?[0-9a-f]{1,4}){1,6}(?![\w:])"),
        lambda m, r: (
            _time(m, r)
            if m[0].count(":") == 2 and len(m[0]) == 8
            else f"2001:db8:{r.randrange(1, 9999):x}::{r.randrange(1, 9999):x}"
        ),
    ),
    (re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b"), lambda _, r: ".".join(str(r.randrange(1, 255)) for _ in range(4))),
    (re.compile(r"\b[\w.]+@[\w\-]+\.[a-z]{2,}\b"), lambda _, r: f"user{r.randrange(9999)}@example.org"),
    (
        re.compile(r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d:\d\d(?:\.\d+)?Z?)?"),
        lambda m, r: f"{r.randrange(2019, 2030)}-{r.randrange(1, 13):02d}-{r.randrange(1, 29):02d}" + m[0][10:],
    ),
    (
        re.compile(r"(?<!\w)/(?:home|srv|app|var|usr|opt|tmp|Users)/[\w./\-]+/(?=[\w\-]+\.\w+)"),
        lambda _, r: f"{folder(r)}/",
    ),
    (re.compile(r"\b0x[0-9a-f]{4,16}\b"), lambda _, r: f"0x{hexadecimal(r, 12)}"),
    (re.compile(r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{12,40}\b"), lambda m, r: hexadecimal(r, len(m[0]))),
    (re.compile(r"(?<![\w.,$#@<])(\d{1,12})([.]\d{1,6})?(?![\w.,>])"), _number),
)


def other_values(text: str, rng: random.Random) -> str:
    """The text with other numbers, ids, hosts and paths in it; the words stay."""
    pieces: list[tuple[int, int, str]] = []
    for pattern, replace in _CHANGES:
        for match in pattern.finditer(text):
            if not any(start < match.end() and match.start() < end for start, end, _ in pieces):
                pieces.append((match.start(), match.end(), replace(match, rng)))
    for start, end, new in sorted(pieces, reverse=True):
        text = text[:start] + new + text[end:]
    return text
