"""The call graph: who can be reached from where, and how well a way is supported."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ml.rca._case import Edge


@dataclass(frozen=True, slots=True)
class CallGraph:
    """Callees and callers of each node, in the order of their names; calls of a node to itself are left out."""

    callees: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    callers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.callees)

    def reachable(self, start: str) -> frozenset[str]:
        """Return every node that is called from one, directly or not, and itself."""
        seen = {start}
        open_nodes = deque([start])
        while open_nodes:
            for callee in self.callees.get(open_nodes.popleft(), ()):
                if callee not in seen:
                    seen.add(callee)
                    open_nodes.append(callee)
        return frozenset(seen)

    def widest(self, start: str, support: Mapping[str, float]) -> dict[str, tuple[float, tuple[str, ...]]]:
        """Return the best way from a node to each one reachable: its weakest support, and its nodes from the start on.

        The support of a way is the least of its nodes' but for its last one; among equal ways the shortest counts, and
        of these the first by name. Circles do no harm: to go round never widens a way.

        Args:
            start: where ways begin.
            support: of each node; nodes without one count as 0.
        """
        best: dict[str, tuple[float, tuple[str, ...]]] = {start: (float("inf"), (start,))}
        open_nodes = {start}
        done: set[str] = set()
        while open_nodes:
            node = min(open_nodes, key=lambda name: (-best[name][0], len(best[name][1]), best[name][1]))
            open_nodes.discard(node)
            done.add(node)
            width, way = best[node]
            through = min(width, support.get(node, 0.0))
            for callee in self.callees.get(node, ()):
                if callee in done:
                    continue
                offered = (through, (*way, callee))
                held = best.get(callee)
                if held is None or (-offered[0], len(offered[1]), offered[1]) < (-held[0], len(held[1]), held[1]):
                    best[callee] = offered
                    open_nodes.add(callee)
        return best


def call_graph(edges: Iterable[Edge]) -> CallGraph:
    """Return the call graph of edges."""
    pairs = sorted({(one.caller, one.callee) for one in edges if one.caller != one.callee})
    return CallGraph(_joined(pairs), _joined([(callee, caller) for caller, callee in pairs]))


def _joined(pairs: Sequence[tuple[str, str]]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for first, second in pairs:
        found.setdefault(first, []).append(second)
    return {name: tuple(sorted(others)) for name, others in found.items()}
