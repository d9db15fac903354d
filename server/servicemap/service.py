"""The service map for the API and the pages: services and calls by Discover texts, placed in layers."""

from __future__ import annotations

from dataclasses import dataclass, replace
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
_STORE_OPS = "span.op:[db, db.*, cache, cache.*, queue, queue.*, messaging, messaging.*]"
_STORES = (
    f"from spans {_STORE_OPS} is_segment:false | {_PLACE},"
    ' kind=if(`span.op:[db, db.*]`, "database", if(`span.op:[cache, cache.*]`, "cache", "queue")),'
    ' system=if(tags["db.system"] != "", tags["db.system"], tags["messaging.system"])'
)
_STORE_NODES = f"{_STORES} | summarize {_RED} by kind, system | sort calls desc, kind, system | limit {{most}}"
_STORE_EDGES = f"{_STORES} | summarize {_RED} by place, kind, system | sort calls desc, place, kind, system"
MOST_STORES = 100
SERVICE = "service"


@dataclass(frozen=True, slots=True)
class _Call:
    """Calls of a service: from, to, and the row that tells of them."""

    source: str
    target: str
    row: dict[str, Any]


class ServiceMap:
    """Reads the map on behalf of principals.

    Args:
        queries: asks the store.
    """

    def __init__(self, queries: QueryService) -> None:
        self._queries = queries

    def document(self, look: Look, *, stores: bool = False) -> dict[str, Any]:
        """Return the services that answered requests in the range, who called them, and where they stand.

        A service that only calls has no requests of its own. Spans without a service count to their project.

        Args:
            look: who looks at what.
            stores: whether databases, caches and queues are told too, as the callers saw them.
        """
        look = replace(look, action=Action.EVENT_READ)
        nodes = rows(look.ask(self._queries, f"{_NODES} | limit {MOST_NODES + 1}"))
        edges = rows(look.ask(self._queries, f"{_EDGES} | limit {MOST_EDGES + 1}"))
        calls = [_Call(str(edge["caller"] or ""), str(edge["place"] or ""), edge) for edge in edges[:MOST_EDGES]]
        told = {str(node["place"] or ""): (SERVICE, node) for node in nodes[:MOST_NODES]}
        if stores:
            found, into = self._stores(look, set(told) | {one.source for one in calls} | {one.target for one in calls})
            told |= found
            calls += into
        names = sorted({*told, *(end for one in calls for end in (one.source, one.target))})
        place = layered(tuple(names), tuple(sorted((one.source, one.target) for one in calls)))
        kinds = {name: told[name][0] if name in told else SERVICE for name in names}
        reds = {name: _red(told[name][1] if name in told else None) for name in names}
        return {
            "seconds": (look.end - look.start).total_seconds(),
            "truncated": len(nodes) > MOST_NODES or len(edges) > MOST_EDGES,
            "nodes": [
                {"name": name, "kind": kinds[name], "layer": place[name][0], "at": place[name][1], **reds[name]}
                for name in names
            ],
            "edges": [{"source": one.source, "target": one.target, **_red(one.row)} for one in calls],
        }

    def _stores(self, look: Look, services: set[str]) -> tuple[dict[str, tuple[str, dict[str, Any]]], list[_Call]]:
        """Return databases, caches and queues by a name no service has, and the calls into them."""
        found = rows(look.ask(self._queries, _STORE_NODES.format(most=MOST_STORES)))
        into = rows(look.ask(self._queries, f"{_STORE_EDGES} | limit {MOST_EDGES}"))
        named: dict[tuple[str, str], str] = {}
        for row in found:
            named[row["kind"], row["system"]] = _store_name(row, services | set(named.values()))
        nodes = {named[row["kind"], row["system"]]: (str(row["kind"]), row) for row in found}
        known = [row for row in into if (row["kind"], row["system"]) in named]
        return nodes, [_Call(str(row["place"] or ""), named[row["kind"], row["system"]], row) for row in known]


def _store_name(row: dict[str, Any], taken: set[str]) -> str:
    """Return the system's name, such as `postgresql`, or the kind; with the kind behind it where the name is taken."""
    name = str(row["system"] or row["kind"])
    return f"{name} ({row['kind']})" if name in taken or not row["system"] else name


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
