"""The fake's releases: three of a project, one that only clients told of."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from tests.dashboards.fake import problem

HOSTILE = 'web@1.0/<b>"x"</b>\u202e\u05d0'


def release(version: str, **members: Any) -> dict[str, Any]:
    """A release with the numbers of nothing."""
    empty = {
        "project": "shop", "version": version, "latest": False, "began": "2026-03-01T10:00:00Z", "released_at": None,
        "first_seen": "2026-03-01T10:00:00Z", "last_seen": "2026-03-02T10:00:00Z", "adoption": None, "sessions": 0,
        "users": 0, "crash_free_sessions": None, "crash_free_users": None, "transactions": 0, "p95_ms": None,
        "errors": 0, "new_issues": 0, "commits": 0, "deploys": [],
    }  # fmt: skip
    return {**empty, **members}


RELEASES = [
    release(
        "shop@2.1.0", latest=True, adoption=0.62, sessions=48_210, users=9_120, crash_free_sessions=0.99871,
        crash_free_users=0.9971, transactions=1_204_551, p95_ms=412.5, errors=1_284, new_issues=2, commits=31,
        deploys=[{"environment": "production", "name": None, "url": None, "at": "2026-03-01T11:00:00Z"}],
    ),
    release(
        "shop@2.0.0", adoption=0.31, sessions=24_100, users=5_020, crash_free_sessions=0.9412, crash_free_users=0.962,
        transactions=602_001, p95_ms=288.0, errors=2_810, new_issues=7,
    ),
    release(HOSTILE, first_seen=None, last_seen=None),
]  # fmt: skip


def issue(number: int, title: str) -> dict[str, Any]:
    """An issue of a release."""
    return {
        "id": f"SHOP-{number}", "title": title, "culprit": "shop.pay in charge", "level": "error",
        "status": "unresolved",
        "substatus": "new", "priority": "high", "first_seen": "2026-03-01T10:00:00Z", "events": 120 * number,
        "users": 3,
    }  # fmt: skip


def commit(number: int) -> dict[str, Any]:
    """A commit."""
    name = ("Ada Lovelace", "Grace Hopper")[number % 2]
    return {
        "id": f"{number:040x}", "short_id": f"{number:07x}", "title": f"Change {number} of the way prices are rounded",
        "message": "m", "author_name": name, "author_email": f"{name.split()[0].lower()}@example.org", "assignee": None,
        "at": "2026-03-01T09:00:00Z", "repository": "acme/shop", "url": f"https://example.org/{number}", "files": 2,
    }  # fmt: skip


def routes() -> Blueprint:
    """Return the routes."""
    blueprint = Blueprint("fake_releases", __name__, url_prefix="/api/v1")

    @blueprint.get("/releases")
    def releases() -> Response:
        wanted = request.args.getlist("project")
        shown = [] if request.args.get("range") == "1h" or (wanted and "shop" not in wanted) else RELEASES
        return jsonify({"items": shown, "total": len(shown)})

    @blueprint.get("/projects/<project>/release")
    def one(project: str) -> Any:
        version = request.args["release"]
        found = {each["version"]: place for place, each in enumerate(RELEASES)}
        if version not in found:
            return problem(404, "release-unknown", f"{project} has no such release here.", hint="Choose a longer time.")
        place = found[version]
        other = request.args.get("compare") or (RELEASES[place + 1]["version"] if place + 1 < len(RELEASES) else None)
        return jsonify(
            {
                "release": RELEASES[place],
                "compared": None if other is None else RELEASES[found[other]],
                "others": [name for name in found if name != version],
                "new": [issue(1, "PaymentFailed: no rate for EUR"), issue(2, "<img src=x onerror=alert(1)>")],
                "regressed": [issue(3, "TimeoutError: " + "very long " * 30)],
                "resolved": [],
                "all_deploys": RELEASES[place]["deploys"],
            }
        )

    @blueprint.get("/projects/<project>/commits")
    def commits(project: str) -> Response:
        return jsonify({"items": [commit(number) for number in range(31)], "project": project})

    return blueprint
