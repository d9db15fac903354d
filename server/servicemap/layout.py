"""Where the services of a map stand: layers from callers to called, the same for the same topology. Pure.

The layers method (Sugiyama, Tagawa, Toda 1981) in its plainest form: edges that close a circle are turned, a node
stands one layer behind the last that calls it, and within a layer nodes are in the order of the mean of their callers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

_SWEEPS = 4
Place = tuple[int, float]
"""Layer, and position within it; positions are centred about 0."""


@lru_cache(maxsize=256)
def layered(nodes: tuple[str, ...], edges: tuple[tuple[str, str], ...]) -> Mapping[str, Place]:
    """Return the place of every node.

    Args:
        nodes: names, in any order that is the same for the same map.
        edges: caller and called, likewise; those with a name that is no node, or with one name twice, do not count.
    """
    known = set(nodes)
    forward = _without_circles(nodes, [edge for edge in edges if set(edge) <= known and edge[0] != edge[1]])
    layer = _layers(nodes, forward)
    rows: list[list[str]] = [[] for _ in range(max(layer.values(), default=-1) + 1)]
    for node in nodes:
        rows[layer[node]].append(node)
    callers: dict[str, list[str]] = {node: [] for node in nodes}
    called: dict[str, list[str]] = {node: [] for node in nodes}
    for source, target in forward:
        callers[target].append(source)
        called[source].append(target)
    for sweep in range(_SWEEPS):
        near, order = (callers, rows[1:]) if sweep % 2 == 0 else (called, rows[-2::-1])
        place = _places(rows)
        for row in order:
            row.sort(key=lambda node: (_mean([place[one][1] for one in near[node]], place[node][1]), node))
            place.update(_places_of(row, layer[row[0]]))
    return _places(rows)


def _without_circles(nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the edges, those turned that lead back to a node on the way to themselves."""
    out: dict[str, list[str]] = {node: [] for node in nodes}
    indegree = dict.fromkeys(nodes, 0)
    for source, target in edges:
        out[source].append(target)
        indegree[target] += 1
    done: set[str] = set()
    forward: list[tuple[str, str]] = []
    for root in sorted(nodes, key=lambda node: indegree[node] > 0):
        if root in done:
            continue
        way = [(root, list(reversed(out[root])))]
        on_way = {root}
        while way:
            node, targets = way[-1]
            if not targets:
                way.pop()
                on_way.discard(node)
                done.add(node)
                continue
            target = targets.pop()
            if target in on_way:
                forward.append((target, node))
            else:
                forward.append((node, target))
                if target not in done:
                    way.append((target, list(reversed(out[target]))))
                    on_way.add(target)
    return forward


def _layers(nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> dict[str, int]:
    layer = dict.fromkeys(nodes, 0)
    for _ in nodes:  # as many rounds as the longest way has edges, at most
        moved = False
        for source, target in edges:
            if layer[target] <= layer[source]:
                layer[target] = layer[source] + 1
                moved = True
        if not moved:
            break
    return layer


def _places(rows: Sequence[Sequence[str]]) -> dict[str, Place]:
    found: dict[str, Place] = {}
    for number, row in enumerate(rows):
        found.update(_places_of(row, number))
    return found


def _places_of(row: Sequence[str], number: int) -> dict[str, Place]:
    return {node: (number, place - (len(row) - 1) / 2) for place, node in enumerate(row)}


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise
