"""CODEOWNERS files of GitHub and GitLab.

GitHub: patterns as in `.gitignore` without negation and ranges, the last line that matches counts, one without owners
takes them away (https://docs.github.com/articles/about-code-owners). GitLab: sections with default owners, in each
the last line that matches counts, `!` excludes for the rest of a section, patterns that do not begin with `/` match at
every depth, a directory only with `/` at its end (https://docs.gitlab.com/user/project/codeowners/reference/).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from engine.rules import RuleProblem
from server.ownership.problems import LONGEST_OWNER, OwnershipInvalid

GITHUB, GITLAB = "github", "gitlab"
SYNTAXES = (GITHUB, GITLAB)
MAX_CHARS = 3_000_000
"""GitHub's own limit is 3 MB."""

_MAX_LINES = 20_000
_DEEPEST = 100
"""Directories a file lies in at most; nobody owns what lies deeper."""

_OWNER = re.compile(r"@@?[\w.-]+(?:/[\w.-]+)*|[^@\s]+@[^@\s]+\.[^@\s]+")
_SECTION = re.compile(r"\^?\[(?P<name>[^\]]+)\](?:\[(?P<count>\d+)\])?(?P<owners>(?:\s+\S.*)?)$")


@dataclass(frozen=True, slots=True)
class Segment:
    """One part of a pattern between slashes: `**` is any number of directories."""

    text: str

    def matches(self, name: str) -> bool:
        """Return whether a name of a file or directory fits: `*` is any text, `?` any character, `[` means itself."""
        if "*" not in self.text and "?" not in self.text:
            return name == self.text
        return _fits(name, self.text)


@dataclass(frozen=True)
class Entry:
    """A line of a CODEOWNERS file.

    Attributes:
        line: its number, from 1.
        pattern: as written.
        segments: what a whole path must fit.
        below: whether everything below a directory that fits belongs to it.
        owners: as written: `@user`, `@group/team`, an address; empty for a line that takes owners away.
        section: name of the section, empty before the first.
        excluded: the line takes paths out of its section.
    """

    line: int
    pattern: str
    segments: tuple[Segment, ...]
    below: bool
    owners: tuple[str, ...]
    section: str = ""
    excluded: bool = False

    def matches(self, path: str) -> bool:
        """Return whether a path from the root of the repository fits."""
        parts = [part for part in path.split("/") if part]
        ends = _ends(self.segments, parts)
        return len(parts) in ends or (self.below and any(end < len(parts) for end in ends))


@dataclass(frozen=True)
class Codeowners:
    """A read file."""

    entries: tuple[Entry, ...]

    @cached_property
    def _sections(self) -> dict[str, list[Entry]]:
        found: dict[str, list[Entry]] = {}
        for entry in self.entries:
            found.setdefault(entry.section.lower(), []).append(entry)
        return found

    def match(self, path: str) -> list[Entry]:
        """Return the line of each section that decides who owns a path; lines without owners are among them."""
        found: list[Entry] = []
        if path.count("/") > _DEEPEST:
            return found
        for entries in self._sections.values():
            if any(entry.excluded and entry.matches(path) for entry in entries):
                continue
            hit = next((entry for entry in reversed(entries) if not entry.excluded and entry.matches(path)), None)
            if hit is not None:
                found.append(hit)
        return sorted(found, key=lambda entry: entry.line)

    def owners(self, path: str) -> list[str]:
        """Return who owns a path, as the file says it."""
        return list(dict.fromkeys(owner for entry in self.match(path) for owner in entry.owners))


def _fits(name: str, pattern: str) -> bool:
    """Return whether a name fits a pattern; a file has thousands, so that none is made a regular expression.

    Each `*` takes as little as it can; when what follows does not fit, the last one takes a character more.
    """
    at = place = mark = 0
    star = -1
    while at < len(name):
        sign = pattern[place] if place < len(pattern) else ""
        if sign == "*":
            star, mark, place = place, at, place + 1
        elif sign and sign in ("?", name[at]):
            at, place = at + 1, place + 1
        elif star >= 0:
            mark += 1
            at, place = mark, star + 1
        else:
            return False
    return not pattern[place:].strip("*")


def _ends(segments: Sequence[Segment], parts: Sequence[str]) -> set[int]:
    """Return after how many parts of a path a pattern can end; at most one part each but for `**`."""
    places = {0}
    for segment in segments:
        if segment.text == "**":
            places = set(range(min(places), len(parts) + 1)) if places else places
        else:
            places = {at + 1 for at in places if at < len(parts) and segment.matches(parts[at])}
    return places


@lru_cache(maxsize=4)
def parse_codeowners(text: str, syntax: str = GITHUB) -> Codeowners:
    """Return a read CODEOWNERS file.

    Args:
        text: its content.
        syntax: `github` or `gitlab`.

    Raises:
        OwnershipInvalid: lines cannot be read, with all of them.
    """
    problems: list[RuleProblem] = []
    lines = text.removeprefix("\ufeff").splitlines()
    if len(text) > MAX_CHARS or len(lines) > _MAX_LINES:
        raise OwnershipInvalid(
            "CODEOWNERS file", [RuleProblem.of_line(1, "it is too long", f"at most {_MAX_LINES} lines")]
        )
    entries = tuple(_entries(lines, syntax, problems))
    if problems:
        raise OwnershipInvalid("CODEOWNERS file", problems)
    return Codeowners(entries)


def _entries(lines: Sequence[str], syntax: str, problems: list[RuleProblem]) -> Iterator[Entry]:
    section = ""
    defaults: tuple[str, ...] = ()
    for number, raw in enumerate(lines, 1):
        words = _words(raw)
        if not words:
            continue
        if syntax == GITLAB and (heading := _SECTION.fullmatch(raw.split(" #")[0].strip())):
            section = heading["name"].strip()
            defaults = _owners(_words(heading["owners"]), number, problems)
            continue
        excluded = words[0].startswith("!") and syntax == GITLAB
        fault = _fault(words[0], syntax)
        if fault is not None:
            problems.append(RuleProblem.of_line(number, *fault))
            continue
        owners = _owners(words[1:], number, problems) or defaults
        pattern = words[0][1:] if excluded else words[0]
        segments, below = _pattern(pattern, syntax)
        yield Entry(number, pattern, segments, below, () if excluded else owners, section, excluded)


def _fault(pattern: str, syntax: str) -> tuple[str, str] | None:
    if syntax == GITHUB and pattern.startswith("!"):
        return "GitHub knows no negation with `!`", "repeat the path in a later line with other owners"
    if syntax == GITHUB and pattern.startswith("["):
        return "GitHub knows no sections", "choose the syntax `gitlab`"
    return None


def _words(line: str) -> list[str]:
    r"""Return the words of a line up to a comment; `\ ` and `\#` are a blank and a sign of a word."""
    words, word, index = [], "", 0
    while index < len(line):
        char = line[index]
        if char == "\\" and index + 1 < len(line):
            word += line[index + 1]
            index += 1
        elif char == "#" and not word:
            break
        elif char.isspace():
            words += [word] if word else []
            word = ""
        else:
            word += char
        index += 1
    return words + ([word] if word else [])


def _owners(words: Sequence[str], number: int, problems: list[RuleProblem]) -> tuple[str, ...]:
    hint = "use @user, @group/team or an address; write `\\ ` for a blank in a path"
    wrong = [word for word in words if len(word) > LONGEST_OWNER or not _OWNER.fullmatch(word)]
    problems.extend(RuleProblem.of_line(number, f"{word[:100]!r} is no owner", hint) for word in wrong)
    return tuple(words)


def _pattern(pattern: str, syntax: str) -> tuple[tuple[Segment, ...], bool]:
    """Return the parts of a pattern, and whether what lies below a directory that fits belongs to it."""
    directory = pattern.endswith("/")
    body = pattern.strip("/")
    anchored = pattern.startswith("/") or (syntax == GITHUB and "/" in body)
    parts = ([] if anchored else ["**"]) + (body.split("/") if body else [])
    last = parts[-1] if parts else "**"
    if syntax == GITLAB:
        parts += ["**", "*"] if directory else []
        return tuple(map(Segment, parts)), False
    if directory:
        return tuple(map(Segment, [*parts, "*"])), True
    # As `.gitignore`, except that `docs/*` stands for the files of `docs` and not for its directories.
    return tuple(map(Segment, parts)), not (anchored and last == "*")
