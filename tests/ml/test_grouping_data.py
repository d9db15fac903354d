"""Grouping on real error events: steady under what changes between deployments, apart for different bugs."""

from __future__ import annotations

import json
import random
import re
import string
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ml.grouping import fingerprint

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "ml" / "defects4j-errors" / "open.jsonl"
MIDDLEWARE = [
    {"module": "org.springframework.web.filter.OncePerRequestFilter", "function": "doFilter", "in_app": False},
    {"module": "java.util.concurrent.ThreadPoolExecutor$Worker", "function": "run", "in_app": False},
    {"module": "kotlinx.coroutines.DispatchedTask", "function": "run", "in_app": False},
]
OWN_MIDDLEWARE = {"module": "org.acme.middleware.Timing", "function": "invoke", "in_app": True}


def as_event(row: dict[str, Any]) -> dict[str, Any]:
    frames = [
        {
            "module": entry["module"],
            "function": entry["function"],
            "filename": entry["file"],
            "lineno": entry["line"],
            "in_app": entry["in_app"],
        }
        for entry in reversed(row["frames"])
    ]
    exception = {"type": row["exception"], "value": row["message"], "stacktrace": {"frames": frames}}
    return {"exception": {"values": [exception]}}


def perturbed(event: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """The same error from another deployment: other lines, ids, counters, and extra plumbing frames."""
    exception = event["exception"]["values"][0]
    shift = rng.randrange(1, 400)
    frames = [OWN_MIDDLEWARE] if rng.random() < 0.3 else []
    for entry in exception["stacktrace"]["frames"]:
        module = re.sub(r"\$\d+", lambda _: f"${rng.randrange(1, 90)}", entry["module"])
        function = re.sub(r"\$\d+", lambda _: f"${rng.randrange(1, 90)}", entry["function"])
        moved = {**entry, "module": module, "function": function, "lineno": (entry["lineno"] or 0) + shift}
        moved["abs_path"] = f"/srv/{''.join(rng.choices(string.hexdigits, k=9))}/{entry['filename']}"
        frames.append(moved)
        if not entry["in_app"] and rng.random() < 0.2:
            frames.append(rng.choice(MIDDLEWARE))
    value = f"{exception['value']} [request {rng.getrandbits(64):016x} on 10.1.{rng.randrange(255)}.7]"
    changed = {**exception, "value": value, "stacktrace": {"frames": frames}}
    return {"event_id": f"{rng.getrandbits(128):032x}", "exception": {"values": [changed]}}


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    if not DATA.exists():
        pytest.skip(f"needs the labelled error events at {DATA}")
    return [json.loads(line) for line in DATA.read_text().splitlines()]


def test_the_same_error_from_another_deployment_stays_in_its_group(rows: list[dict[str, Any]]) -> None:
    rng = random.Random(20260101)
    kept = sum(
        fingerprint(event).fingerprint == fingerprint(perturbed(event, rng)).fingerprint
        for event in (as_event(row) for row in rows)
    )
    assert kept / len(rows) >= 0.98


def test_different_bugs_are_hardly_ever_merged(rows: list[dict[str, Any]]) -> None:
    groups = [(row["project"], fingerprint(as_event(row)).fingerprint) for row in rows]
    bugs = [row["bug"] for row in rows]
    merged = pairs(groups) - pairs(list(zip(groups, bugs, strict=True)))
    different = len(rows) * (len(rows) - 1) // 2 - pairs(bugs)
    assert merged / different <= 0.01


def pairs(labels: list[Any]) -> int:
    return sum(count * (count - 1) // 2 for count in Counter(labels).values())
