"""What belongs together in the fake: every third issue was merged from two, the others stand alone."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from tests.dashboards.fake_issues import PAYLOAD

_OWN, _OTHER = "1663341875487337577", "18446744073709551615"


def fingerprints_of(issue: str) -> dict[str, Any]:
    """Return what belongs to an issue."""
    number = int(issue.rpartition("-")[2]) if issue.rpartition("-")[2].isdigit() else 1
    own = _held(_OWN, own=True)
    if number % 3:
        return {"items": [own], "merged_into": None, "decisions": []}
    decision = {
        "id": 7,
        "kind": "recluster",
        "author": "model:recluster",
        "model_version": "1",
        "evidence": {"probability": 0.99, "shared_frames": [f"shop.cart {PAYLOAD}"]},
        "created_at": "2026-03-10T09:00:00Z",
        "undoes": None,
        "undone_by": None,
        "moves": [{"fingerprint": _OTHER, "from": "SHOP-900", "to": issue}],
    }
    return {"items": [_held(_OTHER, own=False), own], "merged_into": None, "decisions": [decision]}


def _held(fingerprint: str, *, own: bool) -> dict[str, Any]:
    return {
        "fingerprint": fingerprint,
        "own": own,
        "events": 12,
        "users": 3,
        "first_seen": "2026-03-09T09:00:00Z",
        "last_seen": "2026-03-10T09:00:00Z",
        "title": f"ValueError: {PAYLOAD}",
        "culprit": "shop.cart in add",
    }


def routes() -> Blueprint:
    """Return the routes."""
    blueprint = Blueprint("fake_merging", __name__, url_prefix="/api/v1")
    blueprint.add_url_rule("/issues/<issue>/fingerprints", "fingerprints", fingerprints_of)
    return blueprint
