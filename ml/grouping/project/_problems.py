"""Rules of grouping that cannot be read."""

from __future__ import annotations

from collections.abc import Sequence

from engine.rules import RuleProblem, RulesInvalid

__all__ = ["GroupingRulesInvalid", "RuleProblem"]


class GroupingRulesInvalid(RulesInvalid):
    """Fingerprint or stack-trace rules that cannot be read."""

    code = "grouping-rules-invalid"

    def __init__(self, problems: Sequence[RuleProblem], field: str) -> None:
        super().__init__(problems, field, "See docs/how-to/grouping.md, and try with `amber grouping test`.")
