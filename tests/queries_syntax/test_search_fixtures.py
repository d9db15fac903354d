"""Sentry's own grammar cases pass through `python -m queries.search`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT.parent / "shared" / "data" / "search-syntax"
UI_ONLY = {"contains", "startsWith", "endsWith", "wildcard"}

pytestmark = pytest.mark.skipif(
    not CASES.is_dir(), reason="Sentry's grammar cases (../shared/data/search-syntax) are missing"
)


def normalised(token):
    """Return a token without the keys only a user interface reads; numbers compare by value."""
    if isinstance(token, list):
        return [normalised(item) for item in token]
    if isinstance(token, dict):
        return {key: normalised(value) for key, value in token.items() if key not in UI_ONLY}
    return float(token) if isinstance(token, int | float) and not isinstance(token, bool) else token


@pytest.fixture(scope="module")
def answers() -> dict[str, list]:
    """All cases in one run of the module, by file."""
    files = {path.name: json.loads(path.read_text()) for path in sorted(CASES.glob("*.json"))}
    lines = [
        json.dumps(
            {"query": case["query"], "config": case["additionalConfig"]}
            if "additionalConfig" in case
            else case["query"]
        )
        for cases in files.values()
        for case in cases
    ]
    run = subprocess.run(
        [sys.executable, "-m", "queries.search"],
        cwd=ROOT,
        input="\n".join(lines),
        capture_output=True,
        text=True,
        check=True,
    )
    found = iter(json.loads(line) for line in run.stdout.splitlines())
    return {name: [(case, next(found)) for case in cases] for name, cases in files.items()}


@pytest.mark.parametrize("name", sorted(path.name for path in CASES.glob("*.json")))
def test_the_tokens_of_a_case_are_those_sentry_expects(name: str, answers) -> None:
    """Kind, key, operator, value, reason of refusal, spaces: everything but what only the interface reads."""
    assert answers[name]
    for case, tokens in answers[name]:
        assert normalised(tokens) == normalised(case["result"]), case["query"]
