"""What belongs together in the fake: every third issue was merged from two, the others stand alone."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from tests.dashboards.fake import problem
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


def _suggestion(number: int, kind: str, status: str) -> dict[str, Any]:
    return {
        "id": number,
        "kind": kind,
        "issue": f"SHOP-{number}",
        "title": f"ValueError: {PAYLOAD}",
        "other": f"SHOP-{number + 100}" if kind == "merge" else None,
        "other_title": "TypeError: سلة 🛒 فارغة" if kind == "merge" else None,
        "fingerprints": [],
        "probability": 0.81,
        "model_version": "1",
        "evidence": {
            "shared_frames": ["shop.cart.add", f"shop.views {PAYLOAD}"],
            "frames_of_one": ["shop.old.pay"],
            "frames_of_other": [],
            "types": [["ValueError"], ["TypeError"]],
            "messages": [PAYLOAD, "empty cart"],
        },
        "status": status,
        "created_at": "2026-03-10T09:00:00Z",
        "decided_by": "" if status == "open" else "user:ada@example.org",
        "decided_at": None,
    }


class _Suggestions:
    """Three open suggestions; the third is answered by somebody else in the meantime."""

    def __init__(self) -> None:
        self.answered: dict[int, str] = {}

    def listed(self) -> Any:
        """Return those of a status."""
        status = request.args.get("status", "open")
        kinds = {1: "merge", 2: "split", 3: "merge"}
        wanted = [n for n in kinds if self.answered.get(n, "open") == status]
        return {"items": [_suggestion(n, kinds[n], status) for n in wanted], "next": None}

    def answer(self, number: int, verb: str) -> Any:
        """Take an answer."""
        if number == 3:
            return problem(409, "suggestion-answered", "The suggestion was answered already.")
        self.answered[number] = f"{verb}ed"
        return _suggestion(number, "merge", f"{verb}ed")


def routes() -> Blueprint:
    """Return the routes."""
    blueprint = Blueprint("fake_merging", __name__, url_prefix="/api/v1")
    suggestions = _Suggestions()
    blueprint.add_url_rule("/suggestions", "suggestions", suggestions.listed)
    blueprint.add_url_rule("/suggestions/<int:number>/<verb>", "answer", suggestions.answer, methods=["POST"])
    blueprint.add_url_rule("/issues/<issue>/fingerprints", "fingerprints", fingerprints_of)
    return blueprint
