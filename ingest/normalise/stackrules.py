"""A project's stack-trace rules, as `ml.grouping.project` reads them."""

from __future__ import annotations

from typing import Any

from ml.grouping import project

in_app_by_rules = project.in_app_by_rules
parse_stack_rules = project.parse_stack_rules


def ruled_frames(frames: list[dict[str, Any]], platform: str, rules: str) -> None:
    """Apply the rules that reach beyond one frame's being the project's own; the frames are changed in place."""
    if rules and frames:
        project.ruled_frames(frames, platform, parse_stack_rules(rules))
