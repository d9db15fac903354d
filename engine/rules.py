"""What is wrong with a text of rules that people write, each thing with its place; all kinds of rules refuse so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.errors import UserError

_MOST_TOLD = 5


@dataclass(frozen=True, slots=True)
class RuleProblem:
    """One thing wrong in a text of rules.

    Attributes:
        line: from 1.
        start: first column, from 1; 0 when the whole line is meant.
        end: column after the last one; 0 when the whole line is meant.
        message: what is wrong.
        hint: what to write instead.
    """

    line: int
    start: int
    end: int
    message: str
    hint: str

    @classmethod
    def of_line(cls, line: int, message: str, hint: str) -> RuleProblem:
        """Return a problem of a whole line."""
        return cls(line, 0, 0, message, hint)

    def __str__(self) -> str:
        place = f"line {self.line}, column {self.start}" if self.start else f"line {self.line}"
        # Some kinds say what is wrong as a sentence, some as a part of one.
        return f"{place}: {self.message} {self.hint if self.message.endswith('.') else f'({self.hint})'}"


class RulesInvalid(UserError):
    """A text of rules that cannot be read; a subclass for each kind of rules gives the code.

    Args:
        problems: all that is wrong, in the order of the text; the message tells the first few.
        field: the member of a form it concerns, empty for none.
        hint: where the syntax is explained.

    Attributes:
        problems: as given.
        field: as given.
    """

    code = "rules-invalid"

    def __init__(self, problems: Sequence[RuleProblem], field: str = "", hint: str = "") -> None:
        told = "; ".join(map(str, problems[:_MOST_TOLD]))
        more = f"; and {len(problems) - _MOST_TOLD} more" if len(problems) > _MOST_TOLD else ""
        super().__init__(f"{told}{more}", hint=hint)
        self.problems = tuple(problems)
        self.field = field
