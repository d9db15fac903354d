"""A project's stack-trace rules, as `ml.grouping.project` reads them; what is wrong is told as of its other rules."""

from __future__ import annotations

from typing import Any

from ingest.scrub.rules import Problem, RulesInvalid
from ml.grouping import project
from ml.grouping.project import StackRule

in_app_by_rules = project.in_app_by_rules


def parse_stack_rules(text: str) -> tuple[StackRule, ...]:
    """Return the rules of a text, in its order.

    Raises:
        RulesInvalid: with every problem and its place.
    """
    try:
        return project.parse_stack_rules(text)
    except project.GroupingRulesInvalid as error:
        problems = tuple(Problem(p.line, p.start, p.end, p.message, p.hint) for p in error.problems)
        raise RulesInvalid(problems, error.field, "See docs/how-to/grouping.md.") from error


def ruled_frames(frames: list[dict[str, Any]], platform: str, rules: str) -> None:
    """Apply the rules that reach beyond one frame's being the project's own; the frames are changed in place."""
    if rules and frames:
        project.ruled_frames(frames, platform, parse_stack_rules(rules))
