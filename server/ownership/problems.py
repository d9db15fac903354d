"""What is wrong with a text of rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.errors import UserError

LONGEST_OWNER = 320
"""Characters of an owner; addresses have at most 254."""

_MOST_TOLD = 5


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a text: the line it is in, from 1, what is wrong and what to do."""

    line: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        """Return it as one sentence."""
        return f"line {self.line}: {self.message}" + (f" ({self.hint})" if self.hint else "")


class OwnershipInvalid(UserError):
    """A text of rules that cannot be used, with every problem."""

    code = "ownership-invalid"

    def __init__(self, what: str, problems: Sequence[Problem]) -> None:
        told = "; ".join(map(str, problems[:_MOST_TOLD]))
        more = f"; and {len(problems) - _MOST_TOLD} more" if len(problems) > _MOST_TOLD else ""
        super().__init__(f"The {what} cannot be used: {told}{more}.", hint="docs/how-to/ownership.md shows the syntax.")
        self.problems = tuple(problems)
