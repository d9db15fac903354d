"""Texts of ownership that cannot be used."""

from __future__ import annotations

from collections.abc import Sequence

from engine.rules import RuleProblem, RulesInvalid

LONGEST_OWNER = 320
"""Characters of an owner; addresses have at most 254."""


class OwnershipInvalid(RulesInvalid):
    """Ownership rules or a CODEOWNERS file that cannot be used, with every problem; `what` names which."""

    code = "ownership-invalid"

    def __init__(self, what: str, problems: Sequence[RuleProblem]) -> None:
        super().__init__(problems, what, "docs/how-to/ownership.md shows the syntax.")
        self.message = f"The {what} cannot be used: {self.message}."
