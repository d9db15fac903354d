"""The owners of an event: ownership rules and CODEOWNERS together, and who they are here."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from engine.commits import OwnershipRow
from server.ownership.codeowners import Codeowners, parse_codeowners
from server.ownership.rules import Facts, Rule, parse_rules

RULES: Final = "rules"
CODEOWNERS: Final = "codeowners"


@dataclass(frozen=True, slots=True)
class Directory:
    """Who there is.

    Attributes:
        people: their addresses, in lower case.
        teams: slugs of teams.
    """

    people: Collection[str]
    teams: Collection[str]

    def assignee(self, owner: str, mapping: Mapping[str, str]) -> str:
        """Return `user:ADDRESS` or `team:SLUG` for an owner as written, empty when nobody here is that.

        `mapping` is asked first. `@group/team` is the team of that name; a bare `@name` says nothing of who it is.
        """
        wanted = mapping.get(owner) or mapping.get(owner.lower()) or ""
        if not wanted and owner.startswith("#"):
            wanted = f"team:{owner[1:]}"
        elif not wanted and owner.startswith("@") and "/" in owner:
            wanted = f"team:{owner.rpartition('/')[2].lower()}"
        elif not wanted and not owner.startswith("@"):
            wanted = f"user:{owner.lower()}"
        kind, _, name = wanted.partition(":")
        known = self.people if kind == "user" else self.teams if kind == "team" else ()
        return wanted if name in known else ""


@dataclass(frozen=True, slots=True)
class Owned:
    """A rule that speaks of an event.

    Attributes:
        source: `rules` or `codeowners`.
        rule: as written.
        line: of the text it is in.
        matched: what of the event it matched.
        owners: (as written, who that is here or empty).
    """

    source: str
    rule: str
    line: int
    matched: str
    owners: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Ownership:
    """The read rules of a project."""

    row: OwnershipRow
    rules: tuple[Rule, ...]
    codeowners: Codeowners

    def owned(self, facts: Facts, directory: Directory) -> list[Owned]:
        """Return what speaks of an event, what counts most first.

        Ownership rules go before CODEOWNERS, later rules before earlier ones. Of CODEOWNERS the file of the innermost
        frame counts that has owners.
        """
        found = [
            self._owned(RULES, str(rule), rule.line, matched, rule.owners, directory)
            for rule in reversed(self.rules)
            if (matched := rule.match(facts)) is not None
        ]
        for paths in facts.paths:
            for path in reversed(paths):  # the file of the repository stands behind what was sent
                entries = [entry for entry in self.codeowners.match(path.lstrip("/")) if entry.owners]
                if entries:
                    found += [
                        self._owned(CODEOWNERS, e.pattern, e.line, path, e.owners, directory) for e in reversed(entries)
                    ]
                    return found
        return found

    def _owned(
        self, source: str, rule: str, line: int, matched: str, owners: tuple[str, ...], directory: Directory
    ) -> Owned:
        mapping = self.row.mapping
        return Owned(source, rule, line, matched, tuple((one, directory.assignee(one, mapping)) for one in owners))


def read_ownership(row: OwnershipRow) -> Ownership:
    """Return the read rules of a project; OwnershipInvalid when they cannot be read."""
    return Ownership(row, parse_rules(row.rules), parse_codeowners(row.codeowners, row.syntax))


def first_assignee(owned: Collection[Owned]) -> tuple[str, Owned | None]:
    """Return the first owner that is somebody here, with the rule that names it; empty when nobody is."""
    for one in owned:
        for _, assignee in one.owners:
            if assignee:
                return assignee, one
    return "", None
