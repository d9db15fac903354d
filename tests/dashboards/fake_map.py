"""The service map of an invented shop, placed as the server does it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from server.servicemap.layout import layered
from tests.dashboards.fake import problem

HOSTILE = "<img src=x onerror=window.hacked=1>"
_CALLS = (
    ("web", "cart", 9_000, 20),
    ("web", "payment", 4_000, 300),
    ("web", "search", 700, 9),
    ("mobile", "cart", 2_000, 0),
    ("cart", "stock", 11_000, 0),
    ("payment", "acquirer " + "x" * 80, 4_000, 290),
    ("stock", "cart", 12, 0),
    ("search", HOSTILE, 80, 0),
    ("search", "متجر 🛒", 7, 0),
)


def routes() -> Blueprint:
    """Return the route of the map; the range of 15 minutes is empty, of 30 days refused."""
    blueprint = Blueprint("fake_map", __name__, url_prefix="/api/v1")

    @blueprint.get("/services/map")
    def service_map() -> Any:
        if request.args.get("range") == "30d":
            return problem(503, "store-busy", "The store is busy.", hint="Try again in a moment.")
        return make_map(() if request.args.get("range") == "15m" else _CALLS)

    return blueprint


def make_map(calls: tuple[tuple[str, str, int, int], ...]) -> dict[str, Any]:
    """Return the document of (caller, called, calls, failed)."""
    names = sorted({name for call in calls for name in call[:2]})
    place = layered(tuple(names), tuple(sorted(call[:2] for call in calls)))
    edges = [{"source": source, "target": target, **_red(n, bad)} for source, target, n, bad in calls]
    nodes = []
    for name in names:
        into = [call for call in calls if call[1] == name]
        red = _red(sum(call[2] for call in into), sum(call[3] for call in into))
        kind = "database" if name == "stock" else "service"
        nodes.append({"name": name, "kind": kind, "layer": place[name][0], "at": place[name][1], **red})
    return {"seconds": 3600.0, "truncated": False, "nodes": nodes, "edges": edges}


def _red(calls: int, failed: int) -> dict[str, int]:
    return {
        "calls": calls,
        "failed": failed,
        "p50_ns": 12_000_000 if calls else 0,
        "p95_ns": 48_000_000 if calls else 0,
    }
