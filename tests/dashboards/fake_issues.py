"""Issues and their events, as the API answers; what is written changes what is read next."""

from __future__ import annotations

import base64
import hashlib
import random
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, Flask, jsonify, request

from tests.dashboards.fake import problem

NOW = datetime.now(UTC).replace(microsecond=0)
PEOPLE = [
    {"assignee": "user:ada@example.org", "name": "Ada Lovelace"},
    {"assignee": "user:grace@example.org", "name": "Grace Hopper"},
    {"assignee": "team:web", "name": "Web"},
]
KINDS = [
    ("ZeroDivisionError: division by zero", "shop.cart in total", "error"),
    ("TypeError: Cannot read properties of undefined (reading 'price')", "checkout/basket.tsx", "error"),
    (
        "psycopg.OperationalError: connection to server at 10.0.0.7 failed: timeout expired",
        "shop.db in connect",
        "fatal",
    ),
    ("Stock for SKU 4711 ran below the reserve", "shop.stock", "warning"),
    ("shop.errors.PaymentDeclined: card was declined by the issuer", "POST /api/pay", "error"),
    ("Deploy finished", "deploy", "info"),
    ("KeyError: 'currency'", "shop.prices in convert", "error"),
    ("cache miss for key user:42", "shop.cache", "debug"),
]
STATE = ("id", "status", "substatus", "assignee", "priority", "priority_by", "condition", "since")
PAYLOAD = "<script>window.hacked = 1</script>"


def stamp(moment: datetime) -> str:
    """Return RFC 3339 in UTC."""
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def make_issues(count: int) -> list[dict[str, Any]]:
    """Return issues, the one seen last first; the same ones each time."""
    dice = random.Random(7)
    issues = []
    for n in range(count):
        title, culprit, level = KINDS[n % len(KINDS)]
        trend = [max(0, int(dice.gauss(6 - n % 5, 4))) for _ in range(24)]
        seen = NOW - timedelta(minutes=3 * n)
        issues.append(
            {
                "id": f"SHOP-{n + 1}",
                "issue_id": str(10**18 + n),
                "project": "shop" if n % 3 else "checkout-api",
                "title": title if n < len(KINDS) else f"{title} ({n})",
                "culprit": culprit,
                "level": level,
                "status": "unresolved" if n % 11 else "resolved",
                "substatus": ["new", "ongoing", "escalating", "regressed"][n % 4] if n % 11 else "",
                "priority": ["high", "medium", "low"][n % 3],
                "priority_by": "",
                "since": stamp(seen - timedelta(hours=5)),
                "resolution": None if n % 11 else {"in": "now", "release": "", "commit": "", "text": ""},
                "archive": None,
                "first_release": "shop@1.4.1",
                "condition": {},
                "assignee": PEOPLE[n % 3]["assignee"] if n % 4 == 1 else "",
                "events": sum(trend) * (1 + 900 // (n + 1)),
                "users": sum(trend) // 3,
                "first_seen": stamp(seen - timedelta(hours=5)),
                "last_seen": stamp(seen),
                "created_at": stamp(seen - timedelta(days=n % 40 + 1)),
                "trend": trend,
                "version": 1,
            }
        )
    return issues


def event_id(issue: str, n: int) -> str:
    """Return the id of the n-th event of an issue."""
    return hashlib.md5(f"{issue}/{n}".encode(), usedforsecurity=False).hexdigest()


def make_event(issue: dict[str, Any], n: int, count: int) -> dict[str, Any]:
    """Return the document of the n-th newest event (from 1) of an issue."""
    kind, _, value = issue["title"].partition(": ")
    at = NOW - timedelta(minutes=n)
    shown: dict[str, Any] = {
        "event_id": event_id(issue["id"], n),
        "timestamp": stamp(at),
        "issue": issue["id"],
        "project": issue["project"],
        "title": issue["title"],
        "message": "" if value else issue["title"],
        "level": issue["level"],
        "platform": "python",
        "environment": "production",
        "release": f"shop@1.4.{n}",
        "transaction": "POST /cart",
        "culprit": issue["culprit"],
        "user": {"id": str(40 + n), "email": "kim@example.org", "ip_address": "203.0.113.9"},
        "tags": [
            ["browser", "Firefox 130"],
            ["runtime", "CPython 3.11.7"],
            ["region", "eu central"],
            ["odd key", 'a "b"*'],
        ],
        "contexts": {
            "runtime": {"name": "CPython", "version": "3.11.7", "build": {"compiler": "gcc"}},
            "os": {"name": "Linux"},
        },
        "exceptions": [],
        "stacktrace": [],
        "threads": [],
        "breadcrumbs": [_crumb(i, at) for i in range(18)],
        "request": {
            "method": "POST",
            "url": "https://shop.example.org/cart",
            "headers": [["Accept", "*/*"]],
            "data": {"sku": 4711, "n": 2},
        },
        "sdk": {"name": "sentry.python", "version": "2.75.0", "integrations": ["flask", "stdlib"]},
        "modules": {"flask": "3.1.3", "sqlalchemy": "2.0.44"},
        "extra": {"basket": [{"sku": 4711}]},
        "remarks": ["timestamp:clamped"],
        "trace_id": "a" * 32,
        "span_id": f"{3:016x}",
        "previous": event_id(issue["id"], n + 1) if n < count else None,
        "next": event_id(issue["id"], n - 1) if n > 1 else None,
        "index": n,
        "count": count,
        "payload_url": f"/api/v1/events/{event_id(issue['id'], n)}?project={issue['project']}",
    }
    if value and " " not in kind:
        cause = {
            "type": "KeyError",
            "value": "'price'",
            "module": "",
            "handled": None,
            "mechanism": None,
            "frames": _frames(3),
        }
        mechanism = {"type": "flask", "handled": False}
        last = {
            "type": kind,
            "value": value,
            "module": "",
            "handled": False,
            "mechanism": mechanism,
            "frames": _frames(14),
        }
        shown["exceptions"] = [cause, last]
    return shown


def _frames(count: int) -> list[dict[str, Any]]:
    return [
        {
            "function": f"step_{i}",
            "module": "shop.cart" if i % 5 == 0 else "flask.app",
            "filename": "shop/cart.py" if i % 5 == 0 else "flask/app.py",
            "abs_path": "/srv/shop/cart.py",
            "lineno": 40 + i,
            "colno": None,
            "in_app": i % 5 == 0,
            "pre_context": ["def total(basket):", "    items = basket.items"],
            "context_line": "    return sum(item.price for item in items) / len(items)",
            "post_context": ["", "def empty():"],
            "vars": {"items": [], "basket": {"id": 7}} if i % 5 == 0 else None,
        }
        for i in range(count)
    ]


def _crumb(n: int, at: datetime) -> dict[str, Any]:
    kinds = [
        ("http", "http.client", "GET https://stock.internal/4711"),
        ("default", "query", "SELECT * FROM basket WHERE id = 7"),
        ("navigation", "navigation", "/ to /cart"),
    ]
    kind, category, message = kinds[n % 3]
    level = "error" if n == 17 else "warning" if n == 12 else "info"
    data = {"status_code": 500, "reason": "x"} if n == 17 else None
    return {
        "timestamp": stamp(at - timedelta(seconds=36 - 2 * n)),
        "type": kind,
        "category": category,
        "level": level,
        "message": message,
        "data": data,
    }


def _plain(wanted: dict[str, Any]) -> dict[str, Any]:
    """Return the members of a change that are members of an issue."""
    return {key: value for key, value in wanted.items() if key not in {"resolution", "archive"}}


def _set_reasons(issue: dict[str, Any], wanted: dict[str, Any]) -> None:
    """Say of an issue what its state depends on, as the server does."""
    resolution, archive = wanted.get("resolution"), wanted.get("archive")
    said = {"release": "", "commit": "", "text": ""}
    if issue["status"] == "resolved":
        text = "in the release after shop@1.4.9" if resolution else ""
        issue["resolution"] = {**said, "in": "now", **(resolution or {}), "text": text}
    else:
        issue["resolution"] = None
    blank = {"until": "escalating", "count": 0, "window_s": 0, "date": None}
    words = "until it escalates" if archive is None else f"until it has happened {archive.get('count', 0)} times more"
    issue["archive"] = {**blank, **(archive or {}), "text": words} if issue["status"] == "ignored" else None


class Shop:
    """What the fake knows: its issues, and the bodies of the writes it got."""

    def __init__(self, count: int = 137) -> None:
        self.issues = make_issues(count)
        self.writes: list[dict[str, Any]] = []

    def find(self, issue: str) -> dict[str, Any] | None:
        """Return an issue by its short id."""
        return next((one for one in self.issues if one["id"] == issue), None)

    def matching(self, query: str) -> list[dict[str, Any]]:
        """Return the issues a search finds: `is:`, `level:`, `assigned:` and words of the title."""
        found = self.issues
        for term in query.split():
            key, _, value = term.partition(":")
            if key == "is":
                found = [i for i in found if i["status"] == {"archived": "ignored"}.get(value, value)]
            elif key in {"level", "project"}:
                found = [i for i in found if i[key] == value]
            elif key == "assigned":
                found = [i for i in found if i["assignee"] == value]
            else:
                found = [i for i in found if term.lower() in i["title"].lower()]
        return found

    def change(self, ids: list[str], wanted: dict[str, Any]) -> list[dict[str, Any]]:
        """Change issues and return how they were."""
        before = []
        for issue in self.issues:
            if issue["id"] in ids:
                before.append({key: issue[key] for key in STATE})
                issue.update(_plain(wanted), version=issue["version"] + 1)
                if "status" in wanted and "substatus" not in wanted:
                    issue["substatus"] = ""
                _set_reasons(issue, wanted)
        return before


def routes() -> Blueprint:
    """Return the routes of issues."""
    blueprint = Blueprint("fake_issues", __name__, url_prefix="/api/v1")
    shop = Shop()

    @blueprint.record
    def remember(state: Any) -> None:
        app: Flask = state.app
        app.extensions["fake_issues"] = shop

    _list_routes(blueprint, shop)
    _issue_routes(blueprint, shop)
    return blueprint


def _list_routes(blueprint: Blueprint, shop: Shop) -> None:
    @blueprint.get("/issues")
    def issues() -> Any:
        query = request.args.get("query", "is:unresolved")
        if "((" in query:
            return problem(400, "query-syntax", "A parenthesis is not closed.", hint="Close it.")
        found = shop.matching(query)
        if request.args.get("sort") == "events":
            found = sorted(found, key=lambda issue: -issue["events"])
        limit = int(request.args.get("limit", 25))
        cursor = request.args.get("cursor")
        start = int(base64.b64decode(cursor)) if cursor else 0
        shown = found[start : start + limit]
        more = start + limit < len(found)
        meta = {"start": stamp(NOW - timedelta(days=1)), "end": stamp(NOW), "trend_step_s": 3600, "elapsed_ms": 12}
        meta |= {"total": len(found) if request.args.get("total") or not more else None, "query": query}
        return {
            "items": shown,
            "next": base64.b64encode(str(start + limit).encode()).decode() if more else None,
            "meta": meta,
        }

    @blueprint.post("/issues/bulk")
    def bulk() -> Any:
        body = request.get_json()
        shop.writes.append(body)
        if body.get("set", {}).get("assignee") == "team:web":
            return problem(403, "forbidden", "Your role may not assign to this team.", hint="Ask an admin.")
        if "restore" in body:
            before = [old for state in body["restore"] for old in shop.change([state["id"]], state)]
        else:
            ids = body.get("ids") or [issue["id"] for issue in shop.matching(body["match"]["query"])]
            before = shop.change(ids, body["set"])
        return {"changed": len(before), "before": before}


def _distribution(key: str, values: list[str]) -> dict[str, Any]:
    top = [{"value": value, "count": 500 >> n, "share": round((500 >> n) / 900, 4)} for n, value in enumerate(values)]
    return {"key": key, "total": 900, "distinct": len(values) + 3, "top": top}


def _issue_routes(blueprint: Blueprint, shop: Shop) -> None:
    @blueprint.route("/issues/<issue>", methods=["GET", "PATCH"])
    def one(issue: str) -> Any:
        found = shop.find(issue)
        if found is None:
            return problem(404, "issue-unknown", f"There is no issue called {issue!r}.")
        if request.method == "PATCH":
            shop.writes.append(request.get_json())
            if request.headers.get("If-Match") != f'"{found["version"]}"':
                return problem(412, "changed", "The issue was changed meanwhile.", hint="Read it again.")
            shop.change([issue], request.get_json())
        activity = [
            {
                "id": 1,
                "at": stamp(NOW),
                "actor": "user:grace@example.org",
                "who": "grace@example.org",
                "text": "assigned it to #web",
            }
        ]
        texts = {
            "events_query": f"from errors issue:{issue}",
            "tags_query": f"from errors issue:{issue} | facets top 10",
        }
        answer = jsonify({**found, **texts, "activity": activity, "possible_assignees": PEOPLE})
        answer.headers["ETag"] = f'"{found["version"]}"'
        return answer

    @blueprint.get("/issues/<issue>/events/<which>")
    def event(issue: str, which: str) -> Any:
        found = shop.find(issue)
        count = 9
        places = {event_id(issue, n): n for n in range(1, count + 1)} | {"latest": 1, "oldest": count}
        if found is None or which not in places or request.args.get("range") == "15m":
            return problem(404, "event-unknown", "The issue has no such event in this time range.")
        return make_event(found, places[which], count)

    @blueprint.get("/issues/<issue>/events/<which>/grouping")
    def grouping(issue: str, which: str) -> Any:
        frame = {"exception": 0, "frame": 0, "key": f"shop.cart {issue}", "counts": True, "why": f"of {which}"}
        plain = {"rule": "", "rule_line": 0, "wrappers": [], "fingerprint_before": ""}
        parts = ["type KeyError", "frame shop.cart total"]
        return {"version": "v2", "fingerprint": "1", "source": "exception", "parts": parts, "frames": [frame], **plain}

    @blueprint.get("/issues/<issue>/tags")
    def tags(issue: str) -> Any:
        shares = {
            "browser": ["Firefox 130", "Chrome 131", "Safari 18"],
            "release": [f"shop@1.4.{n}" for n in range(8)],
            "user": ["id:41", PAYLOAD],
        }
        return {"tags": [_distribution(key, values) for key, values in shares.items()]}

    @blueprint.get("/events/<event>")
    def payload(event: str) -> Any:
        return {"event_id": event, "message": PAYLOAD, "exception": {"values": []}}
