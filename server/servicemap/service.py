"""The service map for the API and the pages: services and calls by Discover texts, placed in layers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from iam import Action
from server.issues.looking import Look, rows
from server.query_service import QueryService
from server.servicemap.layout import layered

MOST_NODES = 300
MOST_EDGES = 2_000
_PLACE = 'extend place=if(service = "", project, service)'
_RED = "calls=count(), failed=failure_count(), p50=p50(span.duration), p95=p95(span.duration)"
_NODES = f"from spans | where is_segment = true | {_PLACE} | summarize {_RED} by place | sort calls desc, place"
_CALLERS = 'from spans | extend caller=if(service = "", project, service) | project trace, id, caller'
_EDGES = (
    f'from spans | where is_segment = true and parent_span != "" | {_PLACE}'
    f" | join inner ({_CALLERS}) on trace = trace, parent_span = id | where caller != place"
    f" | summarize {_RED} by caller, place | sort calls desc, caller, place"
)


class ServiceMap:
    """Reads the map on behalf of principals.

    Args:
        queries: asks the store.
    """

    def __init__(self, queries: QueryService) -> None:
        self._queries = queries

    def document(self, look: Look) -> dict[str, Any]:
        """Return the services that answered requests in the range, who called them, and where they stand.

        A service that only calls has no requests of its own. Spans without a service count to their project.
        """
        look = replace(look, action=Action.EVENT_READ)
        nodes = rows(look.ask(self._queries, f"{_NODES} | limit {MOST_NODES + 1}"))
        edges = rows(look.ask(self._queries, f"{_EDGES} | limit {MOST_EDGES + 1}"))
        shown = edges[:MOST_EDGES]
        told = {str(node["place"] or ""): node for node in nodes[:MOST_NODES]}
        names = sorted({*told, *(str(edge[end] or "") for edge in shown for end in ("caller", "place"))})
        pairs = sorted((str(edge["caller"] or ""), str(edge["place"] or "")) for edge in shown)
        place = layered(tuple(names), tuple(pairs))
        seconds = (look.end - look.start).total_seconds()
        return {
            "seconds": seconds,
            "truncated": len(nodes) > MOST_NODES or len(edges) > MOST_EDGES,
            "nodes": [
                {"name": name, "layer": place[name][0], "at": place[name][1], **_red(told.get(name))} for name in names
            ],
            "edges": [
                {"source": str(edge["caller"] or ""), "target": str(edge["place"] or ""), **_red(edge)}
                for edge in shown
            ],
        }


def _red(row: dict[str, Any] | None) -> dict[str, Any]:
    """Return calls, failures and durations of a row; of a service without requests none."""
    if row is None:
        return {"calls": 0, "failed": 0, "p50_ns": 0, "p95_ns": 0}
    return {
        "calls": int(row["calls"]),
        "failed": int(row["failed"]),
        "p50_ns": round(row["p50"] or 0),
        "p95_ns": round(row["p95"] or 0),
    }
