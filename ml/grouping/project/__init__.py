"""A project's own rules of grouping, in the syntax of Sentry: fingerprint rules and stack-trace rules."""

from __future__ import annotations

from ml.grouping.project._fingerprints import FingerprintRule, fingerprint_by_rules, parse_fingerprint_rules
from ml.grouping.project._problems import GroupingRulesInvalid, RuleProblem
from ml.grouping.project._stacks import StackRule, in_app_by_rules, parse_stack_rules, ruled_frames

__all__ = [
    "FingerprintRule",
    "GroupingRulesInvalid",
    "RuleProblem",
    "StackRule",
    "fingerprint_by_rules",
    "in_app_by_rules",
    "parse_fingerprint_rules",
    "parse_stack_rules",
    "ruled_frames",
]
