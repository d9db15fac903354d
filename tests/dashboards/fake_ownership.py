"""Suspect commits and owners of the fake: every second issue has some, the others say why there are none."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from server.commits.sentences import NOTHING
from tests.dashboards.fake_issues import PAYLOAD

_WHY = "changed line 42 of charge in src/shop/checkout/payment/cart.py, where it failed, 3 h before the first event"
_REASONS = ("no-repository", "no-mapping", "not-in-release", "no-stack")


def _commit(number: int, title: str, url: str | None) -> dict[str, Any]:
    return {
        "id": f"{number:040x}",
        "short_id": f"{number:07x}",
        "title": title,
        "message": f"{title}\n\nLonger words.",
        "author_name": "Grace Hopper" if number % 2 else PAYLOAD,
        "author_email": "grace@example.org",
        "assignee": "user:grace@example.org",
        "at": "2026-03-10T09:00:00Z",
        "repository": "acme/shop",
        "url": url,
        "files": number,
    }


def suspects_of(issue: str) -> dict[str, Any]:
    """Return the document of an issue."""
    number = int(issue.rpartition("-")[2])
    found = {
        "release": "shop@1.4.2",
        "previous_release": "shop@1.4.1",
        "commits_looked_at": 14,
        "paths": ["src/cart.py"],
    }
    if number % 2:
        code = _REASONS[number // 2 % len(_REASONS)]
        text, hint = NOTHING[code]
        nothing = {"code": code, "text": text, "hint": hint or None}
        return {**found, "suspects": [], "scope": None, "nothing": nothing}
    titles = ("Charge each item by itself, because the sum was rounded", PAYLOAD, "Rename a module", "Sort imports")
    shown = [
        {
            "commit": _commit(3 + n, title, "https://git.example/acme/shop/commit/3" if n == 0 else None),
            "score": 1 / (n + 1),
            "confidence": ("high", "medium", "low", "low")[n],
            "seconds_before_first": 10_800.0,
            "evidence": [
                {
                    "reason": "line",
                    "text": _WHY,
                    "path": "src/shop/checkout/payment/cart.py",
                    "line": 42,
                    "score": 0.5,
                },
                {
                    "reason": "words",
                    "text": f"its message shares words with the error: charge, {PAYLOAD}",
                    "path": None,
                    "line": None,
                    "score": 0.1,
                },
            ],
        }
        for n, title in enumerate(titles)
    ]
    return {**found, "suspects": shown, "scope": "release", "nothing": None}


def owners_of(issue: str) -> dict[str, Any]:
    """Return the document of an issue."""
    number = int(issue.rpartition("-")[2])
    empty = {"owners": [], "assignee": "", "auto_assign": "off", "has_rules": number % 4 == 3}
    if number % 2:
        return empty
    rules = [
        ("rules", "path:src/shop/*", 3, [("#web", "team:web"), ("ada@example.org", "user:ada@example.org")]),
        ("codeowners", "/src/shop/checkout/", 12, [("@acme/payments", None)]),
    ]
    owners = [
        {
            "source": source,
            "rule": rule,
            "line": line,
            "matched": "src/shop/checkout/payment/cart.py",
            "owners": [{"name": name, "assignee": who} for name, who in names],
        }
        for source, rule, line, names in rules
    ]
    return {**empty, "owners": owners, "assignee": "team:web", "auto_assign": "owners", "has_rules": True}


def routes() -> Blueprint:
    """Return the routes."""
    blueprint = Blueprint("fake_ownership", __name__, url_prefix="/api/v1")
    blueprint.add_url_rule("/issues/<issue>/suspects", "suspects", suspects_of)
    blueprint.add_url_rule("/issues/<issue>/owners", "owners", owners_of)
    return blueprint
