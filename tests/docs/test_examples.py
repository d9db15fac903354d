"""Every Discover text in the documentation is understood by the compiler."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from queries.plan import PlanContext, plan
from queries.releases import ADOPTED, ReleaseSeen

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
MISTAKES = {"from errors | summarise n=count()"}
"""Texts the tutorial shows because they are wrong."""
PARAMETERS = {"environments": ["production", "staging"]}
"""Variables of the page on dashboards: the reader chooses their values there."""


def texts() -> list[str]:
    """Return the quoted texts of `amber query '…'` and the indented lines that start with `from`."""
    found: set[str] = set()
    for page in PAGES:
        content = page.read_text()
        found |= set(re.findall(r"amber query (?:--data \S+ )?'([^'\n]+)'", content))
        found |= {
            line.strip() for line in re.findall(r"^    from \w+ .*$", content, re.MULTILINE) if " import " not in line
        }
    return sorted(found - MISTAKES)


@pytest.mark.parametrize("text", texts())
def test_a_text_of_the_documentation_compiles(text: str):
    """A reader who copies it gets an answer."""
    saved = {"real errors": "level:error !error.type:TimeoutError"}
    now = datetime(2026, 11, 1, tzinfo=UTC)
    releases = {1: (ReleaseSeen("shop@1.0.0", now, now, ADOPTED),)}
    context = PlanContext(now=now, projects={1: "shop"}, saved_filters=saved, releases=releases, params=PARAMETERS)
    assert plan(text, context).steps
