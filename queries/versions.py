r"""Versions of releases: `package@1.2.3-beta.1+build`, and their order as patterns for the engine.

The order is that of semantic versioning 2.0.0 (https://semver.org, rule 11): numbers compare as numbers, a version with
a pre-release stands before the one without, identifiers of digits compare as numbers and stand before others, which
compare by their characters, and a longer list of identifiers stands after its own beginning. The build says nothing.
As in Sentry's releases there may be a package, one to four numbers (absent ones are 0) and a leading `v`.

"Greater than 1.2.3" is written as one regular expression. The engine matches it against each different release once
(the column keeps a dictionary of its values), where taking every row's text apart would cost a microsecond a row.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from queries.ast import Op

NUMBERS = 4
"""Major, minor, patch and revision."""

_IDENTIFIER = "[0-9A-Za-z-]+"
_IDENTIFIERS = rf"{_IDENTIFIER}(?:\.{_IDENTIFIER})*"
_WORD = "[0-9]*[A-Za-z-][0-9A-Za-z-]*"
"""An identifier that is no number."""
_CHARACTERS = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
"""What identifiers are made of, in the order of their codes."""
_NUMBER_LIST = rf"[0-9]+(?:\.[0-9]+){{0,{NUMBERS - 1}}}"
_PACKAGE = "(?:.*@)?v?"
_BUILD = r"(?:\+[^@]*)?"

VERSION_PART = rf"^{_PACKAGE}({_NUMBER_LIST}(?:-{_IDENTIFIERS})?){_BUILD}$"
"""Pattern whose group is the version of a release without its build."""
PACKAGE_PART = "^(.+)@[^@]+$"
"""Pattern whose group is the package of a release."""
BUILD_PART = rf"^{_PACKAGE}{_NUMBER_LIST}(?:-{_IDENTIFIERS})?\+([^@]+)$"
"""Pattern whose group is the build of a release that is a version."""

_RELEASE = re.compile(
    rf"(?:(?P<package>.+)@)?v?(?P<numbers>{_NUMBER_LIST})(?:-(?P<before>{_IDENTIFIERS}))?(?:\+(?P<build>[^@]*))?",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Version:
    """A version: always four numbers, and the identifiers of its pre-release, none for a finished one."""

    numbers: tuple[int, ...]
    before: tuple[str, ...] = ()
    package: str = ""
    build: str = ""

    def key(self) -> tuple[object, ...]:
        """Return what sorts versions; package and build do not count."""
        identifiers = tuple((0, int(i), "") if i.isdigit() else (1, 0, i) for i in self.before)
        return (*self.numbers, not self.before, identifiers)


def parse_version(release: str) -> Version | None:
    """Return the version a release names, or None when it names none."""
    found = _RELEASE.fullmatch(release)
    if found is None:
        return None
    numbers = [int(part) for part in found["numbers"].split(".")]
    numbers += [0] * (NUMBERS - len(numbers))
    before = tuple(found["before"].split(".")) if found["before"] else ()
    return Version(tuple(numbers), before, found["package"] or "", found["build"] or "")


@lru_cache(maxsize=256)
def version_pattern(op: Op, version: Version) -> str:
    """Return the pattern of all releases whose version compares with `version` so; a package, if given, is kept to.

    `!=` gives the pattern of `=`: negation is the caller's.
    """
    kinds = _KINDS[op]
    found = [text for kind in kinds for text in _numbers(0, version, kind)]
    package = f"{re.escape(version.package)}@v?" if version.package else _PACKAGE
    return _never(found) or f"^{package}(?:{'|'.join(found)}){_BUILD}$"


@lru_cache(maxsize=256)
def number_pattern(op: Op, number: int) -> str:
    """Return the pattern of all numbers that compare with `number` so; `!=` gives that of `=`."""
    found = [text for kind in _KINDS[op] for text in _NUMBER[kind](number)]
    return _never(found) or f"^(?:{'|'.join(found)})$"


def _never(found: list[str]) -> str:
    """Return a pattern that nothing matches when there is nothing to match, else an empty text."""
    return "" if found else "$."


_KINDS = {
    Op.EQ: ("=",),
    Op.NE: ("=",),
    Op.LT: ("<",),
    Op.LE: ("<", "="),
    Op.GT: (">",),
    Op.GE: (">", "="),
}


def _equal_number(number: int) -> list[str]:
    return [f"0*{number}"]


def _greater_number(number: int) -> list[str]:
    digits = str(number)
    found = [f"0*[1-9][0-9]{{{len(digits)},}}"]
    for place, digit in enumerate(digits):
        if digit != "9":
            rest = len(digits) - place - 1
            found.append(f"0*{digits[:place]}[{int(digit) + 1}-9][0-9]{{{rest}}}")
    return found


def _less_number(number: int) -> list[str]:
    if number == 0:
        return []
    digits = str(number)
    found = ["0+"]
    if len(digits) > 1:
        found.append(f"0*[1-9][0-9]{{0,{len(digits) - 2}}}")
    for place, digit in enumerate(digits):
        least = 0 if place else 1
        if int(digit) > least:
            rest = len(digits) - place - 1
            found.append(f"0*{digits[:place]}[{least}-{int(digit) - 1}][0-9]{{{rest}}}")
    return found


_NUMBER: dict[str, Callable[[int], list[str]]] = {"=": _equal_number, ">": _greater_number, "<": _less_number}


def _numbers(place: int, version: Version, kind: str) -> list[str]:
    """Return patterns of the numbers from `place` on, and of what follows them, that compare so with the version's."""
    if place == NUMBERS:
        return _before(version, kind)
    dot = r"\." if place else ""
    left = NUMBERS - place - 1
    anything = rf"(?:\.[0-9]+){{0,{left}}}(?:-{_IDENTIFIERS})?"
    own = version.numbers[place]
    found: list[str] = []
    if kind != "=":
        found += [f"{dot}{text}{anything}" for text in _NUMBER[kind](own)]
    found += [f"{dot}0*{own}{text}" for text in _numbers(place + 1, version, kind)]
    if place:
        found += _absent(version.numbers[place:], version, kind)
    return found


def _absent(rest: tuple[int, ...], version: Version, kind: str) -> list[str]:
    """Return patterns of a version that ends here: its other numbers are 0."""
    if not any(rest):
        return _before(version, kind)
    return [f"(?:-{_IDENTIFIERS})?"] if kind == "<" else []


def _before(version: Version, kind: str) -> list[str]:
    """Return patterns of what follows equal numbers: nothing for a finished version, else its pre-release."""
    if not version.before:
        return {"=": [""], ">": [], "<": [f"-{_IDENTIFIERS}"]}[kind]
    found = [f"-{text}" for text in _identifiers(version.before, kind)]
    return ["", *found] if kind == ">" else found


def _identifiers(own: tuple[str, ...], kind: str) -> list[str]:
    first, rest = own[0], own[1:]
    same = f"0*{int(first)}" if first.isdigit() else re.escape(first)
    found: list[str] = []
    if kind != "=":
        found += [rf"{text}(?:\.{_IDENTIFIER})*" for text in _identifier(first, kind)]
    if rest:
        if kind == "<":
            found.append(same)
        return found + [rf"{same}\.{text}" for text in _identifiers(rest, kind)]
    if kind == "=":
        found.append(same)
    elif kind == ">":
        found.append(rf"{same}\.{_IDENTIFIERS}")
    return found


def _identifier(own: str, kind: str) -> list[str]:
    """Return patterns of single identifiers less or greater than `own`."""
    if own.isdigit():
        return [*_NUMBER[kind](int(own)), *([_WORD] if kind == ">" else [])]
    return _less_word(own) if kind == "<" else _greater_word(own)


def _greater_word(own: str) -> list[str]:
    found = [f"{re.escape(own)}[0-9A-Za-z-]+"]
    for place, character in enumerate(own):
        greater = _CHARACTERS[_CHARACTERS.index(character) + 1 :]
        found += _continued(own[:place], greater)
    return found


def _less_word(own: str) -> list[str]:
    found = ["[0-9]+"]
    for place, character in enumerate(own):
        found += _continued(own[:place], _CHARACTERS[: _CHARACTERS.index(character)])
        if not (own[:place] or "0").isdigit():
            found.append(re.escape(own[:place]))
    return found


def _continued(start: str, characters: str) -> list[str]:
    """Return patterns of the words that begin with `start` and one of the characters; numbers are none of them."""
    digits = "".join(c for c in characters if c.isdigit())
    others = "".join(c for c in characters if not c.isdigit())
    if not (start or "0").isdigit():
        return [f"{re.escape(start)}[{re.escape(characters)}][0-9A-Za-z-]*"] if characters else []
    found = [f"{start}[{re.escape(others)}][0-9A-Za-z-]*"] if others else []
    return [*found, f"{start}[{digits}]{_WORD}"] if digits else found
