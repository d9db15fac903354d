"""Documents as Sentry's API answers them, in the shape docs.sentry.io describes; every value is made up here.

`api_event`: `/api/0/projects/…/events/?full=1` and `…/events/ID/`. `api_summary`: the same lists without `full`.
`api_issue`: `…/issues/`. `backup`: what `sentry export` writes.
"""

from __future__ import annotations

from typing import Any

from tests.ingest.helpers import NOW_NS

DAY_NS = 86_400 * 10**9
FRAME = {
    "filename": "cart.py",
    "absPath": "/srv/cart.py",
    "function": "price",
    "module": "cart",
    "package": None,
    "platform": None,
    "lineNo": 7,
    "colNo": None,
    "inApp": True,
    "instructionAddr": None,
    "symbolAddr": None,
    "symbol": None,
    "trust": None,
    "errors": None,
    "context": [[6, "def price(sku):"], [7, "    return prices[sku]"], [8, ""]],
    "vars": {"sku": "'a'"},
}
MINIFIED = {**FRAME, "function": "p", "module": None, "absPath": "https://shop/a.min.js", "lineNo": 1, "colNo": 88}


def _stack(*frames: dict[str, Any]) -> dict[str, Any]:
    return {"frames": list(frames), "framesOmitted": None, "registers": None, "hasSystemFrames": True}


def api_event(number: int, days_old: float = 1, group: str = "42", **given: Any) -> dict[str, Any]:
    """A whole event."""
    at_s = (NOW_NS - int(days_old * DAY_NS)) / 1e9
    exception = {
        "type": "KeyError",
        "value": "'a'",
        "module": None,
        "threadId": None,
        "mechanism": {"type": "generic", "handled": False},
        "stacktrace": _stack(FRAME),
        "rawStacktrace": _stack(MINIFIED),
    }
    request = {
        "url": "https://shop/cart",
        "method": "GET",
        "query": [["q", "1"]],
        "data": None,
        "fragment": None,
        "headers": [["User-Agent", "curl/8"]],
        "cookies": [],
        "env": None,
        "inferredContentType": None,
    }
    crumb = {
        "category": "http",
        "level": "info",
        "event_id": None,
        "timestamp": at_s - 1,
        "message": None,
        "data": {"url": "/prices", "status_code": 200},
        "type": "http",
    }
    return {
        "id": f"{number:032x}",
        "eventID": f"{number:032x}",
        "groupID": group,
        "projectID": "5236886",
        "dist": None,
        "message": "",
        "title": "KeyError: 'a'",
        "location": "cart.py",
        "culprit": "/cart/",
        "type": "error",
        "platform": "python",
        "size": 10_776,
        "dateCreated": at_s,
        "dateReceived": at_s + 1,
        "previousEventID": None,
        "nextEventID": None,
        "userReport": None,
        "crashFile": None,
        "occurrence": None,
        "metadata": {"type": "KeyError", "value": "'a'"},
        "errors": [{"type": "js_invalid_source", "message": "Source file was not found", "data": {"url": "x"}}],
        "tags": [
            {"key": "level", "value": "error", "_meta": None},
            {"key": "environment", "value": "prod"},
            {"key": "release", "value": "shop@1.2"},
            {"key": "handled", "value": "no"},
            {"key": "team", "value": "x"},
        ],
        "user": {"id": "7", "email": None, "username": None, "name": "Ann", "ip_address": "192.0.2.7", "data": {}},
        "release": {"version": "shop@1.2", "commitCount": 0, "lastDeploy": None, "data": {}, "ref": "main"},
        "contexts": {"runtime": {"name": "CPython", "version": "3.11", "type": "runtime"}},
        "context": {"attempt": 3},
        "packages": {"flask": "3.1"},
        "sdk": {"name": "sentry.python", "version": "2.0"},
        "fingerprints": ["0123456789abcdef0123456789abcdef"],
        "groupingConfig": {"enhancements": "x", "id": "newstyle:2023-01-11"},
        "_meta": {"user": None, "context": None, "entries": {}, "tags": {}},
        "entries": [
            {"type": "exception", "data": {"values": [exception], "excOmitted": None, "hasSystemFrames": True}},
            {"type": "breadcrumbs", "data": {"values": [crumb]}},
            {"type": "request", "data": request},
        ],
        **given,
    }


def api_summary(number: int, kind: str = "error") -> dict[str, Any]:
    """An event as lists tell it unless they are asked for the whole."""
    whole = api_event(number)
    kept = ("id", "eventID", "groupID", "projectID", "message", "title", "location", "culprit", "user", "tags")
    told = {name: whole[name] for name in (*kept, "platform", "dateCreated", "crashFile")}
    return {**told, "event.type": kind}


def api_issue(number: int = 42, **given: Any) -> dict[str, Any]:
    """An issue of a list."""
    return {
        "id": str(number),
        "shortId": "SHOP-1A",
        "shareId": None,
        "title": "KeyError: 'a'",
        "culprit": "/cart/",
        "permalink": "https://sentry.example/acme/shop/issues/42/",
        "logger": None,
        "level": "error",
        "status": "resolved",
        "statusDetails": {},
        "substatus": None,
        "isPublic": False,
        "platform": "python",
        "project": {"id": "5236886", "name": "Shop", "slug": "shop", "platform": "python"},
        "type": "error",
        "metadata": {"type": "KeyError", "value": "'a'"},
        "numComments": 0,
        "assignedTo": None,
        "isBookmarked": False,
        "isSubscribed": True,
        "subscriptionDetails": None,
        "hasSeen": True,
        "annotations": [],
        "issueType": "error",
        "issueCategory": "error",
        "priority": "high",
        "count": "2",
        "userCount": 1,
        "firstSeen": "2026-01-01T00:00:00Z",
        "lastSeen": "2026-01-02T00:00:00Z",
        "stats": {"24h": [[1541455200.0, 473]]},
        **given,
    }


def backup() -> list[dict[str, Any]]:
    """Two records of an export of settings."""
    organisation = {"name": "Acme", "slug": "acme", "status": 0, "date_added": "2026-01-01T00:00:00.000Z"}
    return [
        {"model": "sentry.organization", "pk": 1, "fields": organisation},
        {"model": "sentry.project", "pk": 2, "fields": {"slug": "shop", "organization": 1, "platform": "python"}},
    ]
