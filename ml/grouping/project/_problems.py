"""What is wrong with rules, each thing with its place."""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import UserError

_MOST_TOLD = 5


@dataclass(frozen=True, slots=True)
class RuleProblem:
    """One thing wrong in a rules text.

    Attributes:
        line: from 1.
        start: first column, from 1.
        end: column after the last one.
        hint: what to write instead.
    """

    line: int
    start: int
    end: int
    message: str
    hint: str

    def __str__(self) -> str:
        return f"line {self.line}, column {self.start}: {self.message} {self.hint}"


class GroupingRulesInvalid(UserError):
    """Rules that cannot be read.

    Attributes:
        problems: all that is wrong, in the order of the text.
        field: the member of a form it concerns.
    """

    code = "grouping-rules-invalid"

    def __init__(self, problems: tuple[RuleProblem, ...], field: str) -> None:
        told = "; ".join(map(str, problems[:_MOST_TOLD]))
        more = f"; and {len(problems) - _MOST_TOLD} more" if len(problems) > _MOST_TOLD else ""
        super().__init__(told + more, hint="See docs/how-to/grouping.md, and try with `amber grouping test`.")
        self.problems = problems
        self.field = field
