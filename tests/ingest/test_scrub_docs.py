"""The examples on the page about scrubbing do what it says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from engine.snapshot import ProjectConfig
from ingest.normalise.stackrules import parse_stack_rules
from ingest.scrub import Scrubber
from ingest.scrub.patterns import PATTERNS

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "scrub.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```rules\n(.*?)```\s+```before\n(.*?)```\s+```after\n(.*?)```", PAGE, re.DOTALL)


def test_the_page_has_examples() -> None:
    """Each block of rules has its before and after."""
    assert len(EXAMPLES) == PAGE.count("```rules") >= 3


@pytest.mark.parametrize(("rules", "before", "after"), EXAMPLES)
def test_an_example_of_the_page_holds(rules: str, before: str, after: str) -> None:
    """The rules, on top of the default ones, make the one of the other."""
    scrubber = Scrubber(ProjectConfig(id=1, slug="shop", scrub_rules=rules))
    assert json.loads(scrubber.payload(before.encode()).text) == json.loads(after)


def test_every_pattern_is_on_the_page() -> None:
    """And the stack-trace rules it shows can be read."""
    assert {f"`{pattern.name}`" for pattern in PATTERNS} <= set(re.findall(r"`\w+`", PAGE))
    shown = re.findall(r"^    ((?:stack\.|path:|family:).*)$", PAGE, re.MULTILINE)
    assert len(parse_stack_rules("\n".join(shown))) == 3
